"""Leases of lanes within one process: nobody else can write to the file, so memory is enough."""

from __future__ import annotations

import dataclasses

from crossdock.core.clock import Clock
from crossdock.core.delivery import LANES
from crossdock.core.errors import RetryableError
from crossdock.store.contract import LaneLease

__all__ = ["Leases", "lost"]


@dataclasses.dataclass(slots=True)
class _Lane:
    worker: str = ""
    token: int = 0
    expires_at: int = 0


class Leases:
    """Who acts for which lanes. Only the writer's thread touches it."""

    def __init__(self, clock: Clock, first_token: int) -> None:
        self._clock = clock
        self._token = first_token
        self._lanes: dict[str, list[_Lane]] = {}

    def take(self, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
        """Take or renew; lanes beyond `want` are given back."""
        now = self._clock.micros()
        lanes = self._lanes.setdefault(target, [_Lane() for _ in range(LANES)])
        mine = [i for i, lane in enumerate(lanes) if lane.worker == worker]
        free = [
            i
            for i, lane in enumerate(lanes)
            if not lane.worker or (lane.worker != worker and lane.expires_at <= now)
        ]
        for i in mine[want:]:
            lanes[i].worker = ""
        mine = mine[:want]
        fresh = free[: want - len(mine)]
        token = max((lanes[i].token for i in mine), default=0)
        # A lane that somebody else had meanwhile must fence off what we asked for before.
        if not token or any(lanes[i].token > token for i in fresh):
            self._token += 1
            token = self._token
        expires_at = now + round(ttl_s * 1_000_000)
        for i in (*mine, *fresh):
            lanes[i] = _Lane(worker, token, expires_at)
        return LaneLease(target, worker, token, frozenset((*mine, *fresh)), expires_at)

    def release(self, lease: LaneLease) -> None:
        for lane in self._held(lease):
            lane.worker = ""

    def check(self, lease: LaneLease, *, sending: bool) -> None:
        """Raise if any lane of the lease has another owner; to send, it must not have run out either.

        Raises:
            RetryableError: T-STALE.
        """
        if len(self._held(lease)) < len(lease.lanes):
            raise lost(lease)
        now = self._clock.micros()
        if sending and any(lane.expires_at <= now for lane in self._held(lease)):
            raise lost(lease)

    def _held(self, lease: LaneLease) -> list[_Lane]:
        lanes = self._lanes.get(lease.target, [])
        return [
            lanes[i]
            for i in lease.lanes
            if i < len(lanes) and lanes[i].worker == lease.worker and lanes[i].token == lease.token
        ]


def lost(lease: LaneLease) -> RetryableError:
    """The error of whoever acts with a lease that is no longer his."""
    return RetryableError(
        f"{lease.worker} no longer holds its lanes of {lease.target}",
        code="T-STALE",
        mend="lease and claim again",
    )
