"""What the journal takes and gives: messages, documents, deliveries, artefacts, exceptions, as plain structs."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import Place, RetryableError
from crossdock.core.ids import ArtefactId, DeliveryId, DocumentId, EventId, ExceptionId, MessageId

__all__ = [
    "Accepted",
    "ArtefactRow",
    "AttemptRow",
    "ChangedMeanwhileError",
    "ClaimedDelivery",
    "DeliveryRow",
    "DeliverySettled",
    "EventRow",
    "ExceptionFilter",
    "ExceptionRow",
    "LaneLease",
    "MessageFilter",
    "MessageState",
    "NewArtefact",
    "NewDelivery",
    "NewDocument",
    "NewEvent",
    "NewException",
    "NewMessage",
    "Settled",
    "StoredDocument",
    "StoredMessage",
    "Translated",
    "Xref",
    "XrefKey",
]


# ── accept ───────────────────────────────────────────────────────────────────────────────────────────


class NewMessage(msgspec.Struct, frozen=True):
    """One thing received. `dedupe_key` is unique within `system`; empty = the body's digest stands in."""

    system: str
    topic: str
    body: bytes
    content_type: str = ""
    headers: dict[str, str] = {}
    dedupe_key: str = ""
    company: str = ""
    origin: str = ""


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a message that is on disk.

    Attributes:
        duplicate: the same dedupe key with the same body was accepted before; `message_id` is that one's.
        conflicts_with: the same dedupe key was accepted before with another body.
    """

    message_id: MessageId
    duplicate: bool = False
    conflicts_with: MessageId | None = None


class MessageState:
    """States of a message, as the journal stores them."""

    ACCEPTED = "accepted"  # on disk, not yet translated
    TRANSLATED = "translated"  # its documents and deliveries are in the journal
    FILTERED = "filtered"  # a named rule left it out
    FAILED = "failed"  # an exception holds it


class StoredMessage(msgspec.Struct, frozen=True):
    """A message as it came. `body` is whole; use `Journal.read_body` for large ones (`body` is then empty)."""

    id: MessageId
    system: str
    topic: str
    company: str
    content_type: str
    headers: dict[str, str]
    dedupe_key: str
    origin: str
    received_at: int
    size_bytes: int
    state: str
    body: bytes
    conflicts_with: MessageId | None = None
    note: str = ""


# ── translate ────────────────────────────────────────────────────────────────────────────────────────


class NewDelivery(msgspec.Struct, frozen=True):
    """One document for one target.

    Attributes:
        target: system name; `lane` follows from the ordering key.
        object_kind, object_key: the business object: with target and company, the ordering key.
        effect_key: what must happen once. An active or done delivery with the same effect key and the same
            document digest makes this one DUPLICATE; one with another digest is left to the caller's
            `on_conflict`.
        on_conflict: 'park' (B-DUP-DOC) or 'revise' (a new revision: '+r1', '+r2', … behind the effect key).
        source_version: the source's own order of changes; empty = unnumbered.
        supersede: READY, HELD, RETRYING, WAITING, PARKED deliveries of the same (ordering key, operation) with an
            older or equal source version become SUPERSEDED by this one; one with an older version than an active
            or delivered one is SUPERSEDED itself. Unnumbered ones come in the order of their arrival, and a value
            that comes back after another one (5, 6, 5) is no DUPLICATE but a revision.
        state: READY or SHADOWED or PARKED.
    """

    interface: str
    interface_version: int
    target: str
    company: str
    operation: str
    object_kind: str
    object_key: str
    effect_key: str
    source_version: str = ""
    supersede: bool = False
    on_conflict: str = "park"
    state: DeliveryState = DeliveryState.READY
    target_index: int = 0


class NewDocument(msgspec.Struct, frozen=True):
    """A canonical document out of a message. `body` is core.documents.encode_document's JSON.

    `filtered_by` names the rule when no target takes it. `source_ids` are what the source calls it besides `key`:
    the translator keeps them as cross-references before the document is committed.
    """

    kind: str
    key: str
    company: str
    source_version: str
    body: bytes
    interface: str
    transactions: tuple[str, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    filtered_by: str = ""
    source_ids: tuple[str, ...] = ()


class NewException(msgspec.Struct, frozen=True):
    """Something that needs a decision. Rows with the same (code, message, delivery) are counted, not doubled.

    Without a delivery, place and text count as well: a file with three bad orders has three exceptions. Without a
    message either, system, interface and transaction do.
    """

    code: str
    severity: str
    class_: str
    owner: str
    stage: str
    text: str
    mend: str = ""
    detail: str = ""
    place: Place = Place()
    system: str = ""
    interface: str = ""
    transaction: str = ""


class NewEvent(msgspec.Struct, frozen=True):
    """A fact for the outbox: past tense `kind`, the transaction it belongs to, and small JSON-able data."""

    kind: str
    transaction: str = ""
    system: str = ""
    data: dict[str, Any] = {}


class Translated(msgspec.Struct, frozen=True):
    """What became of one message: committed whole or not at all."""

    message_id: MessageId
    state: str
    documents: tuple[NewDocument, ...] = ()
    exceptions: tuple[NewException, ...] = ()
    events: tuple[NewEvent, ...] = ()
    note: str = ""


# ── deliver ──────────────────────────────────────────────────────────────────────────────────────────


class LaneLease(msgspec.Struct, frozen=True):
    """The right to act for some lanes of a target. `token` fences: a later owner has a higher one."""

    target: str
    worker: str
    token: int
    lanes: frozenset[int]
    expires_at: int


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery with its document, as the dispatcher works on it."""

    id: DeliveryId
    document_id: DocumentId
    message_id: MessageId
    interface: str
    interface_version: int
    target_index: int
    target: str
    company: str
    operation: str
    object_kind: str
    object_key: str
    ordering_key: str
    effect_key: str
    source_version: str
    state: DeliveryState
    attempts: int
    created_at: int
    sent_at: int
    effect_done: bool
    document_kind: str
    document_key: str
    document_body: bytes
    transaction: str


