"""Products: created once, brought up to date, other variants left alone."""

from decimal import Decimal

import pytest

from crossdock.connectors.shopify.products import handle_of
from crossdock.core.errors import ConflictError, RejectedError


async def test_a_new_sku_becomes_a_product_and_then_stays_one(shop, connector, delivery) -> None:
    payload = {"sku": "A/1", "title": "Bolt", "price": Decimal("0.30"), "barcode": "4006381333931"}
    first = await connector.upsert_product(delivery("product.upsert", payload))
    again = await connector.upsert_product(delivery("product.upsert", payload | {"price": Decimal("0.35")}))
    assert first.external_id == again.external_id
    product, variant = shop.shop.variant_of("A/1")
    assert (product["title"], variant["price"], variant["barcode"]) == ("Bolt", "0.35", "4006381333931")
    assert {claim.kind for claim in first.xrefs} == {"inventory_item", "product_template"}


async def test_what_search_does_not_find_yet_is_found_by_its_handle(shop, connector, delivery) -> None:
    payload = {"sku": "A/1", "title": "Bolt"}
    first = await connector.upsert_product(delivery("product.upsert", payload))
    answer = shop.answer

    def lagging(document, variables):
        if "productVariants(" in document:
            variables = variables | {"query": "sku:'none'"}
        return answer(document, variables)

    shop.answer = lagging
    again = await connector.upsert_product(delivery("product.upsert", payload))
    assert first.external_id == again.external_id


async def test_other_variants_and_the_title_of_a_shared_product_are_left_alone(
    shop, connector, delivery
) -> None:
    product = shop.shop.add_product("SHIRT-S", title="Shirt")
    shop.shop.add_variant(product, "SHIRT-L", title="L", price="9.00")
    payload = {"sku": "SHIRT-L", "title": "Shirt size L", "price": Decimal("11.00")}
    await connector.upsert_product(delivery("product.upsert", payload))
    assert product["title"] == "Shirt"
    assert [variant["sku"] for variant in product["variants"]] == ["SHIRT-S", "SHIRT-L"]
    assert product["variants"][1]["price"] == "11.00"


async def test_a_handle_that_belongs_to_another_product_is_a_conflict(shop, connector, delivery) -> None:
    shop.shop.add_product("OTHER", handle=handle_of("A/1"))
    with pytest.raises(ConflictError, match="belongs to a product whose SKU is not A/1"):
        await connector.upsert_product(delivery("product.upsert", {"sku": "A/1", "title": "Bolt"}))


async def test_a_refusal_names_the_field(connector, delivery) -> None:
    payload = {"sku": "A/1", "title": "x" * 256}
    with pytest.raises(RejectedError, match=r"input\.title: Title is too long"):
        await connector.upsert_product(delivery("product.upsert", payload))
    with pytest.raises(RejectedError, match="has no title"):
        await connector.upsert_product(delivery("product.upsert", {"sku": "A/1"}))


def test_like_skus_have_unlike_handles() -> None:
    skus = ["A/1", "A-1", "A 1", "A.1", "Ä1", "A1", "日本"]
    assert len({handle_of(sku) for sku in skus}) == len(skus)
    assert all(handle_of(sku).startswith("sku-") for sku in skus)


async def test_find_gives_variants_and_leaves_doubles_out(shop, connector) -> None:
    shop.shop.add_product("SKU-0002")
    _, variant = shop.shop.variant_of("SKU-0001")
    found = await connector.find("product", ["SKU-0001", "SKU-0002", "sku-0003"], "")
    assert found == {"SKU-0001": variant["admin_graphql_api_id"]}


async def test_orders_are_found_with_and_without_the_sign(shop, connector) -> None:
    order = shop.shop.place_order()
    bare = order["name"].removeprefix("#")
    found = await connector.find("order", [order["name"], bare, "nothing"], "")
    assert found == dict.fromkeys([order["name"], bare], order["admin_graphql_api_id"])
