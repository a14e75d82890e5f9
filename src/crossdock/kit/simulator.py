"""Base of simulators: a system on loopback that answers as the real one does, faults included."""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import aiohttp
import msgspec
from aiohttp import web

from crossdock.core.clock import Clock
from crossdock.kit.connector import Delivery, HookRequest

__all__ = ["Fault", "Faults", "HookSample", "Simulator", "WriteSample"]

Fault = Literal[
    "slow", "reset_before", "reset_after", "error_500_after", "throttle_429", "error_503", "echo_400"
]
"""slow: answers late. reset_before: the connection breaks, nothing done. reset_after: work done, no answer.
error_500_after: work done, 500 answered. throttle_429, error_503: nothing done, Retry-After given.
echo_400: nothing done, the request's own headers stand in the answer, as chatty gateways do."""

CONTROL = "/_sim/"
"""Paths of a simulator's controls: on loopback only, without faults, not among `calls`."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclasses.dataclass
class Faults:
    """What goes wrong, how often, where.

    Attributes:
        rates: probability of each fault, per request.
        script: faults for the next matching requests, in order; '' is a good answer. Used up before `rates`.
        only: regular expression of request paths that faults apply to.
        slow_s: how late a slow answer is.
        retry_after_s: what 429 and 503 ask for.
        duplicate_hooks, out_of_order_hooks: probability for each webhook sent.
    """

    rates: dict[Fault, float] = dataclasses.field(default_factory=dict)
    script: list[Fault | Literal[""]] = dataclasses.field(default_factory=list)
    only: str = ""
    slow_s: float = 1.0
    retry_after_s: float = 0.05
    duplicate_hooks: float = 0.0
    out_of_order_hooks: float = 0.0

    def pick(self, path: str, randomness: random.Random) -> Fault | Literal[""]:
        """The fault for a request to `path`."""
        if self.only and not re.search(self.only, path):
            return ""
        if self.script:
            return self.script.pop(0)
        dice = randomness.random()
        for fault, rate in self.rates.items():
            if dice < rate:
                return fault
            dice -= rate
        return ""


@dataclasses.dataclass(frozen=True)
class WriteSample:
    """For conformance: a good delivery of an operation, and how to count its effects in the simulator.

    Attributes:
        delivery: sent as it is.
        effects: how many times its effect is there now (records, not calls).
        rejected: the same operation with a payload that the system refuses, if there is one.
    """

    delivery: Delivery
    effects: Callable[[], int]
    rejected: Delivery | None = None


@dataclasses.dataclass(frozen=True)
class HookSample:
    """For conformance: a well-signed webhook as the system sends it."""

    request: HookRequest
    dedupe_key: str


class Simulator:
    """Base: subclass it, give `routes`, `settings` and the samples that conformance asks for.

    A request passes `faults` first; a handler never sees the requests that a fault ate.
    """

    kind: ClassVar[str] = ""

    def __init__(self, *, clock: Clock, randomness: random.Random, faults: Faults | None = None) -> None:
        self.clock = clock
        self.randomness = randomness
        self.faults = faults or Faults()
        self.url = ""
        self.calls: list[tuple[str, str]] = []
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._late: list[tuple[str, Mapping[str, str], bytes]] = []

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Paths and handlers of the system."""
        raise NotImplementedError

    def controls(self) -> Sequence[web.AbstractRouteDef]:
        """Further controls, their paths below `/_sim/`: for a demo that runs the simulator in its own process."""
        return ()

    def settings(self) -> dict[str, Any]:
        """Values for the connector's Settings that make it talk to this simulator; secrets as `Secret`."""
        raise NotImplementedError

    # What conformance asks for.

    def write_samples(self) -> Mapping[str, Callable[[int], Awaitable[WriteSample]]]:
        """For each write operation of the connector: prepare the n-th sample (what it needs is set up first)."""
        return {}

    async def seed(self, source: str, count: int) -> Sequence[str]:
        """Make `count` new records that the read verb `source` must give; their keys. Some have equal change times."""
        raise NotImplementedError

    async def touch(self, source: str, key: str) -> None:
        """Change one record of `source` as a person over there would."""
        raise NotImplementedError

    async def remove(self, source: str, key: str) -> None:
        """Delete one record of `source` over there; asked only of sources that tell deletions."""
        raise NotImplementedError

    def hook_samples(self) -> Mapping[str, HookSample]:
        """For each hook topic of the connector: a signed request."""
        return {}

    # Life.

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen on loopback; returns the base URL."""
        app = web.Application(middlewares=[self._faulty], client_max_size=64 * 1024 * 1024)
        app.add_routes([web.post(CONTROL + "faults", self._set_faults), *self.controls(), *self.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.url = f"http://{host}:{bound}"
        return self.url

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def send_hook(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send a webhook until it is taken, with the faults of hooks: doubled, or late behind the next one."""
        if self._late == [] and self.randomness.random() < self.faults.out_of_order_hooks:
            self._late.append((url, headers, body))
            return
        await self._send(url, headers, body)
        if self.randomness.random() < self.faults.duplicate_hooks:
            await self._send(url, headers, body)
        await self.flush_hooks()

    async def flush_hooks(self) -> None:
        """Send what was held back to be out of order."""
        while self._late:
            await self._send(*self._late.pop())

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        wait_s = 0.05
        while True:
            try:
                async with self._session.post(url, data=body, headers=dict(headers)) as response:
                    if response.status < 500 and response.status != 429:
                        return
            except aiohttp.ClientError:
                # The hub is away: real senders try again later, and so does this one.
                self.calls.append(("HOOK", url))
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 2.0)

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            if not _is_loopback(request.remote):
                raise web.HTTPNotFound
            return await handler(request)
        self.calls.append((request.method, request.path))
        fault = self.faults.pick(request.path, self.randomness)
        instead = self._instead(fault, request)
        if instead is not None:
            return instead
        if fault == "slow":
            await asyncio.sleep(self.faults.slow_s)
        response = await handler(request)
        if fault == "reset_after":
            return self._reset(request)
        if fault == "error_500_after":
            return web.json_response({"error": "internal error"}, status=500)
        return response

    def _instead(self, fault: Fault | Literal[""], request: web.Request) -> web.Response | None:
        """What is answered without doing the work."""
        patience = {"Retry-After": str(self.faults.retry_after_s)}
        if fault == "throttle_429":
            return web.json_response({"error": "too many requests"}, status=429, headers=patience)
        if fault == "error_503":
            return web.json_response({"error": "unavailable"}, status=503, headers=patience)
        if fault == "echo_400":
            return web.json_response({"error": "bad request", "headers": dict(request.headers)}, status=400)
        return self._reset(request) if fault == "reset_before" else None

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self.faults = msgspec.json.decode(await request.read(), type=Faults)
        except msgspec.DecodeError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(dataclasses.asdict(self.faults))

    @staticmethod
    def _reset(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _is_loopback(address: str | None) -> bool:
    return address is not None and ipaddress.ip_address(address).is_loopback
