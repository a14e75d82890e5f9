"""Deliver: one dispatcher per target. It owns lanes, keeps their order, sends in batches, and resolves doubts."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence

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
"""Deliveries of a one-by-one operation that are recorded as sent by one commit."""
_FIRST_REST_S = 0.1
_LONGEST_REST_S = 10.0


@dataclasses.dataclass
class _Rhythm:
    """When the dispatcher last did what it does from time to time, in monotonic seconds.

    Attributes:
        rest_s, rests_until: after a failure nobody expected; doubles with each in a row.
    """

    leased: float = -1e9
    scanned: float = -1e9
    rest_s: float = 0.0
    rests_until: float = 0.0


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
        self._starts = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then let what is on its way come to its end."""
        while not stop.is_set():
            try:
                await self._round()
            except CrossdockError as error:
                # A lost lease or an unreachable database: begin again from the journal.
                self._start_over(error)
            await self._pause()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lease is not None:
            await self._journal.release_lanes(self._lease)

    async def _round(self) -> None:
        now_s = self._clock.monotonic_s()
        starts = self._starts
        if now_s < self._rhythm.rests_until:
            return
        lease = await self._hold_lease(now_s)
        if not self._system.breaker.closed(now_s):
            return
        if self._system.rescan or now_s - self._rhythm.scanned > _RESCAN_S:
            self._rhythm.scanned = now_s
            self._system.rescan = False
            self._after = DeliveryId(0)
        await self._fill(lease)
        if starts != self._starts:
            return  # a task failed meanwhile: what was claimed and leased before does not count any more
        probing = self._system.breaker.probing()
        room = max(0, (1 if probing else self._system.definition.concurrency) - len(self._tasks))
        for row in self._doubts.take_due(room):
            self._start(self._resolve(lease, row), [row])
            room -= 1
        if room > 0:
            most = 1 if probing else None
            for key, rows in self._window.pick(self._limits(), _GROUP, most=most).items():
                self._start(self._deliver(lease, key, rows), rows)

    async def _hold_lease(self, now_s: float) -> LaneLease:
        if self._lease is not None and now_s - self._rhythm.leased < _LEASE_S / 3:
            return self._lease
        had = self._lease.lanes if self._lease else frozenset[int]()
        lease = await self._journal.lease_lanes(self._system.name, self._worker, want=LANES, ttl_s=_LEASE_S)
        if lease.lanes - had:
            left = await self._journal.in_doubt(lease)
            fresh = [row for row in left if not (self._doubts.knows(row) or self._window.flies(row))]
            self._window.take(fresh)
            self._doubts.add(fresh, left_behind=True)
        self._rhythm.leased = now_s
        self._lease = lease
        return lease

    async def _fill(self, lease: LaneLease) -> None:
        limit = min(1_000, self._window.room)
        if limit <= 0:
            return
        starts = self._starts
        rows = await self._journal.claim(lease, after=self._after, limit=limit)
        if rows and starts == self._starts:
            self._after = rows[-1].id
            self._window.add(rows)

    def _limits(self) -> dict[str, int]:
        """How many of each operation may start now."""
        return {
            name: self._system.size_of(name).now if spec.batch > 1 else _GROUP
            for name, spec in self._system.connector.verbs.writes.items()
        }

    def _start(self, work: Coroutine[None, None, None], rows: Iterable[ClaimedDelivery]) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._guard(work, rows)))

    async def _guard(self, work: Coroutine[None, None, None], rows: Iterable[ClaimedDelivery]) -> None:
        """Do `work`; should it fail, none of `rows` stays on its way: the journal knows how each stands.

        Forgetting them and starting over is one step, or a follower could be picked in between.
        """
        try:
            await work
            self._rhythm.rest_s = 0.0
        except Exception as error:  # noqa: BLE001 - the worker's boundary: it goes on from the journal
            self._start_over(error, rows)
        finally:
            task = asyncio.current_task()
            assert task is not None, "it runs as a task"
            self._tasks.discard(task)
            self._system.wake.set()

    async def _deliver(self, lease: LaneLease, key: BatchKey, rows: Sequence[ClaimedDelivery]) -> None:
        try:
            route = self._routes.of_delivery(key.interface, key.target_index, key.operation)
        except CrossdockError as error:
            outcomes = [self._sender.settle_failed(row, error, None) for row in rows]
            self._take_note(await self._sender.commit(lease, rows, outcomes))
            return
        await self._sender.send(lease, route, rows, self._take_note)

    async def _resolve(self, lease: LaneLease, row: ClaimedDelivery) -> None:
        await self._doubts.resolve(lease, row, self._take_note)

    def _take_note(self, sent: Sent) -> None:
        for key in sent.blocked:
            self._window.forget_key(key)
        self._doubts.forget((*sent.settled, *sent.returned))
        self._window.done(sent.settled)
        self._window.put_back(sent.returned)
        self._doubts.add(sent.in_doubt)
        if sent.woken:
            self._wake(sent.woken)

    def _start_over(self, error: Exception, rows: Iterable[ClaimedDelivery] = ()) -> None:
        """Forget everything that is not on its way; the journal knows. Rest, lest a failure go round and round."""
        log = _LOG.warning if isinstance(error, CrossdockError) else _LOG.exception
        log("dispatcher starts over", system=self._system.name, error=str(error), exc_info=error)
        self._rhythm.rest_s = min(_LONGEST_REST_S, max(_FIRST_REST_S, self._rhythm.rest_s * 2))
        self._rhythm.rests_until = self._clock.monotonic_s() + self._rhythm.rest_s
        self._starts += 1
        self._window.done([row for row in rows if not self._doubts.knows(row)])
        self._window.done(self._doubts.drop())
        self._window.clear()
        self._after = DeliveryId(0)
        self._lease = None

    async def _pause(self) -> None:
        """Sleep until there is a reason to look again."""
        wait_s = _IDLE_S if not self._doubts.pending else 0.1
        now_s = self._clock.monotonic_s()
        if not self._system.breaker.closed(now_s) or now_s < self._rhythm.rests_until:
            wait_s = min(wait_s, 0.1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._system.wake.wait(), wait_s)
        self._system.wake.clear()
