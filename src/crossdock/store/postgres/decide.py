"""Decisions by people and rules: retry, cancel, reprocess, resolve."""

from __future__ import annotations

import msgspec

from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import RejectedError, SupersededError
from crossdock.core.ids import DeliveryId, ExceptionId, MessageId, format_id
from crossdock.store.board import Board, Row
from crossdock.store.coding import About
from crossdock.store.contract import NewException, Settled
from crossdock.store.effects import Rival, newer_in_place
from crossdock.store.incoming import STATES
from crossdock.store.postgres import look
from crossdock.store.postgres.accept import insert_copy
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.deliveries import load_by_id, lock_lanes_of
from crossdock.store.postgres.outbox import add_events, raise_exceptions, resolve_exceptions
from crossdock.store.postgres.settle import finish
from crossdock.store.postgres.xrefs import drop_facts
from crossdock.store.settling import check_cancel, check_exception_state, check_retry, edited

__all__ = ["cancel_delivery", "raise_exception", "reopen_message", "resolve_exception", "retry_delivery"]


async def retry_delivery(
    base: Database, db: Pg, delivery_id: DeliveryId, *, actor: str, reason: str
) -> Settled:
    """Make it READY again, unless a newer one took its place; a guarded effect that was done is accepted."""
    board = Board()
    row = await _load(base, db, board, delivery_id)
    check_retry(row)
    if row.state == DeliveryState.PARKED and row.effect_done:
        board.move(row, DeliveryState.DELIVERED)
    else:
        await _refuse_superseded(db, row)
        board.move(row, DeliveryState.READY)
    await drop_facts(db, [row.id])
    resolved = {row.id: f"retried: {reason}" if reason else "retried"}
    return Settled(await finish(base, db, board, resolved=resolved, actor=actor))


async def cancel_delivery(
    base: Database, db: Pg, delivery_id: DeliveryId, *, actor: str, reason: str
) -> Settled:
    """End it without sending it; its followers go on."""
    board = Board()
    row = await _load(base, db, board, delivery_id)
    check_cancel(row)
    board.move(row, DeliveryState.CANCELLED)
    await drop_facts(db, [row.id])
    resolved = {row.id: f"cancelled: {reason}" if reason else "cancelled"}
    return Settled(await finish(base, db, board, resolved=resolved, texts={row.id: reason}, actor=actor))


async def reopen_message(
    base: Database, db: Pg, message_id: MessageId, *, body: bytes | None, actor: str, reason: str
) -> MessageId:
    """Accept a message again for translation; with a body, an edited copy of it in its place."""
    await db.execute("SELECT 1 FROM message_state WHERE id = $1 FOR UPDATE", message_id)
    message = await look.read_message(db, message_id)
    if message is None:
        raise RejectedError(f"there is no message {format_id('m', message_id)}")
    told = f"by {actor}: {reason}" if reason else f"by {actor}"
    if body is None:
        reopened, resolution, state = message_id, f"reprocessed {told}", "accepted"
    else:
        reopened = MessageId(await insert_copy(base, db, edited(message, body, told)))
        resolution = f"edited as {format_id('m', reopened)} {told}"
        # What the message held is the copy's business now; one that was translated stays so.
        state = "translated" if message.state == "translated" else "filtered"
    await db.execute(
        "UPDATE message_state SET state = $2, note = $3 WHERE id = $1", message_id, STATES[state], resolution
    )
    exceptions = await db.fetch(
        "SELECT id FROM exception WHERE message_id = $1 AND delivery_id IS NULL AND state IN ('open', 'ack')"
        " ORDER BY identity",
        message_id,
    )
    ids = [row[0] for row in exceptions]
    events = await resolve_exceptions(db, ids, state="resolved", actor=actor, resolution=resolution)
    await add_events(base, db, events)
    return reopened


async def resolve_exception(
    base: Database, db: Pg, exception_id: ExceptionId, *, state: str, actor: str, resolution: str
) -> None:
    check_exception_state(state)
    events = await resolve_exceptions(db, [exception_id], state=state, actor=actor, resolution=resolution)
    await add_events(base, db, events)


async def raise_exception(base: Database, db: Pg, exception: NewException, about: About) -> ExceptionId:
    """Open or count an exception; of a delivery, its message and document are found."""
    if about[2] is not None:
        row = await _load(base, db, Board(), DeliveryId(about[2]))
        about = (row.message_id, row.document_id, row.id)
        if not exception.transaction:
            exception = msgspec.structs.replace(exception, transaction=row.transaction)
    ids, events = await raise_exceptions(base, db, [(exception, about)])
    await add_events(base, db, events)
    return ExceptionId(ids[0])


async def _load(base: Database, db: Pg, board: Board, delivery_id: DeliveryId) -> Row:
    await lock_lanes_of(base, db, [delivery_id])
    await load_by_id(db, board, [delivery_id])
    row = board.rows.get(delivery_id)
    if row is None:
        raise RejectedError(f"there is no delivery {format_id('d', delivery_id)}")
    return row


async def _refuse_superseded(db: Pg, row: Row) -> None:
    """A value that newer ones have superseded (yesterday's stock) is not sent again."""
    mine = await db.fetchrow(
        "SELECT supersede, operation, source_version FROM delivery WHERE id = $1", row.id
    )
    if not mine[0]:
        return
    found = await db.fetch(
        "SELECT r.delivery_id, r.version, s.state, s.effect_done FROM rival r"
        " JOIN delivery_state s ON s.id = r.delivery_id"
        " WHERE r.key_hash = $1 AND r.operation = $2 AND s.state <= 50 AND r.delivery_id <> $3",
        row.key_hash,
        mine[1],
        row.id,
    )
    newer = newer_in_place(row.id, mine[2], [Rival(*rival) for rival in found])
    if newer is not None:
        by = format_id("d", newer)
        raise SupersededError(f"{format_id('d', row.id)} is older than {by}: nothing is sent", by=by)
