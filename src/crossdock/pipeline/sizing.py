"""How many deliveries one call carries: grown and shrunk by how long calls take. Pure but for its state."""

from __future__ import annotations

import dataclasses

__all__ = ["BatchSize"]


@dataclasses.dataclass
class BatchSize:
    """Finds the batch a target bears: calls of at most `longest_s` seconds.

    Doubles while full batches take less than half of that, halves when one takes longer or fails.
    """

    most: int
    now: int = 8
    longest_s: float = 5.0

    def __post_init__(self) -> None:
        self.now = max(1, min(self.now, self.most))

    def took(self, count: int, seconds: float) -> None:
        """A call with `count` deliveries took `seconds`."""
        if seconds > self.longest_s:
            self.now = max(1, self.now // 2)
        elif count >= self.now and seconds < self.longest_s / 2:
            self.now = min(self.most, self.now * 2)

    def failed(self) -> None:
        """A call timed out or was refused as a whole."""
        self.now = max(1, self.now // 2)
