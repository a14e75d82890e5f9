"""A shop on loopback, on a clock that moves when told to, and a connector on it."""

import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from crossdock.connectors.shopify import Shopify, ShopifySettings
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.core.clock import ManualClock
from crossdock.kit import Context, Delivery

Connect = Callable[..., Shopify]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def shop(clock: ManualClock) -> AsyncIterator[ShopifySimulator]:
    simulator = ShopifySimulator(clock=clock, randomness=random.Random(7))
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def connect(shop: ShopifySimulator, clock: ManualClock) -> AsyncIterator[Connect]:
    made: list[Shopify] = []

    def connect(**changed: Any) -> Shopify:
        settings = ShopifySettings.load({**shop.settings(), **changed}, source="the test")
        context = Context(system="shop", clock=clock, random=random.Random(len(made)))
        made.append(Shopify(settings, context))
        return made[-1]

    yield connect
    for connector in made:
        await connector.close()


@pytest.fixture
def connector(connect: Connect) -> Shopify:
    return connect()


@pytest.fixture
def delivery() -> Callable[..., Delivery]:
    def make(operation: str, payload: dict[str, Any], revision: str = "1") -> Delivery:
        return Delivery(
            operation=operation,
            payload=payload,
            effect_key=f"shop||order:1|{operation}|{revision}",
            ordering_key="shop||order:1",
            company="",
            object_kind="order",
            object_key="1",
            document_kind="shipment",
            document_key="1",
        )

    return make
