"""The journal's contract: what SQLite and PostgreSQL both do. One suite, tests/contract/store, holds them to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from crossdock.core.ids import ArtefactId, DeliveryId, DocumentId, EventId, ExceptionId, MessageId
from crossdock.store.forms import (
    Accepted,
    ArtefactRow,
    AttemptRow,
    ChangedMeanwhileError,
    ClaimedDelivery,
    DeliveryRow,
    DeliverySettled,
    EventRow,
    ExceptionFilter,
    ExceptionRow,
    LaneLease,
    MessageFilter,
    MessageState,
    NewArtefact,
    NewDelivery,
    NewDocument,
    NewEvent,
    NewException,
    NewMessage,
    Settled,
    StoredDocument,
    StoredMessage,
    Translated,
    Xref,
    XrefKey,
)

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
