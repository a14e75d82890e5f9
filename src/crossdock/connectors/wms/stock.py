"""Stock of the simulated warehouse: items and lots, what is free, what is taken, what is damaged. Exact."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.wms.forms import FormError, ItemForm

__all__ = ["Lot", "Pick", "Stock"]

ZERO = Decimal(0)


@dataclasses.dataclass
class Lot:
    """Goods of one lot; items without lots have one with the name ''."""

    name: str
    expiry: str = ""
    on_hand: Decimal = ZERO
    allocated: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.allocated


@dataclasses.dataclass(frozen=True)
class Pick:
    """So much of a lot, taken for a line."""

    sku: str
    lot: str
    expiry: str
    quantity: Decimal


class Stock:
    """All items with their lots. `now` gives the time of a change as text."""

    def __init__(self, now: Callable[[], str]) -> None:
        self.items: dict[str, ItemForm] = {}
        self.damaged: dict[str, Decimal] = {}
        self.changed_at: dict[str, str] = {}
        self._lots: dict[str, dict[str, Lot]] = {}
        self._now = now

    def set_item(self, item: ItemForm) -> None:
        self.items[item.sku] = item
        self._lots.setdefault(item.sku, {})
        self.damaged.setdefault(item.sku, ZERO)
        if item.sku not in self.changed_at:
            self.touch(item.sku)

    def item(self, sku: str, *, field: str = "") -> ItemForm:
        """The item.

        Raises:
            FormError: 422 unknown_sku.
        """
        if sku not in self.items:
            raise FormError(422, "unknown_sku", f"no item has the SKU {sku}", field=field)
        return self.items[sku]

    def add(self, sku: str, quantity: Decimal, *, lot: str = "", expiry: str = "") -> None:
        """Put `quantity` on the shelf, or take it off when negative.

        Raises:
            FormError: 409, more would be taken off than is free.
        """
        item = self.item(sku)
        name = (lot or "L0001") if item.lot_tracked else ""
        found = self._lots[sku].setdefault(name, Lot(name, expiry))
        if found.free + quantity < 0:
            raise FormError(409, "not_enough", f"only {found.free} of {sku} {name} are free")
        found.on_hand += quantity
        self.touch(sku)

    def allocate(self, sku: str, quantity: Decimal, *, lots: Sequence[str] = ()) -> list[Pick]:
        """Take up to `quantity`, first expiring first; what is missing is simply not there."""
        picks: list[Pick] = []
        for lot in sorted(self._lots[sku].values(), key=lambda lot: (lot.expiry or "9999", lot.name)):
            taken = min(lot.free, quantity)
            if taken > 0 and (not lots or lot.name in lots):
                lot.allocated += taken
                quantity -= taken
                picks.append(Pick(sku, lot.name, lot.expiry, taken))
        if picks:
            self.touch(sku)
        return picks

    def give_back(self, picks: Sequence[Pick]) -> None:
        for pick in picks:
            self._lots[pick.sku][pick.lot].allocated -= pick.quantity
            self.touch(pick.sku)

    def ship(self, picks: Sequence[Pick]) -> None:
        for pick in picks:
            lot = self._lots[pick.sku][pick.lot]
            lot.allocated -= pick.quantity
            lot.on_hand -= pick.quantity
            self.touch(pick.sku)

    def damage(self, pick: Pick) -> None:
        """What was taken turns out to be damaged: set aside, still in the house."""
        self.ship([pick])
        self.damaged[pick.sku] += pick.quantity

    def set_aside(self, sku: str, quantity: Decimal) -> None:
        """Put goods that came in damaged aside."""
        self.damaged[sku] += quantity
        self.touch(sku)

    def touch(self, sku: str) -> None:
        self.changed_at[sku] = self._now()

    def on_hand(self, sku: str) -> Decimal:
        """All that is in the house, damaged goods included."""
        return sum((lot.on_hand for lot in self._lots[sku].values()), ZERO) + self.damaged[sku]

    def available(self, sku: str) -> Decimal:
        return sum((lot.free for lot in self._lots[sku].values()), ZERO)

    def row(self, sku: str) -> dict[str, Any]:
        """The item's stock as the API shows it."""
        lots = [lot for lot in self._lots[sku].values() if lot.on_hand]
        return {
            "sku": sku,
            "uom": self.items[sku].uom,
            "on_hand": text(self.on_hand(sku)),
            "allocated": text(sum((lot.allocated for lot in lots), ZERO)),
            "available": text(self.available(sku)),
            "damaged": text(self.damaged[sku]),
            "as_of": self.changed_at[sku],
            "lots": [
                {"lot": lot.name, "expiry": lot.expiry, "on_hand": text(lot.on_hand)}
                for lot in lots
                if lot.name
            ],
        }


def text(quantity: Decimal) -> str:
    """A quantity as the API writes it: no exponent, no zeros at the end."""
    plain = f"{quantity:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
