"""Prepare: from claimed deliveries to what a write verb is given. Look-ups of a batch are fetched together."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from crossdock.core.errors import ConflictError, CrossdockError, NotYetError, RejectedError, RetryableError
from crossdock.core.facts import fact_name
from crossdock.kit import Delivery
from crossdock.mapping import LookupRef, MissingReferencesError
from crossdock.pipeline.outcomes import parked_by_missing, settle_error, settle_waiting
from crossdock.pipeline.routes import TargetRoute
from crossdock.pipeline.steps import demand_steps, steps_before
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import ClaimedDelivery, DeliverySettled, Journal, Xref, XrefKey

__all__ = ["Prepared", "effect_kind", "prepare"]

_LOG = structlog.get_logger()
_DECODER = msgspec.json.Decoder()
_AT_ONCE = frozenset({"product"})
"""Kinds that do not come with the document's own flow: missing, they are an exception at once. Others (the
order's customer, the order itself) are on their way more often than not, and get the policy's `wait_s`."""


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A batch ready to be sent, and the deliveries that cannot be.

    Attributes:
        woken: targets with deliveries that what was found over there has woken.
    """

    ready: tuple[tuple[ClaimedDelivery, Delivery], ...]
    settled: tuple[DeliverySettled, ...]
    woken: frozenset[str] = frozenset()


async def prepare(
    journal: Journal,
    system: TargetSystem,
    route: TargetRoute,
    rows: Sequence[ClaimedDelivery],
    *,
    now: int,
    randomness: random.Random,
    in_doubt: bool = False,
) -> Prepared:
    """Map `rows` to the form of `route`'s operation.

    What a mapping asks for is looked up in the journal, then at the target itself (`finds`). What is missing
    still makes the delivery wait, or an exception for master data that nobody has announced. What is wrong with
    one record is that record's exception, be it a fault of a mapping's code.

    Raises:
        CrossdockError: the target could not be asked.
    """
    records = {row.id: _DECODER.decode(row.document_body) for row in rows}
    needs = {row.id: _needs(route, records[row.id]) for row in rows}
    known, woken = await _look_up(journal, system, route, rows, needs)
    steps = {row.id: steps_before(route, row) for row in rows}
    asked = [step for one in steps.values() for step in one]
    done = await journal.find_xrefs(asked) if asked else {}
    payload_of = _payload_maker(route, known)
    ready, settled = [], []
    for row in rows:
        try:
            demand_steps(steps[row.id], done)
            _refuse_deleted(system, row, known.get(LookupRef(effect_kind(route, row), row.document_key)))
            payload = payload_of(records[row.id])
            delivery = _delivery(route, row, payload, known, in_doubt=in_doubt)
            ready.append((row, delivery))
        except CrossdockError as error:
            settled.append(_settle_unmapped(row, error, route, now, randomness))
        except Exception as error:  # noqa: BLE001 - one record's fault stops nobody else
            _LOG.exception("mapping failed", delivery=row.id, operation=row.operation)
            settled.append(_settle_unmapped(row, _fault_of(row, error), route, now, randomness))
    return Prepared(tuple(ready), tuple(settled), woken)


def effect_kind(route: TargetRoute, row: ClaimedDelivery) -> str:
    """What the effect is over there: under this kind its cross-reference is kept.

    An invoice made of a shipment must not be taken for the delivery made of the same shipment.
    """
    return route.spec.document or row.document_kind


def _needs(route: TargetRoute, record: Mapping[str, Any]) -> set[LookupRef]:
    if route.mapping is None:
        return set()
    try:
        return route.mapping.needs(record, route.variables)
    except Exception as error:  # noqa: BLE001 - what is wrong with the record is said when it is mapped
        _LOG.debug("needs not known", interface=route.interface.id, error=repr(error))
        return set()


async def _look_up(
    journal: Journal,
    system: TargetSystem,
    route: TargetRoute,
    rows: Sequence[ClaimedDelivery],
    needs: Mapping[Any, set[LookupRef]],
) -> tuple[dict[LookupRef, Xref], frozenset[str]]:
    """Cross-references for all needs, and of the effects themselves; targets that new ones have woken."""
    company = rows[0].company
    wanted = {ref for refs in needs.values() for ref in refs}
    wanted |= {LookupRef(effect_kind(route, row), row.document_key) for row in rows}
    asked = {XrefKey(system.name, company, ref.kind, ref.value): ref for ref in wanted}
    found = {asked[key]: xref for key, xref in (await journal.find_xrefs(list(asked))).items()}
    missing: dict[str, list[str]] = {}
    for ref in {ref for refs in needs.values() for ref in refs}:
        if ref not in found and ref.kind in system.connector.verbs.finds:
            missing.setdefault(ref.kind, []).append(ref.value)
    woken: frozenset[str] = frozenset()
    for kind, keys in missing.items():
        answers = await _find(system, route, kind, sorted(keys), company)
        news = [Xref(system.name, company, kind, key, external) for key, external in answers.items()]
        if news:
            woken |= (await journal.put_xrefs(news)).woken_targets
        found.update({LookupRef(kind, xref.key): xref for xref in news})
    return found, woken


