"""Accept: authenticate, name the dedupe key, commit, answer. Nothing else happens before the answer."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from typing import Any

from crossdock.core.errors import RejectedError
from crossdock.kit import Connector, HookRequest
from crossdock.store.contract import Accepted, Journal, NewMessage

__all__ = ["Intake"]

_KEPT_HEADERS = ("content-type", "user-agent", "traceparent", "webhook-id", "webhook-timestamp")


class Intake:
    """Takes webhooks for all systems.

    Attributes:
        arrived: set when there is something to translate.
        hints: (system, source) pairs that a hook asks to be read at once.
    """

    def __init__(self, journal: Journal, connectors: Mapping[str, Connector[Any]]) -> None:
        self._journal = journal
        self._connectors = connectors
        self.arrived = asyncio.Event()
        self.hints: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=10_000)

    def knows(self, system: str) -> bool:
        """Whether there is such a system."""
        return system in self._connectors

    async def take_hook(self, system: str, request: HookRequest) -> Accepted | None:
        """Verify and commit one webhook; None for a mere hint (nothing to keep, a read is asked for).

        Raises:
            RejectedError: no such system or hook (T-NO-ROUTE).
            AuthenticationError: bad signature (T-SIG).
        """
        connector = self._connectors.get(system)
        if connector is None:
            raise RejectedError(
                f"there is no system {system!r}", code="T-NO-ROUTE", mend="mend the webhook's address"
            )
        event = await connector.receive(request)
        if event.hint_for:
            for source in event.hint_for:
                if not self.hints.full():
                    self.hints.put_nowait((system, source))
            return None
        accepted = await self._journal.accept(
            NewMessage(
                system=system,
                topic=event.topic,
                body=request.body,
                content_type=request.headers.get("content-type", ""),
                headers=_kept(request.headers),
                dedupe_key=event.dedupe_key,
                company=event.company,
                origin=f"hook {system}/{event.topic}",
            )
        )
        self.arrived.set()
        return accepted


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers worth keeping; never those that may hold a secret."""
    return {name: value for name, value in headers.items() if _is_kept(name)}


@functools.lru_cache(maxsize=1_000)
def _is_kept(name: str) -> bool:
    secretive = any(word in name for word in ("token", "auth", "secret", "key", "hmac", "signature"))
    return name in _KEPT_HEADERS or (name.startswith("x-") and not secretive)
