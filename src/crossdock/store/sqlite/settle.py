"""Settle: what became of attempts, committed with cross-references, exceptions and events. Runs in the writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.core.delivery import BLOCKING, DeliveryState
from crossdock.core.errors import RejectedError
from crossdock.core.ids import DeliveryId, format_id
from crossdock.store.board import Board
from crossdock.store.coding import About, EventLine, delivery_events
from crossdock.store.contract import DeliverySettled, LaneLease, NewException, Settled, Xref
from crossdock.store.lanes import lost
from crossdock.store.settling import Outcomes, about, pass_deadline
from crossdock.store.sqlite.deliveries import load_by_id, load_ready, write_board
from crossdock.store.sqlite.leases import Leases
from crossdock.store.sqlite.outbox import add_events, raise_exceptions, resolve_of_deliveries
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import Tx
from crossdock.store.sqlite.xrefs import drop_facts, put_facts, put_xrefs, wake

__all__ = ["finish", "put_xrefs_and_wake", "raise_overdue", "settle", "wake_due"]

_ATTEMPT: Final = Insert(
    "attempt", "id,delivery_id,at,state,artefact_id,outcome,error_code,error_text,answer"
)


def settle(
    tx: Tx,
    leases: Leases,
    lease: LaneLease,
    outcomes: Sequence[DeliverySettled],
    claimed: Mapping[DeliveryId, int],
) -> Settled:
    """Commit outcomes.

    Args:
        tx: the writer's transaction.
        leases: who holds what.
        lease: the caller's.
        outcomes: by delivery.
        claimed: the commit that each delivery's look-ups could see.
    """
    leases.check(lease, sending=False)
    board = Board()
    load_by_id(tx, board, (outcome.id for outcome in outcomes))
    for outcome in outcomes:
        row = board.rows.get(outcome.id)
        if row is None or row.target != lease.target or row.lane not in lease.lanes:
            raise lost(lease)
    load_ready(tx, board, {board.rows[o.id].key_hash for o in outcomes if o.state in BLOCKING})
    done = Outcomes(board, outcomes)
    _add_attempts(tx, done.attempts)
    if done.left:
        drop_facts(tx, done.left)
    waits = [(delivery_id, fact, claimed.get(DeliveryId(delivery_id), 0)) for delivery_id, fact in done.waits]
    facts = put_xrefs(tx, [xref for outcome in outcomes for xref in outcome.xrefs]) | put_facts(tx, waits)
    raise_exceptions(tx, done.raised)
    woken = finish(tx, board, facts, events=done.events, resolved=done.resolved, texts=done.texts)
    if lease.target not in woken and _has_followers(tx, board):
        woken |= {lease.target}
    return Settled(woken)


def finish(
    tx: Tx,
    board: Board,
    facts: set[int],
    *,
    events: Sequence[EventLine] = (),
    resolved: Mapping[int, str] | None = None,
    texts: Mapping[int, str] | None = None,
    actor: str = "",
) -> frozenset[str]:
    """Wake by facts, arrange the keys, write it all; the targets with rows that are READY anew."""
    resolutions = {**(resolved or {}), **wake(tx, board, facts)}
    board.arrange()
    write_board(tx, board)
    if resolutions:
        resolve_of_deliveries(tx, resolutions, actor=actor)
    add_events(tx, [*events, *delivery_events(board, texts or {})])
    return board.woken()


def put_xrefs_and_wake(tx: Tx, xrefs: Sequence[Xref]) -> Settled:
    """Cross-references found or imported outside a delivery."""
    return Settled(finish(tx, Board(), put_xrefs(tx, xrefs)))


def wake_due(tx: Tx, now: int) -> Settled:
    """RETRYING rows that are due become READY."""
    due = tx.db.execute(
        "SELECT id FROM delivery_state WHERE due_at > 0 AND due_at <= ? AND state = 3", (now,)
    ).fetchall()
    board = Board()
    load_by_id(tx, board, (row[0] for row in due))
    for (delivery_id,) in due:
        board.move(board.rows[delivery_id], DeliveryState.READY)
    return Settled(finish(tx, board, set()))


def raise_overdue(tx: Tx, delivery_id: DeliveryId, exception: NewException) -> None:
    """A deadline has passed: WAITING becomes PARKED and keeps its facts; AWAITING_ACK stays, its deadline goes."""
    board = Board()
    load_by_id(tx, board, [delivery_id])
    row = board.rows.get(delivery_id)
    if row is None:
        raise RejectedError(f"there is no delivery {format_id('d', delivery_id)}")
    load_ready(tx, board, {row.key_hash})
    if pass_deadline(board, row):
        raised: list[tuple[NewException, About]] = [(exception, about(row))]
        raise_exceptions(tx, raised)
        finish(tx, board, set())


def _add_attempts(tx: Tx, attempts: Sequence[DeliverySettled]) -> None:
    first = tx.ids.take("attempt", len(attempts))
    rows: list[tuple[Any, ...]] = [
        (
            attempt_id,
            o.id,
            tx.now,
            int(o.state),
            o.artefact_id,
            o.outcome,
            o.error_code,
            o.error_text,
            o.answer,
        )
        for attempt_id, o in enumerate(attempts, first)
    ]
    _ATTEMPT.run(tx.db, rows)


def _has_followers(tx: Tx, board: Board) -> bool:
    """Whether a key that got free has READY rows that claims may have left out."""
    keys = {row.key_hash for row in board.rows.values() if row.ended}
    found = tx.db.execute(
        "SELECT 1 FROM delivery_state INDEXED BY delivery_active WHERE state < 50 AND state = 1"
        " AND key_hash IN (SELECT value FROM json_each(?)) LIMIT 1",
        (as_list(keys),),
    ).fetchone()
    return found is not None
