"""Cross-references, and the facts that deliveries wait for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.facts import fact_name
from crossdock.core.ids import hash64
from crossdock.store.board import Board
from crossdock.store.coding import delivery_events, external_hash
from crossdock.store.contract import Settled, Xref, XrefKey
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.deliveries import load_by_id, lock_lanes_of, write_board
from crossdock.store.postgres.outbox import add_events, resolve_of_deliveries
from crossdock.store.settling import KEEPS_FACTS

__all__ = ["drop_facts", "find_keys", "find_xrefs", "put_facts", "put_xrefs", "wake"]

_FACT_ARRIVED: Final = "fact arrived"
_ARRIVED: Final = (
    "SELECT DISTINCT w.delivery_id FROM waiting_fact w JOIN xref x ON x.hash = w.hash"
    " WHERE ($1::bigint[] IS NULL OR w.hash = ANY($1)) AND NOT x.tombstone"
    " AND (w.since IS NULL OR NOT pg_visible_in_snapshot(x.changed_by, w.since))"
    " AND w.fact = x.system || '|' || x.company || '|' || x.kind || '|' || x.key"
)


async def put_xrefs(base: Database, db: Pg, xrefs: Iterable[Xref]) -> set[int]:
    """Insert or change; the hashes of the facts that may have arrived."""
    wanted = {(x.system, x.company, x.kind, x.key): x for x in xrefs}
    if not wanted:
        return set()
    rows = sorted((hash64(fact_name(*identity)), x) for identity, x in wanted.items())
    await db.execute(
        "INSERT INTO xref AS x (hash, external_hash, changed_by, tombstone, changed_at, system, company, kind, key, external_id)"
        " SELECT h, e, pg_current_xact_id(), t, $4, s, c, k, o, i FROM unnest($1::bigint[], $2::bigint[],"
        " $3::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS v(h, e, t, s, c, k, o, i)"
        " ON CONFLICT (hash, key) DO UPDATE SET external_hash = excluded.external_hash, changed_by = excluded.changed_by,"
        " tombstone = excluded.tombstone, changed_at = excluded.changed_at, external_id = excluded.external_id"
        " WHERE (x.external_id, x.tombstone) IS DISTINCT FROM (excluded.external_id, excluded.tombstone)",
        [h for h, _ in rows],
        [external_hash(x.system, x.company, x.kind, x.external_id) for _, x in rows],
        [x.tombstone for _, x in rows],
        base.now,
        [x.system for _, x in rows],
        [x.company for _, x in rows],
        [x.kind for _, x in rows],
        [x.key for _, x in rows],
        [x.external_id for _, x in rows],
    )
    return {h for h, x in rows if not x.tombstone}


async def put_facts(db: Pg, waits: Sequence[tuple[int, str, str | None]]) -> set[int]:
    """Remember (delivery id, fact, snapshot that its look-ups saw); the facts' hashes."""
    rows = [(hash64(fact), delivery_id, since, fact) for delivery_id, fact, since in waits]
    if rows:
        await db.executemany(
            "INSERT INTO waiting_fact (hash, delivery_id, since, fact) VALUES ($1, $2, $3::text::pg_snapshot, $4) ON CONFLICT DO NOTHING",
            rows,
        )
    return {row[0] for row in rows}


async def drop_facts(db: Pg, delivery_ids: Iterable[int]) -> None:
    """These deliveries wait no more."""
    await db.execute("DELETE FROM waiting_fact WHERE delivery_id = ANY($1::bigint[])", list(delivery_ids))


async def wake(base: Database, fact_hashes: set[int] | None) -> Settled:
    """Wake the deliveries whose facts have arrived; None looks through all that are waited for.

    A transaction of its own, after the one that brought the facts or the waiting: of two that bring both at the
    same time, at least the later one sees the other. A fact that a delivery's look-ups could see already does not
    wake it: it waits for something newer.
    """
    if fact_hashes is not None and not fact_hashes:
        return Settled()
    wanted = None if fact_hashes is None else list(fact_hashes)
    async with base.reading() as db:
        if not await db.fetch(_ARRIVED, wanted):
            return Settled()
    return await base.write(lambda db: _wake(base, db, wanted))


async def _wake(base: Database, db: Pg, wanted: list[int] | None) -> Settled:
    await lock_lanes_of(base, db, [row[0] for row in await db.fetch(_ARRIVED, wanted)])
    woken = [row[0] for row in await db.fetch(_ARRIVED, wanted)]
    board = Board()
    await load_by_id(db, board, woken)
    for delivery_id in woken:
        row = board.rows[delivery_id]
        if DeliveryState(row.state) in KEEPS_FACTS:
            board.move(row, DeliveryState.READY)
    board.arrange()
    await drop_facts(db, woken)
    await write_board(db, board)
    events = await resolve_of_deliveries(db, dict.fromkeys(woken, _FACT_ARRIVED))
    await add_events(base, db, [*events, *delivery_events(board, {})])
    return Settled(board.woken())


async def find_xrefs(db: Pg, keys: Sequence[XrefKey]) -> dict[XrefKey, Xref]:
    """The cross-references of these objects, tombstones included."""
    wanted = set(keys)
    found = {}
    for row in await db.fetch(
        "SELECT system, company, kind, key, external_id, tombstone FROM xref WHERE hash = ANY($1::bigint[])",
        [hash64(fact_name(k.system, k.company, k.kind, k.key)) for k in wanted],
    ):
        asked = XrefKey(*row[:4])
        if asked in wanted:
            found[asked] = Xref(*row)
    return found


async def find_keys(
    db: Pg, system: str, company: str, kind: str, external_ids: Sequence[str]
) -> dict[str, str]:
    """Our key for each external id that is known; one that was deleted over there is not."""
    wanted = set(external_ids)
    rows = await db.fetch(
        "SELECT external_id, key FROM xref WHERE external_hash = ANY($1::bigint[]) AND system = $2 AND company = $3"
        " AND kind = $4 AND NOT tombstone ORDER BY changed_by, key",
        [external_hash(system, company, kind, external_id) for external_id in wanted],
        system,
        company,
        kind,
    )
    return {external_id: key for external_id, key in rows if external_id in wanted}
