"""Sales orders: created once, confirmed, placed (both), with what Odoo made of them compared to the promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.batches import Batch, Result, refusals_apart
from crossdock.connectors.odoo.external_ids import external_name, resolve_name
from crossdock.connectors.odoo.faults import wizard
from crossdock.connectors.odoo.guards import Promise, compare_quantity, compare_totals, tolerance_of
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.operations.order_lines import (
    line_columns,
    line_name,
    read_lines,
    sent_quantities,
    xrefs_of_lines,
)
from crossdock.connectors.odoo.values import as_id, as_lines, as_moment, as_text, number
from crossdock.core.errors import ConflictError, CrossdockError, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = [
    "ORDER_FIELDS",
    "confirm_orders",
    "create_orders",
    "look_up_confirm",
    "look_up_order",
    "order_id_of",
    "place_orders",
]

ORDER_FIELDS = (
    "name", "state", "amount_untaxed", "amount_tax", "amount_total", "currency_id", "client_order_ref", "picking_ids",
)  # fmt: skip
_IDS = ("partner_id", "partner_invoice_id", "partner_shipping_id", "warehouse_id", "pricelist_id", "payment_term_id",
        "team_id", "carrier_id")  # fmt: skip
_TEXTS = ("client_order_ref", "origin", "note")
_MOMENTS = ("date_order", "commitment_date")
_UNSETTLED = frozenset({"draft", "sent"})


def order_name(delivery: Delivery) -> str:
    """The external id of a sales order."""
    return external_name("sales_order", delivery.company, delivery.object_key)


def order_id_of(delivery: Delivery) -> int:
    """The order's id: what the payload says, or our cross-reference.

    Raises:
        RejectedError: neither is there (T-SCHEMA).
    """
    return as_id(delivery.payload, "order_id", required=False) or as_id(
        {"order_id": delivery.external_id}, "order_id"
    )


async def create_orders(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Orders by create-only load; see the verb for the payload's form."""
    batch = Batch(deliveries)
    ids = await _ids_of_created(desk, batch)
    await _receipts(desk, batch, ids)
    return batch.in_order()


