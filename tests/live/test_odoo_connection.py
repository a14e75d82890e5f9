"""Reaching a real Odoo: keys, rights, both transports, master data."""

from __future__ import annotations

import os

import pytest

from crossdock.core.errors import AuthenticationError, ConfigError, ConflictError, RejectedError
from crossdock.kit import Receipt

pytestmark = pytest.mark.live

LEGACY = {"transport": "jsonrpc", "login": "crossdock"}


@pytest.mark.parametrize("more", [{}, LEGACY])
async def test_check_passes_and_identity_is_the_same_for_all_workers(odoo, more):
    worker = odoo.connect(**more)
    await worker.check()
    assert await worker.identity() == await odoo.connect().identity()
    assert (await worker.identity()).startswith("born:")
    assert (await worker.client.version()) >= 19


async def test_an_administrators_key_reads_the_uuid(odoo):
    odoo.person()
    assert (await odoo.connect(key=odoo.admin_key).identity()).startswith("uuid:")


@pytest.mark.parametrize("more", [{}, LEGACY])
async def test_a_wrong_key_calls_a_person(odoo, more):
    with pytest.raises(AuthenticationError):
        await odoo.connect(key="wrong", **more).check()


async def test_a_company_that_the_user_may_not_use_is_named(odoo):
    with pytest.raises((ConfigError, RejectedError)):
        await odoo.connect(companies={"1": 1, "9": 999}).check()


@pytest.mark.parametrize("more", [{}, LEGACY])
async def test_faults_have_the_same_types_on_both_transports(odoo, more):
    client = odoo.connect(**more).client
    cases = [
        ("res.partner", "write", [99999999], {"vals": {"name": "x"}}, ConflictError, "T-ODOO-MISSING"),
        ("res.partner", "create", None, {"vals_list": [{"email": "x"}]}, RejectedError, "T-ODOO-VALID"),
        ("res.partner", "search_read", None, {"domain": [["nope", "=", 1]]}, RejectedError, "T-SCHEMA"),
        ("ir.config_parameter", "get_param", None, {"key": "database.uuid"}, RejectedError, "T-ODOO-ACCESS"),
        ("sale.order", "create", None, {"vals_list": [{"partner_id": "abc"}]}, RejectedError, "T-SCHEMA"),
    ]
    for model, method, ids, kwargs, kind, code in cases:
        with pytest.raises(kind) as caught:
            await client.call(model, method, ids, **kwargs)
        assert caught.value.code == code, (model, method, caught.value)
    with pytest.raises(RejectedError):
        await client.call("no.such.model", "read", [1])


async def test_orders_flow_over_the_legacy_transport(odoo):
    worker = odoo.connect(**LEGACY)
    placing = odoo.delivery("sales_order.place", await odoo.order_payload(3), kind="sales_order")
    placed = await odoo.write(placing, worker)
    assert isinstance(placed, Receipt), placed
    assert placed == await odoo.write(placing, worker)
    order_id = int(placed.external_id)
    shipping = odoo.shipment(order_id, {int(placed.xrefs[0].external_id): 2})
    assert isinstance(await odoo.write(shipping, worker), Receipt)
    invoice = await odoo.write(
        odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice"), worker
    )
    assert invoice.answer["state"] == "posted"
    records = [record async for record in worker.read("sales_order", None)]
    assert str(order_id) in {record.key for record in records}
    assert await odoo.lines_of(order_id) == [(3, 2)]


async def test_a_user_without_rights_is_told_which_right_lacks(odoo):
    key = os.environ.get("CROSSDOCK_TEST_ODOO_PROBE_KEY")
    if not key:
        pytest.skip("CROSSDOCK_TEST_ODOO_PROBE_KEY is not set")
    worker = odoo.connect(key=key)
    payloads = {
        "sales_order.create": await odoo.order_payload(1),
        "party.upsert": {"name": "Nobody", "ref": odoo.key("N")},
        "product.upsert": {"default_code": odoo.key("N"), "name": "Nothing"},
    }
    for operation, payload in payloads.items():
        result = await odoo.write(odoo.delivery(operation, payload), worker)
        assert isinstance(result, RejectedError), operation
        assert result.code == "T-ODOO-ACCESS", (operation, result)


