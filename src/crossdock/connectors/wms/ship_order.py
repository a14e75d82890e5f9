"""A ship order of the simulated warehouse, how far its lines are, and how it is shared out over shipments."""

from __future__ import annotations

import dataclasses
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from crossdock.connectors.wms.forms import ShipOrderForm
from crossdock.connectors.wms.packing import Content, Packed
from crossdock.connectors.wms.stock import ZERO, Pick, text

__all__ = ["BEFORE_PICK", "ENDED", "Behaviour", "Line", "ShipOrder", "Status", "share_out"]

Behaviour = Literal["full", "partial", "short", "damaged", "late_cancel", "over"]
"""What happens to an order (or, where it fits, to an advice).

full: as asked. partial: in two shipments. short: half of the first line is not there, closed short. damaged: one
unit of the first line is found damaged. late_cancel: a cancel always comes after picking. over: an advice only,
more comes in than was announced.
"""

Status = Literal[
    "received",
    "accepted",
    "allocated",
    "picked",
    "packed",
    "shipped_partial",
    "shipped",
    "incomplete",
    "cancelled",
]
BEFORE_PICK = frozenset({"received", "accepted", "allocated"})
ENDED = frozenset({"shipped", "incomplete", "cancelled"})


@dataclasses.dataclass
class Line:
    """A line, and how far it is. Ordered = shipped + short + cancelled when the order has ended."""

    line_id: str
    sku: str
    uom: str
    quantity: Decimal
    lots: list[str]
    picks: list[Pick] = dataclasses.field(default_factory=list)
    picked: Decimal = ZERO
    packed: Decimal = ZERO
    shipped: Decimal = ZERO
    short: Decimal = ZERO
    short_reason: str = ""

    @property
    def allocated(self) -> Decimal:
        return sum((pick.quantity for pick in self.picks), ZERO)

    def row(self) -> dict[str, Any]:
        return {
            "line_id": self.line_id,
            "sku": self.sku,
            "uom": self.uom,
            "quantity": text(self.quantity),
            "quantity_allocated": text(self.allocated),
            "quantity_picked": text(self.picked),
            "quantity_packed": text(self.packed),
            "quantity_shipped": text(self.shipped),
            "quantity_short": text(self.short),
            "short_reason": self.short_reason,
        }


@dataclasses.dataclass
class ShipOrder:
    """A ship order in the house."""

    id: str
    reference: str
    order: str
    form: ShipOrderForm
    revision: int
    behaviour: Behaviour
    lines: list[Line]
    status: Status = "received"
    on_hold: bool = False
    to_pack: list[list[Content]] = dataclasses.field(default_factory=list)
    packed: Packed | None = None
    shipments: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The order as the API and the events show it."""
        return {
            "id": self.id,
            "reference": self.reference,
            "order": self.order,
            "revision": self.revision,
            "status": self.status,
            "on_hold": self.on_hold,
            "lines": [line.row() for line in self.lines],
        }


def share_out(order: ShipOrder) -> list[list[Content]]:
    """What goes into each shipment: all into one, or about half of each line into each of two."""
    first: list[Content] = []
    second: list[Content] = []
    for line in order.lines:
        for pick in line.picks:
            early = pick.quantity
            if order.behaviour == "partial":
                early = (pick.quantity / 2).to_integral_value(ROUND_FLOOR)
            for part, quantity in ((first, early), (second, pick.quantity - early)):
                if quantity:
                    part.append(Content(line.line_id, line.uom, dataclasses.replace(pick, quantity=quantity)))
    return [part for part in (first, second) if part]
