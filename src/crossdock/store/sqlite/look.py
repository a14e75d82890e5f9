"""Look: messages, exceptions, events and numbers, for people. Runs on readers."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import EventId, MessageId, hash64
from crossdock.store.coding import decode_json, decode_place
from crossdock.store.contract import (
    EventRow,
    ExceptionFilter,
    ExceptionRow,
    MessageFilter,
    StoredMessage,
)
from crossdock.store.incoming import STATE_NAMES, STATES
from crossdock.store.sqlite.names import Names

__all__ = [
    "EXCEPTION_COLUMNS",
    "counts",
    "events",
    "exception_rows",
    "group_exceptions",
    "latencies",
    "list_exceptions",
    "list_messages",
    "messages_of",
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
    " m.size, s.state, CASE WHEN m.size <= ? THEN m.body ELSE x'' END, m.conflicts_with, s.note, m.pieces"
    " FROM message_state s CROSS JOIN message m ON m.id = s.id "
)
_OF_INTERFACE: Final = (
    "(EXISTS (SELECT 1 FROM document o WHERE o.message_id = s.id AND o.interface = ?)"
    " OR EXISTS (SELECT 1 FROM exception e WHERE e.message_id = s.id AND e.interface = ?))"
)
_OF_KEY: Final = (
    "(m.dedupe_key = ? OR s.id IN (SELECT o.message_id FROM link l JOIN document o ON o.id = l.document_id"
    " WHERE l.hash = ? AND (o.key = ? OR o.transactions LIKE ? ESCAPE '\\')))"
)
_OF_ERROR: Final = "EXISTS (SELECT 1 FROM exception e WHERE e.message_id = s.id AND e.code = ?)"
# A body in pieces is put together first: the text may lie across two of them.
_WITH_TEXT: Final = (
    "m.size <= 1000000 AND CASE WHEN m.pieces = 0 THEN instr(m.body, ?) ELSE instr(CAST(CAST(m.body AS TEXT) ||"
    " (SELECT group_concat(CAST(c.bytes AS TEXT), '') FROM (SELECT bytes FROM body_chunk WHERE message_id = m.id"
    " ORDER BY n) c) AS BLOB), ?) END > 0"
)
EXCEPTION_COLUMNS: Final = (
    "SELECT id, code, severity, class, owner, stage, state, text, mend, detail, place, system, interface, txn,"
    " message_id, document_id, delivery_id, first_seen, last_seen, count, assignee, resolution FROM exception "
)
_EVENT: Final = "SELECT id, at, kind, txn, system, message_id, document_id, delivery_id, data FROM event "


def messages_of(
    db: sqlite3.Connection, names: Names, where: str, arguments: tuple[Any, ...], *, with_body: bool
) -> list[StoredMessage]:
    """Messages by a condition; bodies over 1 MB, or all without `with_body`, are left empty."""
    text = names.text
    found = []
    limit = _INLINE_BYTES if with_body else -1
    for r in db.execute(_MESSAGE + where, (limit, *arguments)).fetchall():
        body = r[11]
        if body and r[14]:
            body = b"".join((body, *(read_piece(db, r[0], n) for n in range(1, r[14] + 1))))
        found.append(
            StoredMessage(
                MessageId(r[0]), text(r[1]), text(r[2]), text(r[3]), r[4], decode_json(r[5]), r[6], r[7], r[8], r[9],
                STATE_NAMES[r[10]], body, r[12], r[13],
            )
        )  # fmt: skip
    return found


def read_message(db: sqlite3.Connection, names: Names, message_id: int) -> StoredMessage | None:
    found = messages_of(db, names, "WHERE s.id = ?", (message_id,), with_body=True)
    return found[0] if found else None


def read_piece(db: sqlite3.Connection, message_id: int, n: int) -> bytes:
    """One piece of a body; empty behind the last one."""
    sql = "SELECT bytes FROM body_chunk WHERE message_id = ? AND n = ?"
    if n == 0:
        sql = "SELECT m.body FROM message m JOIN message_state s ON s.id = m.id WHERE m.id = ? AND ? = 0"
    row = db.execute(sql, (message_id, n)).fetchone()
    return row[0] if row else b""


def untranslated(db: sqlite3.Connection, names: Names, after: int, limit: int) -> list[StoredMessage]:
    return messages_of(
        db, names, "WHERE s.state = 1 AND s.id > ? ORDER BY s.id LIMIT ?", (after, limit), with_body=True
    )


def list_messages(
    db: sqlite3.Connection, names: Names, where: MessageFilter, before: int, limit: int
) -> list[StoredMessage]:
    """Newest first, without bodies."""
    find = names.find
    linked = f'%"{_escape(where.key)}"%'
    text = where.text.encode()
    parts: list[tuple[object, str, tuple[Any, ...]]] = [
        (before, "s.id < ?", (before,)),
        (where.system, "m.system = ?", (find(where.system),)),
        (where.topic, "m.topic = ?", (find(where.topic),)),
        (where.state, "s.state = ?", (STATES.get(where.state, 0),)),
        (where.since, "s.received_at >= ?", (where.since,)),
        (where.until, "s.received_at < ?", (where.until,)),
        (where.interface, _OF_INTERFACE, (find(where.interface), where.interface)),
        (where.key, _OF_KEY, (where.key, hash64(where.key), where.key, linked)),
        (where.error, _OF_ERROR, (where.error,)),
        (where.text, _WITH_TEXT, (text, text)),
    ]
    condition = " AND ".join(sql for wanted, sql, _ in parts if wanted) or "1"
    arguments = tuple(value for wanted, _, values in parts if wanted for value in values)
    return messages_of(
        db, names, f"WHERE {condition} ORDER BY s.id DESC LIMIT ?", (*arguments, limit), with_body=False
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# ── exceptions ───────────────────────────────────────────────────────────────────────────────────────


def exception_rows(cursor: sqlite3.Cursor) -> list[ExceptionRow]:
    """Rows of `EXCEPTION_COLUMNS` as structs."""
    build: Callable[..., ExceptionRow] = ExceptionRow
    return [build(*r[:10], decode_place(r[10]), *r[11:]) for r in cursor.fetchall()]


def list_exceptions(
    db: sqlite3.Connection, where: ExceptionFilter, before: int, limit: int
) -> list[ExceptionRow]:
    """Newest first."""
    condition, arguments = _exception_condition(where)
    sql = f"{EXCEPTION_COLUMNS} WHERE {condition} AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?"
    return exception_rows(db.execute(sql, (*arguments, before, before, limit)))


def show_exception(db: sqlite3.Connection, exception_id: int) -> ExceptionRow | None:
    found = exception_rows(db.execute(EXCEPTION_COLUMNS + "WHERE id = ?", (exception_id,)))
    return found[0] if found else None


def group_exceptions(db: sqlite3.Connection, where: ExceptionFilter) -> list[tuple[str, str, str, int, int]]:
    condition, arguments = _exception_condition(where)
    return db.execute(
        f"SELECT code, system, interface, count(*), min(first_seen) FROM exception WHERE {condition}"
        " GROUP BY code, system, interface ORDER BY 4 DESC, 5, 1, 2, 3",
        arguments,
    ).fetchall()


def _exception_condition(where: ExceptionFilter) -> tuple[str, tuple[str, ...]]:
    wanted = {
        "state": where.state,
        "code": where.code,
        "class": where.class_,
        "system": where.system,
        "interface": where.interface,
        "txn": where.transaction,
    }
    parts = [f"{column} = ?" for column, value in wanted.items() if value]
    return " AND ".join(parts) or "1", tuple(value for value in wanted.values() if value)


# ── events and numbers ───────────────────────────────────────────────────────────────────────────────


def read_events(
    db: sqlite3.Connection, names: Names, where: str, arguments: tuple[Any, ...]
) -> list[EventRow]:
    """Events by a condition."""
    text = names.text
    return [
        EventRow(EventId(r[0]), r[1], text(r[2]), r[3], text(r[4]), r[5], r[6], r[7], decode_json(r[8]))
        for r in db.execute(_EVENT + where, arguments).fetchall()
    ]


def events(db: sqlite3.Connection, names: Names, after: int, limit: int) -> list[EventRow]:
    return read_events(db, names, "WHERE id > ? ORDER BY id LIMIT ?", (after, limit))


def counts(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    messages = db.execute("SELECT state, count(*) FROM message_state GROUP BY state").fetchall()
    deliveries = db.execute("SELECT state, count(*) FROM delivery_state GROUP BY state").fetchall()
    return {
        "messages": {STATE_NAMES[state]: n for state, n in messages},
        "deliveries": {DeliveryState(state).name.lower(): n for state, n in deliveries},
        "exceptions": dict(db.execute("SELECT state, count(*) FROM exception GROUP BY state").fetchall()),
        "duplicates": dict(db.execute("SELECT system, n FROM duplicate").fetchall()),
    }


def latencies(db: sqlite3.Connection, names: Names, since: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for interface, micros in db.execute(
        "SELECT d.interface, e.at - d.received_at FROM event e CROSS JOIN delivery d ON d.id = e.delivery_id"
        " WHERE e.kind = ? AND e.at >= ? ORDER BY e.id DESC LIMIT ?",
        (names.find("delivery.delivered"), since, _NEWEST),
    ):
        found.setdefault(names.text(interface), []).append(micros)
    return found