async def test_a_party_is_made_once_and_only_differences_are_written(odoo):
    key = odoo.key("P")
    payload = {
        "name": "Acme", "ref": key, "email": "a@example.com", "is_company": True, "street": "Main 1", "city": "Troy",
        "zip": "12180", "country_code": "US", "state_code": "NY",
        "addresses": [{"key": f"{key}-dc", "type": "delivery", "name": "DC", "street": "Dock 1", "country_code": "US"}],
    }  # fmt: skip
    upserting = odoo.delivery("party.upsert", payload, key=key, kind="party")
    made = await odoo.eight_at_once(upserting)
    partner_id = int(made.external_id)
    client = odoo.connect().client
    assert len(await client.search_read("res.partner", [["ref", "=", key]], ("name",))) == 1
    assert len(await client.search_read("res.partner", [["parent_id", "=", partner_id]], ("name",))) == 1
    before = await client.read("res.partner", [partner_id], ("write_date", "state_id"))
    assert before[partner_id]["state_id"]
    await odoo.write(upserting)
    assert await client.read("res.partner", [partner_id], ("write_date", "state_id")) == before
    changed = odoo.delivery(
        "party.upsert", {"ref": key, "phone": "555"}, key=key, kind="party", external_id=str(partner_id)
    )
    await odoo.write(changed)
    now = await client.read("res.partner", [partner_id], ("name", "phone", "city"))
    assert now[partner_id] == {"id": partner_id, "name": "Acme", "phone": "555", "city": "Troy"}


async def test_a_party_whose_answer_was_lost_is_one(odoo):
    key = odoo.key("P")
    upserting = odoo.delivery("party.upsert", {"name": "Lost", "ref": key}, key=key, kind="party")
    await odoo.with_lost_answer(upserting, "res.partner/load")
    assert len(await odoo.connect().client.search_read("res.partner", [["ref", "=", key]], ("name",))) == 1


async def test_a_contact_a_person_made_is_taken_and_two_are_a_conflict(odoo):
    client, key = odoo.connect().client, odoo.key("P")
    made = await client.call("res.partner", "create", vals_list=[{"name": "By hand", "ref": key}])
    upserting = odoo.delivery("party.upsert", {"name": "By us", "ref": key}, key=key, kind="party")
    assert (await odoo.write(upserting)).external_id == str(made[0])
    await client.call("res.partner", "create", vals_list=[{"name": "Twin", "ref": key}])
    assert isinstance(await odoo.write(upserting), ConflictError)


async def test_a_product_is_made_once_by_eight_and_with_a_lost_answer(odoo):
    sku = odoo.key("SKU")
    payload = {
        "default_code": sku,
        "name": "Bolt",
        "is_storable": True,
        "list_price": "1.25",
        "weight": "0.1",
    }
    upserting = odoo.delivery("product.upsert", payload, key=sku, kind="product")
    made = await odoo.eight_at_once(upserting)
    cheaper = odoo.delivery(
        "product.upsert",
        {**payload, "list_price": "1.20"},
        key=sku,
        kind="product",
        external_id=made.external_id,
    )
    await odoo.with_lost_answer(cheaper, "product.product/write")
    rows = await odoo.connect().client.search_read(
        "product.product", [["default_code", "=", sku]], ("list_price",)
    )
    assert [float(row["list_price"]) for row in rows] == [1.2]
    bad = odoo.delivery("product.upsert", {**payload, "default_code": odoo.key("S"), "type": "no-such-type"})
    good = odoo.delivery("product.upsert", {**payload, "default_code": odoo.key("S")})
    results = await odoo.connect().write("product.upsert", [bad, good])
    assert isinstance(results[0], RejectedError)
    assert isinstance(results[1], Receipt)
