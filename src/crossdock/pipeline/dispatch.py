"""Deliver: one dispatcher per target. It owns lanes, keeps their order, sends in batches, and resolves doubts."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import Callable, Coroutine, Sequence

import structlog

from crossdock.core.clock import Clock
from crossdock.core.delivery import LANES
from crossdock.core.errors import CrossdockError
from crossdock.core.ids import DeliveryId
from crossdock.pipeline.doubt import Doubts
from crossdock.pipeline.routes import Routes
from crossdock.pipeline.send import Sender, Sent
from crossdock.pipeline.target import TargetSystem
from crossdock.pipeline.window import BatchKey, Window
from crossdock.store.contract import ClaimedDelivery, Journal, LaneLease

__all__ = ["Dispatcher"]

_LOG = structlog.get_logger()
_LEASE_S = 30.0
_RESCAN_S = 5.0
"""How often everything READY is looked through, should a wake-up have been missed."""
_IDLE_S = 1.0
_GROUP = 100
"""Deliveries of a one-by-one operation that share two commits of the journal."""


@dataclasses.dataclass
class _Rhythm:
    """When the dispatcher last did what it does from time to time, in monotonic seconds."""

    leased: float = -1e9
    scanned: float = -1e9


class Dispatcher:
    """Delivers everything for one target system.

    Args:
        wake: tells the dispatchers of these targets that the journal has something for them.
    """

    def __init__(
        self,
        journal: Journal,
        system: TargetSystem,
        routes: Routes,
        *,
        worker: str,
        clock: Clock,
        randomness: random.Random,
        wake: Callable[[frozenset[str]], None],
    ) -> None:
        self._journal = journal
        self._system = system
        self._routes = routes
        self._worker = worker
        self._clock = clock
        self._random = randomness
        self._wake = wake
        self._sender = Sender(journal, system, clock=clock, randomness=randomness)
        self._doubts = Doubts(journal, system, routes, self._sender, clock=clock, randomness=randomness)
        self._window = Window()
        self._after = DeliveryId(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._rhythm = _Rhythm()
        self._lease: LaneLease | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then let what is on its way come to its end."""
        while not stop.is_set():
            try:
                await self._round()
            except CrossdockError as error:
                # A lost lease or an unreachable database: begin again from the journal.
                _LOG.warning("dispatcher starts over", system=self._system.name, error=str(error))
                self._start_over()
            await self._pause()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lease is not None:
            await self._journal.release_lanes(self._lease)

    async def _round(self) -> None:
        now_s = self._clock.monotonic_s()
        lease = await self._hold_lease(now_s)
        if not self._system.breaker.closed(now_s):
            return
        if self._doubts.due(self._clock.micros()):
            self._start(self._resolve(lease))
        if self._system.rescan or now_s - self._rhythm.scanned > _RESCAN_S:
            self._rhythm.scanned = now_s
            self._system.rescan = False
            self._after = DeliveryId(0)
        await self._fill(lease)
        for key, rows in self._window.pick(self._limits(), _GROUP).items():
            self._start(self._deliver(lease, key, rows))

    async def _hold_lease(self, now_s: float) -> LaneLease:
        if self._lease is not None and now_s - self._rhythm.leased < _LEASE_S / 3:
            return self._lease
        had = self._lease.lanes if self._lease else frozenset[int]()
        lease = await self._journal.lease_lanes(self._system.name, self._worker, want=LANES, ttl_s=_LEASE_S)
        self._rhythm.leased = now_s
        self._lease = lease
        if lease.lanes - had:
            left = await self._journal.in_doubt(lease)
            fresh = [row for row in left if not (self._doubts.knows(row) or self._window.flies(row))]
            self._window.take(fresh)
            self._doubts.add(fresh)
        return lease

    async def _fill(self, lease: LaneLease) -> None:
        limit = min(1_000, self._window.room)
        if limit <= 0:
            return
        rows = await self._journal.claim(lease, after=self._after, limit=limit)
        if rows:
            self._after = rows[-1].id
            self._window.add(rows)

    def _limits(self) -> dict[str, int]:
        """How many of each operation may start now: what the calls in flight leave free."""
        if self._system.breaker.probing():
            return dict.fromkeys(self._system.connector.verbs.writes, 0 if self._tasks else 1)
        room = max(0, self._system.definition.concurrency - len(self._tasks))
        return {
            name: room and (self._system.size_of(name).now if spec.batch > 1 else _GROUP)
            for name, spec in self._system.connector.verbs.writes.items()
        }

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._system.wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.warning("delivery task failed", system=self._system.name, error=str(error))
            self._start_over()

    async def _deliver(self, lease: LaneLease, key: BatchKey, rows: Sequence[ClaimedDelivery]) -> None:
        try:
            try:
                route = self._routes.of_delivery(key.interface, key.target_index, key.operation)
            except CrossdockError as error:
                outcomes = [self._sender.settle_failed(row, error, None) for row in rows]
                sent = await self._sender.commit(lease, rows, outcomes, ())
            else:
                sent = await self._sender.send(lease, route, rows)
        except BaseException:
            # Not settled: what was not sent is READY still, what was is read back as in doubt with the lease.
            self._window.done(rows)
            raise
        self._take_note(sent)

    async def _resolve(self, lease: LaneLease) -> None:
        for sent in await self._doubts.resolve(lease):
            self._take_note(sent)

    def _take_note(self, sent: Sent) -> None:
        for key in sent.blocked:
            self._window.forget_key(key)
        self._window.done(sent.settled)
        self._doubts.add(sent.in_doubt)
        if sent.woken:
            self._wake(sent.woken)

    def _start_over(self) -> None:
        """Forget everything that is not on its way; the journal knows."""
        self._window.clear()
        self._after = DeliveryId(0)
        self._lease = None

    async def _pause(self) -> None:
        """Sleep until there is a reason to look again."""
        wait_s = _IDLE_S if not self._doubts.pending else 0.1
        if not self._system.breaker.closed(self._clock.monotonic_s()):
            wait_s = min(wait_s, 0.2)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._system.wake.wait(), wait_s)
        self._system.wake.clear()
