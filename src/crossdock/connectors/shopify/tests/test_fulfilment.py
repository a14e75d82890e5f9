"""Fulfilments: parts, markers, refusals; never more than was ordered, never one shipment twice."""

import asyncio

import pytest

from crossdock.core.errors import ConflictError, RejectedError
from crossdock.kit import Receipt


@pytest.fixture
def order(shop):
    return shop.shop.place_order([("SKU-0001", 3), ("SKU-0002", 2)])


def shipment(order, *quantities: int, number: str = "1Z1", shipment_no: str = "") -> dict:
    lines = [
        {"line_id": line["id"], "quantity": quantity}
        for line, quantity in zip(order["line_items"], quantities, strict=False)
    ]
    return {
        "order_id": order["id"],
        "tracking_numbers": [number] if number else [],
        "shipment_no": shipment_no,
        "lines": lines,
    }


async def test_an_order_is_shipped_in_parts_until_nothing_remains(shop, connector, delivery, order) -> None:
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1, 2)))
    assert order["fulfillment_status"] == "partial"
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 2, number="1Z2")))
    assert order["fulfillment_status"] == "fulfilled"
    shipped = [one["lines"] for one in shop.shop.fulfillments_of(order)]
    first, second = (line["id"] for line in order["line_items"])
    assert shipped == [{first: 1, second: 2}, {first: 2}]


async def test_two_parcels_under_one_tracking_number_are_two(shop, connector, delivery, order) -> None:
    for quantities in ((1, 0), (0, 2), (1, 0)):
        await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, *quantities)))
    assert [sum(f["lines"].values()) for f in shop.shop.fulfillments_of(order)] == [1, 2]


async def test_the_shipment_number_tells_even_like_parcels_apart(shop, connect, delivery, order) -> None:
    connector = connect(shipment_marker="shipment_number")
    for shipment_no in ("OUT/1", "OUT/2", "OUT/1"):
        payload = shipment(order, 1, shipment_no=shipment_no)
        await connector.create_fulfilment(delivery("fulfilment.create", payload))
    assert [f["tracking"]["numbers"] for f in shop.shop.fulfillments_of(order)] == [
        ["1Z1", "OUT/1"],
        ["1Z1", "OUT/2"],
    ]


async def test_without_a_tracking_number_the_shipment_number_is_the_marker(
    shop, connector, delivery, order
) -> None:
    payload = shipment(order, 1, number="", shipment_no="OUT/1")
    first = await connector.create_fulfilment(delivery("fulfilment.create", payload))
    again = await connector.create_fulfilment(delivery("fulfilment.create", payload))
    assert first.external_id == again.external_id
    with pytest.raises(RejectedError, match="neither a tracking number nor a shipment number"):
        await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1, number="")))


async def test_a_cancelled_fulfilment_does_not_count_as_done(shop, connector, delivery, order) -> None:
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1)))
    shop.shop.fulfillments_of(order)[0]["status"] = "CANCELLED"
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1)))
    assert len(shop.shop.fulfillments_of(order)) == 2


async def test_lines_may_be_named_by_sku_and_no_lines_mean_all(shop, connector, delivery, order) -> None:
    by_sku = {**shipment(order), "lines": [{"sku": "SKU-0002", "quantity": "1.000"}]}
    await connector.create_fulfilment(delivery("fulfilment.create", by_sku))
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, number="1Z2")))
    assert [sum(f["lines"].values()) for f in shop.shop.fulfillments_of(order)] == [1, 4]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"sku": "SKU-0001", "quantity": 4}], "B-OVER-PICK"),
        ([{"sku": "SKU-0001", "quantity": 2}, {"sku": "SKU-0001", "quantity": 2}], "B-OVER-PICK"),
        ([{"sku": "SKU-9999", "quantity": 1}], "B-UNK-LINE"),
        ([{"sku": "SKU-0001", "quantity": "1.5"}], "B-UOM-CONV"),
        ([{"sku": "SKU-0001", "quantity": "one"}], "T-SCHEMA"),
        ([{"sku": "SKU-0001", "quantity": -1}], "T-SCHEMA"),
    ],
)
async def test_what_cannot_be_shipped_is_refused_before_it_is_sent(
    shop, connector, delivery, order, lines, code
) -> None:
    with pytest.raises(RejectedError) as caught:
        await connector.create_fulfilment(delivery("fulfilment.create", {**shipment(order), "lines": lines}))
    assert caught.value.code == code
    assert shop.shop.fulfillments_of(order) == []


async def test_a_held_line_says_so(shop, connector, delivery, order) -> None:
    shop.shop.fulfillment_orders_of(order)[0]["status"] = "ON_HOLD"
    with pytest.raises(RejectedError, match="ON_HOLD"):
        await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1)))


async def test_a_cancelled_order_is_a_conflict_and_an_unknown_one_is_named(
    shop, connector, delivery, order
) -> None:
    shop.shop.cancel_order(order)
    with pytest.raises(ConflictError, match="B-CXL-LATE"):
        await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1)))
    with pytest.raises(RejectedError, match="B-UNK-REF"):
        await connector.create_fulfilment(
            delivery("fulfilment.create", {**shipment(order, 1), "order_id": 99})
        )


async def test_goods_at_two_locations_are_not_one_fulfilment(shop, connector, delivery, order) -> None:
    fo = shop.shop.fulfillment_orders_of(order)[0]
    other = {**fo, "id": shop.shop.new_id(), "location_id": 71_000_002, "lines": [fo["lines"].pop()]}
    shop.shop.locations[71_000_002] = {"id": 71_000_002, "name": "Second", "active": True}
    shop.shop.fulfillment_orders[other["id"]] = other
    shop.shop.fulfillment_orders_of(order).append(other)
    with pytest.raises(RejectedError, match="2 of Shopify's locations"):
        await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 1, 1)))
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, 0, 1)))
    assert [f["lines"] for f in shop.shop.fulfillments_of(order)] == [{order["line_items"][1]["id"]: 1}]


async def test_an_order_of_many_lines_is_shipped_whole(shop, connector, delivery) -> None:
    for number in range(120):
        shop.shop.add_product(f"MANY-{number}")
    order = shop.shop.place_order([(f"MANY-{number}", 1) for number in range(120)])
    await connector.create_fulfilment(delivery("fulfilment.create", shipment(order, *[1] * 120)))
    assert order["fulfillment_status"] == "fulfilled"


async def test_eight_at_once_never_ship_more_than_was_ordered(shop, connect, delivery, order) -> None:
    """Not once-only by itself (1 of 3 could be told twice at once), hence lookup_then_create; whole orders are safe."""
    workers = [connect() for _ in range(8)]
    results = await asyncio.gather(
        *(
            worker.write("fulfilment.create", [delivery("fulfilment.create", shipment(order, 3, 2))])
            for worker in workers
        )
    )
    assert len(shop.shop.fulfillments_of(order)) == 1
    assert {result.external_id for (result,) in results if isinstance(result, Receipt)} != set()
    assert all(isinstance(result, Receipt) for (result,) in results)
