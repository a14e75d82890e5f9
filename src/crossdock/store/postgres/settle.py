"""Settle: what became of attempts, committed with cross-references, exceptions and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from crossdock.core.delivery import BLOCKING, DeliveryState
from crossdock.core.errors import RejectedError
from crossdock.core.ids import DeliveryId, format_id
from crossdock.store.board import Board
from crossdock.store.coding import EventLine, delivery_events
from crossdock.store.contract import DeliverySettled, LaneLease, NewException, Settled
from crossdock.store.lanes import lost
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.deliveries import load_by_id, load_ready, lock_lanes_of, write_board
from crossdock.store.postgres.leases import check_lease
from crossdock.store.postgres.outbox import add_events, raise_exceptions, resolve_of_deliveries
from crossdock.store.postgres.xrefs import drop_facts, put_facts, put_xrefs
from crossdock.store.settling import Outcomes, about, pass_deadline

__all__ = ["finish", "raise_overdue", "settle", "wake_due"]

_ATTEMPT: Final = (
    "delivery_id", "at", "state", "artefact_id", "outcome", "error_code", "error_text", "answer",
)  # fmt: skip


async def settle(
    base: Database,
    db: Pg,
    lease: LaneLease,
    outcomes: Sequence[DeliverySettled],
    claimed: Mapping[DeliveryId, str],
) -> tuple[Settled, set[int]]:
    """Commit outcomes; also the hashes of facts that came or are waited for: `xrefs.wake` goes on with them.

    Args:
        base: the database.
        db: a transaction on it.
        lease: the caller's.
        outcomes: by delivery.
        claimed: the snapshot that each delivery's look-ups could see.
    """
    await lock_lanes_of(base, db, (outcome.id for outcome in outcomes))
    await check_lease(db, lease, now=base.now, sending=False)
    board = Board()
    await load_by_id(db, board, (outcome.id for outcome in outcomes))
    for outcome in outcomes:
        row = board.rows.get(outcome.id)
        if row is None or row.target != lease.target or row.lane not in lease.lanes:
            raise lost(lease)
    await load_ready(db, board, {board.rows[o.id].key_hash for o in outcomes if o.state in BLOCKING})
    done = Outcomes(board, outcomes)
    await _add_attempts(base, db, done.attempts)
    if done.left:
        await drop_facts(db, done.left)
    waits = [(delivery_id, fact, claimed.get(DeliveryId(delivery_id))) for delivery_id, fact in done.waits]
    facts = await put_xrefs(base, db, [xref for outcome in outcomes for xref in outcome.xrefs])
    facts |= await put_facts(db, waits)
    _, raised = await raise_exceptions(base, db, done.raised)
    woken = await finish(
        base, db, board, events=[*done.events, *raised], resolved=done.resolved, texts=done.texts
    )
    if lease.target not in woken and await _has_followers(db, board):
        woken |= {lease.target}
    return Settled(woken), facts


async def finish(
    base: Database,
    db: Pg,
    board: Board,
    *,
    events: Sequence[EventLine] = (),
    resolved: Mapping[int, str] | None = None,
    texts: Mapping[int, str] | None = None,
    actor: str = "",
) -> frozenset[str]:
    """Arrange the keys and write it all; the targets with rows that are READY anew."""
    board.arrange()
    await write_board(db, board)
    resolutions = await resolve_of_deliveries(db, resolved, actor=actor) if resolved else []
    await add_events(base, db, [*events, *resolutions, *delivery_events(board, texts or {})])
    return board.woken()


async def wake_due(base: Database, db: Pg, now: int) -> Settled:
    """RETRYING rows that are due become READY."""
    sql = "SELECT id FROM delivery_state WHERE due_at > 0 AND due_at <= $1 AND state = 3 ORDER BY id"
    await lock_lanes_of(base, db, [row[0] for row in await db.fetch(sql, now)])
    due = [row[0] for row in await db.fetch(sql, now)]
    board = Board()
    await load_by_id(db, board, due)
    for delivery_id in due:
        board.move(board.rows[delivery_id], DeliveryState.READY)
    return Settled(await finish(base, db, board))


async def raise_overdue(base: Database, db: Pg, delivery_id: DeliveryId, exception: NewException) -> None:
    """A deadline has passed: WAITING becomes PARKED and keeps its facts; AWAITING_ACK stays, its deadline goes."""
    await lock_lanes_of(base, db, [delivery_id])
    board = Board()
    await load_by_id(db, board, [delivery_id])
    row = board.rows.get(delivery_id)
    if row is None:
        raise RejectedError(f"there is no delivery {format_id('d', delivery_id)}")
    await load_ready(db, board, {row.key_hash})
    if pass_deadline(board, row):
        _, raised = await raise_exceptions(base, db, [(exception, about(row))])
        await finish(base, db, board, events=raised)


async def _add_attempts(base: Database, db: Pg, attempts: Sequence[DeliverySettled]) -> None:
    now = base.now
    await db.copy_records_to_table(
        "attempt",
        columns=_ATTEMPT,
        records=[
            (o.id, now, int(o.state), o.artefact_id, o.outcome, o.error_code, o.error_text, o.answer)
            for o in attempts
        ],
    )


async def _has_followers(db: Pg, board: Board) -> bool:
    """Whether a key that got free has READY rows that claims may have left out."""
    keys = {row.key_hash for row in board.rows.values() if row.ended}
    found = await db.fetchval(
        "SELECT 1 FROM delivery_state WHERE state < 50 AND state = 1 AND key_hash = ANY($1::bigint[]) LIMIT 1",
        list(keys),
    )
    return found is not None