class ChangedMeanwhileError(RetryableError):
    """Deliveries were cancelled, superseded or held since they were claimed: nothing was recorded, claim again.

    Attributes:
        deliveries: the ones that may not be sent.
    """

    default_code = "T-STALE"

    def __init__(self, text: str, *, deliveries: tuple[DeliveryId, ...]) -> None:
        super().__init__(text)
        self.deliveries = deliveries


class NewArtefact(msgspec.Struct, frozen=True):
    """What is about to be sent: one call, file or interchange carrying `deliveries`. Secrets are out already."""

    system: str
    operation: str
    request: bytes
    deliveries: tuple[DeliveryId, ...]


class XrefKey(msgspec.Struct, frozen=True):
    """An object as the hub knows it, asked for in one system."""

    system: str
    company: str
    kind: str
    key: str


class Xref(msgspec.Struct, frozen=True):
    """Which id in a system is which of ours. A tombstone remembers that the record was deleted over there."""

    system: str
    company: str
    kind: str
    key: str
    external_id: str
    tombstone: bool = False


class DeliverySettled(msgspec.Struct, frozen=True):
    """What became of one attempt at one delivery.

    Attributes:
        state: DELIVERED, RETRYING (due_at), WAITING (facts, due_at = deadline), AWAITING_ACK (due_at), PARKED,
            SUPERSEDED, CANCELLED, SHADOWED, DEAD, or READY (not sent after all).
        facts: names of facts that wake it up: with WAITING, and with PARKED for missing references.
        holds_key: False for a WAITING delivery whose fact is about its own object.
        effect_done: the write happened though the delivery is PARKED (a guard holds it): retry must not send.
        attempted: whether an attempt is to be recorded and counted.
    """

    id: DeliveryId
    state: DeliveryState
    artefact_id: ArtefactId | None = None
    due_at: int = 0
    facts: tuple[str, ...] = ()
    holds_key: bool = True
    effect_done: bool = False
    attempted: bool = True
    outcome: str = ""
    answer: bytes = b""
    error_code: str = ""
    error_text: str = ""
    named: DeliveryId | None = None
    xrefs: tuple[Xref, ...] = ()
    exception: NewException | None = None
    events: tuple[NewEvent, ...] = ()


class Settled(msgspec.Struct, frozen=True):
    """Targets that have newly READY deliveries: followers released, facts arrived."""

    woken_targets: frozenset[str] = frozenset()


# ── look ─────────────────────────────────────────────────────────────────────────────────────────────


class MessageFilter(msgspec.Struct, frozen=True):
    """All given parts must hold. Times are microseconds; `text` is found in bodies up to 1 MB."""

    system: str = ""
    topic: str = ""
    state: str = ""
    interface: str = ""
    key: str = ""
    error: str = ""
    text: str = ""
    since: int = 0
    until: int = 0


class ExceptionFilter(msgspec.Struct, frozen=True):
    """All given parts must hold. `state` is open, resolved, ignored or '' for all."""

    state: str = "open"
    code: str = ""
    class_: str = ""
    system: str = ""
    interface: str = ""
    transaction: str = ""


class ExceptionRow(msgspec.Struct, frozen=True):
    """One exception as people see it."""

    id: ExceptionId
    code: str
    severity: str
    class_: str
    owner: str
    stage: str
    state: str
    text: str
    mend: str
    detail: str
    place: Place
    system: str
    interface: str
    transaction: str
    message_id: MessageId | None
    document_id: DocumentId | None
    delivery_id: DeliveryId | None
    first_seen: int
    last_seen: int
    count: int
    assignee: str
    resolution: str


class DeliveryRow(msgspec.Struct, frozen=True):
    """A delivery as people see it: where it stands, until when, and what it waits for."""

    id: DeliveryId
    document_id: DocumentId
    message_id: MessageId
    interface: str
    target: str
    company: str
    operation: str
    object_kind: str
    object_key: str
    effect_key: str
    source_version: str
    transaction: str
    state: str
    created_at: int
    due_at: int
    attempts: int
    sent_at: int
    effect_done: bool
    named: DeliveryId | None
    facts: tuple[str, ...]


class AttemptRow(msgspec.Struct, frozen=True):
    """One try of a delivery."""

    id: int
    delivery_id: DeliveryId
    at: int
    state: str
    artefact_id: ArtefactId | None
    outcome: str
    error_code: str
    error_text: str
    answer: bytes


class ArtefactRow(msgspec.Struct, frozen=True):
    """What was really sent."""

    id: ArtefactId
    system: str
    operation: str
    sent_at: int
    deliveries: tuple[DeliveryId, ...]
    request: bytes


class EventRow(msgspec.Struct, frozen=True):
    """One row of the outbox."""

    id: EventId
    at: int
    kind: str
    transaction: str
    system: str
    message_id: MessageId | None
    document_id: DocumentId | None
    delivery_id: DeliveryId | None
    data: dict[str, Any]


class StoredDocument(msgspec.Struct, frozen=True):
    """A canonical document as it was translated. `system` is where its message came from."""

    id: DocumentId
    message_id: MessageId
    kind: str
    key: str
    company: str
    source_version: str
    interface: str
    system: str
    body: bytes
    created_at: int
    transactions: tuple[str, ...] = ()
    filtered_by: str = ""
