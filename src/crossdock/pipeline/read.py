"""Read: sources are polled, from a watermark with overlap; what was seen is told by digest (promise 11)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RejectedError, RetryableError
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
_SWEEP = "#sweep"
_SOON_S = 1.0


class Watermark(msgspec.Struct):
    """How far a source is read.

    Attributes:
        cursor: the highest cursor met.
        seen: of each record that the next read will give again, the digest of its newest payload, and its cursor.
        changes: counts records that changed (or went) without their cursor's saying so.
        read_at: when the last read to the end began, in microseconds.
    """

    cursor: str = ""
    seen: dict[str, str] = {}
    changes: int = 0
    read_at: int = 0


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
        self._swept_at: int | None = None
        self.hinted = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Read every `every_s` seconds, or at once when hinted, until `stop` is set."""
        while not stop.is_set():
            read = False
            if self._system.breaker.closed(self._clock.monotonic_s()):
                try:
                    read = await self._read_safely()
                except CrossdockError as error:
                    _LOG.warning("source not read: the journal is away", source=self._topic, error=str(error))
            # A system that was away is asked again soon, be its source read only once a day.
            wait_s = self._source.every_s if read else min(self._source.every_s, _SOON_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.hinted.wait(), wait_s)
            self.hinted.clear()

    async def _read_safely(self) -> bool:
        """Read, and sweep if it is time; False when the system could not be asked."""
        try:
            await self.read_once(sweep=await self._sweep_due())
        except CrossdockError as error:
            if sick_system(error) or isinstance(error, (RetryableError, OutcomeUnknownError)):
                self._system.breaker.failed(self._clock.monotonic_s(), reason=str(error))
                _LOG.warning(
                    "source not read", system=self._system.name, source=self._topic, error=str(error)
                )
                return False
            await self._raise(error)
        except Exception as error:  # noqa: BLE001 - a connector's fault is its source's, not the hub's
            _LOG.exception("source failed", system=self._system.name, source=self._topic)
            await self._raise(
                RejectedError(
                    f"{self._system.name} {self._topic}: the connector failed ({type(error).__name__})",
                    code="T-POISON",
                    mend="this is a fault of the connector: report it with the log",
                    detail=repr(error)[:500],
                )
            )
        else:
            self._system.breaker.succeeded()
        return True

    async def _raise(self, error: CrossdockError) -> None:
        await self._journal.raise_exception(
            exception_for(error, stage="read", system=self._system.name, interface="", transaction="")
        )

    async def _sweep_due(self) -> bool:
        """Whether it is time to sweep: reckoned from the last sweep, be it before a restart."""
        if self._source.sweep_every_s <= 0:
            return False
        if self._swept_at is None:
            self._swept_at = (await self._mark(f"{self._topic}{_SWEEP}")).read_at or self._clock.micros()
        return self._clock.micros() - self._swept_at >= self._source.sweep_every_s * 1e6

    async def _mark(self, name: str) -> Watermark:
        raw = await self._journal.read_watermark(self._system.name, name, "")
        return msgspec.json.decode(raw, type=Watermark) if raw else Watermark()

    async def read_once(self, *, sweep: bool = False) -> int:
        """Read to the end; how many messages that made.

        Args:
            sweep: read everything and find deletions, not only what is behind the watermark.
        """
        started = self._clock.micros()
        name = f"{self._topic}{_SWEEP}" if sweep else self._topic
        mark = await self._mark(name)
        if sweep:
            # What ordinary reads told since the last sweep is known as well, and missed if it is gone.
            mark.seen.update((await self._mark(self._topic)).seen)
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
            made += await self._commit(name, mark, self._vanished(mark, given), {})
            mark.read_at = self._swept_at = started
        if sweep or mark.seen.keys() != given.keys():
            mark.seen = given
            await self._save(name, mark, [])
        if sweep:
            await self._tell_ordinary_reads(given)
        if made:
            self._arrived.set()
        return made

    async def _tell_ordinary_reads(self, given: dict[str, str]) -> None:
        """What a sweep told is what was told last: a value that comes back after it (5, 6, 5) is told again."""
        mark = await self._mark(self._topic)
        newer = {
            key: seen
            for key, seen in given.items()
            if mark.seen.get(key) != seen and (key in mark.seen or seen.endswith(" "))
        }
        if newer:
            mark.seen.update(newer)
            await self._save(self._topic, mark, [])

    async def _commit(
        self, name: str, mark: Watermark, records: Iterable[Record], given: dict[str, str]
    ) -> int:
        """Accept what is new among `records` and move the watermark with it; then the source may let go of them."""
        messages, keys, streamed = [], [], 0
        for record in records:
            keys.append(record.key)
            body = _ENCODER.encode(_payload(record))
            mine = digest(body).hex()[:32]
            cursor = record.cursor.value if record.cursor is not None else ""
            given[record.key] = f"{mine} {cursor}"
            if _later(cursor, mark.cursor):
                mark.cursor = cursor
            before = mark.seen.get(record.key, "")
            if before.startswith(mine):
                continue
            mark.seen[record.key] = given[record.key]
            message = self._message(
                record, body, f"{cursor}:{mine}{self._change(mark, record, before, name)}"
            )
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

    def _change(self, mark: Watermark, record: Record, before: str, name: str) -> str:
        """What tells a state from the same one before (5, 6, 5), where the cursor does not: the number of the change.

        The watermark counts them, and is committed with the message. Where the cursor tells, there is none, so that
        what a sweep finds again is a double of what was read. A record may go, come back and go again.
        """
        cursor = record.cursor.value if record.cursor is not None else ""
        again = record.deleted or before.partition(" ")[2] == cursor
        if not before or not again or record.stream is not None:
            return ""
        mark.changes += 1
        return f":{'s' if name.endswith(_SWEEP) else ''}{mark.changes}"

    async def _save(self, name: str, mark: Watermark, messages: list[NewMessage]) -> None:
        await self._journal.accept_read(
            messages, system=self._system.name, source=name, company="", watermark=msgspec.json.encode(mark)
        )

    def _message(self, record: Record, body: bytes, version: str) -> NewMessage:
        return NewMessage(
            system=self._system.name,
            topic=self._topic,
            company=self._source.company,
            body=body,
            content_type=record.content_type,
            dedupe_key=f"{self._topic}:{record.key}:{version}",
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
