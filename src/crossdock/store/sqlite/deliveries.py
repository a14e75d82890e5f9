"""Deliveries' rows: loading a board of them, and writing back what moved. Runs in the writer."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from crossdock.store.board import Board, Row
from crossdock.store.sqlite.names import Names
from crossdock.store.sqlite.rows import Update, as_list
from crossdock.store.sqlite.tx import Tx

__all__ = ["load_by_id", "load_by_keys", "load_ready", "write_board"]

_SELECT: Final = (
    "SELECT s.id, s.key_hash, s.target, s.lane, s.state, s.due_at, s.attempts, s.sent_at, s.effect_done, s.named,"
    " s.holds, d.document_id, d.message_id, d.txn, d.interface, d.operation FROM delivery_state s "
)
_BY_ID: Final = (
    _SELECT + "CROSS JOIN delivery d ON d.id = s.id WHERE s.id IN (SELECT value FROM json_each(?))"
)
_STUCK: Final = (
    _SELECT + "INDEXED BY delivery_stuck CROSS JOIN delivery d ON d.id = s.id"
    " WHERE s.state IN (3, 4, 6, 7) AND s.key_hash IN (SELECT value FROM json_each(?))"
)
_READY: Final = (
    _SELECT + "INDEXED BY delivery_active CROSS JOIN delivery d ON d.id = s.id"
    " WHERE s.state < 50 AND s.state = 1 AND s.key_hash IN (SELECT value FROM json_each(?))"
)
_WRITE: Final = Update("delivery_state", "state,due_at,attempts,sent_at,effect_done,named,holds")


def _rows(cursor: sqlite3.Cursor, names: Names) -> list[Row]:
    text = names.text
    return [
        Row(r[0], r[1], text(r[2]), r[3], r[4], r[5], r[6], r[7], bool(r[8]), r[9], bool(r[10]), r[11], r[12], r[13],
            text(r[14]), text(r[15]))
        for r in cursor
    ]  # fmt: skip


def load_by_id(tx: Tx, board: Board, delivery_ids: Iterable[int]) -> None:
    """Load these deliveries and all rows of their keys that hold others or are held."""
    rows = _rows(tx.db.execute(_BY_ID, (as_list(delivery_ids),)), tx.names)
    board.add(rows)
    load_by_keys(tx, board, {row.key_hash for row in rows})


def load_by_keys(tx: Tx, board: Board, key_hashes: Iterable[int]) -> None:
    """Load the rows of these keys that hold others or are held."""
    board.add(_rows(tx.db.execute(_STUCK, (as_list(key_hashes),)), tx.names))


def load_ready(tx: Tx, board: Board, key_hashes: Iterable[int]) -> None:
    """Load the READY rows of these keys: something before them is about to hold them."""
    wanted = as_list(key_hashes)
    if wanted != "[]":
        board.add(_rows(tx.db.execute(_READY, (wanted,)), tx.names))


def write_board(tx: Tx, board: Board) -> None:
    """Write back what moved."""
    rows: list[tuple[Any, ...]] = [
        (
            row.id,
            int(row.state),
            row.due_at,
            row.attempts,
            row.sent_at,
            int(row.effect_done),
            row.named,
            int(row.holds),
        )
        for row in board.written()
    ]
    _WRITE.run(tx.db, rows)
