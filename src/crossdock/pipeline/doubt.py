"""Deliveries whose outcome is unknown: looked up, before anything is sent again (promise 5)."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable
from typing import Final

from crossdock.core.clock import Clock
from crossdock.core.errors import (
    AuthenticationError,
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from crossdock.core.ids import DeliveryId
from crossdock.kit import Found
from crossdock.pipeline.call import MAY_QUEUE_S, RACING_IS_SAFE
from crossdock.pipeline.prepare import prepare
from crossdock.pipeline.routes import Routes, TargetRoute
from crossdock.pipeline.send import Note, Sender, Sent
from crossdock.pipeline.target import TargetSystem
from crossdock.store.contract import ChangedMeanwhileError, ClaimedDelivery, Journal, LaneLease

__all__ = ["Doubts"]

_FIRST_LOOK_S: Final = 0.2
_LONGEST_LOOK_S: Final = 30.0


@dataclasses.dataclass
class _Doubt:
    """A row in doubt. `safe_at`: from then on no former call can still be at work (microseconds)."""

    row: ClaimedDelivery
    safe_at: int
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

    def add(self, rows: Iterable[ClaimedDelivery], *, left_behind: bool = False) -> None:
        """Look after `rows`; each again later than the time before.

        Args:
            rows: whose outcome is unknown, or could not be told by a look-up.
            left_behind: by a worker before us, or by ourselves before we started over: what the journal says of
                their last call counts. Else it was this moment that the answer was lost.
        """
        now = self._clock.micros()
        for row in rows:
            doubt = self._rows.get(row.id)
            if doubt is None:
                doubt = self._rows[row.id] = _Doubt(
                    row, self._safe_at(row, now, left_behind=left_behind), now
                )
            wait_s = min(_LONGEST_LOOK_S, _FIRST_LOOK_S * 2**doubt.looks)
            doubt.due_at = max(doubt.safe_at, now + round(wait_s * 1e6))
            doubt.looks += 1
            self._working.discard(row.id)

    def forget(self, rows: Iterable[ClaimedDelivery]) -> None:
        """They are settled."""
        for row in rows:
            self._rows.pop(row.id, None)
            self._working.discard(row.id)

    def drop(self) -> list[ClaimedDelivery]:
        """Forget all that nobody works on; the journal gives them again with the lease."""
        idle = [doubt.row for i, doubt in self._rows.items() if i not in self._working]
        self.forget(idle)
        return idle

    def take_due(self, most: int) -> list[ClaimedDelivery]:
        """At most `most` rows that can be looked up now; the caller gives each to `resolve`."""
        now = self._clock.micros()
        due = [d.row for i, d in self._rows.items() if d.due_at <= now and i not in self._working][:most]
        self._working.update(row.id for row in due)
        return due

    async def resolve(self, lease: LaneLease, row: ClaimedDelivery, note: Note) -> None:
        """Look one row up and settle what can be told.

        Raises:
            RetryableError: the lease is lost (T-STALE).
        """
        try:
            await self._resolve(lease, row, note)
        except ChangedMeanwhileError:
            note(Sent(settled=(row,)))  # somebody else decided about it
        except (RetryableError, OutcomeUnknownError, AuthenticationError) as error:
            if error.code == "T-STALE":
                raise
            self.add([row])
        finally:
            self._working.discard(row.id)

    def _safe_at(self, row: ClaimedDelivery, now: int, *, left_behind: bool) -> int:
        """When the former call is certainly over, where one racing with it could double the effect."""
        spec = self._system.connector.verbs.writes.get(row.operation)
        if spec is None or spec.once in RACING_IS_SAFE:
            return 0
        life = round(self._system.definition.call_life_s * 1e6)
        if left_behind and row.sent_at:
            return row.sent_at + round(MAY_QUEUE_S * 1e6) + life
        return now + life

    async def _resolve(self, lease: LaneLease, row: ClaimedDelivery, note: Note) -> None:
        try:
            route = self._routes.of_delivery(row.interface, row.target_index, row.operation)
        except CrossdockError as error:
            note(await self._fail(lease, row, error, route=None))
            return
        if not route.spec.lookup:
            await self._sender.send(lease, route, [row], note, in_doubt=True)
            return
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
            note(await self._sender.commit(lease, [row], prepared.settled))
            return
        found = await self._sender.caller.look_up(route, prepared.ready[0][1])
        note(await self._decide(lease, route, row, found))

    async def _decide(self, lease: LaneLease, route: TargetRoute, row: ClaimedDelivery, found: Found) -> Sent:
        if found.state == "done" and found.receipt is not None:
            outcome = self._sender.settle_done(row, route, found.receipt, None, outcome="found done")
            return await self._sender.commit(lease, [row], [outcome])
        if found.state == "absent":
            absent = RetryableError(
                "looked up after an unknown outcome: it had not happened", code="T-TRN-TIMEOUT"
            )
            return await self._fail(lease, row, absent, route=route)
        unclear = RejectedError(
            f"{row.operation} of {row.document_kind} {row.document_key}: an answer was lost, and {self._system.name} "
            f"cannot tell whether it was done{': ' + found.text if found.text else ''}",
            code="T-OUTCOME",
            mend=f"look in {self._system.name}; if it was done, ignore this with a reason, else retry",
            detail={"effect_key": row.effect_key, "sent": row.document_body.decode("utf-8", "replace")},
        )
        return await self._fail(lease, row, unclear, route=route)

    async def _fail(
        self, lease: LaneLease, row: ClaimedDelivery, error: CrossdockError, *, route: TargetRoute | None
    ) -> Sent:
        return await self._sender.commit(lease, [row], [self._sender.settle_failed(row, error, route)])
