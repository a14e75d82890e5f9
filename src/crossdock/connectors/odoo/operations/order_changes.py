"""Changes of sales orders that are there already: amended line by line, or cancelled, unless it is too late."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.faults import wizard
from crossdock.connectors.odoo.guards import Promise, compare_quantity, compare_totals, tolerance_of
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.operations.order_lines import (
    line_columns,
    line_name,
    read_lines,
    xrefs_of_lines,
)
from crossdock.connectors.odoo.operations.sales_orders import ORDER_FIELDS, order_id_of, totals_of
from crossdock.connectors.odoo.values import as_id, as_lines, as_number, as_text, number
from crossdock.core.errors import ConflictError, CrossdockError, Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["amend_order", "cancel_order", "look_up_amend", "look_up_cancel"]

_Stored = Mapping[str, Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class _Change:
    """What is to be done with one line: a new one, or other values (none = it is so already)."""

    key: str
    line: Mapping[str, Any]
    row_id: int = 0
    vals: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)


async def amend_order(desk: Desk, delivery: Delivery) -> Receipt:
    """Bring the lines of an order to absolute values; see the verb for the payload's form."""
    order, lines = await _read(desk, delivery)
    if order["state"] == "cancel":
        raise ConflictError(f"{order['name']} is cancelled in Odoo: it is not amended", code="B-CHG-CONFLICT")
    changes = [_change(delivery, order, lines, place) for place in range(len(as_lines(delivery.payload)))]
    await _add(desk, delivery, order, [change.line for change in changes if not change.row_id])
    commands = [[1, change.row_id, dict(change.vals)] for change in changes if change.vals]
    if commands:
        await desk.client.call("sale.order", "write", [order["id"]], vals={"order_line": commands})
    return await _amended(desk, delivery)


async def look_up_amend(desk: Desk, delivery: Delivery) -> Found:
    """Whether every line is as the change wants it."""
    order, lines = await _read(desk, delivery)
    try:
        changes = [_change(delivery, order, lines, place) for place in range(len(as_lines(delivery.payload)))]
    except RejectedError as error:
        return Found("absent", text=error.text)
    if any(change.vals or not change.row_id for change in changes):
        return Found("absent", text=f"{order['name']} is not as the change wants it")
    return Found("done", await _amended(desk, delivery))


async def cancel_order(desk: Desk, delivery: Delivery) -> Receipt:
    """Cancel an order of which nothing was delivered."""
    order = await _order(desk, delivery)
    if order["state"] != "cancel":
        await _refuse_if_delivered(desk, order)
        # Up to 16 a wizard asks; its answer is this context.
        answer = await desk.client.call(
            "sale.order", "action_cancel", [order["id"]], context={"disable_cancel_warning": True}
        )
        asked = wizard(answer, where="action_cancel")
        if asked is not None:
            raise asked
        order = await _order(desk, delivery)
        if order["state"] != "cancel":
            raise RejectedError(f"{order['name']} stays {order['state']}", code="T-ODOO-VALID")
    return Receipt(external_id=str(order["id"]), answer=totals_of(order))


async def look_up_cancel(desk: Desk, delivery: Delivery) -> Found:
    """Whether the order is cancelled."""
    try:
        order = await _order(desk, delivery)
    except ConflictError as error:
        return Found("unclear", text=error.text)
    if order["state"] != "cancel":
        return Found("absent", text=f"{order['name']} is {order['state']}")
    return Found("done", Receipt(external_id=str(order["id"]), answer=totals_of(order)))


