"""The journal's contract: what SQLite and PostgreSQL both do. One suite, tests/contract/store, holds them to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

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
    "Journal",
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


class Journal(Protocol):
    """The durable record of everything. Every method that writes returns only after the commit is on disk."""

    async def open(self, *, environment: str) -> None:
        """Create or migrate the schema, and check the stamp.

        Raises:
            ConfigError: the journal belongs to another environment (T-ENV), is newer than this program,
                or another process is writing to it (SQLite).
        """
        ...

    async def close(self) -> None: ...

    async def pin(self, name: str, value: str) -> str:
        """The value pinned under `name` (such as an Odoo's `database.uuid`); pins `value` if none is."""
        ...

    # accept
    async def accept(self, message: NewMessage) -> Accepted: ...

    async def accept_stream(self, message: NewMessage, chunks: AsyncIterator[bytes]) -> Accepted:
        """As `accept`, for a body that need not fit into memory; `message.body` is empty."""
        ...

    def read_body(self, message_id: MessageId) -> AsyncIterator[bytes]: ...

    # translate
    async def untranslated(self, *, after: MessageId, limit: int) -> list[StoredMessage]:
        """Messages in state accepted with an id above `after`, by id. Bodies over 1 MB are left empty."""
        ...

    async def commit_translated(self, batch: Sequence[Translated]) -> Settled: ...

    async def reopen_message(
        self, message_id: MessageId, *, body: bytes | None, actor: str, reason: str
    ) -> MessageId:
        """Reprocess: the message is accepted again for translation; with `body`, an edited copy is (new id)."""
        ...

    # deliver
    async def lease_lanes(self, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
        """Take or renew up to `want` lanes that are free, expired or ours already."""
        ...

    async def release_lanes(self, lease: LaneLease) -> None: ...

    async def claim(self, lease: LaneLease, *, after: DeliveryId, limit: int) -> list[ClaimedDelivery]:
        """READY deliveries of the leased lanes with an id above `after`, by id."""
        ...

    async def in_doubt(self, lease: LaneLease) -> list[ClaimedDelivery]:
        """SENT deliveries of the leased lanes: their calls' outcomes are not known here."""
        ...

    async def mark_sent(self, lease: LaneLease, artefacts: Sequence[NewArtefact]) -> list[ArtefactId]:
        """Record what is about to be sent; the deliveries, READY or in doubt (SENT), become SENT.

        Raises:
            ChangedMeanwhileError: it names deliveries that are no longer to be sent.
            RetryableError: the lease is lost (code T-STALE): nothing may be sent.
        """
        ...

    async def settle(self, lease: LaneLease, outcomes: Sequence[DeliverySettled]) -> Settled:
        """Commit results, cross-references, exceptions and events together; hold or release keys; wake by facts.

        A fact that arrived since the delivery was claimed wakes it at once. A delivery that somebody cancelled or
        superseded meanwhile keeps its attempt and cross-references, and stays as it is.

        Raises:
            RetryableError: the lease is lost (code T-STALE): nothing was committed.
        """
        ...

    async def wake_due(self, now: int) -> Settled:
        """RETRYING deliveries that are due become READY."""
        ...

    async def overdue(self, now: int, *, limit: int) -> list[ClaimedDelivery]:
        """WAITING and AWAITING_ACK deliveries whose deadline has passed and that have no exception yet."""
        ...

    async def raise_overdue(self, delivery_id: DeliveryId, exception: NewException) -> None:
        """Open the exception of a delivery past its deadline. WAITING becomes PARKED, and its facts still wake it;
        AWAITING_ACK stays and holds nobody, for the answer is still taken when it comes.
        """
        ...

    async def next_due(self) -> int | None:
        """The earliest due_at of any RETRYING, WAITING or AWAITING_ACK delivery."""
        ...

    # decisions by people and rules
    async def retry_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        """PARKED, DEAD, CANCELLED, SHADOWED or (redeliver) DELIVERED becomes READY; its exceptions resolve.

        A PARKED delivery with `effect_done` becomes DELIVERED: a person accepted what the guard held.

        Raises:
            ConflictError: it is in another state.
            SupersededError: a newer version took its place; nothing is sent.
        """
        ...

    async def cancel_delivery(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> Settled:
        """End a delivery that is not on its way; its exceptions resolve, its followers go on.

        Raises:
            ConflictError: it is being sent, or over.
        """
        ...

    async def resolve_exception(
        self, exception_id: ExceptionId, *, state: str, actor: str, resolution: str
    ) -> None: ...

    async def raise_exception(
        self,
        exception: NewException,
        *,
        message_id: MessageId | None = None,
        document_id: DocumentId | None = None,
        delivery_id: DeliveryId | None = None,
    ) -> ExceptionId: ...

    # cross-references, watermarks, idempotency
    async def find_xrefs(self, keys: Sequence[XrefKey]) -> dict[XrefKey, Xref]: ...

    async def find_keys(
        self, system: str, company: str, kind: str, external_ids: Sequence[str]
    ) -> dict[str, str]:
        """Our key for each external id that is known."""
        ...

    async def put_xrefs(self, xrefs: Sequence[Xref]) -> Settled:
        """Insert or change cross-references outside a delivery (master data found or imported). Wakes by facts."""
        ...

    async def read_watermark(self, system: str, source: str, company: str) -> bytes:
        """The state saved for a source; empty if none."""
        ...

    async def accept_read(
        self, messages: Sequence[NewMessage], *, system: str, source: str, company: str, watermark: bytes
    ) -> list[Accepted]:
        """Accept what a source yielded and move its watermark, in one transaction."""
        ...

    async def remember_answer(
        self, scope: str, key: str, body_digest: bytes, answer: bytes
    ) -> tuple[bool, bytes]:
        """(True, answer) if new. (False, first answer) for the same key and body.

        Raises:
            RejectedError: the same key with another body (B-DUP-DOC).
        """
        ...

    # look
    async def events(self, *, after: EventId, limit: int) -> list[EventRow]: ...
    async def read_documents(self, ids: Sequence[DocumentId]) -> list[StoredDocument]:
        """Documents by id; those that are not there are left out."""
        ...

    async def read_cursor(self, name: str) -> int: ...
    async def move_cursor(
        self, name: str, position: int, facts: Sequence[tuple[str, str, str, str, str, str]]
    ) -> None:
        """Move a reader of events to `position` and upsert its ledger facts in the same transaction.

        A fact is (transaction, line_id, measure, system, ref, quantity text); the first five are its identity.
        """
        ...

    async def ledger(self, transaction: str) -> list[tuple[str, str, str, str, str]]:
        """(line_id, measure, system, ref, quantity text) of a transaction, sorted."""
        ...

    async def ledgers(self, transactions: Sequence[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
        """`ledger` of many transactions at one moment; those that have none are left out."""
        ...

    async def list_messages(
        self, where: MessageFilter, *, before: int, limit: int
    ) -> list[StoredMessage]: ...
    async def show_message(self, message_id: MessageId) -> Mapping[str, Any] | None:
        """Everything about a message: `message`, and the rows of `documents`, `deliveries`, `attempts`, `artefacts`
        and `exceptions`.
        """
        ...

    async def list_exceptions(
        self, where: ExceptionFilter, *, before: int, limit: int
    ) -> list[ExceptionRow]: ...
    async def show_exception(self, exception_id: ExceptionId) -> ExceptionRow | None: ...
    async def group_exceptions(self, where: ExceptionFilter) -> list[tuple[str, str, str, int, int]]:
        """(code, system, interface, count, oldest first_seen), most first."""
        ...

    async def show_transaction(self, key: str) -> Mapping[str, Any]:
        """The rows of `documents`, `deliveries`, `events`, `exceptions`, and the `ledger`, of a business case."""
        ...

    async def show_delivery(self, delivery_id: DeliveryId) -> ClaimedDelivery | None: ...
    async def counts(self) -> dict[str, dict[str, int]]:
        """`messages` by state, `deliveries` by state name in lower case, `exceptions` by state, `duplicates` refused by system."""
        ...

    async def latencies(self, *, since: int) -> dict[str, list[int]]:
        """By interface: microseconds from acceptance of the message to DELIVERED, of the newest 10,000."""
        ...
