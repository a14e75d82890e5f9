"""What transcripts cannot show of the server: races, hooks, rights, elders, and the controls of a demo."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from crossdock.connectors.odoo.simulator import (
    ADMIN_KEY,
    PLAIN_KEY,
    SERVICE_KEY,
)
from crossdock.connectors.odoo.simulator.faults import ServerError
from crossdock.connectors.odoo.tests.shop import FIELDS, Shop
from crossdock.core.clock import SystemClock


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def served() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.odoo.start()
    yield shop
    await shop.odoo.stop()


async def test_of_two_loads_at_once_one_wins_and_the_other_is_told() -> None:
    shop = Shop(clock=SystemClock(), race_window_s=0.05)
    answers = await asyncio.gather(*(shop.load("race") for _ in range(8)))
    won = [answer for answer in answers if answer["ids"]]
    lost = [answer["messages"][0]["message"] for answer in answers if answer["ids"] is False]
    assert len(won) == 1
    assert lost == ["could not serialize access due to concurrent update\n"] * 7
    assert await shop.call("sale.order", "search_count", domain=[["client_order_ref", "=", "race"]]) == 1


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
