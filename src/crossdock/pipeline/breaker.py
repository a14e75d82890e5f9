"""A breaker per system: while it is open, the system's deliveries wait without burning attempts. Pure but for its state."""

from __future__ import annotations

import dataclasses

__all__ = ["Breaker"]


@dataclasses.dataclass
class Breaker:
    """Closed, open until a moment, then half open: one probe decides.

    Attributes:
        threshold: failures in a row that open it.
        first_s, longest_s: how long it stays open; doubles with each failed probe.
    """

    threshold: int = 3
    first_s: float = 0.5
    longest_s: float = 30.0
    failures: int = 0
    open_until_s: float = 0.0
    reason: str = ""
    _wait_s: float = 0.0

    def closed(self, now_s: float) -> bool:
        """Whether anything may be sent: a probe counts."""
        return now_s >= self.open_until_s

    def probing(self) -> bool:
        """Whether only a single probe may be sent."""
        return self.failures >= self.threshold

    def failed(self, now_s: float, *, reason: str, at_least_s: float = 0.0, at_once: bool = False) -> None:
        """Count a failure that says the system as a whole is sick, or asks for patience.

        Args:
            now_s: monotonic seconds.
            reason: for people.
            at_least_s: what the system asked for (Retry-After).
            at_once: open without waiting for `threshold` failures (bad credentials, Retry-After).
        """
        self.failures = max(self.failures + 1, self.threshold if at_once else 0)
        self.reason = reason
        if now_s < self.open_until_s:
            # Calls that were on their way when it opened say nothing new; only a longer patience counts.
            self.open_until_s = max(self.open_until_s, now_s + at_least_s)
        elif self.failures >= self.threshold or at_least_s:
            self._wait_s = min(self.longest_s, max(self.first_s, self._wait_s * 2))
            self.open_until_s = now_s + max(self._wait_s, at_least_s)

    def succeeded(self) -> None:
        """The system answered: close."""
        self.failures = 0
        self.open_until_s = 0.0
        self._wait_s = 0.0
        self.reason = ""
