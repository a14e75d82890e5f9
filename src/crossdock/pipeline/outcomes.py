"""From what a call answered to what the journal records. Pure: the dispatcher does the I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crossdock.core.codes import code as code_of
from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import (
    AlreadyDoneError,
    AuthenticationError,
    CrossdockError,
    NotYetError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    SupersededError,
    ThrottledError,
)
from crossdock.core.facts import STEP, fact_name
from crossdock.core.ids import ArtefactId
from crossdock.core.interface import Policy
from crossdock.kit import Receipt, XrefClaim
from crossdock.pipeline.backoff import next_attempt_s
from crossdock.store.contract import ClaimedDelivery, DeliverySettled, NewException, Xref

__all__ = [
    "exception_for",
    "parked_by_missing",
    "settle_delivered",
    "settle_error",
    "settle_not_sent",
    "settle_waiting",
    "sick_system",
]

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_MAX_DETAIL = 4_000
_MASTER_DATA = frozenset({"product", "party", "price_list"})
"""Kinds that are nobody's own object: a product may well have the key of an order."""


def exception_for(
    error: CrossdockError, *, stage: str, system: str, interface: str, transaction: str
) -> NewException:
    """The exception row that an error becomes."""
    known = code_of(error.code)
    detail = error.detail
    if detail is not None and not isinstance(detail, str):
        detail = _ENCODER.encode(detail).decode()
    return NewException(
        code=error.code,
        severity=known.severity,
        class_=known.class_,
        owner=known.owner,
        stage=stage,
        text=error.text,
        mend=error.mend or known.mend,
        detail=(detail or "")[:_MAX_DETAIL],
        place=error.place,
        system=system,
        interface=interface,
        transaction=transaction,
    )


def settle_delivered(
    delivery: ClaimedDelivery,
    receipt: Receipt,
    *,
    artefact_id: ArtefactId | None,
    now: int,
    outcome: str = "done",
    kind: str = "",
) -> DeliverySettled:
    """The effect is there: its cross-references go with it. A hold parks the key though it is done.

    `kind` is what the effect is over there; '' = what the document is (an invoice made of a shipment is an invoice).
    """
    xrefs = _xrefs(delivery, receipt, kind or delivery.document_kind)
    answer = _shown(receipt.answer)
    if receipt.hold is not None:
        return DeliverySettled(
            id=delivery.id,
            state=DeliveryState.PARKED,
            artefact_id=artefact_id,
            effect_done=True,
            outcome="held",
            answer=answer,
            error_code=receipt.hold.code,
            error_text=receipt.hold.text,
            xrefs=xrefs,
            exception=_exception(receipt.hold, delivery),
        )
    if receipt.ack_deadline_s is not None:
        return DeliverySettled(
            id=delivery.id,
            state=DeliveryState.AWAITING_ACK,
            artefact_id=artefact_id,
            due_at=now + round(receipt.ack_deadline_s * 1e6),
            outcome=outcome,
            answer=answer,
            xrefs=xrefs,
        )
    return DeliverySettled(
        id=delivery.id,
        state=DeliveryState.DELIVERED,
        artefact_id=artefact_id,
        outcome=outcome,
        answer=answer,
        xrefs=xrefs,
    )


def settle_waiting(
    delivery: ClaimedDelivery, error: NotYetError, *, policy: Policy, now: int
) -> DeliverySettled:
    """A fact is missing: wait for it.

    Who waits for his own object lets the key's others pass (they may bring it), and so does a process's step that
    waits for the step before it (which may be refused, and the world goes on).
    """
    passes = all(_lets_pass(delivery, fact) for fact in error.facts)
    return DeliverySettled(
        id=delivery.id,
        state=DeliveryState.WAITING,
        due_at=now + round(policy.wait_s * 1e6),
        facts=error.facts,
        holds_key=not passes,
        attempted=False,
        outcome="waiting",
        error_code=error.code,
        error_text=error.text,
    )


