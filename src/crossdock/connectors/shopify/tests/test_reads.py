"""What a sweep reads has the form of what webhooks bring."""

import datetime as dt
from decimal import Decimal

import msgspec

from crossdock.connectors.shopify.simulated.hooks import body_of
from crossdock.kit import Cursor

TIMES = {"created_at", "updated_at", "processed_at", "cancelled_at", "closed_at"}


def hook_of(thing: dict) -> dict:
    return msgspec.json.Decoder(float_hook=Decimal).decode(body_of(thing))


def assert_same(read, hook, path: str = "") -> None:
    """All that was read stands in the hook, with the same type and value; times may differ in their zone."""
    assert type(read) is type(hook) or {type(read), type(hook)} == {int, Decimal}, path
    if isinstance(read, dict):
        assert read.keys() <= hook.keys(), f"{path}: {read.keys() - hook.keys()}"
        for name, value in read.items():
            assert_same(value, hook[name], f"{path}.{name}")
    elif isinstance(read, list):
        assert len(read) == len(hook), path
        for index, (one, other) in enumerate(zip(read, hook, strict=True)):
            assert_same(one, other, f"{path}[{index}]")
    elif isinstance(read, str) and path.rsplit(".", 1)[-1] in TIMES:
        assert dt.datetime.fromisoformat(read) == dt.datetime.fromisoformat(hook), path
    else:
        assert read == hook, path


async def test_an_order_reads_as_its_webhook(shop, connector, delivery, clock) -> None:
    orders = [shop.shop.place_order(paid=bool(number % 2)) for number in range(6)]
    shop.shop.edit_order(orders[1], {orders[1]["line_items"][0]["sku"]: 1})
    shop.shop.refund_order(orders[2], {orders[2]["line_items"][0]["sku"]: 1})
    shop.shop.cancel_order(orders[3])
    shop.shop.place_order([(f"SKU-{number:04}", 1) for number in range(1, 41)])
    payload = {"order_id": orders[4]["id"], "shipment_no": "OUT/1"}
    await connector.create_fulfilment(delivery("fulfilment.create", payload))
    clock.advance(60)
    records = {record.key: record async for record in connector.read("order", None)}
    assert len(records) == 7
    for key, record in records.items():
        assert_same(record.payload, hook_of(shop.shop.orders[int(key)]), key)


async def test_a_product_reads_as_its_webhook(shop, connector, clock) -> None:
    product = shop.shop.add_product("PAIR-1", barcode="4006381333931")
    for number in range(2, 70):
        shop.shop.add_variant(product, f"PAIR-{number}", title=f"No. {number}")
    clock.advance(60)
    async for record in connector.read("product", None):
        assert_same(record.payload, hook_of(shop.shop.products[int(record.key)]), record.key)
    assert len(record.payload["variants"]) == 69


async def test_a_read_goes_back_behind_its_cursor_for_the_lag_of_the_search(shop, connect, clock) -> None:
    shop.shop.place_order()
    clock.advance(90)
    shop.shop.place_order()
    since = Cursor("2026-01-01T00:01:30Z")
    assert len([_ async for _ in connect(overlap_s=120).read("order", since)]) == 2
    assert len([_ async for _ in connect(overlap_s=0).read("order", since)]) == 1
