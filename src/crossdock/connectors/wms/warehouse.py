"""The simulated warehouse at work: ship orders go from received to shipped one step at a time. No I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from crossdock.connectors.wms.forms import AmendForm, FormError, LineForm, ShipOrderForm
from crossdock.connectors.wms.packing import Packer
from crossdock.connectors.wms.ship_order import (
    BEFORE_PICK,
    ENDED,
    Behaviour,
    Line,
    ShipOrder,
    Status,
    share_out,
)
from crossdock.connectors.wms.stock import Pick, Stock, text

__all__ = ["Emit", "ShipOrders"]

Emit = Callable[[str, dict[str, Any]], None]


class ShipOrders:
    """All ship orders, and the work on them.

    Args:
        emit: told what happened: type and data of the event.
        behaviour: what is to happen to a new order.
        shipment_prefix: of shipment numbers; a warehouse never gives one twice.
    """

    def __init__(
        self,
        stock: Stock,
        *,
        emit: Emit,
        now: Callable[[], str],
        behaviour: Callable[[ShipOrderForm], Behaviour],
        shipment_prefix: str = "SH-",
    ) -> None:
        self.all: dict[str, ShipOrder] = {}
        self.history: list[tuple[str, str]] = []
        self._open: dict[str, ShipOrder] = {}
        self._stock = stock
        self._emit = emit
        self._now = now
        self._behaviour = behaviour
        self._packer = Packer()
        self._shipments = 0
        self._prefix = shipment_prefix

    def show(self, reference: str) -> ShipOrder:
        """The order.

        Raises:
            FormError: 404 unknown_reference.
        """
        if reference not in self.all:
            raise FormError(404, "unknown_reference", f"no ship order has the reference {reference}")
        return self.all[reference]

    def create(self, form: ShipOrderForm) -> ShipOrder:
        """Take a new order.

        Raises:
            FormError: unknown item, other unit, or the reference is taken.
        """
        if form.reference in self.all:
            raise FormError(409, "duplicate_reference", f"there is a ship order {form.reference} already")
        order = ShipOrder(
            id=f"SO-{len(self.all) + 1:06}",
            reference=form.reference,
            order=form.order,
            form=form,
            revision=form.revision,
            behaviour=self._behaviour(form),
            lines=self._lines(form.lines),
        )
        self.all[form.reference] = self._open[form.reference] = order
        self.history.append(("create", form.reference))
        return order

    def amend(self, form: AmendForm) -> ShipOrder:
        """Replace the lines of an order that is not picked.

        Raises:
            FormError: unknown, ended or picked, or a newer revision is there.
        """
        order = self.show(form.reference)
        if form.revision <= order.revision:
            raise FormError(409, "stale_revision", f"{order.reference} has revision {order.revision} already")
        self._demand_unpicked(order, "change_after_pick")
        lines = self._lines(form.lines)
        self._give_back(order)
        order.lines = lines
        order.revision = form.revision
        order.status = "received" if order.status == "received" else "accepted"
        self._tell(order, "amended")
        return order

    def cancel(self, reference: str) -> ShipOrder:
        """Cancel an order that is not picked; cancelled again it stays as it is.

        Raises:
            FormError: 409 already_picked.
        """
        order = self.show(reference)
        if order.status == "cancelled":
            return order
        while order.behaviour == "late_cancel" and order.status in BEFORE_PICK:
            self._step(order)
        self._demand_unpicked(order, "already_picked")
        self._give_back(order)
        order.status = "cancelled"
        self._open.pop(reference, None)
        self._tell(order, "cancelled")
        return order

    def cancel_all(self, order_key: str) -> list[ShipOrder]:
        """Cancel all ship orders of an order, or none of them.

        Raises:
            FormError: 409 already_picked.
        """
        orders = [one for one in self.all.values() if one.order == order_key]
        for one in orders:
            while one.behaviour == "late_cancel" and one.status in BEFORE_PICK:
                self._step(one)
        for one in orders:
            if one.status != "cancelled":
                self._demand_unpicked(one, "already_picked")
        return [self.cancel(one.reference) for one in orders]

    def set_hold(self, reference: str, *, on_hold: bool) -> ShipOrder:
        """Stop work on an order, or let it go on."""
        order = self.show(reference)
        if order.status in ENDED:
            code = "cancelled" if order.status == "cancelled" else "change_after_pick"
            raise FormError(409, code, f"{reference} is {order.status}")
        if order.on_hold != on_hold:
            order.on_hold = on_hold
            self._tell(order, "held" if on_hold else "released")
        return order

    def advance(self) -> int:
        """One step for each open order that is not on hold; how many were moved."""
        moved = [order for order in self._open.values() if not order.on_hold]
        for order in moved:
            self._step(order)
        return len(moved)

    def rush(self, order: ShipOrder, *, steps: int) -> None:
        """Move one order on by `steps`, as far as it goes."""
        for _ in range(steps):
            if order.status not in ENDED:
                self._step(order)

    # The steps.

    def _step(self, order: ShipOrder) -> None:
        steps: Mapping[Status, Callable[[ShipOrder], None]] = {
            "received": self._accept,
            "accepted": self._allocate,
            "allocated": self._pick,
            "picked": self._pack,
            "packed": self._ship,
            "shipped_partial": self._pack,
        }
        steps[order.status](order)
        if order.status in ENDED:
            self._open.pop(order.reference, None)

    def _accept(self, order: ShipOrder) -> None:
        order.status = "accepted"
        self._tell(order, "accepted")

    def _allocate(self, order: ShipOrder) -> None:
        for place, line in enumerate(order.lines):
            wanted = line.quantity
            if order.behaviour == "short" and place == 0:
                wanted = (line.quantity / 2).to_integral_value(ROUND_FLOOR)
            line.picks = self._stock.allocate(line.sku, wanted, lots=line.lots)
            self._shorten(line, line.quantity - line.allocated, "out_of_stock")
        order.status = "allocated" if any(line.picks for line in order.lines) else "incomplete"
        if order.status == "allocated":
            self._tell(order, "allocated")
        if any(line.short for line in order.lines):
            self._tell(order, "short")

    def _pick(self, order: ShipOrder) -> None:
        first = next(line for line in order.lines if line.picks)
        damaged = self._find_damaged(first) if order.behaviour == "damaged" else None
        for line in order.lines:
            line.picked = line.allocated
        order.to_pack = share_out(order)
        order.status = "picked" if order.to_pack else "incomplete"
        if order.to_pack:
            self._tell(order, "picked")
        if damaged is not None:
            self._tell(order, "short")

    def _find_damaged(self, line: Line) -> Pick:
        pick = line.picks[0]
        bad = dataclasses.replace(pick, quantity=min(Decimal(1), pick.quantity))
        left = dataclasses.replace(pick, quantity=pick.quantity - bad.quantity)
        line.picks[:1] = [left] if left.quantity else []
        self._stock.damage(bad)
        self._shorten(line, bad.quantity, "damaged")
        adjustment = {"sku": bad.sku, "lot": bad.lot, "quantity": text(-bad.quantity), "reason": "damaged"}
        self._emit("stock.adjusted", {**adjustment, "kind": "disposition_change", **self._after(bad.sku)})
        return bad

    def _pack(self, order: ShipOrder) -> None:
        contents = order.to_pack.pop(0)
        weights = {line.sku: Decimal(self._stock.item(line.sku).weight_kg) for line in order.lines}
        order.packed = self._packer.pack(contents, weights)
        lines = {line.line_id: line for line in order.lines}
        for content in contents:
            lines[content.line_id].packed += content.pick.quantity
        order.status = "packed"
        units = {"handling_units": order.packed.handling_units, "contents": order.packed.contents}
        self._emit("ship_order.packed", {**order.row(), **units})

    def _ship(self, order: ShipOrder) -> None:
        assert order.packed is not None, "only what is packed is shipped"
        packed, order.packed = order.packed, None
        self._stock.ship(packed.picks)
        self._shipments += 1
        for line in order.lines:
            line.shipped = line.packed
        order.status = "shipped_partial" if order.to_pack else "shipped"
        shipment = {
            "shipment_no": f"{self._prefix}{self._shipments:06}",
            "sequence": len(order.shipments) + 1,
            "final": not order.to_pack,
            "shipped_at": self._now(),
            "carrier": order.form.carrier,
            "service": order.form.service,
            "tracking": [packed.tracking],
            "handling_units": packed.handling_units,
            "contents": packed.contents,
        }
        order.shipments.append(shipment)
        self._emit("ship_order.shipped", {**order.row(), "shipment": shipment})

    # Odds and ends of the steps.

    def _lines(self, forms: list[LineForm]) -> list[Line]:
        lines = []
        for place, form in enumerate(forms):
            item = self._stock.item(form.sku, field=f"lines[{place}].sku")
            if form.uom != item.uom:
                raise FormError(
                    422, "uom_mismatch", f"{form.sku} is kept in {item.uom}", field=f"lines[{place}].uom"
                )
            lines.append(Line(form.line_id, form.sku, form.uom, Decimal(form.quantity), form.lots))
        return lines

    def _demand_unpicked(self, order: ShipOrder, code: str) -> None:
        if order.status == "cancelled":
            raise FormError(409, "cancelled", f"{order.reference} is cancelled")
        if order.status not in BEFORE_PICK:
            raise FormError(409, code, f"{order.reference} is {order.status} already")

    def _give_back(self, order: ShipOrder) -> None:
        for line in order.lines:
            self._stock.give_back(line.picks)
            line.picks = []

    @staticmethod
    def _shorten(line: Line, quantity: Decimal, reason: str) -> None:
        if quantity:
            line.short += quantity
            line.short_reason = reason

    def _after(self, sku: str) -> dict[str, str]:
        return {
            "on_hand_after": text(self._stock.on_hand(sku)),
            "available_after": text(self._stock.available(sku)),
        }

    def _tell(self, order: ShipOrder, verb: str) -> None:
        if verb in {"amended", "cancelled", "held", "released"}:
            self.history.append((verb, order.reference))
        self._emit(f"ship_order.{verb}", order.row())
