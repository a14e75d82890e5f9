"""The simulator answers every recorded exchange as the real server did."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import random

import aiohttp
import pytest

from crossdock.connectors.odoo.simulator import OdooSimulator
from crossdock.connectors.odoo.simulator.setup import add_company
from crossdock.connectors.odoo.tests.recordings import Exchange, Replay, exchanges
from crossdock.core.clock import ManualClock

RECORDED_AT = dt.datetime(2026, 11, 23, 8, 9, 9, tzinfo=dt.UTC)


async def replay_all() -> dict[str, str]:
    """What differs, by exchange; empty = as recorded. Later lines need what earlier ones made."""
    simulator = OdooSimulator(clock=ManualClock(RECORDED_AT), randomness=random.Random(1), database="dist")
    env = simulator.env(2)
    add_company(env, "My Company (Chicago)", "My Co", "My Company (Chicago)")
    await simulator.start()
    found = {}
    async with aiohttp.ClientSession() as session:
        replay = Replay(simulator, session)
        for exchange in exchanges():
            answer = await replay.send(exchange)
            try:
                replay.same(exchange, answer)
                found[str(exchange)] = ""
            except (AssertionError, KeyError, TypeError, ValueError) as error:
                found[str(exchange)] = f"{type(error).__name__}: {error}\n{answer}"
    await simulator.stop()
    return found


@functools.cache
def differences() -> dict[str, str]:
    return asyncio.run(replay_all())


@pytest.mark.parametrize("exchange", exchanges(), ids=str)
def test_an_answer_is_as_recorded(exchange: Exchange) -> None:
    assert differences()[str(exchange)] == ""
