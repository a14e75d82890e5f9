"""Translate: documents, deliveries and events of a message, committed whole. Runs in the writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

from crossdock.core.delivery import LANES, DeliveryState, ordering_key
from crossdock.core.ids import digest, hash64
from crossdock.store.board import Board, Row
from crossdock.store.coding import encode_json
from crossdock.store.contract import NewDelivery, NewDocument, NewException, Settled, Translated
from crossdock.store.effects import Effect, Rival, Verdict, duplicate_exception, is_revision, judge
from crossdock.store.sqlite.accept import SEEN, STATES
from crossdock.store.sqlite.deliveries import load_by_id, load_by_keys, write_board
from crossdock.store.sqlite.outbox import (
    About,
    EventRow,
    add_events,
    event_rows,
    raise_exceptions,
    report_board,
    resolve_of_deliveries,
)
from crossdock.store.sqlite.rows import Insert, Update, as_list
from crossdock.store.sqlite.tx import EFFECT, Tx
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


@dataclasses.dataclass(slots=True)
class _Wanted:
    """A delivery that is asked for."""

    new: NewDelivery
    document: NewDocument
    document_id: int
    message_id: int
    received_at: int
    digest: bytes
    key_hash: int
    effect_hash: int


class _Batch:
    """What one call writes."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.board = Board()
        self.wanted: list[_Wanted] = []
        self.effects: dict[int, list[Effect]] = {}
        self.rivals: dict[tuple[int, int], list[Rival]] = {}
        self.events: list[EventRow] = []
        self.raised: list[tuple[NewException, About]] = []
        self.replaced: dict[int, str] = {}
        self.deliveries: list[tuple[Any, ...]] = []
        self.seen: list[tuple[int, int, int, int]] = []
        self.rival_rows: list[tuple[int, int, int, str]] = []


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
    work = _Batch(tx)
    _write_documents(work, todo)
    _load(work)
    first = tx.ids.take("delivery", len(work.wanted))
    for delivery_id, wanted in enumerate(work.wanted, first):
        _enter(work, delivery_id, wanted)
    work.board.arrange()
    _write_deliveries(work)
    _MESSAGE_STATE.run(tx.db, [(t.message_id, STATES[t.state], t.note) for t, _ in todo])
    return Settled(work.board.woken())


def _write_documents(work: _Batch, todo: Sequence[tuple[Translated, int]]) -> None:
    tx, name = work.tx, work.tx.name
    documents: list[tuple[Any, ...]] = []
    links: list[tuple[int, int]] = []
    next_id = tx.ids.take("document", sum(len(t.documents) for t, _ in todo))
    for translated, received_at in todo:
        message_id = int(translated.message_id)
        by_transaction: dict[str, int] = {}
        for document in translated.documents:
            its_digest = digest(document.body)
            documents.append(
                (next_id, message_id, name(document.kind), name(document.company), name(document.interface), tx.now,
                 document.key, document.source_version, encode_json(document.transactions), document.filtered_by,
                 its_digest, document.body)
            )  # fmt: skip
            links += [(hash64(text), next_id) for text in {document.key, *document.transactions}]
            by_transaction.update(dict.fromkeys(document.transactions, next_id))
            work.events += _document_events(document, (message_id, next_id, None))
            work.wanted += _wants(document, its_digest, next_id, message_id, received_at)
            next_id += 1
        for event in translated.events:
            about = (message_id, by_transaction.get(event.transaction), None)
            work.events += event_rows((event,), about)
        work.raised += [(exception, (message_id, None, None)) for exception in translated.exceptions]
    _DOCUMENT.run(tx.db, documents)
    _LINK.run(tx.db, links)


def _document_events(document: NewDocument, about: About) -> Iterator[EventRow]:
    kind = "document.filtered" if document.filtered_by else "document.accepted"
    data = {"kind": document.kind, "key": document.key, "interface": document.interface}
    if document.filtered_by:
        data["filtered_by"] = document.filtered_by
    text = encode_json(data)
    for transaction in document.transactions or ("",):
        yield (kind, "", about, transaction, text, False)


def _wants(
    document: NewDocument, its_digest: bytes, document_id: int, message_id: int, received_at: int
) -> Iterator[_Wanted]:
    for new in document.deliveries:
        key = hash64(ordering_key(new.target, new.company, new.object_kind, new.object_key))
        effect = hash64(new.effect_key)
        yield _Wanted(new, document, document_id, message_id, received_at, its_digest, key, effect)


def _load(work: _Batch) -> None:
    """Read what the deliveries are judged by: done effects, rivals, and what is stuck on their keys."""
    if not work.wanted:
        return
    tx = work.tx
    load_by_keys(tx, work.board, {w.key_hash for w in work.wanted})
    hashes = as_list({w.effect_hash for w in work.wanted})
    for bucket in tx.buckets:
        rows = tx.db.execute(
            "SELECT s.hash, d.id, d.effect_key, t.state, o.digest, d.message_id, t.named"
            " FROM seen s CROSS JOIN delivery d ON d.id = s.ref CROSS JOIN delivery_state t ON t.id = d.id"
            " CROSS JOIN document o ON o.id = d.document_id"
            " WHERE s.bucket = ? AND s.hash IN (SELECT value FROM json_each(?)) AND s.scope = ?",
            (bucket, hashes, EFFECT),
        )
        for effect_hash, *row in rows:
            work.effects.setdefault(effect_hash, []).append(Effect(*row))
    keys = as_list({w.key_hash for w in work.wanted if w.new.supersede})
    if keys != "[]":
        rows = tx.db.execute(
            "SELECT r.key_hash, r.operation, r.delivery_id, r.version, s.state, s.effect_done FROM rival r"
            " CROSS JOIN delivery_state s ON s.id = r.delivery_id WHERE r.key_hash IN (SELECT value FROM json_each(?))",
            (keys,),
        )
        for key_hash, operation, delivery_id, version, state, effect_done in rows.fetchall():
            rival = Rival(delivery_id, version, state, bool(effect_done))
            work.rivals.setdefault((key_hash, operation), []).append(rival)


