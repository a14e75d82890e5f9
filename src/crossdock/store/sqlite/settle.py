"""Settle: what became of attempts, committed with cross-references, exceptions and events. Runs in the writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.core.delivery import BLOCKING, DeliveryState, may_move
from crossdock.core.errors import RejectedError
from crossdock.core.ids import DeliveryId, format_id
from crossdock.store.board import Board, Row
from crossdock.store.contract import DeliverySettled, LaneLease, NewException, Settled, Xref
from crossdock.store.sqlite.deliveries import load_by_id, load_ready, write_board
from crossdock.store.sqlite.leases import Leases, lost
from crossdock.store.sqlite.outbox import (
    About,
    EventRow,
    add_events,
    event_rows,
    raise_exceptions,
    report_board,
    resolve_of_deliveries,
)
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import Tx
from crossdock.store.sqlite.xrefs import drop_facts, put_facts, put_xrefs, wake

__all__ = ["about", "finish", "put_xrefs_and_wake", "raise_overdue", "settle", "wake_due"]

_ATTEMPT: Final = Insert(
    "attempt", "id,delivery_id,at,state,artefact_id,outcome,error_code,error_text,answer"
)
_S = DeliveryState
_RESOLVES: Final = {_S.DELIVERED: "delivered", _S.SUPERSEDED: "superseded", _S.CANCELLED: "cancelled"}
_TIMED: Final = frozenset({_S.RETRYING, _S.WAITING, _S.AWAITING_ACK})
_KEEPS_FACTS: Final = frozenset({_S.WAITING, _S.PARKED})
_REPEATED: Final = frozenset({_S.READY, _S.WAITING, _S.AWAITING_ACK})


def about(row: Row) -> About:
    """What a row's events and exceptions are about."""
    return row.message_id, row.document_id, row.id


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
        outcomes: by delivery. One whose delivery moved on without it (cancelled, superseded) keeps its attempt
            and cross-references, and leaves the state as it is.
        claimed: the commit that each delivery's look-ups could see.
    """
    leases.check(lease, sending=False)
    board = Board()
    load_by_id(tx, board, (o.id for o in outcomes))
    for outcome in outcomes:
        row = board.rows.get(outcome.id)
        if row is None or row.target != lease.target or row.lane not in lease.lanes:
            raise lost(lease)
    load_ready(tx, board, {board.rows[o.id].key_hash for o in outcomes if o.state in BLOCKING})
    moved = [o for o in outcomes if _moves(board.rows[o.id], o)]
    for outcome in moved:
        _apply(board, board.rows[outcome.id], outcome)
    _add_attempts(tx, outcomes)
    waits = [
        (int(o.id), fact, claimed.get(o.id, 0)) for o in moved if o.state in _KEEPS_FACTS for fact in o.facts
    ]
    _leave_facts(tx, board, moved)
    facts = put_xrefs(tx, [xref for o in outcomes for xref in o.xrefs]) | put_facts(tx, waits)
    events = [e for o in moved if o.events for e in event_rows(o.events, about(board.rows[o.id]))]
    raised = [(o.exception, about(board.rows[o.id])) for o in moved if o.exception is not None]
    resolved: dict[int, str] = {int(o.id): _RESOLVES[o.state] for o in moved if o.state in _RESOLVES}
    woken = finish(
        tx,
        board,
        facts,
        events=events,
        raised=raised,
        resolved=resolved,
        outcomes={int(o.id): o.outcome for o in moved},
    )
    if lease.target not in woken and _has_followers(tx, board):
        woken |= {lease.target}
    return Settled(woken)


def finish(
    tx: Tx,
    board: Board,
    facts: set[int],
    *,
    events: Sequence[EventRow] = (),
    raised: Sequence[tuple[NewException, About]] = (),
    resolved: Mapping[int, str] | None = None,
    outcomes: dict[int, str] | None = None,
    actor: str = "",
) -> frozenset[str]:
    """Wake by facts, arrange the keys, write it all; the targets with newly READY rows."""
    if raised:
        raise_exceptions(tx, raised)
    resolutions = {**(resolved or {}), **wake(tx, board, facts)}
    board.arrange()
    write_board(tx, board)
    if resolutions:
        resolve_of_deliveries(tx, resolutions, actor=actor)
    add_events(tx, [*events, *report_board(board, outcomes or {})])
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
    if row.state == DeliveryState.WAITING:
        load_ready(tx, board, {row.key_hash})
        board.move(row, DeliveryState.PARKED)
    elif row.state == DeliveryState.AWAITING_ACK:
        row.due_at, row.dirty = 0, True
    else:
        return
    finish(tx, board, set(), raised=[(exception, about(row))])


def _moves(row: Row, outcome: DeliverySettled) -> bool:
    before = DeliveryState(row.state)
    return may_move(before, outcome.state) or (before is outcome.state and before in _REPEATED)


def _apply(board: Board, row: Row, outcome: DeliverySettled) -> None:
    due_at = outcome.due_at if outcome.state in _TIMED else 0
    board.move(row, outcome.state, due_at=due_at, holds=outcome.state is _S.WAITING and outcome.holds_key)
    row.effect_done = outcome.effect_done or (row.effect_done and outcome.state is not _S.READY)
    if outcome.named is not None:
        row.named = outcome.named
    if outcome.attempted:
        row.attempts += 1


def _add_attempts(tx: Tx, outcomes: Sequence[DeliverySettled]) -> None:
    told = [outcome for outcome in outcomes if outcome.attempted]
    first = tx.ids.take("attempt", len(told))
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
        for attempt_id, o in enumerate(told, first)
    ]
    _ATTEMPT.run(tx.db, rows)


def _leave_facts(tx: Tx, board: Board, moved: Sequence[DeliverySettled]) -> None:
    left = [int(o.id) for o in moved if board.rows[o.id].before in _KEEPS_FACTS]
    if left:
        drop_facts(tx, left)


def _has_followers(tx: Tx, board: Board) -> bool:
    """Whether a key that got free has READY rows that claims may have left out."""
    keys = {row.key_hash for row in board.rows.values() if row.ended}
    found = tx.db.execute(
        "SELECT 1 FROM delivery_state INDEXED BY delivery_active WHERE state < 50 AND state = 1"
        " AND key_hash IN (SELECT value FROM json_each(?)) LIMIT 1",
        (as_list(keys),),
    ).fetchone()
    return found is not None
