"""Deliveries, receipts, returns and counts on a real Odoo."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.core.errors import ConflictError, RejectedError
from crossdock.kit import Receipt

pytestmark = pytest.mark.live


def done(pickings, code="outgoing"):
    return [p for p in pickings if p["state"] == "done" and p["picking_type_code"] == code]


async def test_a_partial_shipment_twice_leaves_one_backorder(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5, 3)
    shipping = odoo.shipment(order_id, {lines[0]: 2, lines[1]: 3})
    first, second = await odoo.write(shipping), await odoo.write(shipping)
    assert isinstance(first, Receipt), first
    assert first == second
    assert await odoo.lines_of(order_id) == [(5, 2), (3, 3)]
    pickings = await odoo.pickings_of(order_id)
    assert sorted(p["state"] for p in pickings) == ["assigned", "done"]
    assert done(pickings)[0]["carrier_tracking_ref"] == shipping.payload["tracking"]


async def test_a_shipment_by_eight_at_once_happens_once(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5, 3)
    await odoo.eight_at_once(odoo.shipment(order_id, {lines[0]: 2, lines[1]: 1}))
    assert await odoo.lines_of(order_id) == [(5, 2), (3, 1)]
    assert len(await odoo.pickings_of(order_id)) == 2


@pytest.mark.parametrize("call", ["stock.picking/write", "button_validate", "mail.message/search_read"])
async def test_a_shipment_whose_answer_was_lost_happens_once(odoo, call):
    order_id, lines, _ = await odoo.confirmed_order(5)
    await odoo.with_lost_answer(odoo.shipment(order_id, {lines[0]: 2}), call)
    assert await odoo.lines_of(order_id) == [(5, 2)]
    assert len(await odoo.pickings_of(order_id)) == 2


async def test_shipments_of_one_order_in_one_batch_go_one_after_the_other(odoo):
    order_id, lines, _ = await odoo.confirmed_order(6)
    batch = [odoo.shipment(order_id, {lines[0]: 1}) for _ in range(3)]
    results = await odoo.connect().write("delivery.validate", batch)
    assert all(isinstance(r, Receipt) for r in results), results
    assert len({r.external_id for r in results}) == 3
    assert await odoo.lines_of(order_id) == [(6, 3)]


async def test_different_shipments_at_once_are_each_booked_once_or_told(odoo):
    order_id, lines, _ = await odoo.confirmed_order(8)
    batch = [odoo.shipment(order_id, {lines[0]: 1}) for _ in range(4)]
    await asyncio.gather(*(odoo.write(one) for one in batch))
    receipts = [await odoo.bring_home(one) for one in batch]
    assert len({r.external_id for r in receipts}) == 4
    assert await odoo.lines_of(order_id) == [(8, 4)]


async def test_a_batch_of_orders_is_validated_together_and_a_bad_one_stands_alone(odoo):
    product = await odoo.product()
    orders = [await odoo.confirmed_order(4, product=product) for _ in range(4)]
    batch = [odoo.shipment(order_id, {lines[0]: 1}) for order_id, lines, _ in orders]
    batch[1] = odoo.shipment(orders[1][0], {orders[1][1][0]: 9})
    batch[2] = odoo.shipment(orders[2][0], {orders[2][1][0]: 0})
    results = await odoo.connect().write("delivery.validate", batch)
    assert [type(r) for r in results] == [Receipt, RejectedError, RejectedError, Receipt]
    assert results[1].code == "B-OVER-PICK"
    assert await odoo.lines_of(orders[1][0]) == [(4, 0)]


async def test_without_backorder_the_rest_is_closed(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5, 3)
    result = await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 2}, backorder=False))
    assert result.external_id
    assert await odoo.lines_of(order_id) == [(5, 2), (3, 0)]
    assert [p["state"] for p in await odoo.pickings_of(order_id)] == ["done"]


async def test_what_a_person_shipped_or_cancelled_first_is_a_conflict(odoo):
    person = odoo.person()
    order_id, lines, _ = await odoo.confirmed_order(5)
    picking = (await odoo.pickings_of(order_id))[0]["id"]
    await person.call(
        "stock.picking", "button_validate", [picking], context={"skip_sms": True, "skip_backorder": True}
    )
    shipped = await odoo.write(odoo.shipment(order_id, {lines[0]: 2}))
    assert isinstance(shipped, ConflictError), shipped
    assert await odoo.lines_of(order_id) == [(5, 5)]
    other, lines, _ = await odoo.confirmed_order(5)
    await person.call("stock.picking", "action_cancel", [(await odoo.pickings_of(other))[0]["id"]])
    assert isinstance(await odoo.write(odoo.shipment(other, {lines[0]: 2})), ConflictError)
    third, lines, _ = await odoo.confirmed_order(5)
    await person.call("stock.picking", "unlink", [(await odoo.pickings_of(third))[0]["id"]])
    assert isinstance(await odoo.write(odoo.shipment(third, {lines[0]: 2})), ConflictError)


async def test_who_ships_between_our_look_and_our_write_is_not_overwritten(odoo):
    person = odoo.person()
    order_id, lines, _ = await odoo.confirmed_order(5)
    picking = (await odoo.pickings_of(order_id))[0]["id"]

    async def ship_it_all():
        context = {"skip_sms": True, "skip_backorder": True}
        await person.call("stock.picking", "button_validate", [picking], context=context)

    odoo.wire.before = ("stock.picking/write", ship_it_all)
    result = await odoo.write(odoo.shipment(order_id, {lines[0]: 2}), odoo.connect(url=odoo.wire.url))
    assert odoo.wire.before is None
    assert isinstance(result, ConflictError), result
    assert await odoo.lines_of(order_id) == [(5, 5)]


async def test_another_shipment_between_our_look_and_our_write_sends_us_to_the_backorder(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5)
    other, ours = odoo.shipment(order_id, {lines[0]: 1}), odoo.shipment(order_id, {lines[0]: 2})

    async def ship_the_other():
        await odoo.bring_home(other)

    odoo.wire.before = ("stock.picking/write", ship_the_other)
    result = await odoo.write(ours, odoo.connect(url=odoo.wire.url))
    assert isinstance(result, Receipt), result
    assert result.answer["tracking"] == ours.payload["tracking"]
    assert (await odoo.write(other)).answer["tracking"] == other.payload["tracking"]
    assert await odoo.lines_of(order_id) == [(5, 3)]


async def test_another_shipment_between_our_write_and_our_validation_is_told_apart(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5)
    other, ours = odoo.shipment(order_id, {lines[0]: 1}), odoo.shipment(order_id, {lines[0]: 2})

    async def ship_the_other():
        await odoo.bring_home(other)

    odoo.wire.before = ("button_validate", ship_the_other)
    await odoo.bring_home(ours, odoo.connect(url=odoo.wire.url))
    ids = {(await odoo.bring_home(one)).external_id for one in (other, ours)}
    assert len(ids) == 2
    assert await odoo.lines_of(order_id) == [(5, 3)]


async def test_lots_are_shipped_as_named_and_unknown_ones_refused(odoo):
    product = await odoo.product(tracking="lot", stock=0)
    client = odoo.connect().client
    lots = {name: odoo.key(name) for name in ("A", "B")}
    for name in lots.values():
        made = await client.call("stock.lot", "create", vals_list=[{"name": name, "product_id": product}])
        count = {"product_id": product, "warehouse_id": 1, "quantity": "10", "lot": name}
        assert made
        await odoo.bring_home(odoo.delivery("inventory.count", count))
    order_id, lines, _ = await odoo.confirmed_order(5, product=product)
    shipping = odoo.shipment(order_id, {lines[0]: 3})
    shipping.payload["lines"][0]["lots"] = [
        {"name": lots["B"], "quantity": "2"},
        {"name": lots["A"], "quantity": "1"},
    ]
    await odoo.eight_at_once(shipping)
    rows = await client.search_read(
        "stock.move.line",
        [["picking_id.sale_id", "=", order_id], ["state", "=", "done"]],
        ("lot_id", "quantity"),
    )
    assert sorted((row["lot_id"][1], row["quantity"]) for row in rows) == [(lots["A"], 1), (lots["B"], 2)]
    wrong = odoo.shipment(order_id, {lines[0]: 1})
    wrong.payload["lines"][0]["lots"] = [{"name": "NO-SUCH-LOT", "quantity": "1"}]
    refused = await odoo.write(wrong)
    assert refused.code == "B-LOT-MISM"


async def test_a_return_is_made_once_and_takes_back_what_was_delivered(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 4}))
    payload = {"order_id": order_id, "validate": True, "lines": [{"line_id": lines[0], "quantity": "3"}]}
    returning = odoo.delivery("return.create", payload, kind="return")
    await odoo.eight_at_once(returning)
    assert await odoo.lines_of(order_id) == [(5, 1)]
    assert len(done(await odoo.pickings_of(order_id), "incoming")) == 1
    more = odoo.delivery(
        "return.create", {**payload, "lines": [{"line_id": lines[0], "quantity": "2"}]}, kind="return"
    )
    refused = await odoo.write(more)
    assert refused.code == "B-RET-QTY"
    last = odoo.delivery(
        "return.create", {**payload, "lines": [{"line_id": lines[0], "quantity": "1"}]}, kind="return"
    )
    await odoo.with_lost_answer(last, "button_validate")
    assert await odoo.lines_of(order_id) == [(5, 0)]


async def test_a_count_is_absolute_and_safe_to_repeat(odoo):
    product = await odoo.product(stock=0)
    count = odoo.delivery("inventory.count", {"product_id": product, "warehouse_id": 1, "quantity": "500"})
    await odoo.eight_at_once(count)
    await odoo.with_lost_answer(
        odoo.delivery("inventory.count", {"product_id": product, "warehouse_id": 1, "quantity": "450"}),
        "stock.quant/create",
    )
    rows = await odoo.connect().client.search_read(
        "product.product", [["id", "=", product]], ("qty_available",)
    )
    assert rows[0]["qty_available"] == 450
    old = {"product_id": product, "warehouse_id": 1, "quantity": "9", "counted_at": "2020-01-01T00:00:00Z"}
    refused = await odoo.write(odoo.delivery("inventory.count", old))
    assert refused.code == "B-STK-VAR"


async def test_a_count_does_not_undo_what_moved_after_it_was_applied(odoo):
    product = await odoo.product(stock=0)
    count = odoo.delivery("inventory.count", {"product_id": product, "warehouse_id": 1, "quantity": "50"})
    await odoo.bring_home(count)
    order_id, lines, _ = await odoo.confirmed_order(5, product=product)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 5}))
    await odoo.bring_home(count)
    rows = await odoo.connect().client.search_read(
        "product.product", [["id", "=", product]], ("qty_available",)
    )
    assert rows[0]["qty_available"] == 45


async def test_purchases_are_made_confirmed_and_received_once(odoo):
    product = await odoo.product()
    payload = {
        "partner_id": await odoo.customer(),
        "partner_ref": odoo.key("PO"),
        "lines": [
            {"key": "1", "product_id": product, "quantity": "10", "price_unit": "2.5", "name": "thing"}
        ],
    }
    creating = odoo.delivery("purchase_order.create", payload, kind="purchase_order")
    made = await odoo.eight_at_once(creating)
    order_id, line_id = int(made.external_id), int(made.xrefs[0].external_id)
    client = odoo.connect().client
    found = await client.search_read(
        "purchase.order", [["partner_ref", "=", payload["partner_ref"]]], ("name",)
    )
    assert len(found) == 1
    await odoo.eight_at_once(odoo.delivery("purchase_order.confirm", {"order_id": order_id}))
    lines = [{"line_id": line_id, "quantity": "6"}]
    receiving = odoo.delivery("receipt.validate", {"order_id": order_id, "lines": lines}, kind="receipt")
    await odoo.eight_at_once(receiving)
    over = [{"line_id": line_id, "quantity": "9"}]
    await odoo.with_lost_answer(
        odoo.delivery("receipt.validate", {"order_id": order_id, "lines": over}, kind="receipt"),
        "button_validate",
    )
    rows = await client.search_read("purchase.order.line", [["order_id", "=", order_id]], ("qty_received",))
    assert rows[0]["qty_received"] == 15


async def test_a_cancelled_purchase_is_not_confirmed_though_odoo_says_true(odoo):
    payload = {
        "partner_id": await odoo.customer(),
        "lines": [{"key": "1", "product_id": await odoo.product(), "quantity": "1", "price_unit": "1"}],
    }
    order_id = int((await odoo.write(odoo.delivery("purchase_order.create", payload))).external_id)
    await odoo.person().call("purchase.order", "button_cancel", [order_id])
    result = await odoo.write(odoo.delivery("purchase_order.confirm", {"order_id": order_id}))
    assert isinstance(result, ConflictError)
