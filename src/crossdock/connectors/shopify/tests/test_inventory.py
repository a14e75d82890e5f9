"""Stock levels: compared before they are set, in batches, with refusals that name their line."""

from decimal import Decimal

import pytest

from crossdock.core.errors import RejectedError, RetryableError
from crossdock.kit import Receipt


def level(shop, sku: str) -> dict:
    _, variant = shop.shop.variant_of(sku)
    return shop.shop.levels[variant["inventory_item_id"], 71_000_001]


@pytest.fixture
def wish(delivery):
    return lambda sku, quantity, **more: delivery(
        "inventory.set", {"sku": sku, "quantity": Decimal(quantity), **more}
    )


async def test_a_level_that_changed_in_between_is_read_again(shop, connector, wish) -> None:
    """A customer buys between our look and our call: the call is refused without effect, then made anew."""
    answer = shop.answer
    sales = iter([3, 2])

    def sold_meanwhile(document, variables):
        if "inventorySetQuantities" in document:
            level(shop, "SKU-0001")["available"] -= next(sales, 0)
        return answer(document, variables)

    shop.answer = sold_meanwhile
    (receipt,) = await connector.set_inventory([wish("SKU-0001", 50)])
    assert isinstance(receipt, Receipt)
    assert receipt.answer == {"from": 95, "to": 50, "changed": True}
    assert level(shop, "SKU-0001")["available"] == 50


async def test_a_level_that_never_holds_still_is_tried_later(shop, connector, wish) -> None:
    answer = shop.answer

    def always_selling(document, variables):
        if "inventorySetQuantities" in document:
            level(shop, "SKU-0001")["available"] -= 1
        return answer(document, variables)

    shop.answer = always_selling
    (error,) = await connector.set_inventory([wish("SKU-0001", 50)])
    assert type(error) is RetryableError
    assert error.code == "T-API-CONFLICT"
    assert shop.shop.adjustments == []


async def test_what_is_there_already_is_not_set_again(shop, connector, wish) -> None:
    (receipt,) = await connector.set_inventory([wish("SKU-0001", 100)])
    assert receipt.answer["changed"] is False
    assert shop.shop.adjustments == []


async def test_going_there_and_back_again_is_not_swallowed_by_idempotency_keys(shop, connect, wish) -> None:
    for quantity in (5, 3, 5, 3, 5):
        (receipt,) = await connect().set_inventory([wish("SKU-0001", quantity)])
        assert isinstance(receipt, Receipt)
        assert level(shop, "SKU-0001")["available"] == quantity


async def test_a_hundred_levels_are_one_call_and_bad_ones_fail_alone(shop, connector, wish) -> None:
    for number in range(100):
        shop.shop.add_product(f"MANY-{number}")
    wishes = [wish(f"MANY-{number}", number + 1) for number in range(100)]
    wishes[3] = wish("NOWHERE", 1)
    wishes[40] = wish("MANY-40", -1)
    wishes[50] = wish("MANY-50", "1.5")
    results = await connector.set_inventory(wishes)
    bad = {place: result.code for place, result in enumerate(results) if isinstance(result, RejectedError)}
    assert bad == {3: "B-UNK-ITEM", 40: "T-API-4XX", 50: "B-UOM-CONV"}
    assert "quantities.40" not in str(results[40])
    assert "The quantity can't be negative" in str(results[40])
    assert [len(group["changes"]) for group in shop.shop.adjustments] == [96]  # MANY-99 stood at 100 already
    assert level(shop, "MANY-41")["available"] == 42


async def test_one_sku_twice_in_a_batch_ends_at_the_later_number(shop, connector, wish) -> None:
    results = await connector.set_inventory([wish("SKU-0001", 5), wish("SKU-0002", 6), wish("SKU-0001", 7)])
    assert all(isinstance(result, Receipt) for result in results)
    assert level(shop, "SKU-0001")["available"] == 7


async def test_a_sku_of_two_products_names_neither(shop, connector, wish) -> None:
    shop.shop.add_product("SKU-0001")
    (error,) = await connector.set_inventory([wish("SKU-0001", 5)])
    assert error.code == "B-UNK-ITEM"
    assert "2 products" in error.text


async def test_search_that_ignores_capitals_does_not_mislead(shop, connector, wish) -> None:
    shop.shop.add_product("sku-0001")
    (receipt,) = await connector.set_inventory([wish("sku-0001", 5)])
    assert isinstance(receipt, Receipt)
    assert level(shop, "SKU-0001")["available"] == 100


async def test_a_quote_in_a_sku_stays_a_quote(shop, connector, wish) -> None:
    shop.shop.add_product("3/4' \\ PIPE")
    (receipt,) = await connector.set_inventory([wish("3/4' \\ PIPE", 5)])
    assert isinstance(receipt, Receipt)


async def test_an_item_that_is_not_stocked_here_is_refused(shop, connector, wish) -> None:
    shop.shop.locations[71_000_009] = {"id": 71_000_009, "name": "New", "active": True}
    (error,) = await connector.set_inventory([wish("SKU-0001", 5, location_id="71000009")])
    assert error.code == "B-UNK-ITEM"
    assert "not stocked" in error.text


async def test_people_find_the_effect_key_in_the_history(shop, connector, wish) -> None:
    await connector.set_inventory([wish("SKU-0001", 5)])
    assert shop.shop.adjustments[0]["reference"].startswith(
        "gid://crossdock/Effect/shop%7C%7Corder%3A1%7Cinventory.set"
    )


async def test_a_lookup_says_whether_the_level_is_there(connector, wish) -> None:
    assert (await connector.look_up(wish("SKU-0001", 100))).state == "done"
    assert (await connector.look_up(wish("SKU-0001", 99))).state == "absent"
    assert (await connector.look_up(wish("NOWHERE", 99))).state == "absent"
