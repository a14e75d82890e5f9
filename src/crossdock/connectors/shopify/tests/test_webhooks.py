"""Webhooks: who may send them, what they are known by, and what the simulated shop sends."""

import asyncio
import dataclasses

import pytest
from aiohttp import web

from crossdock.core.errors import AuthenticationError, RejectedError
from crossdock.kit import HookRequest, Secret, sign_hmac_base64


@pytest.fixture
async def hub(shop):
    """Takes webhooks as the hub would; `taken` are the requests."""
    taken: list[HookRequest] = []

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken.append(HookRequest(request.match_info["topic"], headers, await request.read()))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/hooks/shop/{topic:.+}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.hooks.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/shop"
    yield taken
    await runner.cleanup()


async def test_one_act_shows_in_several_topics_and_none_swallows_the_other(shop, connector, hub) -> None:
    await shop.place_order(paid=True)
    await shop.hooks.settle()
    keys = {(await connector.receive(request)).dedupe_key for request in hub}
    events = {request.headers["x-shopify-event-id"] for request in hub}
    assert len(events) == 1
    assert len(keys) == 2


async def test_two_subscriptions_of_one_event_are_one(shop, connector) -> None:
    request = shop.hook_samples()["orders/create"].request
    other = dataclasses.replace(request, headers=request.headers | {"x-shopify-webhook-id": "another"})
    assert (await connector.receive(request)).dedupe_key == (await connector.receive(other)).dedupe_key


async def test_without_an_event_id_the_delivery_id_stands_in(shop, connector) -> None:
    request = shop.hook_samples()["orders/create"].request
    headers = {name: value for name, value in request.headers.items() if name != "x-shopify-event-id"}
    event = await connector.receive(dataclasses.replace(request, headers=headers))
    assert event.dedupe_key == f"orders/create:webhook:{headers['x-shopify-webhook-id']}"


async def test_the_former_secret_is_accepted_while_it_is_rotated(shop, connect) -> None:
    request = shop.hook_samples()["orders/create"].request
    rotated = {"webhook_secret": Secret("new"), "previous_webhook_secret": shop.webhook_secret}
    await connect(**rotated).receive(request)
    with pytest.raises(AuthenticationError, match="T-SIG"):
        await connect(webhook_secret=Secret("new")).receive(request)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-shopify-topic", "orders/updated"),
        ("x-shopify-topic", ""),
        ("x-shopify-shop-domain", "other.myshopify.com"),
    ],
)
async def test_a_webhook_of_another_topic_or_shop_is_refused_though_its_signature_fits(
    shop, connector, header, value
) -> None:
    request = shop.hook_samples()["orders/create"].request
    with pytest.raises(RejectedError, match="T-NO-ROUTE"):
        await connector.receive(dataclasses.replace(request, headers=request.headers | {header: value}))


async def test_the_signature_covers_the_raw_bytes(shop, connector) -> None:
    body = '{"id": 1, "name": "Škoda, ünïcode"}'.encode()
    headers = {"x-shopify-topic": "orders/create", "x-shopify-shop-domain": "crossdock-demo.myshopify.com"}
    headers["x-shopify-hmac-sha256"] = sign_hmac_base64(shop.webhook_secret, body)
    await connector.receive(HookRequest("orders/create", headers, body))
    with pytest.raises(AuthenticationError):
        await connector.receive(HookRequest("orders/create", headers, body.replace(b": ", b":")))


async def test_paid_may_come_before_create(shop, hub) -> None:
    await shop.place_paid_before_create()
    await shop.hooks.settle()
    assert [request.topic for request in hub] == ["orders/paid", "orders/create"]


async def test_forged_and_malformed_webhooks_are_sent_on_request(shop, connector, hub) -> None:
    await shop.send_badly_signed("orders/create", shop.shop.place_order())
    await shop.send_malformed("orders/create")
    await shop.hooks.settle()
    results = await asyncio.gather(*(connector.receive(request) for request in hub), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AuthenticationError", "HookEvent"]


async def test_what_people_do_is_told(shop, hub) -> None:
    order = await shop.place_order([("SKU-0001", 3)], paid=False)
    await shop.pay_order(order["name"])
    await shop.edit_order(order["name"], {"SKU-0001": 2, "SKU-0002": 1})
    await shop.refund_order(order["name"], {"SKU-0002": 1})
    await shop.cancel_order(order["name"])
    await shop.hooks.settle()
    assert sorted(request.topic for request in hub) == sorted(
        ["orders/create", "orders/paid", "orders/cancelled", "refunds/create", *["orders/updated"] * 4]
    )


async def test_the_same_seed_makes_the_same_shop(clock) -> None:
    import random

    from crossdock.connectors.shopify.simulator import ShopifySimulator

    shops = [ShopifySimulator(clock=clock, randomness=random.Random(3)) for _ in range(2)]
    states = []
    for shop in shops:
        for _ in range(5):
            await shop.place_order()
        states.append(shop.state())
    assert states[0] == states[1]


async def test_totals_add_up(shop) -> None:
    from decimal import Decimal

    for _ in range(50):
        order = await shop.place_order()
        shipping = sum(Decimal(line["discounted_price"]) for line in order["shipping_lines"])
        total = Decimal(order["subtotal_price"]) + shipping + Decimal(order["total_tax"])
        assert total == Decimal(order["total_price"])
        lines = [line["tax_lines"] for line in order["line_items"] + order["shipping_lines"]]
        assert sum(Decimal(tax["price"]) for taxes in lines for tax in taxes) == Decimal(order["total_tax"])
