"""The files connector: reads a watched folder, writes files whole."""

from __future__ import annotations

import asyncio
import functools
import pathlib
from collections.abc import AsyncIterator, Sequence

from crossdock.connectors.files.inbox import Inbox, chunks_of
from crossdock.connectors.files.outbox import Outbox
from crossdock.core.errors import ConfigError, CrossdockError, RejectedError
from crossdock.formats import format_for, media_type_of
from crossdock.kit import (
    Connector,
    Context,
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

_UNKNOWN = "application/octet-stream"


class FilesSettings(Settings):
    """Settings of the files connector."""

    inbox: str = setting("Folder that is watched for files", default="")
    done: str = setting(
        "Folder that files are moved to once they are committed, on the same file system; empty = inbox/done",
        default="",
    )
    outbox: str = setting("Folder that files are written to", default="")
    pattern: str = setting("Which files of the inbox are taken, such as orders-*.csv", default="*")
    settle_s: float = setting("Seconds a file must not have changed before it is taken", default=1.0, ge=0)
    format: str = setting(
        "Format of files written", default="json", choices=("json", "jsonl", "csv", "xlsx", "xml")
    )
    name: str = setting(
        "Name of files written, without suffix; {kind}, {key} and {version} stand for the document's",
        default="{kind}-{key}-{version}",
    )
    remember_days: int = setting(
        "Days for which the outbox remembers what was written, so that a file which the partner has taken "
        "is not written again",
        default=90,
        ge=1,
    )


class Files(Connector[FilesSettings]):
    """Files in folders. A file is taken when it has stopped growing, and moved when it is safe in the journal."""

    def __init__(self, settings: FilesSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._inbox = Inbox(
            pathlib.Path(settings.inbox),
            pathlib.Path(settings.done) if settings.done else pathlib.Path(settings.inbox) / "done",
            pattern=settings.pattern,
            settle_s=settings.settle_s,
            clock=context.clock,
            log=self.log,
        )
        self._outbox = Outbox(
            pathlib.Path(settings.outbox),
            template=settings.name,
            format_name=settings.format,
            remember_days=settings.remember_days,
            clock=context.clock,
        )

    async def check(self) -> None:
        """The folders are there and may be written to, and every file that waits may be read."""
        if not (self.settings.inbox or self.settings.outbox):
            raise ConfigError("neither inbox nor outbox is set", code="T-CONFIG", mend="set one of them")
        if self.settings.inbox:
            await asyncio.to_thread(self._inbox.check)
        if self.settings.outbox:
            await asyncio.to_thread(self._outbox.check)

    @reads("file")
    async def files(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Files in the inbox that have stopped growing, oldest first. What was taken has been moved away."""
        del since  # what has been taken is not in the inbox any more
        if not self.settings.inbox:
            raise ConfigError("inbox is not set", code="T-CONFIG", mend="set it in the system's settings")
        for file in await asyncio.to_thread(self._inbox.settled):
            yield Record(
                key=file.name,
                payload={"name": file.name, "bytes": file.size, "changed_ns": file.changed_ns},
                cursor=Cursor(f"{file.changed_ns:020d}"),
                stream=functools.partial(chunks_of, file),
                content_type=_content_type(file.name),
            )

    async def committed(self, source: str, keys: Sequence[str]) -> None:
        """Move files that are in the journal to the folder of done ones."""
        del source
        await asyncio.to_thread(self._inbox.move, keys)

    @writes("file.write", once="external_id", batch=100, rights=("write to the outbox",))
    async def write_files(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Write each document to a file of its own, whole or not at all; what was written once is not again."""
        self._expect_outbox()
        return await asyncio.to_thread(self._outbox.write, deliveries)

    @looks_up("file.write")
    async def find_file(self, delivery: Delivery) -> Found:
        """Whether the file was written, be it that the partner has taken it since."""
        self._expect_outbox()
        return await asyncio.to_thread(self._outbox.find, delivery)

    def _expect_outbox(self) -> None:
        if not self.settings.outbox:
            raise ConfigError("outbox is not set", code="T-CONFIG", mend="set it in the system's settings")


def _content_type(name: str) -> str:
    """The media type by suffix; a file of another kind is taken too, and becomes an exception with its name."""
    try:
        return media_type_of(format_for(name))
    except RejectedError:
        return _UNKNOWN
