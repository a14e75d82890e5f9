"""Show: everything about one message or one business case. Runs on readers."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import hash64
from crossdock.store.coding import decode_json
from crossdock.store.contract import ArtefactRow, AttemptRow, DeliveryRow, StoredDocument
from crossdock.store.sqlite.keeping import ledger
from crossdock.store.sqlite.look import EXCEPTION_COLUMNS, exception_rows, read_events, read_message
from crossdock.store.sqlite.names import Names
from crossdock.store.sqlite.rows import as_list

__all__ = ["read_documents", "show_message", "show_transaction"]

_IN: Final = "IN (SELECT value FROM json_each(?))"
_DOCUMENT: Final = (
    "SELECT o.id, o.message_id, o.kind, o.key, o.company, o.source_version, o.interface, m.system, o.body,"
    " o.created_at, o.transactions, o.filtered_by FROM document o JOIN message m ON m.id = o.message_id "
)
_DELIVERY: Final = (
    "SELECT d.id, d.document_id, d.message_id, d.interface, d.target, d.company, d.operation, d.object_kind,"
    " d.object_key, d.effect_key, d.source_version, d.txn, s.state, d.created_at, s.due_at, s.attempts, s.sent_at,"
    " s.effect_done, s.named FROM delivery d JOIN delivery_state s ON s.id = d.id "
)


def show_message(db: sqlite3.Connection, names: Names, message_id: int) -> Mapping[str, Any] | None:
    message = read_message(db, names, message_id)
    if message is None:
        return None
    documents = _documents(db, names, "WHERE o.message_id = ? ORDER BY o.id", (message_id,))
    deliveries = _deliveries(db, names, documents)
    attempts = _attempts(db, deliveries)
    return {
        "message": message,
        "documents": documents,
        "deliveries": deliveries,
        "attempts": attempts,
        "artefacts": _artefacts(db, names, attempts, deliveries),
        "exceptions": exception_rows(
            db.execute(EXCEPTION_COLUMNS + "WHERE message_id = ? ORDER BY id", (message_id,))
        ),
    }


def show_transaction(db: sqlite3.Connection, names: Names, key: str) -> Mapping[str, Any]:
    linked = _documents(
        db, names, "WHERE o.id IN (SELECT document_id FROM link WHERE hash = ?) ORDER BY o.id", (hash64(key),)
    )
    documents = [d for d in linked if key in d.transactions]
    document_ids = as_list(d.id for d in documents)
    deliveries = _deliveries(db, names, documents)
    return {
        "documents": documents,
        "deliveries": deliveries,
        "events": read_events(
            db,
            names,
            f"WHERE id IN (SELECT id FROM event WHERE document_id {_IN} AND (txn = ? OR delivery_id IS NOT NULL)"
            " UNION SELECT id FROM event WHERE txn_hash = ? AND txn = ?) ORDER BY id",
            (document_ids, key, hash64(key), key),
        ),
        "exceptions": exception_rows(
            db.execute(
                EXCEPTION_COLUMNS
                + f"WHERE id IN (SELECT id FROM exception WHERE txn = ? UNION SELECT id FROM"
                f" exception WHERE delivery_id {_IN}) ORDER BY id",
                (key, as_list(d.id for d in deliveries)),
            )
        ),
        "ledger": ledger(db, key),
    }


def read_documents(db: sqlite3.Connection, names: Names, ids: Iterable[int]) -> list[StoredDocument]:
    return _documents(db, names, f"WHERE o.id {_IN} ORDER BY o.id", (as_list(ids),))


def _documents(
    db: sqlite3.Connection, names: Names, where: str, arguments: tuple[Any, ...]
) -> list[StoredDocument]:
    text = names.text
    return [
        StoredDocument(
            id=r[0],
            message_id=r[1],
            kind=text(r[2]),
            key=r[3],
            company=text(r[4]),
            source_version=r[5],
            interface=text(r[6]),
            system=text(r[7]),
            body=r[8],
            created_at=r[9],
            transactions=tuple(decode_json(r[10])),
            filtered_by=r[11],
        )
        for r in db.execute(_DOCUMENT + where, arguments).fetchall()
    ]


def _deliveries(db: sqlite3.Connection, names: Names, documents: list[StoredDocument]) -> list[DeliveryRow]:
    rows = db.execute(
        _DELIVERY + f"WHERE d.document_id {_IN} ORDER BY d.id", (as_list(d.id for d in documents),)
    ).fetchall()
    facts: dict[int, list[str]] = {}
    for delivery_id, fact in db.execute(
        f"SELECT delivery_id, fact FROM waiting_fact WHERE delivery_id {_IN} ORDER BY fact",
        (as_list(r[0] for r in rows),),
    ):
        facts.setdefault(delivery_id, []).append(fact)
    text = names.text
    build: Callable[..., DeliveryRow] = DeliveryRow
    return [
        build(
            *r[:3],
            *map(text, r[3:8]),
            *r[8:12],
            _state(r[12]),
            *r[13:17],
            bool(r[17]),
            r[18],
            tuple(facts.get(r[0], ())),
        )
        for r in rows
    ]


def _attempts(db: sqlite3.Connection, deliveries: list[DeliveryRow]) -> list[AttemptRow]:
    rows = db.execute(
        "SELECT id, delivery_id, at, state, artefact_id, outcome, error_code, error_text, answer FROM attempt"
        f" WHERE delivery_id {_IN} ORDER BY id",
        (as_list(d.id for d in deliveries),),
    ).fetchall()
    build: Callable[..., AttemptRow] = AttemptRow
    return [build(*r[:3], _state(r[3]), *r[4:]) for r in rows]


def _state(number: int) -> str:
    return DeliveryState(number).name.lower()


def _artefacts(
    db: sqlite3.Connection, names: Names, attempts: list[AttemptRow], deliveries: list[DeliveryRow]
) -> list[ArtefactRow]:
    """What their attempts sent. A call that is on its way has no attempt yet and is found by its moment."""
    wanted = {a.artefact_id for a in attempts if a.artefact_id is not None}
    sql = "SELECT id, system, operation, sent_at, deliveries, request FROM artefact "
    rows = db.execute(sql + f"WHERE id {_IN}", (as_list(wanted),)).fetchall()
    flying = {d.id for d in deliveries if d.state == "sent"}
    if flying:
        newest = db.execute(sql + "ORDER BY id DESC LIMIT 1000").fetchall()
        rows += [r for r in newest if r[0] not in wanted and flying & set(decode_json(r[4]))]
    return sorted(
        (
            ArtefactRow(r[0], names.text(r[1]), names.text(r[2]), r[3], tuple(decode_json(r[4])), r[5])
            for r in rows
        ),
        key=lambda artefact: artefact.id,
    )
