"""Small things kept by name: pins, watermarks, first answers, cursors of readers and their ledger."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.core.errors import RejectedError
from crossdock.store.contract import Accepted
from crossdock.store.incoming import Incoming
from crossdock.store.postgres.accept import accept_many
from crossdock.store.postgres.database import Database, Pg

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


async def pin(db: Pg, name: str, value: str) -> str:
    await db.execute("INSERT INTO pin (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, value)
    pinned: str = await db.fetchval("SELECT value FROM pin WHERE name = $1", name)
    return pinned


async def read_watermark(db: Pg, system: str, source: str, company: str) -> bytes:
    value: bytes | None = await db.fetchval(
        "SELECT value FROM watermark WHERE system = $1 AND source = $2 AND company = $3",
        system,
        source,
        company,
    )
    return value or b""


async def accept_read(
    base: Database,
    db: Pg,
    batch: Sequence[Incoming],
    *,
    system: str,
    source: str,
    company: str,
    watermark: bytes,
) -> list[Accepted]:
    """Accept what was read and move the watermark."""
    answers = await accept_many(base, db, batch) if batch else []
    await db.execute(
        "INSERT INTO watermark (system, source, company, value) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (system, source, company) DO UPDATE SET value = excluded.value",
        system,
        source,
        company,
        watermark,
    )
    return answers


async def remember_answer(
    base: Database, db: Pg, scope: str, key: str, body_digest: bytes, answer: bytes
) -> tuple[bool, bytes]:
    new = await db.fetchval(
        "INSERT INTO idempotency (scope, key, digest, answer, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        scope,
        key,
        body_digest,
        answer,
        base.now,
    )
    if new:
        return True, answer
    row = await db.fetchrow(
        "SELECT digest, answer FROM idempotency WHERE scope = $1 AND key = $2", scope, key
    )
    if row["digest"] != body_digest:
        raise RejectedError(
            f"the key {key!r} was used before with another body",
            code="B-DUP-DOC",
            mend="send the same body again, or use a fresh key",
        )
    return False, row["answer"]


async def read_cursor(db: Pg, name: str) -> int:
    return await db.fetchval("SELECT position FROM cursor WHERE name = $1", name) or 0


async def move_cursor(db: Pg, name: str, position: int, facts: Sequence[Fact]) -> None:
    await db.executemany(
        "INSERT INTO ledger_fact (txn, line_id, measure, system, ref, quantity) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (txn, line_id, measure, system, ref) DO UPDATE SET quantity = excluded.quantity",
        facts,
    )
    await db.execute(
        "INSERT INTO cursor (name, position) VALUES ($1, $2) ON CONFLICT (name)"
        " DO UPDATE SET position = excluded.position",
        name,
        position,
    )


async def ledger(db: Pg, transaction: str) -> list[tuple[str, str, str, str, str]]:
    return (await ledgers(db, [transaction])).get(transaction, [])


async def ledgers(db: Pg, transactions: Sequence[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
    found: dict[str, list[tuple[str, str, str, str, str]]] = {}
    rows = await db.fetch(
        "SELECT txn, line_id, measure, system, ref, quantity FROM ledger_fact WHERE txn = ANY($1::text[])"
        ' ORDER BY txn, line_id COLLATE "C", measure COLLATE "C", system COLLATE "C", ref COLLATE "C"',
        list(transactions),
    )
    for txn, line_id, measure, system, ref, quantity in rows:
        found.setdefault(txn, []).append((line_id, measure, system, ref, quantity))
    return found
