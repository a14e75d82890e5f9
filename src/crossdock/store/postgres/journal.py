"""The PostgreSQL journal: the contract's methods, each a transaction. Many workers may share it."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from crossdock.core.clock import Clock
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
from crossdock.store.postgres import accept, decide, deliver, keeping, leases, look, settle, show
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.gather import Gatherer
from crossdock.store.postgres.translate import commit_translated
from crossdock.store.postgres.xrefs import find_keys, find_xrefs, put_xrefs, wake
from crossdock.store.upload import accept_stream

__all__ = ["PostgresJournal"]

_MOST_CLAIMS: Final = 200_000


class PostgresJournal:
    """A journal in one schema of a PostgreSQL database.

    Args:
        url: `postgresql://user@host/database?schema=name`; the schema is `crossdock` unless named.
        clock: tells the time of everything written. Workers' clocks should agree to a second: leases end by them.
        window: how long dedupe keys and effect keys are remembered.
        node: name of this place, on every message accepted here.
    """

    def __init__(self, url: str, *, clock: Clock, window: Window | None = None, node: str = "hub") -> None:
        self._base = Database(url, clock=clock, window=window or Window(), node=node)
        self._accepts = Gatherer(self._accept_many)
        self._claimed: dict[DeliveryId, str] = {}

    async def open(self, *, environment: str) -> None:
        await self._base.open(environment=environment)
        await self._base.write(functools.partial(accept.drop_old_uploads, self._base))
        # A crash between a settling and its wake-ups leaves facts that arrived unnoticed.
        await wake(self._base, None)

    async def close(self) -> None:
        await self._base.close()

    async def pin(self, name: str, value: str) -> str:
        return await self._base.write(lambda db: keeping.pin(db, name, value))

    # ── accept ───────────────────────────────────────────────────────────────────────────────────────

    async def accept(self, message: NewMessage) -> Accepted:
        return await self._accepts.ask(Incoming(message, digest(message.body)))

    async def _accept_many(self, batch: Sequence[Incoming]) -> Sequence[Accepted]:
        return await self._base.write(lambda db: accept.accept_many(self._base, db, batch))

    async def accept_stream(self, message: NewMessage, chunks: AsyncIterator[bytes]) -> Accepted:
        return await accept_stream(self, message, chunks)

    async def begin_upload(self) -> int:
        return await self._base.write(lambda db: accept.begin_upload(self._base, db))

    async def put_piece(self, upload: int, n: int, piece: bytes) -> None:
        await self._base.write(lambda db: accept.put_piece(self._base, db, upload, n, piece))

    async def end_upload(self, incoming: Incoming) -> Accepted:
        return await self._base.write(lambda db: accept.end_upload(self._base, db, incoming))

    async def drop_upload(self, upload: int) -> None:
        await self._base.write(lambda db: accept.drop_upload(db, upload))

    async def read_body(self, message_id: MessageId) -> AsyncIterator[bytes]:
        n = 0
        while piece := await self._read_piece(message_id, n):
            yield piece
            n += 1

    async def _read_piece(self, message_id: MessageId, n: int) -> bytes:
        async with self._base.reading() as db:
            return await look.read_piece(db, message_id, n)

    # ── translate ────────────────────────────────────────────────────────────────────────────────────

    async def untranslated(self, *, after: MessageId, limit: int) -> list[StoredMessage]:
        async with self._base.reading() as db:
            return await look.untranslated(db, after, limit)

    async def commit_translated(self, batch: Sequence[Translated]) -> Settled:
        return await self._base.write(lambda db: commit_translated(self._base, db, batch))

    async def reopen_message(
        self, message_id: MessageId, *, body: bytes | None, actor: str, reason: str
    ) -> MessageId:
        return await self._base.write(
            lambda db: decide.reopen_message(
                self._base, db, message_id, body=body, actor=actor, reason=reason
            )
        )

    # ── deliver ──────────────────────────────────────────────────────────────────────────────────────

    async def lease_lanes(self, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
        return await self._base.write(
            lambda db: leases.take(self._base, db, target, worker, want=want, ttl_s=ttl_s)
        )

    async def release_lanes(self, lease: LaneLease) -> None:
        await self._base.write(lambda db: leases.release(self._base, db, lease))

    async def claim(self, lease: LaneLease, *, after: DeliveryId, limit: int) -> list[ClaimedDelivery]:
        async with self._base.reading() as db:
            return await self._note_claims(db, await deliver.claim(db, lease, after, limit))

    async def in_doubt(self, lease: LaneLease) -> list[ClaimedDelivery]:
        async with self._base.reading() as db:
            return await self._note_claims(db, await deliver.in_doubt(db, lease))

    async def _note_claims(self, db: Pg, rows: list[ClaimedDelivery]) -> list[ClaimedDelivery]:
        if rows:
            if len(self._claimed) > _MOST_CLAIMS:
                # Claims that never came to anything. Without its note a delivery is woken once too often at most.
                self._claimed.clear()
            seen = await deliver.snapshot(db)
            for row in rows:
                # The first claim counts: what is claimed again while it is on its way looked up before.
                self._claimed.setdefault(row.id, seen)
        return rows

    async def mark_sent(self, lease: LaneLease, artefacts: Sequence[NewArtefact]) -> list[ArtefactId]:
        return await self._base.write(lambda db: deliver.mark_sent(self._base, db, lease, artefacts))

    async def settle(self, lease: LaneLease, outcomes: Sequence[DeliverySettled]) -> Settled:
        settled, facts = await self._base.write(
            lambda db: settle.settle(self._base, db, lease, outcomes, self._claimed)
        )
        for outcome in outcomes:
            self._claimed.pop(outcome.id, None)
        woken = await wake(self._base, facts)
        return Settled(settled.woken_targets | woken.woken_targets)

    async def wake_due(self, now: int) -> Settled:
        return await self._base.write(lambda db: settle.wake_due(self._base, db, now))

    async def overdue(self, now: int, *, limit: int) -> list[ClaimedDelivery]:
        async with self._base.reading() as db:
            return await deliver.overdue(db, now, limit)

    async def raise_overdue(self, delivery_id: DeliveryId, exception: NewException) -> None:
        await self._base.write(lambda db: settle.raise_overdue(self._base, db, delivery_id, exception))

    async def next_due(self) -> int | None:
        async with self._base.reading() as db:
            return await deliver.next_due(db)

    # ── decisions ────────────────────────────────────────────────────────────────────────────────────

    async def retry_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        return await self._base.write(
            lambda db: decide.retry_delivery(self._base, db, delivery_id, actor=actor, reason=reason)
        )

    async def cancel_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        return await self._base.write(
            lambda db: decide.cancel_delivery(self._base, db, delivery_id, actor=actor, reason=reason)
        )

    async def resolve_exception(
        self, exception_id: ExceptionId, *, state: str, actor: str, resolution: str
    ) -> None:
        await self._base.write(
            lambda db: decide.resolve_exception(
                self._base, db, exception_id, state=state, actor=actor, resolution=resolution
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
        return await self._base.write(lambda db: decide.raise_exception(self._base, db, exception, about))

    # ── cross-references, watermarks, first answers ──────────────────────────────────────────────────

    async def find_xrefs(self, keys: Sequence[XrefKey]) -> dict[XrefKey, Xref]:
        async with self._base.reading() as db:
            return await find_xrefs(db, keys)

    async def find_keys(
        self, system: str, company: str, kind: str, external_ids: Sequence[str]
    ) -> dict[str, str]:
        async with self._base.reading() as db:
            return await find_keys(db, system, company, kind, external_ids)

    async def put_xrefs(self, xrefs: Sequence[Xref]) -> Settled:
        facts = await self._base.write(lambda db: put_xrefs(self._base, db, xrefs))
        return await wake(self._base, facts)

    async def read_watermark(self, system: str, source: str, company: str) -> bytes:
        async with self._base.reading() as db:
            return await keeping.read_watermark(db, system, source, company)

    async def accept_read(
        self, messages: Sequence[NewMessage], *, system: str, source: str, company: str, watermark: bytes
    ) -> list[Accepted]:
        batch = [Incoming(message, digest(message.body)) for message in messages]
        return await self._base.write(
            lambda db: keeping.accept_read(
                self._base, db, batch, system=system, source=source, company=company, watermark=watermark
            )
        )

    async def remember_answer(
        self, scope: str, key: str, body_digest: bytes, answer: bytes
    ) -> tuple[bool, bytes]:
        return await self._base.write(
            lambda db: keeping.remember_answer(self._base, db, scope, key, body_digest, answer)
        )

    # ── look ─────────────────────────────────────────────────────────────────────────────────────────

    async def events(self, *, after: EventId, limit: int) -> list[EventRow]:
        async with self._base.reading() as db:
            return await look.events(db, after, limit)

    async def read_documents(self, ids: Sequence[DocumentId]) -> list[StoredDocument]:
        async with self._base.reading() as db:
            return await show.read_documents(db, ids)

    async def read_cursor(self, name: str) -> int:
        async with self._base.reading() as db:
            return await keeping.read_cursor(db, name)

    async def move_cursor(self, name: str, position: int, facts: Sequence[keeping.Fact]) -> None:
        await self._base.write(lambda db: keeping.move_cursor(db, name, position, facts))

    async def ledger(self, transaction: str) -> list[tuple[str, str, str, str, str]]:
        async with self._base.reading() as db:
            return await keeping.ledger(db, transaction)

    async def ledgers(self, transactions: Sequence[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
        async with self._base.reading() as db:
            return await keeping.ledgers(db, transactions)

    async def list_messages(self, where: MessageFilter, *, before: int, limit: int) -> list[StoredMessage]:
        async with self._base.reading() as db:
            return await look.list_messages(db, where, before, limit)

    async def show_message(self, message_id: MessageId) -> Mapping[str, Any] | None:
        async with self._base.reading() as db:
            return await show.show_message(db, message_id)

    async def list_exceptions(self, where: ExceptionFilter, *, before: int, limit: int) -> list[ExceptionRow]:
        async with self._base.reading() as db:
            return await look.list_exceptions(db, where, before, limit)

    async def show_exception(self, exception_id: ExceptionId) -> ExceptionRow | None:
        async with self._base.reading() as db:
            return await look.show_exception(db, exception_id)

    async def group_exceptions(self, where: ExceptionFilter) -> list[tuple[str, str, str, int, int]]:
        async with self._base.reading() as db:
            return await look.group_exceptions(db, where)

    async def show_transaction(self, key: str) -> Mapping[str, Any]:
        async with self._base.reading() as db:
            return await show.show_transaction(db, key)

    async def show_delivery(self, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        async with self._base.reading() as db:
            return await deliver.show_delivery(db, delivery_id)

    async def counts(self) -> dict[str, dict[str, int]]:
        async with self._base.reading() as db:
            return await look.counts(db)

    async def latencies(self, *, since: int) -> dict[str, list[int]]:
        async with self._base.reading() as db:
            return await look.latencies(db, since)
