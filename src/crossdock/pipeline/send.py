"""Send: one group of deliveries that may share a call, from mapping to the journal's record of what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Sequence

import msgspec
import structlog

from crossdock.core.clock import Clock
from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RejectedError, RetryableError
from crossdock.core.ids import ArtefactId, DeliveryId
from crossdock.core.interface import Policy
from crossdock.kit import Delivery, Receipt, WriteSpec
from crossdock.pipeline.outcomes import settle_delivered, settle_error, settle_not_sent, sick_system
from crossdock.pipeline.prepare import effect_kind, prepare
from crossdock.pipeline.routes import TargetRoute
from crossdock.pipeline.steps import step_done
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import ClaimedDelivery, DeliverySettled, Journal, LaneLease, NewArtefact

__all__ = ["Sender", "Sent"]

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_LOG = structlog.get_logger()
Pair = tuple[ClaimedDelivery, Delivery]
Result = Receipt | CrossdockError


@dataclasses.dataclass(frozen=True)
class Sent:
    """What came of a group: rows that are settled, rows whose outcome must be looked up, targets to wake."""

    settled: tuple[ClaimedDelivery, ...]
    in_doubt: tuple[ClaimedDelivery, ...]
    woken: frozenset[str]
    blocked: frozenset[str]


class Sender:
    """Sends groups of deliveries to one target."""

    def __init__(
        self, journal: Journal, system: TargetSystem, *, clock: Clock, randomness: random.Random
    ) -> None:
        self._journal = journal
        self._system = system
        self._clock = clock
        self._random = randomness
        self._calls = asyncio.Semaphore(system.definition.concurrency)

    async def send(
        self, lease: LaneLease, route: TargetRoute, rows: Sequence[ClaimedDelivery], *, in_doubt: bool = False
    ) -> Sent:
        """Map, record, call, record. `rows` share operation, company and interface target.

        Args:
            lease: the right to act for their lanes.
            route: their interface target.
            rows: at most one per ordering key.
            in_doubt: an earlier call may have had its effect, and doing it again is safe.
        """
        now = self._clock.micros()
        try:
            prepared = await prepare(
                self._journal, self._system, route, rows, now=now, randomness=self._random, in_doubt=in_doubt
            )
        except CrossdockError as error:
            return await self._not_prepared(lease, rows, error)
        outcomes = list(prepared.settled)
        doubtful: list[ClaimedDelivery] = []
        if route.target.mode == "shadow":
            outcomes += [self._shadowed(row, delivery) for row, delivery in prepared.ready]
        elif prepared.ready:
            results = await self._exchange(lease, route.spec, prepared.ready)
            for (row, _), (artefact_id, result) in zip(prepared.ready, results, strict=True):
                settled = self._settle(row, route, artefact_id, result)
                if settled is None:
                    doubtful.append(row)
                else:
                    outcomes.append(settled)
        return await self.commit(lease, rows, outcomes, doubtful)

    async def commit(
        self,
        lease: LaneLease,
        rows: Sequence[ClaimedDelivery],
        outcomes: Sequence[DeliverySettled],
        doubtful: Sequence[ClaimedDelivery],
    ) -> Sent:
        """Record what became of `rows`."""
        settled = await self._journal.settle(lease, outcomes) if outcomes else None
        done = {outcome.id: outcome.state for outcome in outcomes}
        blocking = {DeliveryState.PARKED, DeliveryState.RETRYING, DeliveryState.WAITING}
        return Sent(
            settled=tuple(row for row in rows if row.id in done),
            in_doubt=tuple(doubtful),
            woken=settled.woken_targets if settled else frozenset(),
            blocked=frozenset(row.ordering_key for row in rows if done.get(row.id) in blocking),
        )

    async def _not_prepared(
        self, lease: LaneLease, rows: Sequence[ClaimedDelivery], error: CrossdockError
    ) -> Sent:
        """The target could not answer a look-up: nothing was sent, nobody's fault but the system's."""
        self.note(error)
        if not isinstance(error, (RetryableError, OutcomeUnknownError)) and not sick_system(error):
            raise error
        return await self.commit(lease, rows, [settle_not_sent(row) for row in rows], ())

    async def _exchange(
        self, lease: LaneLease, spec: WriteSpec, pairs: Sequence[Pair]
    ) -> list[tuple[ArtefactId, Result]]:
        groups = [pairs] if spec.batch > 1 else [[pair] for pair in pairs]
        artefact_ids = await self._journal.mark_sent(lease, [self._artefact(spec, group) for group in groups])
        answers = await asyncio.gather(*(self._call(spec, group) for group in groups))
        return [
            (artefact_id, result)
            for artefact_id, results in zip(artefact_ids, answers, strict=True)
            for result in results
        ]

    async def _call(self, spec: WriteSpec, pairs: Sequence[Pair]) -> Sequence[Result]:
        size = self._system.size_of(spec.name)
        started = self._clock.monotonic_s()
        async with self._calls:
            results = await self._write(spec, [delivery for _, delivery in pairs])
        took_s = self._clock.monotonic_s() - started
        size.took(len(pairs), took_s)
        errors = [result for result in results if isinstance(result, CrossdockError)]
        if len(errors) < len(results):
            self._system.breaker.succeeded()
        elif errors:
            self.note(errors[0])
        return results

    async def _write(self, spec: WriteSpec, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """One call. A call that is refused as a whole is split until the bad record stands alone."""
        try:
            results = await self._system.connector.write(spec.name, deliveries)
        except RejectedError as error:
            if len(deliveries) == 1:
                return [error]
            self._system.size_of(spec.name).failed()
            half = len(deliveries) // 2
            return [*await self._write(spec, deliveries[:half]), *await self._write(spec, deliveries[half:])]
        except CrossdockError as error:
            return [error] * len(deliveries)
        except Exception as error:  # noqa: BLE001 - a connector's fault is its deliveries', not the worker's
            _LOG.exception("connector failed", system=self._system.name, operation=spec.name)
            unknown = OutcomeUnknownError(
                f"{self._system.name} {spec.name}: the connector failed ({type(error).__name__})",
                code="T-OUTCOME",
                mend="this is a fault of the connector: report it with the log",
                detail=repr(error)[:500],
            )
            return [unknown] * len(deliveries)
        if len(results) != len(deliveries):
            msg = f"{spec.name} gave {len(results)} results for {len(deliveries)} deliveries"
            return [OutcomeUnknownError(msg, code="T-OUTCOME")] * len(deliveries)
        return results

    def _settle(
        self, row: ClaimedDelivery, route: TargetRoute, artefact_id: ArtefactId, result: Result
    ) -> DeliverySettled | None:
        now = self._clock.micros()
        if isinstance(result, Receipt):
            return self.settle_done(row, route, result, artefact_id)
        if sick_system(result):
            return settle_not_sent(row)
        return settle_error(
            row,
            result,
            policy=route.policy,
            now=now,
            randomness=self._random,
            artefact_id=artefact_id,
            kind=effect_kind(route, row),
        )

    def settle_done(
        self,
        row: ClaimedDelivery,
        route: TargetRoute,
        receipt: Receipt,
        artefact_id: ArtefactId | None,
        *,
        outcome: str = "done",
    ) -> DeliverySettled:
        """What an effect that is there becomes; steps that wait for it are told."""
        now = self._clock.micros()
        kind = effect_kind(route, row)
        settled = settle_delivered(row, receipt, artefact_id=artefact_id, now=now, outcome=outcome, kind=kind)
        if route.awaited and settled.state is DeliveryState.DELIVERED:
            return msgspec.structs.replace(settled, xrefs=(*settled.xrefs, step_done(row)))
        return settled

    def settle_failed(
        self, row: ClaimedDelivery, error: CrossdockError, route: TargetRoute | None
    ) -> DeliverySettled:
        """What a failure with a known outcome becomes: another try, or an exception.

        Args:
            row: the delivery.
            error: anything but an unknown outcome.
            route: its interface target, whose policy counts; None if that is gone.
        """
        settled = settle_error(
            row,
            error,
            policy=route.policy if route else Policy(),
            now=self._clock.micros(),
            randomness=self._random,
            artefact_id=None,
        )
        assert settled is not None, "unknown outcomes are looked up"
        return settled

    def note(self, error: CrossdockError) -> None:
        """Tell the breaker of errors that are the system's."""
        if sick_system(error) or isinstance(error, OutcomeUnknownError):
            asked_s = getattr(error, "retry_after_s", None) or 0.0
            self._system.breaker.failed(
                self._clock.monotonic_s(),
                reason=str(error),
                at_least_s=asked_s,
                at_once=error.code == "T-TRN-AUTH" or asked_s > 0,
            )

    def _shadowed(self, row: ClaimedDelivery, delivery: Delivery) -> DeliverySettled:
        answer = _ENCODER.encode({"would_send": delivery.payload})
        return DeliverySettled(id=row.id, state=DeliveryState.SHADOWED, outcome="shadowed", answer=answer)

    def _artefact(self, spec: WriteSpec, pairs: Sequence[Pair]) -> NewArtefact:
        payloads = [delivery.payload for _, delivery in pairs]
        request = _ENCODER.encode(payloads if spec.batch > 1 else payloads[0])
        ids: tuple[DeliveryId, ...] = tuple(row.id for row, _ in pairs)
        return NewArtefact(system=self._system.name, operation=spec.name, request=request, deliveries=ids)
