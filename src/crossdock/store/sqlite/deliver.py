"""Deliver: what may be sent, what is sent, what is in doubt. Claims run on readers, the rest in the writer."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from crossdock.core.delivery import LANES, DeliveryState, ordering_key
from crossdock.core.ids import ArtefactId, DeliveryId, DocumentId, MessageId, format_id
from crossdock.store.coding import encode_json
from crossdock.store.contract import ChangedMeanwhileError, ClaimedDelivery, LaneLease, NewArtefact
from crossdock.store.sqlite.leases import Leases
from crossdock.store.sqlite.names import Names
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import Tx

__all__ = ["claim", "in_doubt", "mark_sent", "next_due", "overdue", "read_deliveries", "show_delivery"]

_ARTEFACT: Final = Insert("artefact", "id,system,operation,sent_at,deliveries,request")
_COLUMNS: Final = (
    "SELECT s.id, d.document_id, d.message_id, d.interface, d.interface_version, d.target_index, d.target, d.company,"
    " d.operation, d.object_kind, d.object_key, d.effect_key, d.source_version, s.state, s.attempts, d.created_at,"
    " s.sent_at, s.effect_done, o.kind, o.key, o.body, d.txn FROM delivery_state s "
)
_JOINED: Final = "CROSS JOIN delivery d ON d.id = s.id CROSS JOIN document o ON o.id = d.document_id "
# An older READY row of the key that the caller has passed already goes first: it came back after a wait.
_READY: Final = (
    _COLUMNS + "INDEXED BY delivery_ready " + _JOINED + "WHERE s.state = 1 AND s.target = ? AND s.id > ?"
    " AND (? OR s.lane IN (SELECT value FROM json_each(?))) AND (? = 0 OR NOT EXISTS (SELECT 1 FROM delivery_state e"
    " INDEXED BY delivery_active WHERE e.state < 50 AND e.key_hash = s.key_hash AND e.state = 1 AND e.id <= ?))"
    " ORDER BY s.id LIMIT ?"
)
_SENT: Final = (
    _COLUMNS + "INDEXED BY delivery_sent " + _JOINED + "WHERE s.state = 2 AND s.target = ?"
    " AND (? OR s.lane IN (SELECT value FROM json_each(?))) ORDER BY s.id"
)
_DUE: Final = (
    _COLUMNS
    + "INDEXED BY delivery_due "
    + _JOINED
    + "WHERE s.due_at > 0 AND s.due_at <= ? AND s.state IN (4, 5)"
    " ORDER BY s.due_at, s.id LIMIT ?"
)


def read_deliveries(cursor: sqlite3.Cursor, names: Names) -> list[ClaimedDelivery]:
    """Rows of `_COLUMNS` as structs."""
    text = names.text
    found = []
    for r in cursor.fetchall():
        target, company, object_kind = text(r[6]), text(r[7]), text(r[9])
        found.append(
            ClaimedDelivery(
                id=DeliveryId(r[0]),
                document_id=DocumentId(r[1]),
                message_id=MessageId(r[2]),
                interface=text(r[3]),
                interface_version=r[4],
                target_index=r[5],
                target=target,
                company=company,
                operation=text(r[8]),
                object_kind=object_kind,
                object_key=r[10],
                ordering_key=ordering_key(target, company, object_kind, r[10]),
                effect_key=r[11],
                source_version=r[12],
                state=DeliveryState(r[13]),
                attempts=r[14],
                created_at=r[15],
                sent_at=r[16],
                effect_done=bool(r[17]),
                document_kind=text(r[18]),
                document_key=r[19],
                document_body=r[20],
                transaction=r[21],
            )
        )
    return found


def claim(
    db: sqlite3.Connection, names: Names, lease: LaneLease, after: DeliveryId, limit: int
) -> list[ClaimedDelivery]:
    every = len(lease.lanes) == LANES
    arguments = (names.find(lease.target), after, every, as_list(lease.lanes), after, after, limit)
    return read_deliveries(db.execute(_READY, arguments), names)


def in_doubt(db: sqlite3.Connection, names: Names, lease: LaneLease) -> list[ClaimedDelivery]:
    every = len(lease.lanes) == LANES
    return read_deliveries(db.execute(_SENT, (names.find(lease.target), every, as_list(lease.lanes))), names)


def overdue(db: sqlite3.Connection, names: Names, now: int, limit: int) -> list[ClaimedDelivery]:
    return read_deliveries(db.execute(_DUE, (now, limit)), names)


def next_due(db: sqlite3.Connection) -> int | None:
    due: int | None = db.execute("SELECT min(due_at) FROM delivery_state WHERE due_at > 0").fetchone()[0]
    return due


def show_delivery(db: sqlite3.Connection, names: Names, delivery_id: DeliveryId) -> ClaimedDelivery | None:
    rows = read_deliveries(db.execute(_COLUMNS + _JOINED + "WHERE s.id = ?", (delivery_id,)), names)
    return rows[0] if rows else None


def mark_sent(tx: Tx, leases: Leases, lease: LaneLease, artefacts: Sequence[NewArtefact]) -> list[ArtefactId]:
    """Record artefacts, and their deliveries as SENT; those in doubt may be sent again."""
    leases.check(lease, sending=True)
    wanted = [int(i) for artefact in artefacts for i in artefact.deliveries]
    sendable = {
        row[0]
        for row in tx.db.execute(
            "SELECT id FROM delivery_state WHERE id IN (SELECT value FROM json_each(?)) AND state IN (1, 2)"
            " AND target = ? AND lane IN (SELECT value FROM json_each(?))",
            (as_list(wanted), tx.names.find(lease.target), as_list(lease.lanes)),
        )
    }
    changed = tuple(DeliveryId(i) for i in wanted if i not in sendable)
    if changed:
        names = ", ".join(format_id("d", i) for i in changed[:10])
        raise ChangedMeanwhileError(f"no longer to be sent to {lease.target}: {names}", deliveries=changed)
    first = tx.ids.take("artefact", len(artefacts))
    rows: list[tuple[Any, ...]] = [
        (artefact_id, tx.name(a.system), tx.name(a.operation), tx.now, encode_json(a.deliveries), a.request)
        for artefact_id, a in enumerate(artefacts, first)
    ]
    _ARTEFACT.run(tx.db, rows)
    tx.db.execute(
        "UPDATE delivery_state SET state = 2, sent_at = ? WHERE id IN (SELECT value FROM json_each(?))",
        (tx.now, as_list(wanted)),
    )
    return [ArtefactId(row[0]) for row in rows]
