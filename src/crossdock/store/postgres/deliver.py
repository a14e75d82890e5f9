"""Deliver: what may be sent, what is sent, what is in doubt."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from crossdock.core.delivery import DeliveryState, ordering_key
from crossdock.core.ids import ArtefactId, DeliveryId, format_id
from crossdock.store.coding import encode_json
from crossdock.store.contract import ChangedMeanwhileError, ClaimedDelivery, LaneLease, NewArtefact
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.leases import check_lease

__all__ = ["claim", "in_doubt", "mark_sent", "next_due", "overdue", "show_delivery", "snapshot"]

_COLUMNS: Final = (
    "SELECT s.id, d.document_id, d.message_id, d.interface, d.interface_version, d.target_index, d.target, d.company,"
    " d.operation, d.object_kind, d.object_key, d.effect_key, d.source_version, s.state, s.attempts, d.created_at,"
    " s.sent_at, s.effect_done, o.kind, o.key, o.body, d.txn"
    " FROM delivery_state s JOIN delivery d ON d.id = s.id JOIN document o ON o.id = d.document_id "
)
# An older READY row of the key that the caller has passed already goes first: it came back after a wait.
_READY: Final = (
    _COLUMNS
    + "WHERE s.state = 1 AND s.target = $1 AND s.id > $2 AND s.lane = ANY($3::smallint[]) AND ($2 = 0 OR NOT"
    " EXISTS (SELECT 1 FROM delivery_state e WHERE e.state < 50 AND e.key_hash = s.key_hash AND e.state = 1"
    " AND e.id <= $2)) ORDER BY s.id LIMIT $4"
)


async def _read(db: Pg, sql: str, *arguments: Any) -> list[ClaimedDelivery]:
    build: Any = ClaimedDelivery
    return [
        build(*r[:11], ordering_key(r[6], r[7], r[9], r[10]), *r[11:13], DeliveryState(r[13]), *r[14:])
        for r in await db.fetch(sql, *arguments)
    ]


async def snapshot(db: Pg) -> str:
    """Which transactions' work this connection can see."""
    seen: str = await db.fetchval("SELECT pg_current_snapshot()::text")
    return seen


async def claim(db: Pg, lease: LaneLease, after: DeliveryId, limit: int) -> list[ClaimedDelivery]:
    return await _read(db, _READY, lease.target, after, list(lease.lanes), limit)


async def in_doubt(db: Pg, lease: LaneLease) -> list[ClaimedDelivery]:
    sql = _COLUMNS + "WHERE s.state = 2 AND s.target = $1 AND s.lane = ANY($2::smallint[]) ORDER BY s.id"
    return await _read(db, sql, lease.target, list(lease.lanes))


async def overdue(db: Pg, now: int, limit: int) -> list[ClaimedDelivery]:
    sql = (
        _COLUMNS
        + "WHERE s.due_at > 0 AND s.due_at <= $1 AND s.state IN (4, 5) ORDER BY s.due_at, s.id LIMIT $2"
    )
    return await _read(db, sql, now, limit)


async def next_due(db: Pg) -> int | None:
    due: int | None = await db.fetchval("SELECT min(due_at) FROM delivery_state WHERE due_at > 0")
    return due


async def show_delivery(db: Pg, delivery_id: DeliveryId) -> ClaimedDelivery | None:
    rows = await _read(db, _COLUMNS + "WHERE s.id = $1", delivery_id)
    return rows[0] if rows else None


async def mark_sent(
    base: Database, db: Pg, lease: LaneLease, artefacts: Sequence[NewArtefact]
) -> list[ArtefactId]:
    """Record artefacts, and their deliveries as SENT; those in doubt may be sent again."""
    wanted = [int(i) for artefact in artefacts for i in artefact.deliveries]
    lanes = list(lease.lanes)
    rows = await db.fetch("SELECT DISTINCT lane FROM delivery_state WHERE id = ANY($1::bigint[])", wanted)
    await base.lock(db, [("lane", lease.target, row[0]) for row in rows])
    now = base.now
    await check_lease(db, lease, now=now, sending=True)
    sent = await db.fetch(
        "UPDATE delivery_state SET state = 2, sent_at = $4 WHERE id = ANY($1::bigint[]) AND state IN (1, 2)"
        " AND target = $2 AND lane = ANY($3::smallint[]) RETURNING id",
        wanted,
        lease.target,
        lanes,
        now,
    )
    sendable = {row[0] for row in sent}
    changed = tuple(DeliveryId(i) for i in wanted if i not in sendable)
    if changed:
        names = ", ".join(format_id("d", i) for i in changed[:10])
        raise ChangedMeanwhileError(f"no longer to be sent to {lease.target}: {names}", deliveries=changed)
    ids = await base.take_ids(db, "artefact", len(artefacts))
    await db.copy_records_to_table(
        "artefact",
        records=[
            (artefact_id, a.system, a.operation, now, encode_json(a.deliveries), a.request)
            for artefact_id, a in zip(ids, artefacts, strict=True)
        ],
    )
    return [ArtefactId(artefact_id) for artefact_id in ids]
