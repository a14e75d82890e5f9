"""Reading from a real Odoo: nothing between two watermarks is lost, texts of lines and availability included."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.kit import Cursor

pytestmark = pytest.mark.live


async def read(odoo, source, since=None, **settings):
    return [record async for record in odoo.connect(**settings).read(source, since)]


async def end_of(odoo, source):
    records = await read(odoo, source)
    return next(r.cursor for r in reversed(records) if r.cursor is not None)


def newest(records, key):
    return next(r for r in reversed(records) if r.key == str(key))


async def test_every_source_reads_whole_in_small_pages_what_it_reads_in_one(odoo):
    order_id, lines, _ = await odoo.confirmed_order(2)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 1}))
    invoice = await odoo.bring_home(odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice"))
    await odoo.bring_home(
        odoo.delivery("payment.create", {"invoice_id": invoice.external_id, "amount": "5"}, kind="payment")
    )
    for source in odoo.connect().verbs.reads:
        whole = await read(odoo, source)
        paged = await read(odoo, source, page_size=7)
        assert whole, source
        assert {r.key: r.payload for r in whole} == {r.key: r.payload for r in paged}, source


async def test_many_changes_in_one_second_are_all_read(odoo):
    payload = [{"name": f"Bulk {n}", "ref": odoo.key("BULK")} for n in range(40)]
    deliveries = [odoo.delivery("party.upsert", one, kind="party") for one in payload]
    made = {r.external_id for r in await odoo.connect().write("party.upsert", deliveries)}
    start = newest(await read(odoo, "party"), next(iter(made))).cursor
    found = {r.key for r in await read(odoo, "party", start, page_size=3, overlap_s=0)}
    assert made <= found


async def test_a_changed_text_of_a_line_brings_the_order_again(odoo):
    order_id, lines, _ = await odoo.confirmed_order(2)
    await asyncio.sleep(1.1)
    end = await end_of(odoo, "sales_order")
    await asyncio.sleep(1.1)
    await odoo.person().call("sale.order.line", "write", [lines[0]], vals={"name": "another text"})
    records = await read(odoo, "sales_order", end, overlap_s=0)
    assert newest(records, order_id).payload["lines"][0]["name"] == "another text"


async def test_a_changed_template_brings_its_product_again(odoo):
    product = await odoo.product()
    end = await end_of(odoo, "product")
    await asyncio.sleep(1.1)
    client = odoo.connect().client
    template = (await client.read("product.product", [product], ("product_tmpl_id",)))[product][
        "product_tmpl_id"
    ][0]
    await client.call("product.template", "write", [template], vals={"description_sale": "shiny"})
    records = await read(odoo, "product", end, overlap_s=0)
    assert newest(records, product).payload["description"] == "shiny"


async def test_reservation_shipment_and_count_each_bring_the_stock_again(odoo):
    product = await odoo.product(stock=100)

    async def free():
        records = await read(odoo, "inventory_position", Cursor("2026-01-01 00:00:00"))
        payload = newest(records, f"{product}@WH").payload
        return payload["free"], payload["on_hand"]

    assert await free() == (100, 100)
    end = await end_of(odoo, "inventory_position")
    order_id, lines, _ = await odoo.confirmed_order(5, product=product)
    assert await free() == (95, 100)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 2}))
    assert await free() == (95, 98)
    await odoo.bring_home(
        odoo.delivery("inventory.count", {"product_id": product, "warehouse_id": 1, "quantity": "50"})
    )
    assert (await free())[1] == 50
    assert f"{product}@WH" in {r.key for r in await read(odoo, "inventory_position", end)}


async def test_a_release_names_order_lines_and_address(odoo):
    order_id, lines, placing = await odoo.confirmed_order(5, 3)
    records = await read(odoo, "fulfilment_order")
    picking = (await odoo.pickings_of(order_id))[0]
    payload = newest(records, picking["id"]).payload
    assert payload["client_order_ref"] == placing.payload["client_order_ref"]
    assert [(line["line_id"], line["quantity"]) for line in payload["lines"]] == [
        (lines[0], 5),
        (lines[1], 3),
    ]
    assert payload["ship_to"]["name"].startswith("Customer")
    end = await end_of(odoo, "fulfilment_order")
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 5, lines[1]: 3}))
    again = newest(await read(odoo, "fulfilment_order", end), picking["id"])
    assert again.payload["state"] == "done"


async def test_what_is_found_by_our_keys_is_there_and_nothing_else(odoo):
    product = await odoo.product()
    worker = odoo.connect()
    sku = (await worker.client.read("product.product", [product], ("default_code",)))[product]["default_code"]
    assert await worker.find("product", [sku, "no-such-sku"], "1") == {sku: str(product)}
    assert await worker.find("location", ["WH/Stock", "nowhere"], "1") == {"WH/Stock": "5"}
    assert await worker.find("warehouse", ["WH", "XX"], "1") == {"WH": "1"}
    for kind in ("party", "sales_order", "carrier"):
        assert await worker.find(kind, ["no-such-key"], "1") == {}
