"""What a batch of translated messages becomes, decided purely: backends load what it asks for and write what it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from crossdock.core.delivery import LANES, DeliveryState, ordering_key
from crossdock.core.ids import digest, hash64
from crossdock.store.board import Board, Row
from crossdock.store.coding import About, EventLine, encode_json, event_lines
from crossdock.store.contract import NewDelivery, NewDocument, NewException, Translated
from crossdock.store.effects import Effect, Rival, Verdict, duplicate_exception, is_revision, judge

__all__ = ["Document", "Entry", "Intake", "RivalKey"]

RivalKey = tuple[int, str]
"""(hash of the ordering key, operation)."""
_ENTERED: Final = frozenset({DeliveryState.READY, DeliveryState.PARKED})


@dataclasses.dataclass(slots=True)
class Document:
    """A document with its id."""

    id: int
    message_id: int
    received_at: int
    digest: bytes
    new: NewDocument


@dataclasses.dataclass(slots=True)
class Entry:
    """A delivery that is asked for; `row` and `effect_key` are set once it is judged."""

    new: NewDelivery
    document: Document
    key_hash: int
    effect_hash: int
    row: Row | None = None
    effect_key: str = ""

    @property
    def lane(self) -> int:
        return self.key_hash % LANES

    @property
    def transaction(self) -> str:
        transactions = self.document.new.transactions
        return transactions[0] if transactions else ""


class Intake:
    """One batch.

    First the backend fills `board` (what is stuck on the keys, and the rivals), `effects` and `rivals`; then it
    calls `enter`; then it writes `documents`, `links`, `entries`, `board`, `rival_rows`, `events` and `raised`.

    Args:
        todo: messages that are still to be translated, with the time of their acceptance.
        document_ids: as many ids as there are documents.
    """

    def __init__(self, todo: Sequence[tuple[Translated, int]], document_ids: Iterator[int]) -> None:
        self.board = Board()
        self.documents: list[Document] = []
        self.links: list[tuple[int, int]] = []
        self.entries: list[Entry] = []
        self.effects: dict[int, list[Effect]] = {}
        self.rivals: dict[RivalKey, list[Rival]] = {}
        self.rival_rows: list[tuple[int, str, int, str]] = []
        self.rivals_over: list[int] = []
        self.remembered: list[tuple[int, int]] = []
        self.events: list[EventLine] = []
        self.raised: list[tuple[NewException, About]] = []
        self.replaced: dict[int, str] = {}
        for translated, received_at in todo:
            self._take(translated, received_at, document_ids)

    @property
    def superseding_keys(self) -> set[int]:
        """Hashes of the keys whose rivals are needed."""
        return {entry.key_hash for entry in self.entries if entry.new.supersede}

    def _take(self, translated: Translated, received_at: int, document_ids: Iterator[int]) -> None:
        message_id = int(translated.message_id)
        by_transaction: dict[str, int] = {}
        for new in translated.documents:
            document = Document(next(document_ids), message_id, received_at, digest(new.body), new)
            self.documents.append(document)
            self.links += [(hash64(text), document.id) for text in {new.key, *new.transactions}]
            by_transaction.update(dict.fromkeys(new.transactions, document.id))
            self.events += _document_events(new, (message_id, document.id, None))
            self.entries += [_entry(delivery, document) for delivery in new.deliveries]
        for event in translated.events:
            about = (message_id, by_transaction.get(event.transaction), None)
            self.events += event_lines((event,), about)
        self.raised += [(exception, (message_id, None, None)) for exception in translated.exceptions]

    def enter(self, delivery_ids: Iterator[int]) -> None:
        """Judge all deliveries and arrange their keys."""
        for entry in self.entries:
            self._enter(entry, next(delivery_ids))
        self.board.arrange()

    def _enter(self, entry: Entry, delivery_id: int) -> None:
        new, document = entry.new, entry.document
        effects = self.effects.get(entry.effect_hash)
        if effects or new.supersede:
            verdict = self._judge(entry, effects or [])
        else:
            verdict = Verdict(new.state, new.effect_key)
        row = Row(
            delivery_id, entry.key_hash, new.target, entry.key_hash % LANES, int(verdict.state), 0, 0, 0, False,
            verdict.named, False, document.id, document.message_id, entry.transaction, new.interface, new.operation,
        )  # fmt: skip
        entry.row, entry.effect_key = row, verdict.effect_key
        self.board.insert(row)
        self._remember(entry, row, verdict)

    def _judge(self, entry: Entry, found: Sequence[Effect]) -> Verdict:
        new = entry.new
        effects = [effect for effect in found if is_revision(effect.effect_key, new.effect_key)]
        for effect in effects:
            if (moved := self.board.rows.get(effect.delivery_id)) is not None:
                effect.state, effect.named = moved.state, moved.named
        rivals = self.rivals.get((entry.key_hash, new.operation), []) if new.supersede else []
        live = [rival for rival in rivals if rival.state <= DeliveryState.DELIVERED]
        return judge(new, entry.document.digest, entry.document.message_id, effects, live)

    def _remember(self, entry: Entry, row: Row, verdict: Verdict) -> None:
        """What later deliveries, of this batch as well, are judged by."""
        document = entry.document
        if verdict.state not in {DeliveryState.DUPLICATE, DeliveryState.SHADOWED}:
            self.remembered.append((entry.effect_hash, row.id))
            effect = Effect(
                row.id, verdict.effect_key, row.state, document.digest, document.message_id, verdict.named
            )
            self.effects.setdefault(entry.effect_hash, []).append(effect)
        if verdict.conflicts_with is not None:
            exception = duplicate_exception(entry.new, document.new.key, verdict.conflicts_with)
            self.raised.append((exception, (document.message_id, document.id, row.id)))
        if entry.new.supersede and verdict.state in _ENTERED:
            self._replace(entry, row, verdict.replaces)

    def _replace(self, entry: Entry, row: Row, replaces: Sequence[int]) -> None:
        """Supersede the older ones, and keep of the delivered rivals only the newest."""
        for old_id in replaces:
            old = self.board.rows[old_id]
            old.named = row.id
            self.board.move(old, DeliveryState.SUPERSEDED)
            if old.before:
                self.replaced[old_id] = f"superseded by d{row.id}"
        key = (entry.key_hash, entry.new.operation)
        rivals = self.rivals.setdefault(key, [])
        for rival in rivals:
            if rival.delivery_id in replaces:
                rival.state = int(DeliveryState.SUPERSEDED)
        newest = max((r.delivery_id for r in rivals if r.state == DeliveryState.DELIVERED), default=0)
        over = {
            r.delivery_id for r in rivals if r.state >= DeliveryState.DELIVERED and r.delivery_id != newest
        }
        self.rivals_over += over
        self.rivals[key] = [r for r in rivals if r.delivery_id not in over]
        self.rivals[key].append(Rival(row.id, entry.new.source_version, row.state, effect_done=False))
        self.rival_rows = [kept for kept in self.rival_rows if kept[2] not in over]
        self.rival_rows.append((*key, row.id, entry.new.source_version))


def _entry(new: NewDelivery, document: Document) -> Entry:
    key = ordering_key(new.target, new.company, new.object_kind, new.object_key)
    return Entry(new, document, hash64(key), hash64(new.effect_key))


def _document_events(document: NewDocument, about: About) -> Iterator[EventLine]:
    data = {"kind": document.kind, "key": document.key, "interface": document.interface}
    kind = "document.accepted"
    if document.filtered_by:
        kind, data["filtered_by"] = "document.filtered", document.filtered_by
    text = encode_json(data)
    for transaction in document.transactions or ("",):
        yield (kind, "", about, transaction, text, False)
