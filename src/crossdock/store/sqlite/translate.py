"""Translate: documents, deliveries and events of messages, committed whole. Runs in the writer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

from crossdock.store.coding import delivery_events, encode_json
from crossdock.store.contract import Settled, Translated
from crossdock.store.effects import Effect, Rival
from crossdock.store.incoming import EFFECT, STATES
from crossdock.store.intake import Intake
from crossdock.store.sqlite.accept import SEEN
from crossdock.store.sqlite.deliveries import load_by_id, load_by_keys, write_board
from crossdock.store.sqlite.outbox import add_events, raise_exceptions, resolve_of_deliveries
from crossdock.store.sqlite.rows import Insert, Update, as_list
from crossdock.store.sqlite.tx import Tx
from crossdock.store.sqlite.xrefs import drop_facts

__all__ = ["commit_translated"]

_DOCUMENT: Final = Insert(
    "document",
    "id,message_id,kind,company,interface,created_at,key,source_version,transactions,filtered_by,digest,body",
)
_LINK: Final = Insert("link", "hash,document_id", conflict=" ON CONFLICT DO NOTHING")
_DELIVERY: Final = Insert(
    "delivery",
    "id,document_id,message_id,interface,interface_version,target_index,target,company,operation,object_kind,"
    "created_at,received_at,supersede,object_key,effect_key,source_version,txn",
)
_STATE: Final = Insert(
    "delivery_state", "id,key_hash,target,lane,state,due_at,attempts,sent_at,effect_done,named,holds"
)
_MESSAGE_STATE: Final = Update("message_state", "state,note")
_RIVAL: Final = Insert("rival", "key_hash,operation,delivery_id,version")


def commit_translated(tx: Tx, batch: Sequence[Translated]) -> Settled:
    """Commit what became of messages. A message that is not in state accepted any more is left as it is."""
    open_messages: dict[int, int] = dict(
        tx.db.execute(
            "SELECT id, received_at FROM message_state WHERE id IN (SELECT value FROM json_each(?)) AND state = 1",
            (as_list(t.message_id for t in batch),),
        ).fetchall()
    )
    todo = []
    for translated in batch:
        received_at = open_messages.pop(translated.message_id, None)
        if received_at is not None:
            todo.append((translated, received_at))
    first = tx.ids.take("document", sum(len(translated.documents) for translated, _ in todo))
    intake = Intake(todo, itertools.count(first))
    if intake.entries:
        _load(tx, intake)
        intake.enter(itertools.count(tx.ids.take("delivery", len(intake.entries))))
    _write_documents(tx, intake)
    _write_deliveries(tx, intake)
    _MESSAGE_STATE.run(tx.db, [(t.message_id, STATES[t.state], t.note) for t, _ in todo])
    add_events(tx, [*intake.events, *delivery_events(intake.board, {})])
    raise_exceptions(tx, intake.raised)
    return Settled(intake.board.woken())


def _load(tx: Tx, intake: Intake) -> None:
    """Read what the deliveries are judged by: what is stuck on their keys, done effects, rivals."""
    load_by_keys(tx, intake.board, {entry.key_hash for entry in intake.entries})
    hashes = as_list({entry.effect_hash for entry in intake.entries})
    for bucket in tx.buckets:
        rows = tx.db.execute(
            "SELECT s.hash, d.id, d.effect_key, t.state, o.digest, d.message_id, t.named"
            " FROM seen s CROSS JOIN delivery d ON d.id = s.ref CROSS JOIN delivery_state t ON t.id = d.id"
            " CROSS JOIN document o ON o.id = d.document_id"
            " WHERE s.bucket = ? AND s.hash IN (SELECT value FROM json_each(?)) AND s.scope = ?",
            (bucket, hashes, EFFECT),
        )
        for effect_hash, *row in rows.fetchall():
            intake.effects.setdefault(effect_hash, []).append(Effect(*row))
    keys = intake.superseding_keys
    if keys:
        rivals = tx.db.execute(
            "SELECT r.key_hash, r.operation, r.delivery_id, r.version, s.state, s.effect_done FROM rival r"
            " CROSS JOIN delivery_state s ON s.id = r.delivery_id WHERE r.key_hash IN (SELECT value FROM json_each(?))"
            " ORDER BY r.delivery_id",
            (as_list(keys),),
        ).fetchall()
        for key_hash, operation, delivery_id, version, state, effect_done in rivals:
            rival = Rival(delivery_id, version, state, bool(effect_done))
            intake.rivals.setdefault((key_hash, tx.names.text(operation)), []).append(rival)
        load_by_id(tx, intake.board, (row[2] for row in rivals))


def _write_documents(tx: Tx, intake: Intake) -> None:
    name, now = tx.name, tx.now
    rows: list[tuple[Any, ...]] = []
    for document in intake.documents:
        new = document.new
        rows.append(
            (document.id, document.message_id, name(new.kind), name(new.company), name(new.interface), now, new.key,
             new.source_version, encode_json(new.transactions), new.filtered_by, document.digest, new.body)
        )  # fmt: skip
    _DOCUMENT.run(tx.db, rows)
    _LINK.run(tx.db, intake.links)


def _write_deliveries(tx: Tx, intake: Intake) -> None:
    name, now = tx.name, tx.now
    deliveries: list[tuple[Any, ...]] = []
    states: list[tuple[Any, ...]] = []
    for entry in intake.entries:
        new, row, document = entry.new, entry.row, entry.document
        assert row is not None, "every entry is judged"
        target = name(new.target)
        deliveries.append(
            (row.id, document.id, document.message_id, name(new.interface), new.interface_version, new.target_index,
             target, name(new.company), name(new.operation), name(new.object_kind), now, document.received_at,
             int(new.supersede), new.object_key, entry.effect_key, new.source_version, row.transaction)
        )  # fmt: skip
        states.append((row.id, row.key_hash, target, row.lane, int(row.state), 0, 0, 0, 0, row.named, 0))
    _DELIVERY.run(tx.db, deliveries)
    _STATE.run(tx.db, states)
    SEEN.run(tx.db, [(tx.bucket, effect_hash, EFFECT, ref) for effect_hash, ref in intake.remembered])
    if intake.rivals_over:
        tx.db.execute(
            "DELETE FROM rival WHERE key_hash IN (SELECT value FROM json_each(?))"
            " AND delivery_id IN (SELECT value FROM json_each(?))",
            (as_list(intake.superseding_keys), as_list(intake.rivals_over)),
        )
    _RIVAL.run(
        tx.db, [(key, name(operation), ref, version) for key, operation, ref, version in intake.rival_rows]
    )
    write_board(tx, intake.board)
    if intake.replaced:
        drop_facts(tx, intake.replaced)
        resolve_of_deliveries(tx, intake.replaced)
