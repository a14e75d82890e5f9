"""The simulated shop's webhooks: bodies, headers, signatures; sent at once, in the background, until they are taken."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from crossdock.core.clock import Clock, format_utc
from crossdock.kit import Secret, sign_hmac_base64

__all__ = ["Webhooks", "body_of"]

_AT_ONCE = 16
Send = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def body_of(thing: Mapping[str, Any]) -> bytes:
    """An order, refund or product as a webhook's body: amounts are text already, rates are JSON numbers."""
    return _ENCODER.encode(thing)


class Webhooks:
    """Signs and sends.

    Args:
        send: sends one request until it is taken (`Simulator.send_hook`).

    Attributes:
        url: where the hub takes them; the topic is appended. Empty = none are sent.
        topics: what the hub has subscribed to.
        sent: (topic, event id) of all, in order.
    """

    def __init__(
        self,
        clock: Clock,
        randomness: random.Random,
        send: Send,
        *,
        secret: Secret,
        domain: str,
        version: str,
    ) -> None:
        self._clock = clock
        self._randomness = randomness
        self._send = send
        self._secret = secret
        self._domain = domain
        self._version = version
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._newest: tuple[str, Mapping[str, str], bytes] | None = None
        self.url = ""
        self.topics: set[str] = set()
        self.sent: list[tuple[str, str]] = []

    def new_event(self) -> str:
        """An event id: one act of a person has one, in however many topics it shows."""
        return str(uuid.UUID(int=self._randomness.getrandbits(128), version=4))

    def headers(self, topic: str, body: bytes, *, event_id: str) -> dict[str, str]:
        """The headers of one delivery, with a webhook id of its own."""
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": sign_hmac_base64(self._secret, body),
            "X-Shopify-Shop-Domain": self._domain,
            "X-Shopify-API-Version": self._version,
            "X-Shopify-Webhook-Id": self.new_event(),
            "X-Shopify-Event-Id": event_id,
            "X-Shopify-Triggered-At": format_utc(self._clock.now()),
        }

    def emit(self, topic: str, thing: Mapping[str, Any], event_id: str) -> None:
        """Send a webhook in the background, if the hub wants the topic."""
        if not self.url or (self.topics and topic not in self.topics):
            return
        body = body_of(thing)
        self.sent.append((topic, event_id))
        self.post(topic, self.headers(topic, body, event_id=event_id), body)

    def post(self, topic: str, headers: Mapping[str, str], body: bytes) -> None:
        """Send this very request in the background."""
        self._newest = (topic, headers, body)
        task = asyncio.get_running_loop().create_task(self._posted(f"{self.url}/{topic}", headers, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send_again(self) -> None:
        """The newest request once more, as after an answer that the shop missed."""
        if self._newest is not None:
            self.post(*self._newest)

    async def settle(self) -> None:
        """Return when all that was sent has been taken."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Give up what was not taken."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _posted(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        async with self._gate:
            await self._send(url, headers, body)
