"""The cost bucket: calls wait for it, THROTTLED says how long, and other top-level errors have their types."""

import pytest

from crossdock.connectors.shopify.admin_api import CostBucket, error_for_answer
from crossdock.connectors.shopify.queries import SHOP
from crossdock.core.clock import ManualClock
from crossdock.core.errors import (
    AuthenticationError,
    ConfigError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    ThrottledError,
)


async def test_throttled_says_how_long_the_bucket_takes_to_fill(shop, connect, delivery) -> None:
    connector = connect(patience_s=0)
    shop.shop.place_order()
    shop._level = 1.0
    with pytest.raises(ThrottledError) as caught:
        await connector.find("order", ["#10001"], "")
    assert shop.throttled == 1
    # FindOrders costs 4 by the simulator's count; 3 are missing, and 50 come a second.
    assert caught.value.retry_after_s == pytest.approx(3 / 50, abs=0.001)


async def test_what_others_drew_from_the_bucket_is_waited_for(shop, connector, clock) -> None:
    """THROTTLED does nothing, so that asking again after the time named is safe."""
    shop.shop.place_order()
    shop._level = 1.0
    began_s = clock.monotonic_s()
    assert await connector.find("order", ["#10001"], "")
    assert shop.throttled == 1
    assert clock.monotonic_s() - began_s == pytest.approx(3 / 50, abs=0.001)


async def test_a_long_read_on_a_small_plan_waits_and_ends(shop, connector, clock) -> None:
    """Given back to the queue it would begin again behind its cursor, and never pass a crowd of equal times."""
    for _ in range(60):
        shop.shop.place_order()
    assert len([_ async for _ in connector.read("order", None)]) == 60
    assert clock.monotonic_s() > 0
    assert shop.throttled <= 1


async def test_calls_are_paced_so_that_none_is_throttled(shop, connector, delivery, clock) -> None:
    """Four hundred calls at a bucket of a hundred: the connector waits before it sends, on its clock."""
    shop.capacity = shop._level = 100.0
    began_s = clock.monotonic_s()
    for _ in range(400):
        await connector.api.call(SHOP, location="gid://shopify/Location/71000001")
    assert shop.throttled == 0
    assert clock.monotonic_s() - began_s == pytest.approx((400 * 2 - 100) / 50, abs=2)


async def test_a_long_wait_is_given_back_to_the_queue(shop, connect) -> None:
    connector = connect(patience_s=1)
    await connector.check()
    shop.restore_per_s = connector.api.bucket._rate = 0.01
    shop._level = connector.api.bucket._level = 1.0
    with pytest.raises(ThrottledError) as caught:
        await connector.check()
    assert caught.value.retry_after_s == pytest.approx(100, rel=0.01)
    assert shop.throttled == 0


def test_calls_at_the_same_time_see_each_other() -> None:
    clock = ManualClock()
    bucket = CostBucket(clock)
    status = {"maximumAvailable": 100, "currentlyAvailable": 100, "restoreRate": 10}
    bucket.learn("Orders", {"requestedQueryCost": 60, "throttleStatus": status})
    assert bucket.wait_s("Orders") == 0
    bucket.take("Orders")
    assert bucket.wait_s("Orders") == pytest.approx(2)
    clock.advance(2)
    assert bucket.wait_s("Orders") == 0


def test_a_call_dearer_than_the_whole_bucket_waits_for_a_full_one_only() -> None:
    bucket = CostBucket(ManualClock())
    status = {"maximumAvailable": 100, "currentlyAvailable": 0, "restoreRate": 10}
    bucket.learn("Orders", {"requestedQueryCost": 600, "throttleStatus": status})
    assert bucket.wait_s("Orders") == pytest.approx(10)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ACCESS_DENIED", AuthenticationError),
        ("SHOP_INACTIVE", AuthenticationError),
        ("MAX_COST_EXCEEDED", ConfigError),
        ("INTERNAL_SERVER_ERROR", OutcomeUnknownError),
        ("undefinedField", RejectedError),
        ("", RejectedError),
    ],
)
def test_top_level_errors_have_their_types(code, kind) -> None:
    error = error_for_answer("Orders", {"errors": [{"message": "no", "extensions": {"code": code}}]})
    assert type(error) is kind
    assert "Orders: no" in str(error)


def test_throttled_without_a_cost_names_no_time() -> None:
    error = error_for_answer(
        "Orders", {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    )
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s is None


def test_an_answer_of_neither_data_nor_errors_is_no_answer() -> None:
    assert isinstance(error_for_answer("Orders", {"data": None}), OutcomeUnknownError)
    assert error_for_answer("Orders", {"data": {}}) is None


async def test_a_missing_scope_is_for_a_person(shop, connector, delivery) -> None:
    shop.denied = {"fulfillmentCreate"}
    order = shop.shop.place_order()
    payload = {"order_id": order["id"], "shipment_no": "OUT/1"}
    with pytest.raises(AuthenticationError, match="Access denied for fulfillmentCreate"):
        await connector.create_fulfilment(delivery("fulfilment.create", payload))


async def test_too_large_pages_name_the_setting(shop, connect) -> None:
    with pytest.raises(ConfigError, match="lower page_size"):
        [_ async for _ in connect(page_size=250).read("order", None)]


async def test_a_version_that_shopify_no_longer_serves_is_noticed(shop, connect) -> None:
    connector = connect(api_version="2025-01x")
    with pytest.raises(ConfigError, match="api_version"):
        await connector.check()


async def test_a_location_that_is_not_there_is_noticed(connect) -> None:
    with pytest.raises(ConfigError, match="location_id"):
        await connect(location_id="4").check()


async def test_a_lost_answer_to_a_query_is_safe_to_repeat_and_to_a_mutation_is_not(
    shop, connector, delivery
) -> None:
    order = shop.shop.place_order()
    payload = {"order_id": order["id"], "shipment_no": "OUT/1"}
    shop.faults.script = ["reset_after"]
    with pytest.raises(RetryableError):
        await connector.create_fulfilment(delivery("fulfilment.create", payload))
    shop.faults.script = ["", "reset_after"]
    with pytest.raises(OutcomeUnknownError):
        await connector.create_fulfilment(delivery("fulfilment.create", payload))
    assert (await connector.look_up(delivery("fulfilment.create", payload))).state == "done"
