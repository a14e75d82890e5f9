"""Stock: a snapshot against the former one and the events since (canonical §12.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from crossdock.core.documents import InventoryEvent, InventoryPosition
from crossdock.core.quantity import Quantity

__all__ = ["StockVariance", "stock_variance", "variance_event"]

# The rest (allocate, pick, pack, hold, ...) changes what stock is for, not how much of it is there.
_CHANGES_ON_HAND: Final = frozenset(
    {
        "receive",
        "putaway",
        "move",
        "ship",
        "return_receive",
        "adjust_in",
        "adjust_out",
        "count",
        "kit",
        "dekit",
        "scrap",
        "ownership_transfer",
    }
)
_KEY: Final = ("product", "location", "owner", "bin", "lot", "serial", "package")


class StockVariance(msgspec.Struct, frozen=True):
    """A snapshot that is not what the events lead to. `code`: B-STK-VAR, or B-NEG-STOCK if it is below zero."""

    code: str
    text: str
    product: str
    location: str
    uom: str
    expected: Decimal | None
    counted: Decimal

    @property
    def difference(self) -> Decimal | None:
        """Counted less expected; None if nothing was expected."""
        return None if self.expected is None else self.counted - self.expected


def stock_variance(
    before: InventoryPosition | None, events: Iterable[InventoryEvent], snapshot: InventoryPosition
) -> StockVariance | None:
    """The variance of `snapshot` against `before` and the events between both; None if there is none to judge.

    Events count when they happened after `before.as_of` and up to `snapshot.as_of`, in whatever order they
    are given. A snapshot that says no quantity or no time, or is not newer, is not judged.
    """
    counted = snapshot.on_hand
    if counted is None:
        return None
    expected = _expected(before, events, snapshot)
    if counted < 0:
        text = f"{snapshot.product} at {snapshot.location or 'all locations'} stands at {counted:f}"
        return _variance("B-NEG-STOCK", text, snapshot, expected, counted)
    if expected is None or expected == counted:
        return None
    text = (
        f"{snapshot.product} at {snapshot.location or 'all locations'}: {counted:f} on hand, "
        f"but the events lead to {expected:f}"
    )
    return _variance("B-STK-VAR", text, snapshot, expected, counted)


def variance_event(variance: StockVariance, *, key: str, at: dt.datetime) -> InventoryEvent:
    """The `count` event that books a variance, with both values in its reason. Nothing is overwritten silently.

    Raises:
        ValueError: nothing was expected, so there is no difference to book.
    """
    if variance.difference is None:
        msg = f"there is no earlier position of {variance.product} to book a difference against"
        raise ValueError(msg)
    return InventoryEvent(
        key=key,
        type="count",
        product=variance.product,
        location=variance.location,
        quantity=Quantity(variance.difference, variance.uom),
        reason=f"expected {variance.expected:f}, counted {variance.counted:f}",
        occurred_at=at,
    )


def _variance(
    code: str, text: str, snapshot: InventoryPosition, expected: Decimal | None, counted: Decimal
) -> StockVariance:
    return StockVariance(code, text, snapshot.product, snapshot.location, snapshot.uom, expected, counted)


def _expected(
    before: InventoryPosition | None, events: Iterable[InventoryEvent], snapshot: InventoryPosition
) -> Decimal | None:
    if before is None or before.on_hand is None or before.as_of is None or snapshot.as_of is None:
        return None
    if before.as_of >= snapshot.as_of or before.uom != snapshot.uom:
        return None
    total = before.on_hand
    for event in events:
        if event.occurred_at is None or not before.as_of < event.occurred_at <= snapshot.as_of:
            continue
        effect = _effect(event, snapshot)
        if effect is None:
            return None
        total += effect
    return total


def _effect(event: InventoryEvent, position: InventoryPosition) -> Decimal | None:
    """What the event does to the position; None = not known in its unit."""
    if event.type not in _CHANGES_ON_HAND:
        return Decimal(0)
    moves = bool(event.from_location or event.to_location)
    # An empty part of the position's key stands for all: a warehouse's position over all its lots.
    parts = [p for p in _KEY if not (moves and p == "location")]
    if any(getattr(position, part) not in {"", getattr(event, part)} for part in parts):
        return Decimal(0)
    quantity = event.quantity.base
    unit = event.quantity.base_uom or event.quantity.uom
    if quantity is None or unit != position.uom:
        return None
    if not moves:
        return quantity
    if not position.location:
        inside, outside = bool(event.to_location), bool(event.from_location)
        return abs(quantity) * (inside - outside)
    return abs(quantity) * (
        (event.to_location == position.location) - (event.from_location == position.location)
    )