async def _find(
    system: TargetSystem, route: TargetRoute, kind: str, keys: list[str], company: str
) -> Mapping[str, str]:
    """Ask the target for `keys`. Where it refuses the whole question, the key it refuses alone is not there."""
    try:
        async with asyncio.timeout(route.policy.timeout_s):
            return await system.connector.find(kind, keys, company)
    except TimeoutError as error:
        raise RetryableError(
            f"{system.name}: no answer to a look-up of {kind} within {route.policy.timeout_s:g} s"
        ) from error
    except RejectedError as error:
        _LOG.warning("look-up refused", system=system.name, kind=kind, keys=len(keys), error=str(error))
        if len(keys) == 1:
            return {}
    half = len(keys) // 2
    first = await _find(system, route, kind, keys[:half], company)
    return {**first, **await _find(system, route, kind, keys[half:], company)}


def _payload_maker(route: TargetRoute, known: Mapping[LookupRef, Xref]) -> Callable[[Any], Any]:
    """From a document to the operation's form. The answers of the batch are gathered once, not for each row."""
    mapping = route.mapping
    if mapping is None:
        return lambda record: record
    lookups = {ref: xref.external_id for ref, xref in known.items() if not xref.tombstone}
    return lambda record: mapping.run(record, lookups=lookups, variables=route.variables, place_of=None)


def _fault_of(row: ClaimedDelivery, error: Exception) -> RejectedError:
    return RejectedError(
        f"{row.operation} of {row.document_kind} {row.document_key} could not be mapped: {type(error).__name__}",
        code="T-MAP",
        mend="this is a fault of the mapping's code or of ours: see the log",
        detail=repr(error)[:500],
    )


def _refuse_deleted(system: TargetSystem, row: ClaimedDelivery, own: Xref | None) -> None:
    if own is not None and own.tombstone:
        raise ConflictError(
            f"{row.document_kind} {row.document_key} was deleted in {system.name}",
            code="T-ODOO-MISSING" if system.definition.connector == "odoo" else "T-API-CONFLICT",
            mend="it is not made again: create it there by hand and import its id, or ignore with a reason",
        )


def _delivery(
    route: TargetRoute,
    row: ClaimedDelivery,
    payload: Any,
    known: Mapping[LookupRef, Xref],
    *,
    in_doubt: bool,
) -> Delivery:
    own = known.get(LookupRef(effect_kind(route, row), row.document_key))
    return Delivery(
        operation=row.operation,
        payload=payload,
        effect_key=row.effect_key,
        ordering_key=row.ordering_key,
        company=row.company,
        object_kind=row.object_kind,
        object_key=row.object_key,
        document_kind=row.document_kind,
        document_key=row.document_key,
        source_version=row.source_version,
        external_id=own.external_id if own is not None else "",
        attempt=row.attempts + 1,
        in_doubt=in_doubt,
        context={"price_tolerance": route.policy.price_tolerance, "owns": route.target.owns},
    )


def _settle_unmapped(
    row: ClaimedDelivery, error: CrossdockError, route: TargetRoute, now: int, randomness: random.Random
) -> DeliverySettled:
    if isinstance(error, MissingReferencesError):
        refs = sorted((ref.kind, ref.value) for ref in error.references)
        if any(kind in _AT_ONCE for kind, _ in refs):
            return parked_by_missing(row, error, missing=refs)
        facts = tuple(fact_name(row.target, row.company, kind, key) for kind, key in refs)
        waiting = NotYetError(error.text, facts=facts, code=error.code, mend=error.mend)
        return settle_waiting(row, waiting, policy=route.policy, now=now)
    settled = settle_error(row, error, policy=route.policy, now=now, randomness=randomness, artefact_id=None)
    if settled is None:
        refused = RejectedError(error.text, code=error.code, mend=error.mend, detail=error.detail)
        settled = settle_error(
            row, refused, policy=route.policy, now=now, randomness=randomness, artefact_id=None
        )
    assert settled is not None
    return settled
