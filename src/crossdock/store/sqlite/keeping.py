"""Small things kept by name: pins, watermarks, first answers, cursors of readers and their ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from crossdock.core.errors import RejectedError
from crossdock.store.coding import encode_json
from crossdock.store.contract import Accepted
from crossdock.store.incoming import Incoming
from crossdock.store.sqlite.accept import accept_many
from crossdock.store.sqlite.rows import Insert
from crossdock.store.sqlite.tx import Tx

__all__ = [
    "Fact",
    "accept_read",
    "ledger",
    "ledgers",
    "move_cursor",
    "pin",
    "read_cursor",
    "read_watermark",
    "remember_answer",
]

Fact = tuple[str, str, str, str, str, str]
"""(transaction, line id, measure, system, ref, quantity text)."""
_FACT: Final = Insert(
    "ledger_fact",
    "txn,line_id,measure,system,ref,quantity",
    conflict=" ON CONFLICT (txn, line_id, measure, system, ref) DO UPDATE SET quantity = excluded.quantity",
)


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
    _FACT.run(tx.db, facts)
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


def ledgers(
    db: sqlite3.Connection, transactions: Sequence[str]
) -> dict[str, list[tuple[str, str, str, str, str]]]:
    found: dict[str, list[tuple[str, str, str, str, str]]] = {}
    rows = db.execute(
        "SELECT txn, line_id, measure, system, ref, quantity FROM ledger_fact"
        " WHERE txn IN (SELECT value FROM json_each(?)) ORDER BY txn, line_id, measure, system, ref",
        (encode_json(list(transactions)),),
    )
    for txn, *row in rows:
        found.setdefault(txn, []).append(tuple(row))
    return found
