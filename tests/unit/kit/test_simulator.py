"""The simulator's controls, and what errors keep to themselves when a system repeats our headers."""

from __future__ import annotations

import random
import subprocess
import sys

import aiohttp
import pytest
from aiohttp import web

from crossdock.core.clock import SystemClock
from crossdock.core.errors import RejectedError
from crossdock.kit import Http, Simulator
from crossdock.kit.simulator import _is_loopback


class Echo(Simulator):
    def routes(self):
        return [web.get("/ping", self._ping)]

    def settings(self):
        return {"base_url": self.url}

    async def _ping(self, request):
        return web.json_response({"ok": True})


@pytest.fixture
async def simulator():
    one = Echo(clock=SystemClock(), randomness=random.Random(1))
    await one.start()
    yield one
    await one.stop()


async def test_faults_are_set_from_outside_and_leave_the_controls_alone(simulator):
    async with aiohttp.ClientSession() as session:
        faults = {"rates": {"error_503": 1.0}, "retry_after_s": 0.5}
        async with session.post(f"{simulator.url}/_sim/faults", json=faults) as response:
            assert response.status == 200
        async with session.get(f"{simulator.url}/ping") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "0.5")
        async with session.post(f"{simulator.url}/_sim/faults", json={}) as response:
            assert (await response.json())["rates"] == {}
        async with session.get(f"{simulator.url}/ping") as response:
            assert response.status == 200
    assert simulator.calls == [("GET", "/ping"), ("GET", "/ping")]


@pytest.mark.parametrize("body", ["{", '{"rates": {"no_such_fault": 1}}', '{"slow_s": "much"}'])
async def test_faults_that_do_not_exist_are_refused(simulator, body):
    before = simulator.faults
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.url}/_sim/faults", data=body) as response,
    ):
        assert response.status == 400
    assert simulator.faults is before


def test_controls_are_for_loopback_only():
    assert _is_loopback("127.0.0.1")
    assert _is_loopback("::1")
    assert not _is_loopback("192.0.2.7")
    assert not _is_loopback(None)


async def test_an_answer_that_repeats_our_headers_is_kept_without_the_secrets(simulator):
    simulator.faults.rates = {"echo_400": 1.0}
    http = Http(clock=SystemClock(), base_url=simulator.url, headers={"Authorization": "Bearer s3cret-token"})
    with pytest.raises(RejectedError) as caught:
        await http.get("/ping", headers={"X-Api-Key": "another-s3cret", "X-Short": "1"})
    await http.close()
    detail = str(caught.value.detail)
    assert "s3cret" not in detail
    assert "bad request" in detail


def test_the_kit_does_not_bring_pytest_into_production():
    code = "import sys, crossdock.kit, crossdock.kit.conformance, crossdock.kit.scaffold; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