def settle_error(
    delivery: ClaimedDelivery,
    error: CrossdockError,
    *,
    policy: Policy,
    now: int,
    randomness: random.Random,
    artefact_id: ArtefactId | None,
    kind: str = "",
) -> DeliverySettled | None:
    """What a failed attempt becomes; None for an unknown outcome: look it up first."""
    if isinstance(error, AlreadyDoneError):
        receipt = Receipt(external_id=error.external_id)
        return settle_delivered(
            delivery, receipt, artefact_id=artefact_id, now=now, outcome="already done", kind=kind
        )
    if isinstance(error, OutcomeUnknownError):
        return None
    if isinstance(error, NotYetError):
        return settle_waiting(delivery, error, policy=policy, now=now)
    if isinstance(error, SupersededError):
        return DeliverySettled(
            id=delivery.id,
            state=DeliveryState.SUPERSEDED,
            artefact_id=artefact_id,
            outcome="superseded",
            error_code=error.code,
            error_text=error.text,
        )
    if isinstance(error, RetryableError):
        asked_s = error.retry_after_s or 0.0 if isinstance(error, ThrottledError) else 0.0
        wait_s = next_attempt_s(policy, delivery.attempts + 1, randomness=randomness, at_least_s=asked_s)
        if wait_s is not None:
            return DeliverySettled(
                id=delivery.id,
                state=DeliveryState.RETRYING,
                artefact_id=artefact_id,
                due_at=now + round(wait_s * 1e6),
                outcome="failed",
                error_code=error.code,
                error_text=error.text,
            )
    return DeliverySettled(
        id=delivery.id,
        state=DeliveryState.PARKED,
        artefact_id=artefact_id,
        outcome="refused" if isinstance(error, RejectedError) else "failed",
        error_code=error.code,
        error_text=error.text,
        exception=_exception(error, delivery),
    )


def settle_not_sent(delivery: ClaimedDelivery) -> DeliverySettled:
    """Back to READY without an attempt: the system is away, not the record at fault."""
    return DeliverySettled(id=delivery.id, state=DeliveryState.READY, attempted=False)


def sick_system(error: CrossdockError) -> bool:
    """Whether the error is the system's and not the record's: it would hit the next delivery as well."""
    if isinstance(error, (AuthenticationError, ThrottledError)):
        return True
    return isinstance(error, RetryableError) and error.code in {"T-TRN-CONN", "T-API-5XX"}


def parked_by_missing(
    delivery: ClaimedDelivery, error: RejectedError, *, missing: Sequence[tuple[str, str]]
) -> DeliverySettled:
    """Master data is missing over there: an exception at once, but the fact's arrival still wakes the delivery."""
    return DeliverySettled(
        id=delivery.id,
        state=DeliveryState.PARKED,
        facts=tuple(fact_name(delivery.target, delivery.company, kind, key) for kind, key in missing),
        attempted=False,
        outcome="missing reference",
        error_code=error.code,
        error_text=error.text,
        exception=_exception(error, delivery),
    )


def _lets_pass(delivery: ClaimedDelivery, fact: str) -> bool:
    system, company, kind, key = fact.split("|", 3)
    if kind == STEP:
        return True
    own = (system, company) == (delivery.target, delivery.company) and kind not in _MASTER_DATA
    return own and key.split("/")[0] == delivery.object_key


def _shown(answer: Mapping[str, Any]) -> bytes:
    """The answer as JSON. One that has no JSON form is shown as text: the effect is there, and must be recorded."""
    if not answer:
        return b""
    try:
        return _ENCODER.encode(answer)
    except (TypeError, ValueError, NotImplementedError):
        return _ENCODER.encode({"answer": repr(answer)})


def _exception(error: CrossdockError, delivery: ClaimedDelivery) -> NewException:
    return exception_for(
        error,
        stage="deliver",
        system=delivery.target,
        interface=delivery.interface,
        transaction=delivery.transaction,
    )


def _xrefs(delivery: ClaimedDelivery, receipt: Receipt, kind: str) -> tuple[Xref, ...]:
    claims = list(receipt.xrefs)
    if receipt.external_id:
        claims.append(XrefClaim(kind, delivery.document_key, receipt.external_id))
    return tuple(
        Xref(delivery.target, delivery.company, claim.kind, claim.key, claim.external_id, claim.tombstone)
        for claim in claims
    )
