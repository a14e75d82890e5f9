"""Deliveries' rows: locking their lanes, loading a board of them, writing back what moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from crossdock.store.board import Board, Row
from crossdock.store.postgres.database import Database, Pg

__all__ = ["load_by_id", "load_by_keys", "load_ready", "lock_lanes_of", "write_board"]

_SELECT: Final = (
    "SELECT s.id, s.key_hash, s.target, s.lane, s.state, s.due_at, s.attempts, s.sent_at, s.effect_done, s.named,"
    " s.holds, d.document_id, d.message_id, d.txn, d.interface, d.operation"
    " FROM delivery_state s JOIN delivery d ON d.id = s.id "
)
_BY_ID: Final = _SELECT + "WHERE s.id = ANY($1::bigint[])"
_STUCK: Final = _SELECT + "WHERE s.state IN (3, 4, 6, 7) AND s.key_hash = ANY($1::bigint[])"
_READY: Final = _SELECT + "WHERE s.state < 50 AND s.state = 1 AND s.key_hash = ANY($1::bigint[])"


async def lock_lanes_of(base: Database, db: Pg, delivery_ids: Iterable[int]) -> None:
    """Nobody else moves deliveries of these ones' lanes until the transaction ends. A lane never changes."""
    rows = await db.fetch(
        "SELECT DISTINCT target, lane FROM delivery_state WHERE id = ANY($1::bigint[])", list(delivery_ids)
    )
    await base.lock(db, [("lane", target, lane) for target, lane in rows])


async def _load(db: Pg, board: Board, sql: str, numbers: Iterable[int]) -> list[Row]:
    wanted = list(numbers)
    rows = [Row(*record) for record in await db.fetch(sql, wanted)] if wanted else []
    board.add(rows)
    return rows


async def load_by_id(db: Pg, board: Board, delivery_ids: Iterable[int]) -> None:
    """Load these deliveries and all rows of their keys that hold others or are held."""
    rows = await _load(db, board, _BY_ID, delivery_ids)
    await load_by_keys(db, board, {row.key_hash for row in rows})


async def load_by_keys(db: Pg, board: Board, key_hashes: Iterable[int]) -> None:
    """Load the rows of these keys that hold others or are held."""
    await _load(db, board, _STUCK, key_hashes)


async def load_ready(db: Pg, board: Board, key_hashes: Iterable[int]) -> None:
    """Load the READY rows of these keys: something before them is about to hold them."""
    await _load(db, board, _READY, key_hashes)


async def write_board(db: Pg, board: Board) -> None:
    """Write back what moved."""
    rows = board.written()
    if not rows:
        return
    await db.execute(
        "UPDATE delivery_state s SET state = v.state, due_at = v.due_at, attempts = v.attempts, sent_at = v.sent_at,"
        " effect_done = v.effect_done, named = v.named, holds = v.holds FROM unnest($1::bigint[], $2::smallint[],"
        " $3::bigint[], $4::int[], $5::bigint[], $6::boolean[], $7::bigint[], $8::boolean[])"
        " AS v(id, state, due_at, attempts, sent_at, effect_done, named, holds) WHERE s.id = v.id",
        [row.id for row in rows],
        [int(row.state) for row in rows],
        [row.due_at for row in rows],
        [row.attempts for row in rows],
        [row.sent_at for row in rows],
        [row.effect_done for row in rows],
        [row.named for row in rows],
        [row.holds for row in rows],
    )
