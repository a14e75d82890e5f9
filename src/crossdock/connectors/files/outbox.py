"""The folder that files are written to: whole or not at all, and once, even where the partner takes them away."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError, CrossdockError, RetryableError
from crossdock.formats import encode
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["Outbox", "file_name"]

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_FIELD = re.compile(r"\{(kind|key|version)\}")
_MAX_NAME = 180
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_DAY_S = 86_400


class Outbox:
    """A folder that a partner takes files from.

    A file is written under a temporary name, then a mark of its effect key is set, then the file gets its
    name. So a mark without its temporary file says that the file has appeared, though the partner may have
    taken it since; a mark with it says that only the last step is missing.
    """

    def __init__(
        self, folder: pathlib.Path, *, template: str, format_name: str, remember_days: int, clock: Clock
    ) -> None:
        self._folder = folder
        self._marks = folder / ".written"
        self._template = template
        self._format = format_name
        self._remember_days = remember_days
        self._clock = clock
        self._pruned_s: float | None = None

    def check(self) -> None:
        """Folder, rights and the name's form are good.

        Raises:
            RetryableError: the folder is away (T-TRN-CONN).
            ConfigError: rights or settings are wrong (T-CONFIG).
        """
        rest = _FIELD.sub("", self._template)
        if "{" in rest or "}" in rest or "{key}" not in self._template:
            raise ConfigError(
                f"name {self._template!r} must hold {{key}} and no other fields than {{kind}} and {{version}}",
                code="T-CONFIG",
                mend="without {key} one document would overwrite another",
            )
        if not self._folder.is_dir():
            raise RetryableError(
                f"outbox {self._folder} is not there",
                code="T-TRN-CONN",
                mend="create the folder or mount its share",
            )
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(
                f"the hub's user may not read, write and enter {self._folder}",
                code="T-CONFIG",
                mend="give the hub's user these rights",
            )

    def write(self, deliveries: Sequence[Delivery]) -> list[Receipt | CrossdockError]:
        """Write those that were not written before; one result each.

        Raises:
            RetryableError: the folder is away (T-TRN-CONN) or full (T-TRN-NOSPACE).
        """
        try:
            with self._locked():
                self._prune()
                return [self._write_safely(delivery) for delivery in deliveries]
        except OSError as error:
            raise self._explained(error) from error

    def find(self, delivery: Delivery) -> Found:
        """Whether the file has appeared.

        Raises:
            RetryableError: the folder is away (T-TRN-CONN).
        """
        if not self._folder.is_dir():
            raise self._explained(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        mark, temporary = self._places(delivery)
        if mark.exists() and not temporary.exists():
            return Found("done", Receipt(external_id=self._name(delivery)))
        return Found("absent")

    def _write_safely(self, delivery: Delivery) -> Receipt | CrossdockError:
        try:
            return self._write(delivery)
        except OSError as error:
            return self._explained(error)
        except CrossdockError as error:
            return error

    def _write(self, delivery: Delivery) -> Receipt:
        name = self._name(delivery)
        mark, temporary = self._places(delivery)
        if not mark.exists():
            try:
                self._write_whole(temporary, delivery)
                mark.touch()
                _sync(self._marks)
            except (OSError, CrossdockError):
                temporary.unlink(missing_ok=True)
                raise
        with contextlib.suppress(FileNotFoundError):  # the mark without it: it has got its name before
            temporary.replace(self._folder / name)
            _sync(self._folder)
        return Receipt(external_id=name, answer={"file": str(self._folder / name)})

    def _write_whole(self, path: pathlib.Path, delivery: Delivery) -> None:
        with path.open("wb") as file:
            for chunk in encode(self._format, _rows(delivery.payload)):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def _name(self, delivery: Delivery) -> str:
        version = delivery.source_version or delivery.effect_key.rpartition("|")[2]
        values = {"kind": delivery.document_kind, "key": delivery.document_key, "version": version}
        return f"{file_name(self._template, values)}.{self._format}"

    def _places(self, delivery: Delivery) -> tuple[pathlib.Path, pathlib.Path]:
        """The mark of its effect, and the temporary file."""
        effect = hashlib.sha256(delivery.effect_key.encode()).hexdigest()[:40]
        return self._marks / effect, self._folder / f".{effect}.tmp"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, over processes: two of one effect would take each other's temporary file."""
        self._marks.mkdir(exist_ok=True)
        with (self._marks / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _prune(self) -> None:
        """Once a day, forget marks that are older than anything that is still retried."""
        now_s = self._clock.micros() / 1_000_000
        if self._pruned_s is not None and now_s - self._pruned_s < _DAY_S:
            return
        self._pruned_s = now_s
        oldest_s = now_s - self._remember_days * _DAY_S
        with os.scandir(self._marks) as marks:
            for mark in marks:
                if mark.name != "lock" and mark.stat().st_mtime < oldest_s:
                    pathlib.Path(mark.path).unlink()

    def _explained(self, error: OSError) -> RetryableError:
        if error.errno in _NO_SPACE:
            return RetryableError(
                f"no space is left in {self._folder}", code="T-TRN-NOSPACE", mend="free space on that disk"
            )
        return RetryableError(
            f"{self._folder} cannot be written: {error.strerror}",
            code="T-TRN-CONN",
            mend="create the folder, mount its share, or give the hub's user its rights",
        )


def file_name(template: str, values: Mapping[str, str]) -> str:
    """The template with its fields filled in, as a name that is safe on every file system.

    What had to be changed or cut gets a digest, so that two keys never share a file.
    """
    wanted = _FIELD.sub(lambda field: values[field[1]], template)
    safe = _UNSAFE.sub("_", wanted)
    if safe.startswith("."):
        safe = f"_{safe[1:]}"
    if safe == wanted and len(safe) <= _MAX_NAME:
        return safe
    return f"{safe[:_MAX_NAME]}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def _rows(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A form with `rows` is a table; any other is one record."""
    rows = payload.get("rows")
    return [dict(row) for row in rows] if isinstance(rows, list) else [dict(payload)]


def _sync(folder: pathlib.Path) -> None:
    """Make names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
