"""When to try again: exponential, capped, with jitter. Pure."""

from __future__ import annotations

import random

from crossdock.core.interface import Policy

__all__ = ["backoff_s", "next_attempt_s"]


def backoff_s(attempt: int, *, base_s: float, cap_s: float) -> float:
    """Seconds to wait after failed try number `attempt` (1 = the first), before jitter.

    Raises:
        ValueError: `attempt` is below 1.
    """
    if attempt < 1:
        msg = f"attempts count from 1, not {attempt}"
        raise ValueError(msg)
    return min(cap_s, base_s * 2.0 ** min(attempt - 1, 60))


def next_attempt_s(
    policy: Policy, attempt: int, *, randomness: random.Random, at_least_s: float = 0.0
) -> float | None:
    """Seconds until the next try after failed try number `attempt`; None when they are used up.

    Half of the wait is fixed and half is random, so that what failed together is not tried together.
    `at_least_s` is what the other side asked for; it is never undercut.
    """
    if attempt >= policy.attempts:
        return None
    full = backoff_s(attempt, base_s=policy.base_s, cap_s=policy.cap_s)
    return max(at_least_s, full / 2 + full / 2 * randomness.random())
