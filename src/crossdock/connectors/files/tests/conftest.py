"""A partner's folders, and a connector on them."""

import random
from collections.abc import AsyncIterator, Callable

import pytest

from crossdock.connectors.files import Files, FilesSettings
from crossdock.connectors.files.simulator import FilesSimulator
from crossdock.core.clock import ManualClock
from crossdock.kit import Context


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def partner(clock: ManualClock) -> AsyncIterator[FilesSimulator]:
    simulator = FilesSimulator(clock=clock, randomness=random.Random(1))
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
def connect(partner: FilesSimulator, clock: ManualClock) -> Callable[..., Files]:
    def make(**changed: object) -> Files:
        settings = FilesSettings.load({**partner.settings(), **changed}, source="the test")
        return Files(settings, Context(system="files", clock=clock, random=random.Random(1)))

    return make
