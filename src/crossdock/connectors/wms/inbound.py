"""Goods announced to the simulated warehouse, and what comes in: as announced, damaged, short or over."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from crossdock.connectors.wms.forms import AdviceForm, FormError
from crossdock.connectors.wms.ship_order import Behaviour
from crossdock.connectors.wms.stock import ZERO, Stock, text
from crossdock.connectors.wms.warehouse import Emit

__all__ = ["Advice", "Advices"]


@dataclasses.dataclass
class Advice:
    """An announcement, and what came of it. The behaviour partial makes two receipts."""

    id: str
    form: AdviceForm
    behaviour: Behaviour
    status: str = "announced"
    receipts: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "reference": self.form.reference,
            "order": self.form.order,
            "kind": self.form.kind,
            "status": self.status,
        }


class Advices:
    """All announcements."""

    def __init__(
        self,
        stock: Stock,
        *,
        emit: Emit,
        now: Callable[[], str],
        behaviour: Callable[[AdviceForm], Behaviour],
    ) -> None:
        self.all: dict[str, Advice] = {}
        self._open: dict[str, Advice] = {}
        self._stock = stock
        self._emit = emit
        self._now = now
        self._behaviour = behaviour
        self._receipts = 0

    def show(self, reference: str) -> Advice:
        """The announcement.

        Raises:
            FormError: 404 unknown_reference.
        """
        if reference not in self.all:
            raise FormError(404, "unknown_reference", f"no advice has the reference {reference}")
        return self.all[reference]

    def create(self, form: AdviceForm) -> Advice:
        """Take an announcement.

        Raises:
            FormError: unknown item, or the reference is taken.
        """
        if form.reference in self.all:
            raise FormError(409, "duplicate_reference", f"there is an advice {form.reference} already")
        for place, line in enumerate(form.lines):
            self._stock.item(line.sku, field=f"lines[{place}].sku")
        advice = Advice(f"IA-{len(self.all) + 1:06}", form, self._behaviour(form))
        self.all[form.reference] = self._open[form.reference] = advice
        return advice

    def advance(self) -> int:
        """Receive what is announced; how many were moved."""
        moved = list(self._open.values())
        for advice in moved:
            self._receive(advice)
        return len(moved)

    def _receive(self, advice: Advice) -> None:
        self._receipts += 1
        receipt_no = f"RC-{self._receipts:06}"
        lines = [self._received_line(advice, place, receipt_no) for place in range(len(advice.form.lines))]
        final = advice.behaviour != "partial" or bool(advice.receipts)
        advice.status = "received" if final else "received_partial"
        receipt = {
            "receipt_no": receipt_no,
            "received_at": self._now(),
            "final": final,
            "lines": [
                line for line in lines if line["quantity_received"] != "0" or line["quantity_short"] != "0"
            ],
        }
        advice.receipts.append(receipt)
        if final:
            self._open.pop(advice.form.reference)
        self._emit("inbound.received", {**advice.row(), "receipt": receipt})

    def _received_line(self, advice: Advice, place: int, receipt_no: str) -> dict[str, Any]:
        form = advice.form.lines[place]
        expected = Decimal(form.quantity)
        came, damaged, short = expected, ZERO, ZERO
        if advice.behaviour == "partial":
            half = (expected / 2).to_integral_value(ROUND_FLOOR)
            came = expected - half if advice.receipts else half
        elif place == 0 and advice.behaviour == "short":
            came = expected - min(Decimal(1), expected)
            short = expected - came
        elif place == 0 and advice.behaviour == "over":
            came = expected + 1
        elif place == 0 and advice.behaviour == "damaged":
            damaged = min(Decimal(1), expected)
        lot = self._shelve(form.sku, came - damaged, receipt_no)
        if damaged:
            self._stock.set_aside(form.sku, damaged)
        return {
            "line_id": form.line_id,
            "sku": form.sku,
            "uom": form.uom,
            "quantity_expected": text(expected),
            "quantity_received": text(came),
            "quantity_accepted": text(came - damaged),
            "quantity_damaged": text(damaged),
            "quantity_short": text(short),
            "quantity_over": text(max(came - expected, ZERO)),
            "lot": lot,
        }

    def _shelve(self, sku: str, quantity: Decimal, receipt_no: str) -> str:
        """Put good goods on the shelf; the name of their lot, if the item has lots."""
        lot = f"LOT-{receipt_no}" if self._stock.item(sku).lot_tracked else ""
        if quantity:
            self._stock.add(sku, quantity, lot=lot)
        return lot