def _enter(work: _Batch, delivery_id: int, wanted: _Wanted) -> None:
    """Judge a delivery and put it on the board."""
    tx, new = work.tx, wanted.new
    effects = [
        e for e in work.effects.get(wanted.effect_hash, ()) if is_revision(e.effect_key, new.effect_key)
    ]
    for effect in effects:
        if (moved := work.board.rows.get(effect.delivery_id)) is not None:
            effect.state, effect.named = moved.state, moved.named
    operation = tx.name(new.operation)
    rivals = _live_rivals(work, (wanted.key_hash, operation)) if new.supersede else []
    verdict = judge(new, wanted.digest, wanted.message_id, effects, rivals)
    txn = wanted.document.transactions[0] if wanted.document.transactions else ""
    row = Row(
        delivery_id, wanted.key_hash, new.target, wanted.key_hash % LANES, int(verdict.state), 0, 0, 0, False,
        verdict.named, False, wanted.document_id, wanted.message_id, txn, new.interface, new.operation,
    )  # fmt: skip
    work.board.insert(row)
    work.deliveries.append(
        (delivery_id, wanted.document_id, wanted.message_id, tx.name(new.interface), new.interface_version,
         new.target_index, tx.name(new.target), tx.name(new.company), operation, tx.name(new.object_kind), tx.now,
         wanted.received_at, int(new.supersede), new.object_key, verdict.effect_key, new.source_version, txn)
    )  # fmt: skip
    _remember(work, delivery_id, wanted, verdict, operation)


def _remember(work: _Batch, delivery_id: int, wanted: _Wanted, verdict: Verdict, operation: int) -> None:
    """What later deliveries, of this batch as well, are judged by."""
    if verdict.state not in {DeliveryState.DUPLICATE, DeliveryState.SHADOWED}:
        work.seen.append((work.tx.bucket, wanted.effect_hash, EFFECT, delivery_id))
        work.effects.setdefault(wanted.effect_hash, []).append(
            Effect(
                delivery_id,
                verdict.effect_key,
                int(verdict.state),
                wanted.digest,
                wanted.message_id,
                verdict.named,
            )
        )
    if verdict.conflicts_with is not None:
        exception = duplicate_exception(wanted.new, wanted.document.key, verdict.conflicts_with)
        work.raised.append((exception, (wanted.message_id, wanted.document_id, delivery_id)))
    if wanted.new.supersede and verdict.state in {DeliveryState.READY, DeliveryState.PARKED}:
        _replace(work, delivery_id, wanted, verdict.replaces, operation)


def _live_rivals(work: _Batch, key: tuple[int, int]) -> list[Rival]:
    return [r for r in work.rivals.get(key, ()) if r.state <= DeliveryState.DELIVERED]


def _replace(
    work: _Batch, delivery_id: int, wanted: _Wanted, replaces: Sequence[int], operation: int
) -> None:
    """Supersede the older ones, and keep of the delivered rivals only the newest."""
    load_by_id(work.tx, work.board, [i for i in replaces if i not in work.board.rows])
    for old_id in replaces:
        row = work.board.rows[old_id]
        row.named = delivery_id
        work.board.move(row, DeliveryState.SUPERSEDED)
        if row.before:
            work.replaced[old_id] = f"superseded by d{delivery_id}"
    key = (wanted.key_hash, operation)
    rivals = work.rivals.setdefault(key, [])
    for rival in rivals:
        if rival.delivery_id in replaces:
            rival.state = int(DeliveryState.SUPERSEDED)
    _prune(work, key)
    work.rivals[key].append(
        Rival(delivery_id, wanted.new.source_version, int(DeliveryState.READY), effect_done=False)
    )
    work.rival_rows.append((wanted.key_hash, operation, delivery_id, wanted.new.source_version))


def _prune(work: _Batch, key: tuple[int, int]) -> None:
    """Forget rivals that are over, and delivered ones but the newest: the table stays small."""
    rivals = work.rivals[key]
    delivered = [r.delivery_id for r in rivals if r.state == DeliveryState.DELIVERED]
    newest = max(delivered, default=0)
    over = {r.delivery_id for r in rivals if r.state >= DeliveryState.DELIVERED and r.delivery_id != newest}
    if not over:
        return
    work.rivals[key] = [r for r in rivals if r.delivery_id not in over]
    work.rival_rows = [row for row in work.rival_rows if row[2] not in over]
    work.tx.db.execute(
        "DELETE FROM rival WHERE key_hash = ? AND operation = ? AND delivery_id IN (SELECT value FROM json_each(?))",
        (*key, as_list(over)),
    )


def _write_deliveries(work: _Batch) -> None:
    tx = work.tx
    states = [
        (r.id, r.key_hash, tx.name(r.target), r.lane, int(r.state), 0, 0, 0, 0, r.named, 0)
        for r in work.board.rows.values()
        if not r.before
    ]
    _DELIVERY.run(tx.db, work.deliveries)
    _STATE.run(tx.db, states)
    SEEN.run(tx.db, work.seen)
    _RIVAL.run(tx.db, work.rival_rows)
    write_board(tx, work.board)
    if work.replaced:
        drop_facts(tx, work.replaced)
        resolve_of_deliveries(tx, work.replaced)
    add_events(tx, [*work.events, *report_board(work.board, {})])
    raise_exceptions(tx, work.raised)
