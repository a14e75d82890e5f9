"""Send: one group of deliveries that may share a call, from mapping to the journal's record of what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable, Sequence

import msgspec
import structlog

from crossdock.core.clock import Clock
from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RetryableError
from crossdock.core.ids import ArtefactId, DeliveryId
from crossdock.core.interface import Policy
from crossdock.kit import Delivery, Receipt, WriteSpec
from crossdock.pipeline.call import Caller, Result
from crossdock.pipeline.outcomes import settle_delivered, settle_error, settle_not_sent, sick_system
from crossdock.pipeline.prepare import effect_kind, prepare
from crossdock.pipeline.routes import TargetRoute
from crossdock.pipeline.steps import step_done
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import (
    ChangedMeanwhileError,
    ClaimedDelivery,
    DeliverySettled,
    Journal,
    LaneLease,
    NewArtefact,
)

__all__ = ["Note", "Sender", "Sent"]

_LOG = structlog.get_logger()
_ENCODER = msgspec.json.Encoder(decimal_format="string")
_BLOCKING = frozenset({DeliveryState.PARKED, DeliveryState.RETRYING, DeliveryState.WAITING})
Pair = tuple[ClaimedDelivery, Delivery]
Answered = tuple[ClaimedDelivery, ArtefactId, Result]


@dataclasses.dataclass(frozen=True)
class Sent:
    """What came of some deliveries, as the journal has it.

    Attributes:
        settled: they are no business of the dispatcher any more.
        in_doubt: their outcome must be looked up.
        returned: not sent, READY still: they keep their place before their key's followers.
        woken: targets to wake.
        blocked: keys whose followers the journal holds now.
    """

    settled: tuple[ClaimedDelivery, ...] = ()
    in_doubt: tuple[ClaimedDelivery, ...] = ()
    returned: tuple[ClaimedDelivery, ...] = ()
    woken: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


Note = Callable[[Sent], None]
"""Told of each part of a group as soon as it is in the journal: nobody waits for the slowest of a group."""


class Sender:
    """Sends groups of deliveries to one target."""

    def __init__(
        self, journal: Journal, system: TargetSystem, *, clock: Clock, randomness: random.Random
    ) -> None:
        self._journal = journal
        self._system = system
        self._clock = clock
        self._random = randomness
        self.caller = Caller(system, clock=clock)

    async def send(
        self,
        lease: LaneLease,
        route: TargetRoute,
        rows: Sequence[ClaimedDelivery],
        note: Note,
        *,
        in_doubt: bool = False,
    ) -> None:
        """Map, record, call, record. `rows` share operation, company and interface target.

        Args:
            lease: the right to act for their lanes.
            route: their interface target.
            rows: at most one per ordering key.
            note: told what came of them.
            in_doubt: an earlier call may have had its effect, and doing it again is safe.
        """
        try:
            prepared = await prepare(
                self._journal,
                self._system,
                route,
                rows,
                now=self._clock.micros(),
                randomness=self._random,
                in_doubt=in_doubt,
            )
        except CrossdockError as error:
            note(await self._not_prepared(lease, route, rows, error, in_doubt=in_doubt))
            return
        shadow = route.target.mode == "shadow"
        outcomes = list(prepared.settled)
        if shadow:
            outcomes += [self._shadowed(row, delivery) for row, delivery in prepared.ready]
        if outcomes or prepared.woken:
            sent = await self.commit(lease, rows, outcomes)
            note(dataclasses.replace(sent, woken=sent.woken | prepared.woken))
        if prepared.ready and not shadow:
            await self._exchange(lease, route, prepared.ready, note, in_doubt=in_doubt)

    async def commit(
        self,
        lease: LaneLease,
        rows: Sequence[ClaimedDelivery],
        outcomes: Sequence[DeliverySettled],
        doubtful: Sequence[ClaimedDelivery] = (),
    ) -> Sent:
        """Record what became of those of `rows` that have an outcome."""
        settled = await self._journal.settle(lease, outcomes) if outcomes else None
        by_id = {outcome.id: outcome for outcome in outcomes}
        known = [(row, by_id[row.id]) for row in rows if row.id in by_id]
        return Sent(
            settled=tuple(row for row, outcome in known if outcome.state is not DeliveryState.READY),
            in_doubt=tuple(doubtful),
            returned=tuple(row for row, outcome in known if outcome.state is DeliveryState.READY),
            woken=settled.woken_targets if settled else frozenset(),
            blocked=frozenset(
                row.ordering_key
                for row, outcome in known
                if outcome.state in _BLOCKING
                and (outcome.holds_key or outcome.state is not DeliveryState.WAITING)
            ),
        )

    async def _not_prepared(
        self,
        lease: LaneLease,
        route: TargetRoute,
        rows: Sequence[ClaimedDelivery],
        error: CrossdockError,
        *,
        in_doubt: bool,
    ) -> Sent:
        """The target could not answer a look-up: nothing was sent. If it is away, that is nobody's fault but its own."""
        if isinstance(error, (RetryableError, OutcomeUnknownError)) or sick_system(error):
            self.caller.fail(error)
            if in_doubt:
                return Sent(in_doubt=tuple(rows))
            return await self.commit(lease, rows, [settle_not_sent(row) for row in rows])
        return await self.commit(lease, rows, [self.settle_failed(row, error, route) for row in rows])

    async def _exchange(
        self, lease: LaneLease, route: TargetRoute, pairs: Sequence[Pair], note: Note, *, in_doubt: bool
    ) -> None:
        groups = [pairs] if route.spec.batch > 1 else [[pair] for pair in pairs]
        try:
            artefact_ids = await self._journal.mark_sent(
                lease, [self._artefact(route.spec, group) for group in groups]
            )
        except ChangedMeanwhileError as error:
            # Cancelled, superseded or held since they were claimed: the others go on without them.
            gone = frozenset(error.deliveries)
            left = [pair for pair in pairs if pair[0].id not in gone]
            if len(left) == len(pairs):
                raise
            note(Sent(settled=tuple(row for row, _ in pairs if row.id in gone)))
            if left:
                await self._exchange(lease, route, left, note, in_doubt=in_doubt)
            return
        marked_s = self._clock.monotonic_s()
        if len(groups) == 1:
            results = await self.caller.call(route, [delivery for _, delivery in groups[0]], marked_s)
            answered = [
                (row, artefact_ids[0], result) for (row, _), result in zip(pairs, results, strict=True)
            ]
            note(await self._record(lease, route, answered, in_doubt=in_doubt))
            return
        await self._one_by_one(lease, route, list(zip(pairs, artefact_ids, strict=True)), note, marked_s)

    async def _one_by_one(
        self,
        lease: LaneLease,
        route: TargetRoute,
        pairs: Sequence[tuple[Pair, ArtefactId]],
        note: Note,
        marked_s: float,
    ) -> None:
        """Call for each; whatever has been answered while the last commit ran is recorded with the next."""
        answered: list[Answered] = []
        arrived = asyncio.Event()

        async def call(pair: Pair, artefact_id: ArtefactId) -> None:
            result = (await self.caller.call(route, [pair[1]], marked_s))[0]
            answered.append((pair[0], artefact_id, result))
            arrived.set()

        tasks = [asyncio.create_task(call(pair, artefact_id)) for pair, artefact_id in pairs]
        left = len(tasks)
        try:
            while left:
                await arrived.wait()
                arrived.clear()
                some, answered[:] = answered[:], []
                left -= len(some)
                note(await self._record(lease, route, some, in_doubt=False))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _record(
        self, lease: LaneLease, route: TargetRoute, answered: Sequence[Answered], *, in_doubt: bool
    ) -> Sent:
        outcomes, doubtful = [], []
        for row, artefact_id, result in answered:
            settled = self._settle(row, route, artefact_id, result, in_doubt=in_doubt)
            if settled is None:
                doubtful.append(row)
            else:
                outcomes.append(settled)
        return await self.commit(lease, [row for row, _, _ in answered], outcomes, doubtful)

    def _settle(
        self,
        row: ClaimedDelivery,
        route: TargetRoute,
        artefact_id: ArtefactId,
        result: Result,
        *,
        in_doubt: bool,
    ) -> DeliverySettled | None:
        """What an answer means; None when the outcome is (still) unknown."""
        if isinstance(result, Receipt):
            return self.settle_done(row, route, result, artefact_id)
        if sick_system(result):
            # That this call did nothing says nothing about the former one.
            return None if in_doubt else settle_not_sent(row)
        return settle_error(
            row,
            result,
            policy=route.policy,
            now=self._clock.micros(),
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

    def _shadowed(self, row: ClaimedDelivery, delivery: Delivery) -> DeliverySettled:
        answer = _ENCODER.encode({"would_send": delivery.payload})
        return DeliverySettled(id=row.id, state=DeliveryState.SHADOWED, outcome="shadowed", answer=answer)

    def _artefact(self, spec: WriteSpec, pairs: Sequence[Pair]) -> NewArtefact:
        payloads = [delivery.payload for _, delivery in pairs]
        request = _encode(payloads if spec.batch > 1 else payloads[0])
        ids: tuple[DeliveryId, ...] = tuple(row.id for row, _ in pairs)
        return NewArtefact(system=self._system.name, operation=spec.name, request=request, deliveries=ids)


def _encode(payload: object) -> bytes:
    """What is about to be sent, for the record. A form that JSON does not know is shown as text."""
    try:
        return _ENCODER.encode(payload)
    except (TypeError, ValueError, NotImplementedError):
        return _ENCODER.encode({"payload": repr(payload)})
