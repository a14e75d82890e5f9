"""Decisions by people and rules: retry, cancel, reprocess, resolve. Runs in the writer."""

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
from crossdock.store.settling import check_cancel, check_exception_state, check_retry, edited
from crossdock.store.sqlite import look
from crossdock.store.sqlite.accept import insert_copy
from crossdock.store.sqlite.deliveries import load_by_id
from crossdock.store.sqlite.outbox import raise_exceptions, resolve_exceptions
from crossdock.store.sqlite.settle import finish
from crossdock.store.sqlite.tx import Tx
from crossdock.store.sqlite.xrefs import drop_facts

__all__ = ["cancel_delivery", "raise_exception", "reopen_message", "resolve_exception", "retry_delivery"]


def retry_delivery(tx: Tx, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
    """Make it READY again, unless a newer one took its place; a guarded effect that was done is accepted."""
    board = Board()
    row = _load(tx, board, delivery_id)
    check_retry(row)
    if row.state == DeliveryState.PARKED and row.effect_done:
        board.move(row, DeliveryState.DELIVERED)
    else:
        _refuse_superseded(tx, row)
        board.move(row, DeliveryState.READY)
    drop_facts(tx, [row.id])
    resolved = {row.id: f"retried: {reason}" if reason else "retried"}
    return Settled(finish(tx, board, set(), resolved=resolved, actor=actor))


def cancel_delivery(tx: Tx, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
    """End it without sending it; its followers go on."""
    board = Board()
    row = _load(tx, board, delivery_id)
    check_cancel(row)
    board.move(row, DeliveryState.CANCELLED)
    drop_facts(tx, [row.id])
    resolved = {row.id: f"cancelled: {reason}" if reason else "cancelled"}
    return Settled(finish(tx, board, set(), resolved=resolved, texts={row.id: reason}, actor=actor))


def reopen_message(
    tx: Tx, message_id: MessageId, *, body: bytes | None, actor: str, reason: str
) -> MessageId:
    """Accept a message again for translation; with a body, an edited copy of it in its place."""
    message = look.read_message(tx.db, tx.names, message_id)
    if message is None:
        raise RejectedError(f"there is no message {format_id('m', message_id)}")
    told = f"by {actor}: {reason}" if reason else f"by {actor}"
    if body is None:
        reopened, resolution, state = message_id, f"reprocessed {told}", "accepted"
    else:
        reopened = MessageId(insert_copy(tx, edited(message, body, told)))
        resolution = f"edited as {format_id('m', reopened)} {told}"
        # What the message held is the copy's business now; one that was translated stays so.
        state = "translated" if message.state == "translated" else "filtered"
    tx.db.execute(
        "UPDATE message_state SET state = ?, note = ? WHERE id = ?", (STATES[state], resolution, message_id)
    )
    exceptions = tx.db.execute(
        "SELECT id FROM exception WHERE message_id = ? AND delivery_id IS NULL AND state IN ('open', 'ack')",
        (message_id,),
    ).fetchall()
    resolve_exceptions(tx, [r[0] for r in exceptions], state="resolved", actor=actor, resolution=resolution)
    return reopened


def resolve_exception(tx: Tx, exception_id: ExceptionId, *, state: str, actor: str, resolution: str) -> None:
    check_exception_state(state)
    resolve_exceptions(tx, [exception_id], state=state, actor=actor, resolution=resolution)


def raise_exception(tx: Tx, exception: NewException, about: About) -> ExceptionId:
    """Open or count an exception; of a delivery, its message and document are found."""
    if about[2] is not None:
        board = Board()
        row = _load(tx, board, DeliveryId(about[2]))
        about = (row.message_id, row.document_id, row.id)
        if not exception.transaction:
            exception = msgspec.structs.replace(exception, transaction=row.transaction)
    return ExceptionId(raise_exceptions(tx, [(exception, about)])[0])


def _load(tx: Tx, board: Board, delivery_id: DeliveryId) -> Row:
    load_by_id(tx, board, [delivery_id])
    row = board.rows.get(delivery_id)
    if row is None:
        raise RejectedError(f"there is no delivery {format_id('d', delivery_id)}")
    return row


def _refuse_superseded(tx: Tx, row: Row) -> None:
    """A value that newer ones have superseded (yesterday's stock) is not sent again."""
    mine = tx.db.execute(
        "SELECT supersede, operation, source_version FROM delivery WHERE id = ?", (row.id,)
    ).fetchone()
    if not mine[0]:
        return
    found = tx.db.execute(
        "SELECT r.delivery_id, r.version, s.state FROM rival r JOIN delivery_state s ON s.id = r.delivery_id"
        " WHERE r.key_hash = ? AND r.operation = ? AND s.state <= 50 AND r.delivery_id <> ?",
        (row.key_hash, mine[1], row.id),
    ).fetchall()
    rivals = [Rival(other, version, state, effect_done=False) for other, version, state in found]
    newer = newer_in_place(row.id, mine[2], rivals)
    if newer is not None:
        by = format_id("d", newer)
        raise SupersededError(f"{format_id('d', row.id)} is older than {by}: nothing is sent", by=by)
