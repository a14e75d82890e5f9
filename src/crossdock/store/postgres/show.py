"""Show: everything about one message or one business case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import hash64
from crossdock.store.coding import decode_json
from crossdock.store.contract import ArtefactRow, AttemptRow, DeliveryRow, StoredDocument
from crossdock.store.postgres.database import Pg
from crossdock.store.postgres.keeping import ledger
from crossdock.store.postgres.look import exception_rows, read_events, read_message

__all__ = ["read_documents", "show_message", "show_transaction"]

_DOCUMENT: Final = (
    "SELECT o.id, o.message_id, o.kind, o.key, o.company, o.source_version, o.interface, m.system, o.body,"
    " o.created_at, o.transactions, o.filtered_by FROM document o JOIN message m ON m.id = o.message_id "
)
_DELIVERY: Final = (
    "SELECT d.id, d.document_id, d.message_id, d.interface, d.target, d.company, d.operation, d.object_kind,"
    " d.object_key, d.effect_key, d.source_version, d.txn, s.state, d.created_at, s.due_at, s.attempts, s.sent_at,"
    " s.effect_done, s.named FROM delivery d JOIN delivery_state s ON s.id = d.id"
    " WHERE d.document_id = ANY($1::bigint[]) ORDER BY d.id"
)
_ARTEFACT: Final = "SELECT id, system, operation, sent_at, deliveries, request FROM artefact "


async def show_message(db: Pg, message_id: int) -> Mapping[str, Any] | None:
    message = await read_message(db, message_id)
    if message is None:
        return None
    documents = await _documents(db, "WHERE o.message_id = $1 ORDER BY o.id", message_id)
    deliveries = await _deliveries(db, documents)
    attempts = await _attempts(db, deliveries)
    return {
        "message": message,
        "documents": documents,
        "deliveries": deliveries,
        "attempts": attempts,
        "artefacts": await _artefacts(db, attempts, deliveries),
        "exceptions": await exception_rows(db, "WHERE message_id = $1 ORDER BY id", message_id),
    }


async def show_transaction(db: Pg, key: str) -> Mapping[str, Any]:
    linked = await _documents(
        db, "WHERE o.id IN (SELECT document_id FROM link WHERE hash = $1) ORDER BY o.id", hash64(key)
    )
    documents = [d for d in linked if key in d.transactions]
    deliveries = await _deliveries(db, documents)
    return {
        "documents": documents,
        "deliveries": deliveries,
        "events": await read_events(
            db,
            "WHERE id IN (SELECT id FROM event WHERE document_id = ANY($1::bigint[]) AND (txn = $2 OR delivery_id IS NOT"
            " NULL) UNION SELECT id FROM event WHERE txn_hash = $3 AND txn = $2) ORDER BY id",
            [d.id for d in documents],
            key,
            hash64(key),
        ),
        "exceptions": await exception_rows(
            db,
            "WHERE id IN (SELECT id FROM exception WHERE txn = $1 AND txn <> '' UNION SELECT id FROM exception"
            " WHERE delivery_id = ANY($2::bigint[])) ORDER BY id",
            key,
            [d.id for d in deliveries],
        ),
        "ledger": await ledger(db, key),
    }


async def read_documents(db: Pg, ids: Iterable[int]) -> list[StoredDocument]:
    return await _documents(db, "WHERE o.id = ANY($1::bigint[]) ORDER BY o.id", list(ids))


async def _documents(db: Pg, where: str, argument: Any) -> list[StoredDocument]:
    build: Any = StoredDocument
    rows = await db.fetch(_DOCUMENT + where, argument)
    return [build(*r[:10], tuple(decode_json(r[10])), r[11]) for r in rows]


async def _deliveries(db: Pg, documents: list[StoredDocument]) -> list[DeliveryRow]:
    rows = await db.fetch(_DELIVERY, [d.id for d in documents])
    facts: dict[int, list[str]] = {}
    for delivery_id, fact in await db.fetch(
        'SELECT delivery_id, fact FROM waiting_fact WHERE delivery_id = ANY($1::bigint[]) ORDER BY fact COLLATE "C"',
        [r[0] for r in rows],
    ):
        facts.setdefault(delivery_id, []).append(fact)
    build: Any = DeliveryRow
    return [build(*r[:12], _state(r[12]), *r[13:19], tuple(facts.get(r[0], ()))) for r in rows]


async def _attempts(db: Pg, deliveries: list[DeliveryRow]) -> list[AttemptRow]:
    rows = await db.fetch(
        "SELECT id, delivery_id, at, state, artefact_id, outcome, error_code, error_text, answer FROM attempt"
        " WHERE delivery_id = ANY($1::bigint[]) ORDER BY id",
        [d.id for d in deliveries],
    )
    build: Any = AttemptRow
    return [build(*r[:3], _state(r[3]), *r[4:]) for r in rows]


def _state(number: int) -> str:
    return DeliveryState(number).name.lower()


async def _artefacts(db: Pg, attempts: list[AttemptRow], deliveries: list[DeliveryRow]) -> list[ArtefactRow]:
    """What their attempts sent. A call that is on its way has no attempt yet and is found among the newest."""
    wanted = {a.artefact_id for a in attempts if a.artefact_id is not None}
    rows = list(await db.fetch(_ARTEFACT + "WHERE id = ANY($1::bigint[])", list(wanted)))
    flying = {d.id for d in deliveries if d.state == "sent"}
    if flying:
        newest = await db.fetch(_ARTEFACT + "ORDER BY id DESC LIMIT 1000")
        rows += [r for r in newest if r[0] not in wanted and flying & set(decode_json(r[4]))]
    return sorted(
        (ArtefactRow(r[0], r[1], r[2], r[3], tuple(decode_json(r[4])), r[5]) for r in rows),
        key=lambda artefact: artefact.id,
    )