def _change(delivery: Delivery, order: Mapping[str, Any], lines: _Stored, place: int) -> _Change:
    """What one line of the payload asks for, given what Odoo has.

    Raises:
        RejectedError: below what is delivered (B-CHG-LATE), no such line (B-UNK-LINE).
        ConflictError: a person has changed it since `before` (B-CHG-CONFLICT).
    """
    line, at = as_lines(delivery.payload)[place], f"lines[{place}]"
    key = as_text(line, "key", at=at, required=True)
    row = _row_of(delivery, line, key, lines)
    where = f"{order['name']} line {key}"
    if row is None:
        if as_text(line, "action") in {"change", "delete"} or as_text(line, "line_id"):
            raise RejectedError(f"{where} is not in Odoo", code="B-UNK-LINE", place=Place(path=at))
        return _Change(key, line)
    wanted = _wanted(line, at)
    vals = {name: value for name, value in wanted.items() if number(row[name]) != value}
    before = line.get("before") or {}
    for name, field in (("quantity", "product_uom_qty"), ("price_unit", "price_unit")):
        if field in vals and as_text(before, name) and number(row[field]) != number(before[name]):
            raise ConflictError(
                f"{where}: {name} was {before[name]} when the change was made, Odoo has {number(row[field])}",
                code="B-CHG-CONFLICT",
                place=Place(path=f"{at}.{name}"),
            )
    if "product_uom_qty" in vals and vals["product_uom_qty"] < number(row["qty_delivered"]):
        raise RejectedError(
            f"{where}: {vals['product_uom_qty']} is wanted, {number(row['qty_delivered'])} are delivered already",
            code="B-CHG-LATE",
            place=Place(path=f"{at}.quantity"),
        )
    return _Change(key, line, int(row["id"]), vals)


def _wanted(line: Mapping[str, Any], at: str) -> dict[str, Decimal]:
    if as_text(line, "action") == "delete":
        return {"product_uom_qty": Decimal(0)}
    wanted = {"product_uom_qty": as_number(line, "quantity", at=at)}
    for name in ("price_unit", "discount"):
        if as_text(line, name):
            wanted[name] = as_number(line, name, at=at)
    return wanted


def _row_of(
    delivery: Delivery, line: Mapping[str, Any], key: str, lines: _Stored
) -> Mapping[str, Any] | None:
    line_id = as_id(line, "line_id", required=False)
    if line_id:
        return next((row for row in lines.values() if row["id"] == line_id), None)
    return lines.get(line_name(delivery, key))


async def _add(
    desk: Desk, delivery: Delivery, order: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> None:
    """New lines by create-only load: a line written through the order has no name and would be doubled."""
    records = []
    for row in line_columns(delivery, lines):
        columns = {name: text for name, text in row.items() if name != "id"}
        records.append(NewRecord(row["id"], {"order_id/.id": str(order["id"]), **columns}))
    for result in await desk.loader.load("sale.order.line", records) if records else ():
        if isinstance(result, CrossdockError):
            raise result


async def _amended(desk: Desk, delivery: Delivery) -> Receipt:
    order, lines = await _read(desk, delivery)
    hold: RejectedError | None = None
    for place, line in enumerate(as_lines(delivery.payload)):
        key = as_text(line, "key")
        row = _row_of(delivery, line, key, lines)
        if row is None:
            raise ConflictError(f"{order['name']} line {key} is gone in Odoo", code="B-CHG-CONFLICT")
        quantity = _wanted(line, f"lines[{place}]")["product_uom_qty"]
        what = f"{order['name']} line {key}"
        hold = hold or compare_quantity(quantity, row["product_uom_qty"], what=what)
    hold = hold or compare_totals(
        Promise(delivery.payload), order, what=str(order["name"]), tolerance=tolerance_of(delivery)
    )
    keys = [as_text(line, "key") for line in as_lines(delivery.payload)]
    xrefs = xrefs_of_lines(delivery, keys, lines)
    return Receipt(external_id=str(order["id"]), xrefs=xrefs, answer=totals_of(order), hold=hold)


async def _refuse_if_delivered(desk: Desk, order: Mapping[str, Any]) -> None:
    """Odoo cancels an order with finished deliveries without a word; goods that left are not cancelled."""
    pickings = await desk.client.read("stock.picking", order["picking_ids"], ("name", "state"))
    done = [row["name"] for row in pickings.values() if row["state"] == "done"]
    if done:
        raise RejectedError(
            f"{order['name']} is not cancelled: {', '.join(sorted(done))} left the house already",
            code="B-CXL-LATE",
        )


async def _read(desk: Desk, delivery: Delivery) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    order = await _order(desk, delivery)
    return order, (await read_lines(desk.client, [order["id"]])).get(order["id"], {})


async def _order(desk: Desk, delivery: Delivery) -> dict[str, Any]:
    order_id = order_id_of(delivery)
    found = await desk.client.read("sale.order", [order_id], ORDER_FIELDS)
    if order_id not in found:
        raise gone("sale.order", order_id, delivery)
    return found[order_id]
