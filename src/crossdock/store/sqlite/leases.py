"""Leases of lanes within one process: nobody else can write to the file, so memory is enough."""

from __future__ import annotations

from crossdock.core.clock import Clock
from crossdock.core.delivery import LANES
from crossdock.store.contract import LaneLease
from crossdock.store.lanes import Lane, lost, share

__all__ = ["Leases"]


class Leases:
    """Who acts for which lanes. Only the writer's thread touches it."""

    def __init__(self, clock: Clock, first_token: int) -> None:
        self._clock = clock
        self._token = first_token
        self._lanes: dict[str, list[Lane]] = {}

    def take(self, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
        """Take or renew; lanes beyond `want` are given back."""
        now = self._clock.micros()
        return share(
            self._lanes.setdefault(target, [Lane() for _ in range(LANES)]),
            target,
            worker,
            want=want,
            now=now,
            expires_at=now + round(ttl_s * 1_000_000),
            next_token=self._next_token,
        )

    def release(self, lease: LaneLease) -> None:
        for lane in self._held(lease):
            lane.worker = ""

    def check(self, lease: LaneLease, *, sending: bool) -> None:
        """Raise if any lane of the lease has another owner; to send, it must not have run out either.

        Raises:
            RetryableError: T-STALE.
        """
        held = self._held(lease)
        now = self._clock.micros()
        if len(held) < len(lease.lanes) or (sending and any(lane.expires_at <= now for lane in held)):
            raise lost(lease)

    def _next_token(self) -> int:
        self._token += 1
        return self._token

    def _held(self, lease: LaneLease) -> list[Lane]:
        lanes = self._lanes.get(lease.target, [])
        return [
            lanes[i]
            for i in lease.lanes
            if i < len(lanes) and lanes[i].worker == lease.worker and lanes[i].token == lease.token
        ]
