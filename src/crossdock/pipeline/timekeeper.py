"""The timekeeper: retries that are due, deadlines that have passed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from crossdock.core.clock import Clock
from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.pipeline.outcomes import exception_for
from crossdock.store.contract import ClaimedDelivery, Journal, NewException

__all__ = ["Timekeeper"]

_LOG = structlog.get_logger()
_LONGEST_NAP_S = 0.5


class Timekeeper:
    """Wakes what is due."""

    def __init__(self, journal: Journal, *, clock: Clock, wake: Callable[[frozenset[str]], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._wake = wake

    async def run(self, stop: asyncio.Event) -> None:
        """Keep time until `stop` is set."""
        while not stop.is_set():
            try:
                await self.tick()
            except CrossdockError as error:
                _LOG.warning("timekeeper starts over", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LONGEST_NAP_S)

    async def tick(self) -> None:
        """Wake due retries, and turn deadlines that have passed into exceptions."""
        now = self._clock.micros()
        due = await self._journal.next_due()
        if due is None or due > now:
            return
        settled = await self._journal.wake_due(now)
        self._wake(settled.woken_targets)
        for row in await self._journal.overdue(now, limit=500):
            await self._journal.raise_overdue(row.id, self._exception(row))

    @staticmethod
    def _exception(row: ClaimedDelivery) -> NewException:
        if row.state is DeliveryState.AWAITING_ACK:
            error = RejectedError(
                f"{row.target} has not answered {row.document_kind} {row.document_key} in time",
                code="T-ACK-LATE",
                mend=f"ask {row.target}; the answer is still taken when it comes",
            )
        else:
            error = RejectedError(
                f"{row.operation} of {row.document_kind} {row.document_key} waited in vain for what it needs "
                f"in {row.target}",
                code="T-DEADLINE",
                mend="find out why what it waits for did not come; when it comes, the delivery goes on by itself",
            )
        return exception_for(
            error, stage="deliver", system=row.target, interface=row.interface, transaction=row.transaction
        )
