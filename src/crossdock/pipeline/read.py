"""Read: sources are polled, from a watermark with overlap; what was seen is told by digest (promise 11)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RetryableError
from crossdock.core.ids import digest
from crossdock.core.interface import InterfaceSource
from crossdock.kit import Cursor, Record
from crossdock.pipeline.outcomes import exception_for, sick_system
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import Journal, NewMessage

__all__ = ["SourceReader", "Watermark"]

_LOG = structlog.get_logger()
_ENCODER = msgspec.json.Encoder(decimal_format="string", order="sorted")
_BATCH = 500


class Watermark(msgspec.Struct):
    """How far a source is read.

    Attributes:
        cursor: the highest cursor met.
        seen: digest of the newest payload of each record that the next read will give again.
    """

    cursor: str = ""
    seen: dict[str, str] = {}


class SourceReader:
    """Reads one source of one system, again and again.

    A source gives records from its cursor, inclusive, and as far back as it overlaps. A record counts as new
    when its payload differs from what was last seen of it. Messages and watermark are committed together.

    A sweep reads everything; it finds what changed behind the watermark, and what was deleted.
    """

    def __init__(
        self,
        journal: Journal,
        system: TargetSystem,
        source: InterfaceSource,
        topic: str,
        *,
        clock: Clock,
        arrived: asyncio.Event,
    ) -> None:
        self._journal = journal
        self._system = system
        self._source = source
        self._topic = topic
        self._clock = clock
        self._arrived = arrived
        self.hinted = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Read every `every_s` seconds, or at once when hinted, until `stop` is set."""
        swept_s = self._clock.monotonic_s()
        while not stop.is_set():
            now_s = self._clock.monotonic_s()
            sweep = 0 < self._source.sweep_every_s <= now_s - swept_s
            if self._system.breaker.closed(now_s):
                await self._read_safely(sweep=sweep)
                swept_s = now_s if sweep else swept_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.hinted.wait(), self._source.every_s)
            self.hinted.clear()

    async def _read_safely(self, *, sweep: bool) -> None:
        try:
            await self.read_once(sweep=sweep)
        except CrossdockError as error:
            if sick_system(error) or isinstance(error, (RetryableError, OutcomeUnknownError)):
                self._system.breaker.failed(self._clock.monotonic_s(), reason=str(error))
                _LOG.warning(
                    "source not read", system=self._system.name, source=self._topic, error=str(error)
                )
                return
            await self._journal.raise_exception(
                exception_for(error, stage="read", system=self._system.name, interface="", transaction="")
            )

    async def read_once(self, *, sweep: bool = False) -> int:
        """Read to the end; how many messages that made.

        Args:
            sweep: read everything and find deletions, not only what is behind the watermark.
        """
        name = f"{self._topic}#sweep" if sweep else self._topic
        raw = await self._journal.read_watermark(self._system.name, name, "")
        mark = msgspec.json.decode(raw, type=Watermark) if raw else Watermark()
        since = None if sweep or not mark.cursor else Cursor(mark.cursor)
        given: dict[str, str] = {}
        made, batch = 0, list[Record]()
        async for record in self._system.connector.read(self._topic, since):
            batch.append(record)
            if len(batch) >= _BATCH:
                made += await self._commit(name, mark, batch, given)
                batch = []
        made += await self._commit(name, mark, batch, given)
        if sweep:
            made += await self._commit(name, mark, self._vanished(mark, given), given)
        if mark.seen.keys() != given.keys():
            mark.seen = given
            await self._save(name, mark, [])
        if made:
            self._arrived.set()
        return made

    async def _commit(
        self, name: str, mark: Watermark, records: Iterable[Record], given: dict[str, str]
    ) -> int:
        """Accept what is new among `records` and move the watermark with it; then the source may let go of them."""
        messages, keys, streamed = [], [], 0
        for record in records:
            keys.append(record.key)
            body = _ENCODER.encode(_payload(record))
            mine = digest(body).hex()[:32]
            given[record.key] = mine
            if record.cursor is not None and _later(record.cursor.value, mark.cursor):
                mark.cursor = record.cursor.value
            if mark.seen.get(record.key) == mine:
                continue
            mark.seen[record.key] = mine
            message = self._message(record, body, mine)
            if record.stream is None:
                messages.append(message)
            else:
                await self._journal.accept_stream(msgspec.structs.replace(message, body=b""), record.stream())
                streamed += 1
        if messages or streamed:
            await self._save(name, mark, messages)
        if keys:
            await self._system.connector.committed(self._topic, keys)
        return len(messages) + streamed

    async def _save(self, name: str, mark: Watermark, messages: list[NewMessage]) -> None:
        await self._journal.accept_read(
            messages, system=self._system.name, source=name, company="", watermark=msgspec.json.encode(mark)
        )

    def _message(self, record: Record, body: bytes, mine: str) -> NewMessage:
        cursor = record.cursor.value if record.cursor else ""
        return NewMessage(
            system=self._system.name,
            topic=self._topic,
            company=self._source.company,
            body=body,
            content_type=record.content_type,
            dedupe_key=f"{self._topic}:{record.key}:{cursor}:{mine}",
            origin=f"read {self._system.name}/{self._topic} {record.key}",
        )

    def _vanished(self, mark: Watermark, given: dict[str, str]) -> list[Record]:
        """Records that the sweep before saw and this one did not."""
        if not self._system.connector.verbs.reads[self._topic].deletions:
            return []
        return [Record(key=key, payload={"id": key}, deleted=True) for key in mark.seen.keys() - given.keys()]


def _payload(record: Record) -> dict[str, Any]:
    payload = dict(record.payload)
    if record.deleted:
        payload["_deleted"] = True
    return payload


def _later(one: str, other: str) -> bool:
    """Cursors are numbers or text that sorts (RFC 3339, zero-padded)."""
    if one.isdigit() and other.isdigit():
        return int(one) > int(other)
    return one > other