async def place_orders(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Create, compare, and confirm those that nothing speaks against."""
    results = await create_orders(desk, deliveries)
    good = {
        int(result.external_id): place
        for place, result in enumerate(results)
        if isinstance(result, Receipt) and result.hold is None
    }
    confirmed = await _confirm(desk, {key: deliveries[place] for key, place in good.items()})
    for key, place in good.items():
        made, then = results[place], confirmed[key]
        assert isinstance(made, Receipt)
        if isinstance(then, Receipt):
            answer = {**made.answer, **then.answer}
            results[place] = Receipt(external_id=made.external_id, xrefs=made.xrefs, answer=answer)
        elif isinstance(then, RejectedError):
            # The order is there: its cross-references must be kept while a person decides.
            results[place] = Receipt(made.external_id, made.xrefs, made.answer, hold=then)
        else:
            results[place] = then
    return results


async def confirm_orders(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Confirm orders; those that are confirmed already are done."""
    batch = Batch(deliveries)
    ids = batch.each(order_id_of)
    done = await _confirm(desk, {order_id: deliveries[place] for place, order_id in ids.items()})
    for place, order_id in ids.items():
        batch.results[place] = done[order_id]
    return batch.in_order()


async def look_up_order(desk: Desk, delivery: Delivery) -> Found:
    """Whether the order is there."""
    order_id = int(delivery.external_id or 0) or await resolve_name(desk.client, order_name(delivery))
    stored = await desk.client.read("sale.order", [order_id], ORDER_FIELDS) if order_id else {}
    if not order_id or order_id not in stored:
        return Found("absent", text=f"no sale.order bears {order_name(delivery)}")
    if delivery.operation.endswith(".place") and stored[order_id]["state"] in _UNSETTLED:
        return Found("absent", text=f"{stored[order_id]['name']} is there, not yet confirmed")
    batch = Batch([delivery])
    await _receipts(desk, batch, {0: order_id})
    result = batch.in_order()[0]
    if isinstance(result, CrossdockError):
        return Found("unclear", text=result.text)
    return Found("done", result)


async def look_up_confirm(desk: Desk, delivery: Delivery) -> Found:
    """Whether the order is confirmed."""
    order_id = order_id_of(delivery)
    stored = (await desk.client.read("sale.order", [order_id], ORDER_FIELDS)).get(order_id)
    if stored is None or stored["state"] != "sale":
        return Found("absent", text=f"sale.order {order_id} is {stored['state'] if stored else 'not there'}")
    return Found("done", _confirmed(stored))


async def _ids_of_created(desk: Desk, batch: Batch) -> dict[int, int]:
    """Order ids by place: known ones as they are, the others loaded."""
    known = {place: int(one.external_id) for place, one in batch.open if one.external_id}
    new = {
        place: record
        for place, record in batch.each(
            lambda one: None if one.external_id else _new_order(desk, one)
        ).items()
        if record is not None
    }
    loaded = await desk.loader.load("sale.order", list(new.values()))
    ids = {place: key for place, key in known.items() if place not in batch.results}
    for place, result in zip(new, loaded, strict=True):
        if isinstance(result, CrossdockError):
            batch.results[place] = result
        else:
            ids[place] = result
    return ids


def _new_order(desk: Desk, delivery: Delivery) -> NewRecord:
    payload = delivery.payload
    head = {"company_id/.id": str(desk.client.company_id)}
    for name in _IDS:
        value = as_id(payload, name, required=name == "partner_id")
        if not value and name == "warehouse_id":
            value = desk.settings.warehouse
        if value:
            head[f"{name}/.id"] = str(value)
    head.update({name: text for name in _TEXTS if (text := as_text(payload, name))})
    head.update({name: text for name in _MOMENTS if (text := as_moment(payload, name))})
    lines = line_columns(delivery, as_lines(payload))
    return NewRecord(order_name(delivery), head, lines, "order_line")


async def _receipts(desk: Desk, batch: Batch, ids: Mapping[int, int]) -> None:
    """Read back what Odoo made of the orders, and compare."""
    stored = await desk.client.read("sale.order", ids.values(), ORDER_FIELDS)
    lines = await read_lines(desk.client, stored)
    deliveries = dict(batch.open)
    for place, order_id in ids.items():
        delivery = deliveries[place]
        if order_id in stored:
            batch.results[place] = _receipt(delivery, stored[order_id], lines.get(order_id, {}))
        else:
            batch.results[place] = gone("sale.order", order_id, delivery)


def _receipt(delivery: Delivery, order: Mapping[str, Any], lines: Mapping[str, Mapping[str, Any]]) -> Receipt:
    sent = sent_quantities(as_lines(delivery.payload, required=False))
    return Receipt(
        external_id=str(order["id"]),
        xrefs=xrefs_of_lines(delivery, sent, lines),
        answer=totals_of(order),
        # Once a person has confirmed or cancelled it, its totals have been judged.
        hold=_hold(delivery, order, lines) if order["state"] in _UNSETTLED else None,
    )


def totals_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """What Odoo computed, for people."""
    amounts = {name: number(order[name]) for name in ("amount_untaxed", "amount_tax", "amount_total")}
    return {"name": order["name"], "state": order["state"], **amounts}


def _hold(
    delivery: Delivery, order: Mapping[str, Any], lines: Mapping[str, Mapping[str, Any]]
) -> RejectedError | None:
    for key, quantity in sent_quantities(as_lines(delivery.payload, required=False)).items():
        row = lines.get(line_name(delivery, key))
        what = f"{order['name']} line {key}"
        if row is None:
            return ConflictError(f"{what} is gone in Odoo", code="B-CHG-CONFLICT")
        differs = compare_quantity(quantity, row["product_uom_qty"], what=what)
        if differs is not None:
            return differs
    promise = Promise(delivery.payload)
    return compare_totals(promise, order, what=str(order["name"]), tolerance=tolerance_of(delivery))


async def _confirm(desk: Desk, deliveries: Mapping[int, Delivery]) -> dict[int, Result]:
    """Results by order id. The state is read first: Odoo refuses a whole batch for one that is confirmed."""
    before = await desk.client.read("sale.order", deliveries, ORDER_FIELDS)
    drafts = [key for key in deliveries if key in before and before[key]["state"] in _UNSETTLED]

    async def act(ids: Sequence[int]) -> None:
        asked = wizard(await desk.client.call("sale.order", "action_confirm", ids), where="action_confirm")
        if asked is not None:
            raise asked

    errors = await refusals_apart(drafts, act)
    after = await desk.client.read("sale.order", drafts, ORDER_FIELDS) if drafts else {}
    results: dict[int, Result] = {}
    for key, delivery in deliveries.items():
        order = after.get(key) or before.get(key)
        if order is None:
            results[key] = gone("sale.order", key, delivery)
        elif order["state"] == "sale" or order["state"] == "done":
            results[key] = _confirmed(order)
        elif order["state"] == "cancel":
            results[key] = ConflictError(
                f"{order['name']} is cancelled in Odoo: it is not confirmed",
                mend="compare both sides: cancel it at its source, or set it to draft in Odoo and retry",
            )
        else:
            unmoved = RejectedError(f"{order['name']} stays {order['state']}", code="T-ODOO-VALID")
            results[key] = errors.get(key, unmoved)
    return results


def _confirmed(order: Mapping[str, Any]) -> Receipt:
    answer = {**totals_of(order), "picking_ids": order["picking_ids"]}
    return Receipt(external_id=str(order["id"]), answer=answer)
