"""The simulated shop's controls over HTTP, for a demo that runs it in a process of its own."""

import json

import aiohttp
import pytest


@pytest.fixture
async def control(shop):
    async with aiohttp.ClientSession(shop.url) as session:

        async def ask(path: str, content: dict | None = None) -> dict:
            verb = session.get if content is None else session.post
            async with verb(f"/_sim/{path}", **({} if content is None else {"json": content})) as answer:
                return json.loads(await answer.read()) | {"status": answer.status}

        yield ask


async def test_products_are_brought_and_orders_placed(control) -> None:
    products = [
        {"sku": "BOLT", "title": "Bolt", "price": "0.30", "stock": 500},
        {"sku": "NUT", "price": "0.10"},
    ]
    assert (await control("products", {"products": products, "replace": True}))["products"] == 2
    assert (await control("place_orders", {"count": 2, "lines": [["BOLT", 3]], "customer": 7}))["orders"] == [
        "#10001",
        "#10002",
    ]
    assert len((await control("place_orders", {"count": 3}))["orders"]) == 3
    state = await control("state")
    assert [order["name"] for order in state["orders"]][:2] == ["#10001", "#10002"]
    assert state["orders"][0]["line_items"][0]["price"] == "0.30"
    assert state["inventory"]["BOLT"]["on_hand"] == 500


async def test_orders_are_paid_edited_refunded_and_cancelled(control) -> None:
    await control("place_orders", {"lines": [["SKU-0001", 3]], "paid": False})
    assert (await control("orders/10001/pay", {}))["financial_status"] == "paid"
    edited = await control("orders/10001/edit", {"quantities": {"SKU-0001": 2}})
    assert [(line["quantity"], line["current_quantity"]) for line in edited["line_items"]] == [(3, 2)]
    refund = await control("orders/10001/refund", {"quantities": {"SKU-0001": 1}})
    assert refund["refund_line_items"][0]["restock_type"] == "cancel"
    cancelled = await control("orders/10001/cancel", {"reason": "inventory"})
    assert cancelled["cancel_reason"] == "inventory"
    assert (await control("state"))["inventory"]["SKU-0001"] == {
        "id": pytest.approx(1, abs=1e9),
        "available": 100,
        "on_hand": 100,
    }


async def test_an_unknown_order_or_act_is_not_found(control) -> None:
    assert (await control("orders/99/pay", {}))["status"] == 404
    with pytest.raises(json.JSONDecodeError):
        await control("orders/99/dance", {})


async def test_the_hub_says_where_its_webhooks_go(control, shop) -> None:
    await control("hooks", {"url": "http://127.0.0.1:1/hooks/shop/", "topics": ["orders/paid"]})
    assert shop.hooks.url == "http://127.0.0.1:1/hooks/shop"
    await control("place_orders", {})
    assert [topic for topic, _ in shop.hooks.sent] == ["orders/paid"]
