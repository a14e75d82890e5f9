"""The SQLite journal: the contract's methods, each handed to the writer or to a reader."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from crossdock.core.clock import Clock
from crossdock.core.errors import RetryableError
from crossdock.core.ids import ArtefactId, DeliveryId, DocumentId, EventId, ExceptionId, MessageId, digest
from crossdock.store.contract import (
    Accepted,
    ClaimedDelivery,
    DeliverySettled,
    EventRow,
    ExceptionFilter,
    ExceptionRow,
    LaneLease,
    MessageFilter,
    NewArtefact,
    NewException,
    NewMessage,
    Settled,
    StoredDocument,
    StoredMessage,
    Translated,
    Xref,
    XrefKey,
)
from crossdock.store.incoming import Incoming, Window
from crossdock.store.sqlite import accept, decide, deliver, keeping, look, settle, show, xrefs
from crossdock.store.sqlite.connection import FileLock, Readers, check_stamp, connect
from crossdock.store.sqlite.leases import Leases
from crossdock.store.sqlite.names import Names
from crossdock.store.sqlite.schema import load_steps, migrate
from crossdock.store.sqlite.translate import commit_translated
from crossdock.store.sqlite.tx import Tx
from crossdock.store.sqlite.writer import Writer
from crossdock.store.upload import accept_stream

__all__ = ["SqliteJournal"]

T = TypeVar("T")
_MOST_CLAIMS: Final = 200_000


class SqliteJournal:
    """A journal in one file, for one process.

    Args:
        path: of the file; `<path>.lock` is kept beside it.
        clock: tells the time of everything written.
        window: how long dedupe keys and effect keys are remembered.
        node: name of this place, on every message accepted here.
    """

    def __init__(self, path: Path, *, clock: Clock, window: Window | None = None, node: str = "hub") -> None:
        self._path = path
        self._clock = clock
        self._window = window or Window()
        self._node = node
        self._names = Names()
        self._claimed: dict[DeliveryId, int] = {}
        self._lock: FileLock | None = None
        self._writer: Writer | None = None

    async def open(self, *, environment: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path)
        try:
            db = connect(self._path)
            try:
                migrate(db, load_steps(), path=str(self._path))
                opens = check_stamp(db, environment=environment, path=self._path)
                self._tx = Tx(db, self._names, self._clock, self._window, node=self._node)
                self._tx.load(opens << 32)
            except BaseException:
                db.close()
                raise
        except BaseException:
            lock.release()
            raise
        self._db = db
        self._lock = lock
        self._leases = Leases(self._clock, opens << 32)
        self._readers = Readers(self._path)
        self._writer = Writer(self._tx, asyncio.get_running_loop())
        await self._write(accept.drop_uploads)

    async def close(self) -> None:
        if self._writer is None or self._lock is None:
            return
        writer, lock, self._writer = self._writer, self._lock, None
        await writer.close()
        await asyncio.to_thread(self._readers.close)
        self._db.close()
        lock.release()

    async def _write(self, work: Callable[[Tx], T]) -> T:
        return await self._open_writer().do(work)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._open_writer()
        return await self._readers.read(work)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise RetryableError(f"the journal {self._path} is not open", mend="open it first")
        return self._writer

    async def pin(self, name: str, value: str) -> str:
        return await self._write(lambda tx: keeping.pin(tx, name, value))

    # ── accept ───────────────────────────────────────────────────────────────────────────────────────

    async def accept(self, message: NewMessage) -> Accepted:
        incoming = Incoming(message, digest(message.body))
        accepted: Accepted = await self._open_writer().merge(accept.accept_many, incoming)
        return accepted

    async def accept_stream(self, message: NewMessage, chunks: AsyncIterator[bytes]) -> Accepted:
        return await accept_stream(self, message, chunks)

    async def begin_upload(self) -> int:
        return await self._write(accept.begin_upload)

    async def put_piece(self, upload: int, n: int, piece: bytes) -> None:
        await self._write(lambda tx: accept.put_piece(tx, upload, n, piece))

    async def end_upload(self, incoming: Incoming) -> Accepted:
        return await self._write(lambda tx: accept.end_upload(tx, incoming))

    async def drop_upload(self, upload: int) -> None:
        await self._write(lambda tx: accept.drop_upload(tx, upload))

    async def read_body(self, message_id: MessageId) -> AsyncIterator[bytes]:
        n = 0
        while piece := await self._read(lambda db, n=n: look.read_piece(db, message_id, n)):  # type: ignore[misc]
            yield piece
            n += 1

    # ── translate ────────────────────────────────────────────────────────────────────────────────────

    async def untranslated(self, *, after: MessageId, limit: int) -> list[StoredMessage]:
        return await self._read(lambda db: look.untranslated(db, self._names, after, limit))

    async def commit_translated(self, batch: Sequence[Translated]) -> Settled:
        return await self._write(lambda tx: commit_translated(tx, batch))

    async def reopen_message(
        self, message_id: MessageId, *, body: bytes | None, actor: str, reason: str
    ) -> MessageId:
        return await self._write(
            lambda tx: decide.reopen_message(tx, message_id, body=body, actor=actor, reason=reason)
        )

    # ── deliver ──────────────────────────────────────────────────────────────────────────────────────

    async def lease_lanes(self, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
        return await self._write(lambda _: self._leases.take(target, worker, want=want, ttl_s=ttl_s))

    async def release_lanes(self, lease: LaneLease) -> None:
        await self._write(lambda _: self._leases.release(lease))

    async def claim(self, lease: LaneLease, *, after: DeliveryId, limit: int) -> list[ClaimedDelivery]:
        seen = self._tx.committed_seq
        rows = await self._read(lambda db: deliver.claim(db, self._names, lease, after, limit))
        self._note_claims(rows, seen)
        return rows

    async def in_doubt(self, lease: LaneLease) -> list[ClaimedDelivery]:
        seen = self._tx.committed_seq
        rows = await self._read(lambda db: deliver.in_doubt(db, self._names, lease))
        self._note_claims(rows, seen)
        return rows

    def _note_claims(self, rows: Sequence[ClaimedDelivery], seen: int) -> None:
        if len(self._claimed) > _MOST_CLAIMS:
            # Claims that never came to anything. Without its note a delivery is woken once too often at most.
            self._claimed.clear()
        for row in rows:
            # The first claim counts: what is claimed again while it is on its way looked up before.
            self._claimed.setdefault(row.id, seen)

    async def mark_sent(self, lease: LaneLease, artefacts: Sequence[NewArtefact]) -> list[ArtefactId]:
        return await self._write(lambda tx: deliver.mark_sent(tx, self._leases, lease, artefacts))

    async def settle(self, lease: LaneLease, outcomes: Sequence[DeliverySettled]) -> Settled:
        settled = await self._write(
            lambda tx: settle.settle(tx, self._leases, lease, outcomes, self._claimed)
        )
        for outcome in outcomes:
            self._claimed.pop(outcome.id, None)
        return settled

    async def wake_due(self, now: int) -> Settled:
        return await self._write(lambda tx: settle.wake_due(tx, now))

    async def overdue(self, now: int, *, limit: int) -> list[ClaimedDelivery]:
        return await self._read(lambda db: deliver.overdue(db, self._names, now, limit))

    async def raise_overdue(self, delivery_id: DeliveryId, exception: NewException) -> None:
        await self._write(lambda tx: settle.raise_overdue(tx, delivery_id, exception))

    async def next_due(self) -> int | None:
        return await self._read(deliver.next_due)

    # ── decisions ────────────────────────────────────────────────────────────────────────────────────

    async def retry_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        return await self._write(
            lambda tx: decide.retry_delivery(tx, delivery_id, actor=actor, reason=reason)
        )

    async def cancel_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        return await self._write(
            lambda tx: decide.cancel_delivery(tx, delivery_id, actor=actor, reason=reason)
        )

    async def resolve_exception(
        self, exception_id: ExceptionId, *, state: str, actor: str, resolution: str
    ) -> None:
        await self._write(
            lambda tx: decide.resolve_exception(
                tx, exception_id, state=state, actor=actor, resolution=resolution
            )
        )

    async def raise_exception(
        self,
        exception: NewException,
        *,
        message_id: MessageId | None = None,
        document_id: DocumentId | None = None,
        delivery_id: DeliveryId | None = None,
    ) -> ExceptionId:
        about = (message_id, document_id, delivery_id)
        return await self._write(lambda tx: decide.raise_exception(tx, exception, about))

    # ── cross-references, watermarks, first answers ──────────────────────────────────────────────────

    async def find_xrefs(self, keys: Sequence[XrefKey]) -> dict[XrefKey, Xref]:
        return await self._read(lambda db: xrefs.find_xrefs(db, keys)) if keys else {}

    async def find_keys(
        self, system: str, company: str, kind: str, external_ids: Sequence[str]
    ) -> dict[str, str]:
        if not external_ids:
            return {}
        return dict(await self._read(lambda db: xrefs.find_keys(db, system, company, kind, external_ids)))

    async def put_xrefs(self, xrefs: Sequence[Xref]) -> Settled:
        return await self._write(lambda tx: settle.put_xrefs_and_wake(tx, xrefs))

    async def read_watermark(self, system: str, source: str, company: str) -> bytes:
        return await self._read(lambda db: keeping.read_watermark(db, system, source, company))

    async def accept_read(
        self, messages: Sequence[NewMessage], *, system: str, source: str, company: str, watermark: bytes
    ) -> list[Accepted]:
        batch = [Incoming(message, digest(message.body)) for message in messages]
        return await self._write(
            lambda tx: keeping.accept_read(
                tx, batch, system=system, source=source, company=company, watermark=watermark
            )
        )

    async def remember_answer(
        self, scope: str, key: str, body_digest: bytes, answer: bytes
    ) -> tuple[bool, bytes]:
        return await self._write(lambda tx: keeping.remember_answer(tx, scope, key, body_digest, answer))

    # ── look ─────────────────────────────────────────────────────────────────────────────────────────

    async def events(self, *, after: EventId, limit: int) -> list[EventRow]:
        return await self._read(lambda db: look.events(db, self._names, after, limit))

    async def read_documents(self, ids: Sequence[DocumentId]) -> list[StoredDocument]:
        return await self._read(lambda db: show.read_documents(db, self._names, ids))

    async def read_cursor(self, name: str) -> int:
        return await self._read(lambda db: keeping.read_cursor(db, name))

    async def move_cursor(self, name: str, position: int, facts: Sequence[keeping.Fact]) -> None:
        await self._write(lambda tx: keeping.move_cursor(tx, name, position, facts))

    async def ledger(self, transaction: str) -> list[tuple[str, str, str, str, str]]:
        return await self._read(lambda db: keeping.ledger(db, transaction))

    async def ledgers(self, transactions: Sequence[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
        return await self._read(lambda db: keeping.ledgers(db, transactions))

    async def list_messages(self, where: MessageFilter, *, before: int, limit: int) -> list[StoredMessage]:
        return await self._read(lambda db: look.list_messages(db, self._names, where, before, limit))

    async def show_message(self, message_id: MessageId) -> Mapping[str, Any] | None:
        return await self._read(lambda db: show.show_message(db, self._names, message_id))

    async def list_exceptions(self, where: ExceptionFilter, *, before: int, limit: int) -> list[ExceptionRow]:
        return await self._read(lambda db: look.list_exceptions(db, where, before, limit))

    async def show_exception(self, exception_id: ExceptionId) -> ExceptionRow | None:
        return await self._read(lambda db: look.show_exception(db, exception_id))

    async def group_exceptions(self, where: ExceptionFilter) -> list[tuple[str, str, str, int, int]]:
        return await self._read(lambda db: look.group_exceptions(db, where))

    async def show_transaction(self, key: str) -> Mapping[str, Any]:
        return await self._read(lambda db: show.show_transaction(db, self._names, key))

    async def show_delivery(self, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        return await self._read(lambda db: deliver.show_delivery(db, self._names, delivery_id))

    async def counts(self) -> dict[str, dict[str, int]]:
        return await self._read(look.counts)

    async def latencies(self, *, since: int) -> dict[str, list[int]]:
        return await self._read(lambda db: look.latencies(db, self._names, since))
