"""Cross-references, and the facts that deliveries wait for. Runs in the writer; look-ups run on readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from crossdock.core.delivery import DeliveryState
from crossdock.core.facts import fact_name
from crossdock.core.ids import hash64
from crossdock.store.board import Board
from crossdock.store.coding import external_hash
from crossdock.store.contract import Xref, XrefKey
from crossdock.store.sqlite.deliveries import load_by_id
from crossdock.store.sqlite.rows import Insert, Update, as_list
from crossdock.store.sqlite.tx import Tx

__all__ = ["FACT_ARRIVED", "drop_facts", "find_keys", "find_xrefs", "put_facts", "put_xrefs", "wake"]

FACT_ARRIVED: Final = "fact arrived"
_INSERT: Final = Insert(
    "xref", "id,hash,external_hash,seq,tombstone,changed_at,system,company,kind,key,external_id"
)
_UPDATE: Final = Update("xref", "external_hash,seq,tombstone,changed_at,external_id")
_FACT: Final = Insert("waiting_fact", "hash,delivery_id,since,fact", conflict=" ON CONFLICT DO NOTHING")
_BY_HASH: Final = (
    "SELECT hash, id, system, company, kind, key, external_id, tombstone FROM xref"
    " WHERE hash IN (SELECT value FROM json_each(?))"
)


def put_xrefs(tx: Tx, xrefs: Iterable[Xref]) -> set[int]:
    """Insert or change; the hashes of the facts that may have arrived."""
    wanted = {(x.system, x.company, x.kind, x.key): x for x in xrefs}
    if not wanted:
        return set()
    hashes = {identity: hash64(fact_name(*identity)) for identity in wanted}
    known = {
        (row[2], row[3], row[4], row[5]): row
        for row in tx.db.execute(_BY_HASH, (as_list(hashes.values()),)).fetchall()
    }
    fresh, changed, facts = [], [], set()
    for identity, x in wanted.items():
        if not x.tombstone:
            facts.add(hashes[identity])
        far = external_hash(x.system, x.company, x.kind, x.external_id)
        old = known.get(identity)
        if old is None:
            fresh.append((hashes[identity], far, tx.seq, int(x.tombstone), tx.now, *identity, x.external_id))
        elif (old[6], bool(old[7])) != (x.external_id, x.tombstone):
            changed.append((old[1], far, tx.seq, int(x.tombstone), tx.now, x.external_id))
    first = tx.ids.take("xref", len(fresh))
    _INSERT.run(tx.db, [(first + i, *row) for i, row in enumerate(fresh)])
    _UPDATE.run(tx.db, changed)
    return facts


def put_facts(tx: Tx, waits: Sequence[tuple[int, str, int]]) -> set[int]:
    """Remember (delivery id, fact, commit that its look-ups saw); the facts' hashes."""
    rows = [(hash64(fact), delivery_id, since, fact) for delivery_id, fact, since in waits]
    _FACT.run(tx.db, rows)
    return {row[0] for row in rows}


def drop_facts(tx: Tx, delivery_ids: Iterable[int]) -> None:
    """These deliveries wait no more."""
    tx.db.execute(
        "DELETE FROM waiting_fact WHERE delivery_id IN (SELECT value FROM json_each(?))",
        (as_list(delivery_ids),),
    )


def wake(tx: Tx, board: Board, fact_hashes: set[int]) -> dict[int, str]:
    """Move the deliveries whose facts have arrived; the resolutions of their exceptions.

    A fact that a delivery's look-ups could see already does not wake it: it waits for something newer.
    """
    if not fact_hashes:
        return {}
    rows = tx.db.execute(
        "SELECT DISTINCT w.delivery_id FROM waiting_fact w JOIN xref x ON x.hash = w.hash"
        " WHERE w.hash IN (SELECT value FROM json_each(?)) AND x.tombstone = 0 AND x.seq > w.since"
        " AND w.fact = x.system || '|' || x.company || '|' || x.kind || '|' || x.key",
        (as_list(fact_hashes),),
    ).fetchall()
    woken = [row[0] for row in rows]
    if not woken:
        return {}
    load_by_id(tx, board, woken)
    for delivery_id in woken:
        row = board.rows[delivery_id]
        if row.state in {DeliveryState.WAITING, DeliveryState.PARKED}:
            board.move(row, DeliveryState.READY)
    drop_facts(tx, woken)
    return dict.fromkeys(woken, FACT_ARRIVED)


def find_xrefs(db: sqlite3.Connection, keys: Sequence[XrefKey]) -> dict[XrefKey, Xref]:
    """The cross-references of these objects, tombstones included."""
    hashes = as_list({hash64(fact_name(k.system, k.company, k.kind, k.key)) for k in keys})
    wanted = set(keys)
    found = {}
    for _, _, system, company, kind, key, external_id, tombstone in db.execute(_BY_HASH, (hashes,)):
        asked = XrefKey(system, company, kind, key)
        if asked in wanted:
            found[asked] = Xref(system, company, kind, key, external_id, bool(tombstone))
    return found


def find_keys(
    db: sqlite3.Connection, system: str, company: str, kind: str, external_ids: Sequence[str]
) -> Mapping[str, str]:
    """Our key for each external id that is known; one that was deleted over there is not."""
    hashes = as_list({external_hash(system, company, kind, external_id) for external_id in external_ids})
    wanted = set(external_ids)
    rows = db.execute(
        "SELECT external_id, key FROM xref WHERE external_hash IN (SELECT value FROM json_each(?))"
        " AND system = ? AND company = ? AND kind = ? AND tombstone = 0 ORDER BY seq, id",
        (hashes, system, company, kind),
    )
    return {external_id: key for external_id, key in rows if external_id in wanted}
