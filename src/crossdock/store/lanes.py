"""Sharing out a target's lanes among workers, decided purely."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from crossdock.core.errors import RetryableError
from crossdock.store.contract import LaneLease

__all__ = ["Lane", "lost", "share"]


@dataclasses.dataclass(slots=True)
class Lane:
    """Who has a lane. A lane given back keeps its last token."""

    worker: str = ""
    token: int = 0
    expires_at: int = 0


def share(
    lanes: Sequence[Lane],
    target: str,
    worker: str,
    *,
    want: int,
    now: int,
    expires_at: int,
    next_token: Callable[[], int],
) -> LaneLease:
    """Renew the worker's lanes and take free ones up to `want`; those beyond it are given back. Changes `lanes`."""
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
        token = next_token()
    taken = (*mine, *fresh)
    for i in taken:
        lanes[i].worker, lanes[i].token, lanes[i].expires_at = worker, token, expires_at
    return LaneLease(target, worker, token, frozenset(taken), expires_at)


def lost(lease: LaneLease) -> RetryableError:
    """The error of whoever acts with a lease that is no longer his."""
    return RetryableError(
        f"{lease.worker} no longer holds its lanes of {lease.target}",
        code="T-STALE",
        mend="lease and claim again",
    )
