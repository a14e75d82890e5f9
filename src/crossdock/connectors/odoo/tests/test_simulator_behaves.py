"""What people and programs do to orders, stock, invoices and payments, beyond the recorded flows."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.connectors.odoo.simulator import (
    ADMIN_KEY,
    DemoSize,
    LatencyModel,
)
from crossdock.connectors.odoo.simulator.faults import ServerError
from crossdock.connectors.odoo.tests.shop import FIELDS, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_a_load_of_a_changed_order_resets_what_people_changed(shop: Shop) -> None:
    (key,) = (await shop.load("a"))["ids"]
    await shop.call("sale.order", "write", key, by=ADMIN_KEY, vals={"client_order_ref": "by a person"})
    assert (await shop.load("a"))["ids"] == [key]
    assert (await shop.read("sale.order", key, "client_order_ref"))["client_order_ref"] == "a"


async def test_a_load_of_a_cancelled_order_says_success(shop: Shop) -> None:
    (key,) = (await shop.load("a"))["ids"]
    await shop.call("sale.order", "action_confirm", key)
    await shop.call("sale.order", "action_cancel", key)
    assert (await shop.load("a"))["ids"] == [key]
    assert (await shop.read("sale.order", key, "state"))["state"] == "cancel"


async def test_a_load_of_a_deleted_order_makes_a_new_one(shop: Shop) -> None:
    (key,) = (await shop.load("a"))["ids"]
    await shop.call("sale.order", "unlink", key, by=ADMIN_KEY)
    (other,) = (await shop.load("a"))["ids"]
    assert other != key


async def test_a_load_reads_times_in_the_users_zone_unless_the_call_names_one(shop: Shop) -> None:
    (key,) = (await shop.load("a", by=ADMIN_KEY))["ids"]
    assert (await shop.read("sale.order", key, "date_order"))["date_order"] == "2026-11-23 16:00:00"
    await shop.load("a", by=ADMIN_KEY, context={"tz": "UTC"})
    assert (await shop.read("sale.order", key, "date_order"))["date_order"] == "2026-11-23 17:00:00"


async def test_a_load_names_all_bad_references_and_keeps_nothing(shop: Shop) -> None:
    good = ["__t__.good", str(shop.customer), "good", "", "__t__.good_1", str(shop.product()), "1", "1"]
    bad = ["__t__.bad", "999999", "bad", "", "__t__.bad_1", str(shop.product()), "1", "1"]
    worse = ["__t__.worse", str(shop.customer), "worse", "", "__t__.worse_1", "888888", "1", "1"]
    answer = await shop.call("sale.order", "load", fields=FIELDS, data=[good, bad, worse])
    assert answer["ids"] is False
    named = [
        (one["record"], one["message"].partition("'")[2].partition("'")[0]) for one in answer["messages"]
    ]
    assert named[:2] == [(1, "999999"), (2, "888888")]
    assert await shop.call("sale.order", "search_count", domain=[]) == 0


async def test_rows_of_one_load_may_point_to_each_other(shop: Shop) -> None:
    data = [["__t__.head", "Head", ""], ["__t__.branch", "Branch", "__t__.head"]]
    answer = await shop.call("res.partner", "load", fields=["id", "name", "parent_id/id"], data=data)
    head, branch = answer["ids"]
    assert (await shop.read("res.partner", branch, "parent_id"))["parent_id"] == [head, "Head"]


@given(st.decimals(min_value="0.001", max_value="9999", places=3))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_quantity_is_rounded_to_two_decimals_without_a_word(shop: Shop, quantity: Any) -> None:
    (key,) = (await shop.load("q", str(quantity)))["ids"]
    (line,) = (await shop.read("sale.order", key, "order_line"))["order_line"]
    kept = (await shop.read("sale.order.line", line, "product_uom_qty"))["product_uom_qty"]
    assert abs(kept - float(quantity)) <= 0.005 + 1e-9
    assert round(kept, 2) == kept


async def test_one_order_that_cannot_be_confirmed_leaves_the_whole_batch_as_it_was(shop: Shop) -> None:
    good, bad = await shop.order(("CD-1001", 2)), await shop.order(("CD-1001", 2))
    await shop.call("sale.order", "action_cancel", bad)
    with pytest.raises(ServerError) as caught:
        await shop.call("sale.order", "action_confirm", good, bad)
    assert (caught.value.name, caught.value.status) == ("odoo.exceptions.UserError", 422)
    order = await shop.read("sale.order", good, "state", "picking_ids")
    assert (order["state"], order["picking_ids"]) == ("draft", [])


async def test_a_failed_call_leaves_no_trace(shop: Shop) -> None:
    before = json.dumps(shop.odoo.state())
    lines = [[0, 0, {"product_id": shop.product()}], [0, 0, {"product_id": 999}]]
    with pytest.raises(ServerError):
        await shop.call(
            "sale.order", "create", vals_list=[{"partner_id": shop.customer, "order_line": lines}]
        )
    assert json.dumps(shop.odoo.state()) == before


async def test_the_text_of_a_line_does_not_touch_its_order_but_a_quantity_does(shop: Shop) -> None:
    order = await shop.confirmed(("CD-1001", 5))
    shop.clock.advance(10)
    await shop.call("sale.order.line", "write", *order["order_line"], vals={"name": "other text"})
    assert (await shop.read("sale.order", order["id"], "write_date"))["write_date"] == order["write_date"]
    await shop.call("sale.order.line", "write", *order["order_line"], vals={"product_uom_qty": 8})
    assert (await shop.read("sale.order", order["id"], "write_date"))["write_date"] > order["write_date"]
    (picking,) = order["picking_ids"]
    moves = await shop.call(
        "stock.move", "search_read", domain=[["picking_id", "=", picking]], fields=["quantity"]
    )
    assert [move["quantity"] for move in moves] == [8.0]


async def test_a_write_date_is_the_start_of_a_long_transaction() -> None:
    shop = Shop(latency=LatencyModel(scale=100.0))
    started = shop.clock.now()
    key = await shop.order(("CD-1001", 1))
    assert shop.clock.now() - started > dt.timedelta(seconds=10)
    assert (await shop.read("sale.order", key, "write_date"))["write_date"] == f"{started:%Y-%m-%d %H:%M:%S}"


async def test_availability_is_told_per_warehouse(shop: Shop) -> None:
    shop.odoo.seed_demo(DemoSize(customers=0, products=0, suppliers=0, companies=2))
    product = shop.product()
    (whole,) = await shop.call(
        "product.product", "read", product, fields=["free_qty"], context={"warehouse_id": 1}
    )
    await shop.confirmed(("CD-1001", 10))
    levels = ["free_qty", "qty_available", "virtual_available"]
    (first,) = await shop.call("product.product", "read", product, fields=levels, context={"warehouse_id": 1})
    (second,) = await shop.call(
        "product.product", "read", product, fields=levels, context={"warehouse_id": 2}
    )
    assert first["free_qty"] == first["virtual_available"] == whole["free_qty"] - 10
    assert first["qty_available"] == whole["free_qty"]
    assert second == {"id": product, "free_qty": 0.0, "qty_available": 0.0, "virtual_available": 0.0}


async def test_tracking_and_quantities_of_many_in_one_write_then_one_validation_makes_the_back_orders(
    shop: Shop,
) -> None:
    orders = [await shop.confirmed(("CD-1001", 5)) for _ in range(3)]
    pickings = [order["picking_ids"][0] for order in orders]
    for number, picking in enumerate(pickings):
        (move,) = (await shop.read("stock.picking", picking, "move_ids"))["move_ids"]
        vals = {
            "carrier_tracking_ref": f"T{number}",
            "move_ids": [[1, move, {"quantity": 2, "picked": True}]],
        }
        await shop.call("stock.picking", "write", picking, vals=vals)
    context = {"skip_backorder": True, "skip_sms": True}
    assert await shop.call("stock.picking", "button_validate", *pickings, context=context) is True
    for number, picking in enumerate(pickings):
        done = await shop.read("stock.picking", picking, "state", "backorder_ids", "carrier_tracking_ref")
        assert (done["state"], done["carrier_tracking_ref"]) == ("done", f"T{number}")
        later = await shop.read("stock.picking", done["backorder_ids"][0], "state", "carrier_tracking_ref")
        assert (later["state"], later["carrier_tracking_ref"]) == ("assigned", False)


async def test_what_is_invoiced_by_delivery_waits_for_it(shop: Shop) -> None:
    order = await shop.confirmed(("CD-1004", 5))
    context = {"active_model": "sale.order", "active_ids": [order["id"]]}
    (wizard,) = await shop.call("sale.advance.payment.inv", "create", vals_list=[{}], context=context)
    with pytest.raises(ServerError, match="Cannot create an invoice"):
        await shop.call("sale.advance.payment.inv", "create_invoices", wizard, context=context)
    await shop.call("stock.picking", "button_validate", *order["picking_ids"], context={"skip_sms": True})
    made = await shop.call("sale.advance.payment.inv", "create_invoices", wizard, context=context)
    assert (await shop.read("account.move", made["res_id"], "state"))["state"] == "draft"


async def test_a_lot_that_a_receipt_names_is_made_and_can_be_shipped(shop: Shop) -> None:
    product = shop.product("CD-1003")
    line = [0, 0, {"product_id": product, "product_qty": 4, "price_unit": 1}]
    supplier = shop.ids["suppliers"]["SUP-1001"]
    (bought,) = await shop.call(
        "purchase.order", "create", vals_list=[{"partner_id": supplier, "order_line": [line]}]
    )
    await shop.call("purchase.order", "button_confirm", bought)
    (picking,) = (await shop.read("purchase.order", bought, "picking_ids"))["picking_ids"]
    with pytest.raises(ServerError, match="Lot/Serial"):
        await shop.call("stock.picking", "button_validate", picking)
    (move,) = await shop.call(
        "stock.move", "search_read", domain=[["picking_id", "=", picking]], fields=["move_line_ids"]
    )
    new = {"move_id": move["id"], "product_id": product, "lot_name": "NEW-1", "quantity": 4, "picked": True}
    commands = [*([2, one] for one in move["move_line_ids"]), [0, 0, new]]
    await shop.call("stock.picking", "write", picking, vals={"move_line_ids": commands})
    assert await shop.call("stock.picking", "button_validate", picking) is True
    quants = await shop.call(
        "stock.quant",
        "search_read",
        domain=[["lot_id.name", "=", "NEW-1"], ["quantity", ">", 0]],
        fields=["quantity"],
    )
    assert [quant["quantity"] for quant in quants] == [4.0]


async def _posted_invoice(shop: Shop) -> int:
    line = [0, 0, {"product_id": shop.product(), "quantity": 4, "price_unit": 12.5}]
    vals = {"move_type": "out_invoice", "partner_id": shop.customer, "invoice_line_ids": [line]}
    (key,) = await shop.call("account.move", "create", vals_list=[vals])
    await shop.call("account.move", "action_post", key)
    return key


async def test_a_loaded_payment_settles_its_invoice_only_when_it_is_assigned(shop: Shop) -> None:
    invoice = await _posted_invoice(shop)
    fields = ["id", "partner_id/.id", "amount", "memo", "invoice_ids/.id"]
    data = [["__t__.p", str(shop.customer), "20", "memo", str(invoice)]]
    (key,) = (await shop.call("account.payment", "load", fields=fields, data=data))["ids"]
    await shop.call("account.payment", "action_post", key)
    assert (await shop.read("account.move", invoice, "payment_state"))["payment_state"] == "not_paid"
    entry = (await shop.read("account.payment", key, "move_id"))["move_id"][0]
    domain = [["move_id", "=", entry], ["account_type", "=", "asset_receivable"], ["reconciled", "=", False]]
    (item,) = await shop.call("account.move.line", "search", domain=domain)
    await shop.call("account.move", "js_assign_outstanding_line", invoice, line_id=item)
    paid = await shop.read("account.move", invoice, "payment_state", "amount_residual")
    assert (paid["payment_state"], paid["amount_residual"]) == ("partial", 37.5)
    assert (await shop.read("account.payment", key, "is_reconciled"))["is_reconciled"] is True


async def test_a_credit_note_settles_its_open_invoice_when_it_is_posted(shop: Shop) -> None:
    invoice = await _posted_invoice(shop)
    context = {"active_model": "account.move", "active_ids": [invoice]}
    (wizard,) = await shop.call(
        "account.move.reversal", "create", vals_list=[{"reason": "RMA"}], context=context
    )
    made = await shop.call("account.move.reversal", "reverse_moves", wizard, context=context)
    await shop.call("account.move", "action_post", made["res_id"])
    states = [
        (await shop.read("account.move", key, "payment_state"))["payment_state"]
        for key in (invoice, made["res_id"])
    ]
    assert states == ["reversed", "paid"]


async def test_a_count_applied_at_once_names_its_move(shop: Shop) -> None:
    vals = {"product_id": shop.product(), "location_id": 5, "inventory_quantity_auto_apply": 7}
    context = {"inventory_mode": True, "inventory_name": "COUNT-1"}
    (quant,) = await shop.call("stock.quant", "create", vals_list=[vals], context=context)
    assert (await shop.read("stock.quant", quant, "quantity"))["quantity"] == 7.0
    moves = await shop.call(
        "stock.move", "search_count", domain=[["reference", "=", "COUNT-1"], ["is_inventory", "=", True]]
    )
    assert moves == 1


async def test_a_loaded_return_lessens_what_was_delivered(shop: Shop) -> None:
    order = await shop.confirmed(("CD-1001", 5))
    await shop.call("stock.picking", "button_validate", *order["picking_ids"])
    (move,) = await shop.call("stock.move", "search", domain=[["picking_id", "in", order["picking_ids"]]])
    fields = [
        "id",
        "picking_type_id/.id",
        "location_id/.id",
        "location_dest_id/.id",
        "return_id/.id",
        "move_ids/id",
        "move_ids/product_id/.id",
        "move_ids/product_uom_qty",
        "move_ids/location_id/.id",
        "move_ids/location_dest_id/.id",
        "move_ids/sale_line_id/.id",
        "move_ids/origin_returned_move_id/.id",
        "move_ids/to_refund",
    ]
    head = ["__t__.r", "1", "2", "5", str(order["picking_ids"][0])]
    line = ["__t__.r_1", str(shop.product()), "2", "2", "5", str(order["order_line"][0]), str(move), "1"]
    (back,) = (await shop.call("stock.picking", "load", fields=fields, data=[[*head, *line]]))["ids"]
    await shop.call("stock.picking", "action_confirm", back)
    await shop.call("stock.picking", "button_validate", back)
    assert (await shop.read("sale.order.line", order["order_line"][0], "qty_delivered"))[
        "qty_delivered"
    ] == 3.0
    assert back in (await shop.read("sale.order", order["id"], "picking_ids"))["picking_ids"]


async def test_a_note_with_a_marker_is_found_on_its_record(shop: Shop) -> None:
    order = await shop.confirmed(("CD-1001", 5))
    (picking,) = order["picking_ids"]
    note = [0, 0, {"model": "stock.picking", "res_id": picking, "body": "done", "message_id": "<m@t>"}]
    await shop.call("stock.picking", "write", picking, vals={"message_ids": [note]})
    (found,) = await shop.call(
        "mail.message", "search_read", domain=[["message_id", "=", "<m@t>"]], fields=["res_id", "body"]
    )
    assert (found["res_id"], found["body"]) == (picking, "<p>done</p>")
    assert (await shop.read("stock.picking", picking, "message_ids"))["message_ids"] == [found["id"]]


async def test_the_latest_change_of_each_product_is_read_in_groups(shop: Shop) -> None:
    shop.clock.advance(60)
    await shop.confirmed(("CD-1002", 1))
    groups = await shop.call(
        "stock.move", "formatted_read_group", domain=[], groupby=["product_id"], aggregates=["write_date:max"]
    )
    latest = {group["product_id"][0]: group["write_date:max"] for group in groups}
    assert latest[shop.product("CD-1002")] == "2026-11-23 09:01:00"
    assert latest[shop.product("CD-1001")] == "2026-11-23 09:00:00"
