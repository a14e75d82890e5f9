"""The files connector: reads a watched folder, writes files whole."""

from __future__ import annotations

import asyncio
import functools
import os
import pathlib
from collections.abc import AsyncIterator, Sequence

from crossdock.core.errors import ConfigError, CrossdockError, RejectedError, RetryableError
from crossdock.formats import encode, media_type_of
from crossdock.kit import (
    Connector,
    Cursor,
    Delivery,
    Found,
    Receipt,
    Record,
    Settings,
    looks_up,
    reads,
    setting,
    writes,
)

__all__ = ["Files", "FilesSettings"]

_CHUNK_BYTES = 256 * 1024
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class FilesSettings(Settings):
    """Settings of the files connector."""

    inbox: str = setting("Folder that is watched for files", default="")
    done: str = setting("Folder that files are moved to once they are committed; empty = inbox/done", default="")
    outbox: str = setting("Folder that files are written to", default="")
    pattern: str = setting("Which files of the inbox are taken, such as orders-*.csv", default="*")
    settle_s: float = setting("Seconds a file must not have changed before it is taken", default=1.0, ge=0)
    format: str = setting(
        "Format of files written", default="json", choices=("json", "jsonl", "csv", "xlsx", "xml")
    )
    name: str = setting(
        "Name of files written; {kind}, {key} and {version} stand for the document's", default="{kind}-{key}-{version}"
    )


class Files(Connector[FilesSettings]):
    """Files in folders. A file is taken when it has stopped growing, and moved when it is safe in the journal."""

    async def check(self) -> None:
        """Both folders are there and may be written to."""
        for name in ("inbox", "outbox"):
            text = getattr(self.settings, name)
            if text and not os.access(text, os.R_OK | os.W_OK | os.X_OK):
                raise ConfigError(
                    f"{name} {text} is not there or may not be written to",
                    code="T-CONFIG",
                    mend="create the folder, or give the hub's user its rights",
                )
        if not (self.settings.inbox or self.settings.outbox):
            raise ConfigError("neither inbox nor outbox is set", code="T-CONFIG", mend="set one of them")

    @reads("file")
    async def files(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Files in the inbox that have stopped growing, oldest first. What was taken has been moved away."""
        del since  # what has been taken is not in the inbox any more
        for path, size, changed_ns in await asyncio.to_thread(self._settled):
            yield Record(
                key=path.name,
                payload={"name": path.name, "bytes": size, "changed_ns": changed_ns},
                cursor=Cursor(f"{changed_ns:020d}"),
                stream=functools.partial(_chunks, path, size),
                content_type=media_type_of(path.name),
            )

    async def committed(self, source: str, keys: Sequence[str]) -> None:
        """Move files that are in the journal to the folder of done ones."""
        del source
        await asyncio.to_thread(self._move, keys)

    @writes("file.write", once="natural", batch=100, rights=("write to the outbox",))
    async def write_files(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Write each document to a file of its own; its name follows from the document, so twice is once."""
        return await asyncio.to_thread(lambda: [self._write(delivery) for delivery in deliveries])

    @looks_up("file.write")
    async def find_file(self, delivery: Delivery) -> Found:
        """Whether the file is there: it appears whole or not at all."""
        path = self._path(delivery)
        if path.exists():
            return Found("done", Receipt(external_id=path.name))
        return Found("absent")

    def _settled(self) -> list[tuple[pathlib.Path, int, int]]:
        if not self.settings.inbox:
            return []
        now_ns = self.clock.micros() * 1000
        found = []
        try:
            entries = list(pathlib.Path(self.settings.inbox).glob(self.settings.pattern))
        except OSError as error:
            raise RetryableError(f"inbox {self.settings.inbox} cannot be read: {error.strerror}") from error
        for path in entries:
            if path.name.startswith(".") or path.suffix in {".tmp", ".part"} or not path.is_file():
                continue
            state = path.stat()
            if now_ns - state.st_mtime_ns >= self.settings.settle_s * 1e9:
                found.append((path, state.st_size, state.st_mtime_ns))
        return sorted(found, key=lambda one: (one[2], one[0].name))

    def _move(self, keys: Sequence[str]) -> None:
        inbox = pathlib.Path(self.settings.inbox)
        done = pathlib.Path(self.settings.done) if self.settings.done else inbox / "done"
        done.mkdir(parents=True, exist_ok=True)
        for key in keys:
            source = inbox / key
            if not source.exists():
                continue
            target = done / key
            number = 1
            while target.exists():
                target = done / f"{source.stem}.{number}{source.suffix}"
                number += 1
            source.rename(target)

    def _write(self, delivery: Delivery) -> Receipt | CrossdockError:
        path = self._path(delivery)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            with temporary.open("wb") as file:
                for chunk in encode(self.settings.format, _rows(delivery)):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            return RetryableError(
                f"{path} cannot be written: {error.strerror}",
                code="T-TRN-NOSPACE" if error.errno == 28 else "T-TRN-CONN",
                mend="free the disk, or give the hub's user its rights",
            )
        except CrossdockError as error:
            return RejectedError(error.text, code=error.code, place=error.place, mend=error.mend)
        return Receipt(external_id=path.name, answer={"file": str(path)})

    def _path(self, delivery: Delivery) -> pathlib.Path:
        if not self.settings.outbox:
            raise ConfigError("outbox is not set", code="T-CONFIG", mend="set it in the system's settings")
        version = delivery.source_version or delivery.effect_key.rpartition("|")[2]
        name = self.settings.name.format(kind=delivery.document_kind, key=delivery.document_key, version=version)
        safe = "".join(letter if letter in _SAFE else "_" for letter in name)
        return pathlib.Path(self.settings.outbox) / f"{safe}.{self.settings.format}"


def _rows(delivery: Delivery) -> list[dict[str, object]]:
    """A form with `rows` is a table; any other is one record."""
    rows = delivery.payload.get("rows")
    return [dict(row) for row in rows] if isinstance(rows, list) else [dict(delivery.payload)]


async def _chunks(path: pathlib.Path, size: int) -> AsyncIterator[bytes]:
    """The file's bytes.

    Raises:
        RetryableError: it is not as long as it was when it looked settled: it is taken later, whole.
    """
    given = 0
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            given += len(chunk)
            yield chunk
    if given != size:
        raise RetryableError(f"{path.name} is still being written", code="T-TRN-CONN")
