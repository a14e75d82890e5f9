"""Deliveries whose outcome is unknown: looked up, before anything is sent again (promise 5)."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence
from typing import Final

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RejectedError, RetryableError
from crossdock.core.ids import DeliveryId
from crossdock.kit import Delivery, Found
from crossdock.pipeline.outcomes import sick_system
from crossdock.pipeline.prepare import prepare
from crossdock.pipeline.routes import Routes, TargetRoute
from crossdock.pipeline.send import Sender, Sent
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import ClaimedDelivery, Journal, LaneLease

__all__ = ["Doubts"]

_RACING_IS_SAFE: Final = frozenset({"external_id", "idempotency_key", "natural"})
_FIRST_LOOK_S: Final = 0.2
_LONGEST_LOOK_S: Final = 30.0


@dataclasses.dataclass
class _Doubt:
    row: ClaimedDelivery
    due_at: int
    looks: int = 0


class Doubts:
    """The rows of one target whose last call's outcome is not known."""

    def __init__(
        self,
        journal: Journal,
        system: TargetSystem,
        routes: Routes,
        sender: Sender,
        *,
        clock: Clock,
        randomness: random.Random,
    ) -> None:
        self._journal = journal
        self._system = system
        self._routes = routes
        self._sender = sender
        self._clock = clock
        self._random = randomness
        self._rows: dict[DeliveryId, _Doubt] = {}
        self._working: set[DeliveryId] = set()

    @property
    def pending(self) -> int:
        return len(self._rows)

    def knows(self, row: ClaimedDelivery) -> bool:
        return row.id in self._rows

    def add(self, rows: Iterable[ClaimedDelivery]) -> None:
        """Look after `rows`; each again later than the time before."""
        now = self._clock.micros()
        for row in rows:
            doubt = self._rows.setdefault(row.id, _Doubt(row, now))
            wait_s = min(_LONGEST_LOOK_S, _FIRST_LOOK_S * 2**doubt.looks)
            doubt.due_at = max(self._call_ended_at(row), now + round(wait_s * 1e6))
            doubt.looks += 1
            self._working.discard(row.id)

    def due(self, now: int) -> bool:
        """Whether any row can be looked up now."""
        return any(d.due_at <= now and i not in self._working for i, d in self._rows.items())

    async def resolve(self, lease: LaneLease) -> list[Sent]:
        """Look up the rows that are due, and settle what can be told."""
        now = self._clock.micros()
        due = [d.row for i, d in self._rows.items() if d.due_at <= now and i not in self._working]
        self._working.update(row.id for row in due)
        answers = []
        for row in due:
            try:
                sent = await self._resolve_one(lease, row)
            except (RetryableError, OutcomeUnknownError):
                self.add([row])
                continue
            answers.append(sent)
            self._forget(sent.settled)
        return answers

    def _forget(self, rows: Sequence[ClaimedDelivery]) -> None:
        for row in rows:
            self._rows.pop(row.id, None)
            self._working.discard(row.id)

    def _call_ended_at(self, row: ClaimedDelivery) -> int:
        """When the former call is certainly over, where one racing with it could double the effect."""
        spec = self._system.connector.verbs.writes.get(row.operation)
        if spec is None or spec.once in _RACING_IS_SAFE:
            return 0
        sent_at = row.sent_at or self._clock.micros()
        return sent_at + round(self._system.definition.call_life_s * 1e6)

    async def _resolve_one(self, lease: LaneLease, row: ClaimedDelivery) -> Sent:
        try:
            route = self._routes.of_delivery(row.interface, row.target_index, row.operation)
        except CrossdockError as error:
            return await self._park(lease, row, error, route=None)
        if not route.spec.lookup:
            return await self._sender.send(lease, route, [row], in_doubt=True)
        prepared = await prepare(
            self._journal,
            self._system,
            route,
            [row],
            now=self._clock.micros(),
            randomness=self._random,
            in_doubt=True,
        )
        if not prepared.ready:
            return await self._sender.commit(lease, [row], prepared.settled, ())
        _, delivery = prepared.ready[0]
        found = await self._look_up(delivery)
        return await self._decide(lease, route, row, found)

    async def _look_up(self, delivery: Delivery) -> Found:
        try:
            found = await self._system.connector.look_up(delivery)
        except CrossdockError as error:
            self._sender.note(error)
            if sick_system(error) or isinstance(error, (RetryableError, OutcomeUnknownError)):
                raise RetryableError(error.text, code=error.code) from error
            return Found("unclear", text=str(error))
        self._system.breaker.succeeded()
        return found

    async def _decide(self, lease: LaneLease, route: TargetRoute, row: ClaimedDelivery, found: Found) -> Sent:
        if found.state == "done" and found.receipt is not None:
            outcome = self._sender.settle_done(row, route, found.receipt, None, outcome="found done")
            return await self._sender.commit(lease, [row], [outcome], ())
        if found.state == "absent":
            error: CrossdockError = RetryableError(
                "looked up after an unknown outcome: it had not happened", code="T-TRN-TIMEOUT"
            )
            return await self._park(lease, row, error, route=route)
        error = RejectedError(
            f"{row.operation} of {row.document_kind} {row.document_key}: an answer was lost, and {self._system.name} "
            f"cannot tell whether it was done{': ' + found.text if found.text else ''}",
            code="T-OUTCOME",
            mend=f"look in {self._system.name}; if it was done, ignore this with a reason, else retry",
            detail={"effect_key": row.effect_key, "sent": row.document_body.decode("utf-8", "replace")},
        )
        return await self._park(lease, row, error, route=route)

    async def _park(
        self, lease: LaneLease, row: ClaimedDelivery, error: CrossdockError, *, route: TargetRoute | None
    ) -> Sent:
        outcome = self._sender.settle_failed(row, error, route)
        return await self._sender.commit(lease, [row], [outcome], ())
