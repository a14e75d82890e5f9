"""The conformance suite on the simulated shop."""

import random

from crossdock.connectors.shopify import Shopify
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.core.clock import Clock
from crossdock.kit.conformance import conformance


class RoomyShop(ShopifySimulator):
    """A shop whose cost bucket the suite cannot empty; test_cost_bucket.py has the small one."""

    def __init__(self, *, clock: Clock, randomness: random.Random) -> None:
        super().__init__(clock=clock, randomness=randomness, capacity=1_000_000, restore_per_s=100_000)


TestShopify = conformance(Shopify, simulator=RoomyShop)
