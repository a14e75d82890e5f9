"""Small things kept by name: pins, watermarks, first answers, cursors of readers and their ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from crossdock.core.errors import RejectedError
from crossdock.store.contract import Accepted
from crossdock.store.incoming import Incoming
from crossdock.store.sqlite.accept import accept_many
from crossdock.store.sqlite.tx import Tx

__all__ = [
    "Fact",
    "accept_read",
    "ledger",
    "move_cursor",
    "pin",
    "read_cursor",
    "read_watermark",
    "remember_answer",
]

Fact = tuple[str, str, str, str, str, str]
"""(transaction, line id, measure, system, ref, quantity text)."""


def pin(tx: Tx, name: str, value: str) -> str:
    tx.db.execute("INSERT INTO pin (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
    pinned: str = tx.db.execute("SELECT value FROM pin WHERE name = ?", (name,)).fetchone()[0]
    return pinned


def read_watermark(db: sqlite3.Connection, system: str, source: str, company: str) -> bytes:
    row = db.execute(
        "SELECT value FROM watermark WHERE system = ? AND source = ? AND company = ?",
        (system, source, company),
    ).fetchone()
    return row[0] if row else b""


def accept_read(
    tx: Tx, batch: Sequence[Incoming], *, system: str, source: str, company: str, watermark: bytes
) -> list[Accepted]:
    """Accept what was read and move the watermark."""
    answers = accept_many(tx, batch)
    tx.db.execute(
        "INSERT INTO watermark (system, source, company, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (system, source, company) DO UPDATE SET value = excluded.value",
        (system, source, company, watermark),
    )
    return answers


def remember_answer(tx: Tx, scope: str, key: str, body_digest: bytes, answer: bytes) -> tuple[bool, bytes]:
    row = tx.db.execute(
        "SELECT digest, answer FROM idempotency WHERE scope = ? AND key = ?", (scope, key)
    ).fetchone()
    if row is None:
        tx.db.execute(
            "INSERT INTO idempotency (scope, key, digest, answer, at) VALUES (?, ?, ?, ?, ?)",
            (scope, key, body_digest, answer, tx.now),
        )
        return True, answer
    if row[0] != body_digest:
        raise RejectedError(
            f"the key {key!r} was used before with another body",
            code="B-DUP-DOC",
            mend="send the same body again, or use a fresh key",
        )
    return False, row[1]


def read_cursor(db: sqlite3.Connection, name: str) -> int:
    row = db.execute("SELECT position FROM cursor WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def move_cursor(tx: Tx, name: str, position: int, facts: Sequence[Fact]) -> None:
    tx.db.executemany(
        "INSERT INTO ledger_fact (txn, line_id, measure, system, ref, quantity) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (txn, line_id, measure, system, ref) DO UPDATE SET quantity = excluded.quantity",
        facts,
    )
    tx.db.execute(
        "INSERT INTO cursor (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
        (name, position),
    )


def ledger(db: sqlite3.Connection, transaction: str) -> list[tuple[str, str, str, str, str]]:
    return db.execute(
        "SELECT line_id, measure, system, ref, quantity FROM ledger_fact WHERE txn = ?"
        " ORDER BY line_id, measure, system, ref",
        (transaction,),
    ).fetchall()
