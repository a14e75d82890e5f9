"""What transcripts cannot show: races, hooks, rights, transactions, time, elders, and the controls of a demo."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.connectors.odoo.simulator import (
    ADMIN_KEY,
    PLAIN_KEY,
    SERVICE_KEY,
    DemoSize,
    LatencyModel,
    OdooSimulator,
)
from crossdock.connectors.odoo.simulator.faults import ServerError
from crossdock.core.clock import ManualClock, SystemClock

START = dt.datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=dt.UTC)
FIELDS = [
    "id",
    "partner_id/.id",
    "client_order_ref",
    "date_order",
    "order_line/id",
    "order_line/product_id/.id",
    "order_line/product_uom_qty",
    "order_line/price_unit",
]


class Shop:
    """A simulator with a few customers and products, and short ways to act in it."""

    def __init__(self, **arguments: Any) -> None:
        self.clock = arguments.pop("clock", None) or ManualClock(START)
        self.odoo = OdooSimulator(clock=self.clock, randomness=random.Random(1), **arguments)
        self.ids = self.odoo.seed_demo(DemoSize(customers=2, products=4))

    @property
    def customer(self) -> int:
        return self.ids["customers"]["CUST-1001"]

    def product(self, code: str = "CD-1001") -> int:
        return self.ids["products"][code]

    async def call(self, model: str, method: str, *ids: int, by: str = SERVICE_KEY, **arguments: Any) -> Any:
        return await self.odoo.act(model, method, ids, by=by, **arguments)

    async def load(self, name: str, quantity: str = "1", *, by: str = SERVICE_KEY, **arguments: Any) -> Any:
        when = arguments.pop("when", "2026-11-23 17:00:00")
        row = [
            f"__t__.{name}",
            str(self.customer),
            name,
            when,
            f"__t__.{name}_1",
            str(self.product()),
            quantity,
            "2.5",
        ]
        return await self.call("sale.order", "load", by=by, fields=FIELDS, data=[row], **arguments)

    async def order(self, *wanted: tuple[str, float], **vals: Any) -> int:
        lines = [[0, 0, {"product_id": self.product(code), "product_uom_qty": n}] for code, n in wanted]
        made = await self.call(
            "sale.order", "create", vals_list=[{"partner_id": self.customer, "order_line": lines, **vals}]
        )
        return made[0]

    async def confirmed(self, *wanted: tuple[str, float]) -> dict[str, Any]:
        key = await self.order(*wanted)
        await self.call("sale.order", "action_confirm", key)
        return await self.read("sale.order", key, "name", "picking_ids", "order_line", "write_date")

    async def read(self, model: str, key: int, *fields: str) -> dict[str, Any]:
        return (await self.call(model, "read", key, by=ADMIN_KEY, fields=list(fields)))[0]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def served() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.odoo.start()
    yield shop
    await shop.odoo.stop()


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


async def test_of_two_loads_at_once_one_wins_and_the_other_is_told() -> None:
    shop = Shop(clock=SystemClock(), race_window_s=0.05)
    answers = await asyncio.gather(*(shop.load("race") for _ in range(8)))
    won = [answer for answer in answers if answer["ids"]]
    lost = [answer["messages"][0]["message"] for answer in answers if answer["ids"] is False]
    assert len(won) == 1
    assert lost == ["could not serialize access due to concurrent update\n"] * 7
    assert await shop.call("sale.order", "search_count", domain=[["client_order_ref", "=", "race"]]) == 1


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


@pytest.mark.parametrize(
    ("key", "model", "method", "arguments"),
    [
        (PLAIN_KEY, "sale.order", "search_read", {"domain": []}),
        (PLAIN_KEY, "res.partner", "create", {"vals_list": [{"name": "x"}]}),
        (SERVICE_KEY, "base.automation", "search_read", {"domain": []}),
        (SERVICE_KEY, "ir.model.data", "search_read", {"domain": []}),
        (SERVICE_KEY, "ir.config_parameter", "get_param", {"key": "database.uuid"}),
    ],
)
async def test_who_has_no_right_is_told_who_has(
    shop: Shop, key: str, model: str, method: str, arguments: Any
) -> None:
    with pytest.raises(ServerError, match="This operation is allowed for the following groups:") as caught:
        await shop.call(model, method, by=key, **arguments)
    assert (caught.value.name, caught.value.status) == ("odoo.exceptions.AccessError", 403)


async def test_an_external_id_can_be_looked_up_by_who_may_not_read_the_table(shop: Shop) -> None:
    (key,) = (await shop.load("a"))["ids"]
    found = await shop.call("ir.model.data", "check_object_reference", module="__t__", xml_id="a")
    assert found == ["sale.order", key]
    with pytest.raises(ServerError, match=r"External ID not found in the system: __t__\.b"):
        await shop.call("ir.model.data", "check_object_reference", module="__t__", xml_id="b")


async def _hook(shop: Shop, url: str, **vals: Any) -> None:
    fields = await shop.call(
        "ir.model.fields",
        "search",
        by=ADMIN_KEY,
        domain=[
            ["model", "=", "sale.order"],
            ["name", "in", ["name", "state", "amount_total", "write_date"]],
        ],
    )
    (model,) = await shop.call("ir.model", "search", by=ADMIN_KEY, domain=[["model", "=", "sale.order"]])
    action = {"name": "Crossdock webhook", "model_id": model, "state": "webhook", "webhook_url": url}
    rule = {"name": "hook", "model_id": model, "trigger": "on_create_or_write", **vals}
    commands = [[0, 0, {**action, "webhook_field_ids": [[6, 0, fields]]}]]
    await shop.call(
        "base.automation", "create", by=ADMIN_KEY, vals_list=[{**rule, "action_server_ids": commands}]
    )


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    taken: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        if request.path == "/hang":
            await asyncio.sleep(3)
        taken.append(await request.json())
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/{rest:.*}", take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", taken
    await runner.cleanup()


async def test_a_rule_posts_its_fields_after_commit(served: Shop, receiver: Any) -> None:
    url, taken = receiver
    await _hook(served, f"{url}/in", filter_domain="[('write_uid', '!=', 99)]")
    key = await served.order(("CD-1001", 1))
    (body,) = taken
    assert (body["_id"], body["_model"], body["id"], body["state"]) == (key, "sale.order", key, "draft")
    assert body["_action"].startswith("Crossdock webhook(#")
    assert body["write_date"] == "2026-11-23 09:00:00.250000"
    with pytest.raises(ServerError):
        await served.call("sale.order", "create", vals_list=[{"partner_id": 99999}])
    assert len(taken) == 1


async def test_a_rule_can_leave_out_the_service_users_own_writes(served: Shop, receiver: Any) -> None:
    url, taken = receiver
    await _hook(served, f"{url}/in", filter_domain=f"[('write_uid', '!=', {served.odoo.users['crossdock']})]")
    key = await served.order(("CD-1001", 1))
    assert taken == []
    await served.call("sale.order", "write", key, by=ADMIN_KEY, vals={"origin": "by a person"})
    assert len(taken) == 1


async def test_a_receiver_that_hangs_costs_the_one_who_saves_a_second(served: Shop, receiver: Any) -> None:
    await _hook(served, f"{receiver[0]}/hang")
    started = time.monotonic()
    await served.order(("CD-1001", 1))
    assert 0.9 < time.monotonic() - started < 2


async def test_an_elder_speaks_json_rpc_alone() -> None:
    shop = Shop(legacy=16)
    url = await shop.odoo.start()
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"bearer {ADMIN_KEY}"}
        for method, path in (("POST", "/json/2/res.partner/search"), ("GET", "/web/version")):
            async with session.request(method, url + path, json={}, headers=headers) as answer:
                assert (answer.status, answer.content_type) == (404, "text/html")
        args = [
            shop.odoo.database_name,
            2,
            ADMIN_KEY,
            "res.partner",
            "search_count",
            [[["ref", "=", "CUST-1001"]]],
        ]
        body = {"id": 5, "params": {"service": "object", "method": "execute_kw", "args": args}}
        async with session.post(f"{url}/jsonrpc", json=body) as answer:
            assert await answer.json() == {"jsonrpc": "2.0", "id": 5, "result": 1}
        async with session.post(f"{url}/web/webclient/version_info", json={}) as answer:
            assert (await answer.json())["result"]["server_version_info"][0] == 16
    await shop.odoo.stop()


async def test_a_demo_is_the_same_for_the_same_seed_and_its_barcodes_check(served: Shop) -> None:
    other = Shop()
    assert json.dumps(other.odoo.state()) == json.dumps(served.odoo.state())
    rows = await served.call("product.product", "search_read", domain=[], fields=["barcode", "list_price"])
    for row in rows:
        digits = [int(digit) for digit in row["barcode"]]
        assert sum(digit * (3 if at % 2 == 0 else 1) for at, digit in enumerate(digits)) % 10 == 0
        assert round(row["list_price"], 2) == row["list_price"]
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{served.odoo.url}/_sim/seed", json={"customers": 1, "seed": 3}) as answer:
            told = await answer.json()
            assert told["customers"] == {"CUST-1001": served.customer}
        async with session.post(f"{served.odoo.url}/_sim/seed", json={"customres": 1}) as answer:
            assert answer.status == 400
        async with session.get(f"{served.odoo.url}/_sim/state") as answer:
            assert set(await answer.json()) == {
                "orders",
                "purchases",
                "deliveries",
                "invoices",
                "payments",
                "stock",
            }


async def test_an_api_key_is_seen_by_its_user_and_the_administrator(shop: Shop) -> None:
    own = await shop.call("res.users.apikeys", "search_read", domain=[], fields=["name", "expiration_date"])
    assert [key["name"] for key in own] == ["crossdock"]
    assert len(await shop.call("res.users.apikeys", "search", by=ADMIN_KEY, domain=[])) == 3


async def test_it_bears_two_hundred_orders_a_second(shop: Shop) -> None:
    data = []
    for number in range(200):
        head = [f"__t__.o{number}", str(shop.customer), f"R{number}", "2026-11-23 09:00:00"]
        for line in range(1, 6):
            rest = [f"__t__.o{number}_{line}", str(shop.product()), "1", "2.5"]
            data.append([*(head if line == 1 else [""] * 4), *rest])
    started = time.process_time()
    answer = await shop.call("sale.order", "load", fields=FIELDS, data=data)
    assert len(answer["ids"]) == 200
    assert time.process_time() - started < 1
