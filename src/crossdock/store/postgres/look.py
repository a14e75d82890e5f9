"""Look: messages, exceptions, events and numbers, for people."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

from typing import Any, Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import hash64
from crossdock.store.coding import decode_json, decode_place
from crossdock.store.contract import (
    EventRow,
    ExceptionFilter,
    ExceptionRow,
    MessageFilter,
    StoredMessage,
)
from crossdock.store.incoming import STATE_NAMES, STATES
from crossdock.store.postgres.database import Pg

__all__ = [
    "EXCEPTION_COLUMNS",
    "counts",
    "events",
    "exception_rows",
    "group_exceptions",
    "latencies",
    "list_exceptions",
    "list_messages",
    "read_events",
    "read_message",
    "read_piece",
    "show_exception",
    "untranslated",
]

_INLINE_BYTES: Final = 1_000_000
_NEWEST: Final = 10_000
_MESSAGE: Final = (
    "SELECT m.id, m.system, m.topic, m.company, m.content_type, m.headers, m.dedupe_key, m.origin, m.received_at,"
    " m.size, s.state, CASE WHEN m.size <= $1 THEN m.body ELSE ''::bytea END, m.conflicts_with, s.note, m.pieces"
    " FROM message_state s JOIN message m ON m.id = s.id "
)
_OF_INTERFACE: Final = (
    "(EXISTS (SELECT 1 FROM document o WHERE o.message_id = s.id AND o.interface = {0})"
    " OR EXISTS (SELECT 1 FROM exception e WHERE e.message_id = s.id AND e.interface = {0}))"
)
_OF_KEY: Final = (
    "(m.dedupe_key = {0} OR s.id IN (SELECT o.message_id FROM link l JOIN document o ON o.id = l.document_id"
    " WHERE l.hash = {1} AND (o.key = {0} OR o.transactions::jsonb ? {0})))"
)
_OF_ERROR: Final = "EXISTS (SELECT 1 FROM exception e WHERE e.message_id = s.id AND e.code = {0})"
# A body in pieces is put together first: the text may lie across two of them.
_WITH_TEXT: Final = (
    "m.size <= 1000000 AND position({0}::bytea IN m.body || coalesce((SELECT string_agg(c.bytes, ''::bytea ORDER BY c.n)"
    " FROM body_chunk c WHERE c.message_id = m.id), ''::bytea)) > 0"
)
EXCEPTION_COLUMNS: Final = (
    "SELECT id, code, severity, class, owner, stage, state, text, mend, detail, place, system, interface, txn,"
    " message_id, document_id, delivery_id, first_seen, last_seen, count, assignee, resolution FROM exception "
)
_EVENT: Final = "SELECT id, at, kind, txn, system, message_id, document_id, delivery_id, data FROM event "


async def _messages(db: Pg, where: str, *arguments: Any, with_body: bool) -> list[StoredMessage]:
    """Messages by a condition; bodies over 1 MB, or all without `with_body`, are left empty."""
    found = []
    limit = _INLINE_BYTES if with_body else -1
    build: Any = StoredMessage
    for r in await db.fetch(_MESSAGE + where, limit, *arguments):
        body = r[11]
        if body and r[14]:
            body = b"".join([body, *[await read_piece(db, r[0], n) for n in range(1, r[14] + 1)]])
        found.append(build(*r[:5], decode_json(r[5]), *r[6:10], STATE_NAMES[r[10]], body, *r[12:14]))
    return found


async def read_message(db: Pg, message_id: int) -> StoredMessage | None:
    found = await _messages(db, "WHERE s.id = $2", message_id, with_body=True)
    return found[0] if found else None


async def read_piece(db: Pg, message_id: int, n: int) -> bytes:
    """One piece of a body; empty behind the last one."""
    sql = "SELECT bytes FROM body_chunk WHERE message_id = $1 AND n = $2"
    if n == 0:
        sql = (
            "SELECT m.body FROM message m JOIN message_state s ON s.id = m.id WHERE m.id = $1 AND $2::int = 0"
        )
    piece: bytes | None = await db.fetchval(sql, message_id, n)
    return piece or b""


async def untranslated(db: Pg, after: int, limit: int) -> list[StoredMessage]:
    return await _messages(
        db, "WHERE s.state = 1 AND s.id > $2 ORDER BY s.id LIMIT $3", after, limit, with_body=True
    )


async def list_messages(db: Pg, where: MessageFilter, before: int, limit: int) -> list[StoredMessage]:
    """Newest first, without bodies."""
    parts: list[tuple[object, str, tuple[Any, ...]]] = [
        (before, "s.id < {0}", (before,)),
        (where.system, "m.system = {0}", (where.system,)),
        (where.topic, "m.topic = {0}", (where.topic,)),
        (where.state, "s.state = {0}", (STATES.get(where.state, 0),)),
        (where.since, "s.received_at >= {0}", (where.since,)),
        (where.until, "s.received_at < {0}", (where.until,)),
        (where.interface, _OF_INTERFACE, (where.interface,)),
        (where.key, _OF_KEY, (where.key, hash64(where.key))),
        (where.error, _OF_ERROR, (where.error,)),
        (where.text, _WITH_TEXT, (where.text.encode(),)),
    ]
    arguments: list[Any] = []
    conditions = ["true"]
    for wanted, sql, values in parts:
        if wanted:
            conditions.append(sql.format(*(f"${len(arguments) + 2 + i}" for i in range(len(values)))))
            arguments += values
    sql = f"WHERE {' AND '.join(conditions)} ORDER BY s.id DESC LIMIT ${len(arguments) + 2}"
    return await _messages(db, sql, *arguments, limit, with_body=False)


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────


async def exception_rows(db: Pg, where: str, *arguments: Any) -> list[ExceptionRow]:
    """Exceptions by a condition."""
    build: Any = ExceptionRow
    rows = await db.fetch(EXCEPTION_COLUMNS + where, *arguments)
    return [build(*r[:10], decode_place(r[10]), *r[11:]) for r in rows]


async def list_exceptions(db: Pg, where: ExceptionFilter, before: int, limit: int) -> list[ExceptionRow]:
    """Newest first."""
    condition, arguments = _exception_condition(where)
    n = len(arguments)
    sql = f"WHERE {condition} AND (${n + 1}::bigint = 0 OR id < ${n + 1}) ORDER BY id DESC LIMIT ${n + 2}"
    return await exception_rows(db, sql, *arguments, before, limit)


async def show_exception(db: Pg, exception_id: int) -> ExceptionRow | None:
    found = await exception_rows(db, "WHERE id = $1", exception_id)
    return found[0] if found else None


async def group_exceptions(db: Pg, where: ExceptionFilter) -> list[tuple[str, str, str, int, int]]:
    condition, arguments = _exception_condition(where)
    rows = await db.fetch(
        f"SELECT code, system, interface, count(*), min(first_seen) FROM exception WHERE {condition}"
        " GROUP BY code, system, interface ORDER BY 4 DESC, 5, 1, 2, 3",
        *arguments,
    )
    return [tuple(row) for row in rows]


def _exception_condition(where: ExceptionFilter) -> tuple[str, list[str]]:
    wanted = {
        "state": where.state,
        "code": where.code,
        "class": where.class_,
        "system": where.system,
        "interface": where.interface,
        "txn": where.transaction,
    }
    given = {column: value for column, value in wanted.items() if value}
    parts = [f"{column} = ${n}" for n, column in enumerate(given, 1)]
    return " AND ".join(parts) or "true", list(given.values())


# ── events and numbers ───────────────────────────────────────────────────────────────────────────────


async def read_events(db: Pg, where: str, *arguments: Any) -> list[EventRow]:
    """Events by a condition."""
    build: Any = EventRow
    return [build(*r[:8], decode_json(r[8])) for r in await db.fetch(_EVENT + where, *arguments)]


async def events(db: Pg, after: int, limit: int) -> list[EventRow]:
    return await read_events(db, "WHERE id > $1 ORDER BY id LIMIT $2", after, limit)


async def counts(db: Pg) -> dict[str, dict[str, int]]:
    messages = await db.fetch("SELECT state, count(*) FROM message_state GROUP BY state")
    deliveries = await db.fetch("SELECT state, count(*) FROM delivery_state GROUP BY state")
    return {
        "messages": {STATE_NAMES[state]: n for state, n in messages},
        "deliveries": {DeliveryState(state).name.lower(): n for state, n in deliveries},
        "exceptions": dict(await db.fetch("SELECT state, count(*) FROM exception GROUP BY state")),
        "duplicates": dict(await db.fetch("SELECT system, n FROM duplicate")),
    }


async def latencies(db: Pg, since: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for interface, micros in await db.fetch(
        "SELECT d.interface, e.at - d.received_at FROM event e JOIN delivery d ON d.id = e.delivery_id"
        " WHERE e.kind = 'delivery.delivered' AND e.at >= $1 ORDER BY e.id DESC LIMIT $2",
        since,
        _NEWEST,
    ):
        found.setdefault(interface, []).append(micros)
    return found
