"""The hub: intake, readers, translator, dispatchers and timekeeper over one journal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence

import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import (
    AuthenticationError,
    ConfigError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from crossdock.pipeline.accept import Intake
from crossdock.pipeline.dispatch import Dispatcher
from crossdock.pipeline.read import SourceReader
from crossdock.pipeline.routes import Routes
from crossdock.pipeline.target import TargetSystem
from crossdock.pipeline.timekeeper import Timekeeper
from crossdock.pipeline.translator import Translator
from crossdock.store.contract import Journal

__all__ = ["Hub"]

_LOG = structlog.get_logger()


class Hub:
    """Runs the journey of messages.

    Args:
        journal: open.
        systems: all systems of the project by name.
        routes: compiled interfaces.
        worker: name of this process among those on the journal.
        followers: loops of others (the ledger keeper) that run until the event they are given is set.
    """

    def __init__(
        self,
        journal: Journal,
        systems: Mapping[str, TargetSystem],
        routes: Routes,
        *,
        worker: str,
        clock: Clock,
        randomness: random.Random,
        followers: Sequence[Callable[[asyncio.Event], Coroutine[None, None, None]]] = (),
    ) -> None:
        self.journal = journal
        self.systems = systems
        self.routes = routes
        self.clock = clock
        self.intake = Intake(journal, {name: system.connector for name, system in systems.items()})
        self._followers = followers
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._translator = Translator(
            journal, routes, clock=clock, arrived=self.intake.arrived, wake=self.new_for
        )
        self._timekeeper = Timekeeper(journal, clock=clock, wake=self.released_for)
        self._dispatchers = [
            Dispatcher(
                journal,
                system,
                routes,
                worker=worker,
                clock=clock,
                randomness=randomness,
                wake=self.released_for,
            )
            for system in systems.values()
            if system.connector.verbs.writes
        ]
        self.readers = self._make_readers()

    def new_for(self, targets: frozenset[str]) -> None:
        """The journal has new deliveries for these targets."""
        for name in targets & self.systems.keys():
            self.systems[name].wake.set()

    def released_for(self, targets: frozenset[str]) -> None:
        """Older deliveries of these targets are READY again."""
        for name in targets & self.systems.keys():
            self.systems[name].released()

    async def check_identities(self) -> None:
        """Pin each system's own identity, and refuse one that is not the one we know.

        All are asked at once: the start takes as long as the slowest. One that does not answer now is no reason to
        keep the others waiting: it is asked at the next start.

        Raises:
            ConfigError: a system is another database than the journal was made with (T-ENV).
        """
        await asyncio.gather(*(self._check_identity(system) for system in self.systems.values()))

    async def _check_identity(self, system: TargetSystem) -> None:
        try:
            identity = await system.connector.identity()
        except (RetryableError, OutcomeUnknownError, AuthenticationError, RejectedError) as error:
            _LOG.warning("identity not checked", system=system.name, error=str(error))
            return
        if not identity:
            return
        pinned = await self.journal.pin(f"system:{system.name}", identity)
        if pinned != identity:
            raise ConfigError(
                f"{system.name} is not the system this journal knows (it answers {identity}, pinned is {pinned})",
                code="T-ENV",
                mend="point the system's settings back, or start with a journal of its own",
            )

    async def start(self) -> None:
        """Start all loops."""
        loops: list[Coroutine[None, None, None]] = [
            self._translator.run(self._stop),
            self._timekeeper.run(self._stop),
            self._pass_hints(),
            *(dispatcher.run(self._stop) for dispatcher in self._dispatchers),
            *(reader.run(self._stop) for reader in self.readers.values()),
            *(follower(self._stop) for follower in self._followers),
        ]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Stop taking up work, let what is on its way end, close the connectors."""
        self._stop.set()
        self.intake.arrived.set()
        if not self.intake.hints.full():
            self.intake.hints.put_nowait(("", ""))
        for system in self.systems.values():
            system.wake.set()
        for reader in self.readers.values():
            reader.hinted.set()
        _, late = await asyncio.wait(self._tasks, timeout=35.0) if self._tasks else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for system in self.systems.values():
            await system.connector.close()

    def failed(self) -> BaseException | None:
        """Why a loop ended that should not have, if one did."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def _make_readers(self) -> dict[tuple[str, str], SourceReader]:
        """One reader for each source that an interface reads; the most frequent interface sets its pace."""
        readers: dict[tuple[str, str], SourceReader] = {}
        ordered = sorted(
            (route.interface.source for route in self.routes.all), key=lambda source: source.every_s
        )
        for source in ordered:
            system = self.systems[source.system]
            for topic in source.topics:
                if topic in system.connector.verbs.reads and (source.system, topic) not in readers:
                    readers[source.system, topic] = SourceReader(
                        self.journal, system, source, topic, clock=self.clock, arrived=self.intake.arrived
                    )
        return readers

    async def _pass_hints(self) -> None:
        while not self._stop.is_set():
            try:
                key = await asyncio.wait_for(self.intake.hints.get(), 1.0)
            except TimeoutError:
                continue
            if key in self.readers:
                self.readers[key].hinted.set()
