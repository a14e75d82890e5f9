"""Packing in the simulated warehouse: cartons and pallets with SSCCs whose check digits are right."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.wms.stock import ZERO, Pick, text
from crossdock.core.identifiers import check_digit

__all__ = ["Content", "Packed", "Packer"]

_PREFIX = "0950600013"
"""Extension digit and a company prefix that GS1 keeps for examples."""
_CARTON = Decimal(24)
_MOST_CARTONS = 40
_PALLET_FROM = 3


@dataclasses.dataclass(frozen=True)
class Content:
    """What was picked for a line."""

    line_id: str
    uom: str
    pick: Pick


@dataclasses.dataclass(frozen=True)
class Packed:
    """Handling units and what lies in them, as the API shows them."""

    handling_units: list[dict[str, Any]]
    contents: list[dict[str, Any]]
    picks: list[Pick]
    tracking: str


class Packer:
    """Numbers cartons, pallets and parcels; the n-th is always the same."""

    def __init__(self) -> None:
        self._serial = 0
        self._parcels = 0

    def sscc(self) -> str:
        self._serial += 1
        digits = f"{_PREFIX}{self._serial:07}"
        return digits + check_digit(digits)

    def pack(self, contents: Sequence[Content], weights: dict[str, Decimal]) -> Packed:
        """Put `contents` into cartons of 24 units, three cartons and more onto a pallet."""
        total = sum((content.pick.quantity for content in contents), ZERO)
        size = max(_CARTON, (total / _MOST_CARTONS).to_integral_value())
        self._parcels += 1
        tracking = f"1Z{self._parcels:010}"
        cartons: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        room = ZERO
        for content in contents:
            left = content.pick.quantity
            while left > 0:
                if room == 0:
                    cartons.append({"type": "carton", "sscc": self.sscc(), "tracking": tracking, "kg": ZERO})
                    room = size
                taken = min(left, room)
                room -= taken
                left -= taken
                cartons[-1]["kg"] += taken * weights[content.pick.sku]
                rows.append(_row(content, taken, cartons[-1]["sscc"]))
        return Packed(self._units(cartons), rows, [content.pick for content in contents], tracking)

    def _units(self, cartons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        pallet = self.sscc() if len(cartons) >= _PALLET_FROM else ""
        units = [
            {
                "hu_id": carton["sscc"],
                "parent_id": pallet,
                "type": carton["type"],
                "sscc": carton["sscc"],
                "tracking": carton["tracking"],
                "weight_kg": text(carton["kg"]),
            }
            for carton in cartons
        ]
        if pallet:
            kg = sum((carton["kg"] for carton in cartons), ZERO)
            tracking = cartons[0]["tracking"]
            top = {"hu_id": pallet, "parent_id": "", "type": "pallet", "sscc": pallet, "tracking": tracking}
            units.insert(0, {**top, "weight_kg": text(kg)})
        return units


def _row(content: Content, quantity: Decimal, hu_id: str) -> dict[str, Any]:
    return {
        "line_id": content.line_id,
        "sku": content.pick.sku,
        "hu_id": hu_id,
        "quantity": text(quantity),
        "uom": content.uom,
        "lot": content.pick.lot,
        "expiry": content.pick.expiry,
    }
