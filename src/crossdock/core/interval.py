"""Sums of quantities of which some are unknown: at least so much, and exactly so much if all are known."""

from __future__ import annotations

from decimal import Decimal

import msgspec

__all__ = ["Interval"]


class Interval(msgspec.Struct, frozen=True):
    """What a sum of quantities can be, none of them negative: `low`, or anything above it unless `exact`."""

    low: Decimal
    exact: bool

    @classmethod
    def total(cls, *quantities: Decimal | None) -> Interval:
        """The sum; an unknown quantity (None) is zero or more, which is not zero."""
        known = [quantity for quantity in quantities if quantity is not None]
        return cls(sum(known, Decimal(0)), len(known) == len(quantities))

    def may_equal(self, other: Interval) -> bool:
        """Whether both can be the same number."""
        if self.exact and other.exact:
            return self.low == other.low
        if self.exact:
            return self.low >= other.low
        return self.low <= other.low or not other.exact

    def may_be_at_most(self, other: Interval) -> bool:
        """Whether this can be at most the other: only a known upper bound can be exceeded."""
        return not other.exact or self.low <= other.low

    def __str__(self) -> str:
        return f"{self.low:f}" if self.exact else f"at least {self.low:f}"
