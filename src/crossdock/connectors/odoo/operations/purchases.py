"""Purchase orders: created once by create-only load, confirmed after a look at their state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.batches import Batch, Result, refusals_apart
from crossdock.connectors.odoo.external_ids import external_name, name_ids, resolve_name
from crossdock.connectors.odoo.guards import Promise, compare_totals, tolerance_of
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.operations.sales_orders import order_id_of, totals_of
from crossdock.connectors.odoo.values import as_id, as_lines, as_moment, as_number, as_text, plain
from crossdock.core.errors import ConflictError, CrossdockError, RejectedError
from crossdock.kit import Delivery, Found, Receipt, XrefClaim

__all__ = ["confirm_purchases", "create_purchases", "look_up_purchase", "look_up_purchase_confirm"]

_FIELDS = (
    "name",
    "state",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "currency_id",
    "order_line",
    "picking_ids",
)
_UNSETTLED = frozenset({"draft", "sent"})
_CONFIRMED = frozenset({"purchase", "done", "to approve"})
_LINE_KIND = "purchase_order.line"


async def create_purchases(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Purchase orders by create-only load; see the verb for the payload's form."""
    batch = Batch(deliveries)
    known = {place: int(one.external_id) for place, one in batch.open if one.external_id}
    new = {
        place: record
        for place, record in batch.each(
            lambda one: None if one.external_id else _new_order(desk, one)
        ).items()
        if record is not None
    }
    ids = {place: key for place, key in known.items() if place not in batch.results}
    for place, result in zip(new, await desk.loader.load("purchase.order", list(new.values())), strict=True):
        if isinstance(result, CrossdockError):
            batch.results[place] = result
        else:
            ids[place] = result
    await _receipts(desk, batch, ids)
    return batch.in_order()


async def confirm_purchases(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Confirm purchase orders. Odoo answers success for a cancelled one: states are read before and after."""
    batch = Batch(deliveries)
    ids = batch.each(order_id_of)
    before = await desk.client.read("purchase.order", ids.values(), _FIELDS)
    drafts = sorted({key for key in ids.values() if key in before and before[key]["state"] in _UNSETTLED})

    async def act(part: Sequence[int]) -> None:
        await desk.client.call("purchase.order", "button_confirm", part)

    errors = await refusals_apart(drafts, act)
    after = {**before, **(await desk.client.read("purchase.order", drafts, _FIELDS) if drafts else {})}
    for place, order_id in ids.items():
        delivery = deliveries[place]
        order = after.get(order_id)
        if order is None:
            batch.results[place] = gone("purchase.order", order_id, delivery)
        elif order["state"] in _CONFIRMED:
            batch.results[place] = Receipt(
                str(order_id), answer={**totals_of(order), "picking_ids": order["picking_ids"]}
            )
        elif order["state"] == "cancel":
            batch.results[place] = ConflictError(f"{order['name']} is cancelled in Odoo: it is not confirmed")
        else:
            stays = RejectedError(f"{order['name']} stays {order['state']}", code="T-ODOO-VALID")
            batch.results[place] = errors.get(order_id, stays)
    return batch.in_order()


async def look_up_purchase(desk: Desk, delivery: Delivery) -> Found:
    """Whether the purchase order is there."""
    order_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not order_id:
        return Found("absent", text=f"no purchase.order bears {_name(delivery)}")
    batch = Batch([delivery])
    await _receipts(desk, batch, {0: order_id})
    result = batch.in_order()[0]
    return Found("unclear", text=result.text) if isinstance(result, CrossdockError) else Found("done", result)


async def look_up_purchase_confirm(desk: Desk, delivery: Delivery) -> Found:
    """Whether the purchase order is confirmed."""
    order_id = order_id_of(delivery)
    order = (await desk.client.read("purchase.order", [order_id], _FIELDS)).get(order_id)
    if order is None or order["state"] not in _CONFIRMED:
        return Found(
            "absent", text=f"purchase.order {order_id} is {order['state'] if order else 'not there'}"
        )
    return Found(
        "done", Receipt(str(order_id), answer={**totals_of(order), "picking_ids": order["picking_ids"]})
    )


def _name(delivery: Delivery, part: str = "") -> str:
    return external_name("purchase_order", delivery.company, delivery.object_key, part)


def _new_order(desk: Desk, delivery: Delivery) -> NewRecord:
    payload = delivery.payload
    head = {
        "company_id/.id": str(desk.client.company_id),
        "partner_id/.id": str(as_id(payload, "partner_id")),
    }
    head.update({name: text for name in ("partner_ref", "origin") if (text := as_text(payload, name))})
    head.update({name: text for name in ("date_order", "date_planned") if (text := as_moment(payload, name))})
    for name in ("picking_type_id", "dest_address_id"):
        if value := as_id(payload, name, required=False):
            head[f"{name}/.id"] = str(value)
    given = as_lines(payload)
    texts = all(as_text(line, "name") for line in given)
    dates = all(as_moment(line, "date_planned") for line in given)
    lines = []
    for place, line in enumerate(given):
        at = f"lines[{place}]"
        row = {
            "id": _name(delivery, as_text(line, "key", at=at, required=True)),
            "product_id/.id": str(as_id(line, "product_id", at=at)),
            "product_qty": plain(as_number(line, "quantity", at=at)),
        }
        if as_text(line, "price_unit"):
            row["price_unit"] = plain(as_number(line, "price_unit", at=at))
        if texts:
            row["name"] = as_text(line, "name")
        if dates:
            row["date_planned"] = as_moment(line, "date_planned", at=at)
        lines.append(row)
    return NewRecord(_name(delivery), head, lines, "order_line")


async def _receipts(desk: Desk, batch: Batch, ids: Mapping[int, int]) -> None:
    stored = await desk.client.read("purchase.order", ids.values(), _FIELDS)
    lines = await name_ids(
        desk.client, "purchase.order.line", [key for row in stored.values() for key in row["order_line"]]
    )
    deliveries = dict(batch.open)
    for place, order_id in ids.items():
        delivery = deliveries[place]
        order = stored.get(order_id)
        batch.results[place] = (
            gone("purchase.order", order_id, delivery) if order is None else _receipt(delivery, order, lines)
        )


def _receipt(delivery: Delivery, order: Mapping[str, Any], lines: Mapping[str, int]) -> Receipt:
    keys = [as_text(line, "key") for line in as_lines(delivery.payload, required=False)]
    xrefs = tuple(
        XrefClaim(_LINE_KIND, f"{delivery.object_key}/{key}", str(lines[name]))
        for key in keys
        if (name := _name(delivery, key)) in lines
    )
    hold = None
    if order["state"] in _UNSETTLED:
        promise, tolerance = Promise(delivery.payload), tolerance_of(delivery)
        hold = compare_totals(promise, order, what=str(order["name"]), tolerance=tolerance)
    return Receipt(str(order["id"]), xrefs, totals_of(order), hold)
