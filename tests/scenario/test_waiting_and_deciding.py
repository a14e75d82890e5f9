"""Facts that are awaited, steps, decisions by people, replay, what is superseded or filtered (promises 8 and 9)."""

import msgspec
import pytest
from tests.scenario.world import QUICK, World, interface, to, usual_interfaces

from crossdock.apps.operations import Operations
from crossdock.core.errors import SupersededError
from crossdock.core.interface import InterfaceSource
from crossdock.store.contract import Xref

WHO = {"actor": "ana", "reason": "seen"}


@pytest.fixture
def desk(world):
    return Operations(world.journal, hub=world.hub, interfaces={})


async def exception_id(world) -> int:
    return (await world.problem()).id


async def test_a_payment_before_its_order_lets_the_order_pass_and_goes_after_it(world):
    paid = await world.drop("orders/pay", "10001", 1)
    await world.becomes(paid.message_id, "waiting")
    await world.drop("orders/create", "10001", 2)
    await world.becomes(paid.message_id, "delivered", seconds=3)
    assert [e.operation for e in world.sim.of("10001")] == ["order.create", "order.pay"]
    assert await world.problems() == []


async def test_who_waits_for_another_object_holds_his_key(world):
    waits = await world.drop("orders/pay", "10001", 1, of="20002")
    await world.becomes(waits.message_id, "waiting")
    follower = await world.drop("orders/create", "10001", 2)
    await world.becomes(follower.message_id, "held")
    await world.drop("orders/create", "20002", 3)
    await world.becomes(follower.message_id, "delivered", seconds=3)
    assert [e.operation for e in world.sim.of("10001")] == ["order.pay", "order.create"]


async def test_a_deadline_makes_an_exception_and_the_late_fact_still_wakes(tmp_path):
    hasty = msgspec.structs.replace(QUICK, wait_s=0.1)
    interfaces = [one for one in usual_interfaces() if one.id != "orders-pay"]
    interfaces.append(interface("orders/pay", to("order.pay", policy=hasty), document="payment"))
    async with World(tmp_path, interfaces=interfaces) as world:
        waits = await world.drop("orders/pay", "10001", 1, of="20002")
        await world.becomes(waits.message_id, "parked")
        assert await world.problems() == ["T-DEADLINE"]
        await world.drop("orders/create", "20002", 3)
        await world.becomes(waits.message_id, "delivered", seconds=3)
        assert await world.problems() == []


async def test_a_missing_product_is_an_exception_at_once_and_resolves_when_it_arrives(tmp_path):
    interfaces = [interface("orders/create", to("order.create", mapping="needs-products"))]
    async with World(tmp_path, interfaces=interfaces) as world:
        accepted = await world.drop("orders/create", "10001", 1, product="NEW")
        await world.becomes(accepted.message_id, "parked", seconds=3)
        assert await world.problems() == ["B-UNK-ITEM"]
        settled = await world.journal.put_xrefs([Xref("acme", "", "product", "NEW", "p9")])
        world.hub.released_for(settled.woken_targets)
        await world.becomes(accepted.message_id, "delivered", seconds=3)
        assert await world.problems() == []


async def test_a_retry_by_a_person_sends_again_and_releases_the_followers(world, desk):
    world.sim.refuses = {"10001"}
    first = await world.drop("orders/change", "10001", 1)
    await world.becomes(first.message_id, "parked")
    follower = await world.drop("orders/note", "10001", 2)
    await world.becomes(follower.message_id, "held")
    world.sim.refuses = set()
    await desk.retry_exception(await exception_id(world), **WHO)
    await world.becomes(follower.message_id, "delivered", seconds=3)
    assert [e.seq for e in world.sim.of("10001")] == ["1", "2"]
    assert await world.problems() == []


async def test_ignoring_gives_the_delivery_up_and_its_followers_go_on(world, desk):
    world.sim.refuses = {"10001"}
    first = await world.drop("orders/change", "10001", 1)
    await world.becomes(first.message_id, "parked")
    world.sim.refuses = set()
    follower = await world.drop("orders/note", "10001", 2)
    await desk.resolve_exception(await exception_id(world), ignore=True, **WHO)
    await world.becomes(follower.message_id, "delivered", seconds=3)
    assert await world.state(first.message_id) == "cancelled"
    assert [e.seq for e in world.sim.of("10001")] == ["2"]


async def test_a_guards_hold_parks_the_key_and_accepting_it_sends_nothing(world, desk):
    world.sim.holds = {"10001"}
    held = await world.drop("orders/change", "10001", 1)
    await world.becomes(held.message_id, "parked")
    follower = await world.drop("orders/note", "10001", 2)
    await world.becomes(follower.message_id, "held")
    assert (await world.problem()).code == "B-PRICE-MISM"
    await desk.retry_exception(await exception_id(world), **WHO)
    await world.becomes(follower.message_id, "delivered", seconds=3)
    assert await world.state(held.message_id) == "delivered"
    assert world.sim.calls.count(("POST", "/changes")) == 1


async def test_what_is_done_already_is_success(world):
    world.sim.done_already = {"10001"}
    accepted = await world.drop("orders/change", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    shown = await world.journal.show_message(accepted.message_id)
    assert [a.outcome for a in shown["attempts"]] == ["already done"]


def steps():
    return [
        interface("cancel", to("order.change"), to("note.create", after=[0]), topic="orders/change"),
        interface("orders/create", to("order.create")),
    ]


async def test_a_second_step_goes_only_after_the_firsts_effect(tmp_path):
    async with World(tmp_path, interfaces=steps()) as world:
        world.sim.takes_s["10001"] = 0.2
        accepted = await world.drop("orders/change", "10001", 1)
        await world.until(lambda: len(world.sim.effects) == 2, seconds=4)
        await world.quiet()
        assert [e.operation for e in world.sim.effects] == ["order.change", "note.create"]
        assert await world.states(accepted.message_id) == ["delivered", "delivered"]


async def test_a_second_step_is_not_sent_where_the_first_is_refused_and_the_world_goes_on(tmp_path):
    async with World(tmp_path, interfaces=steps()) as world:
        world.sim.refuses = {"10001"}
        accepted = await world.drop("orders/change", "10001", 1)
        await world.until(lambda: _has(world, accepted, "parked"))
        other = await world.drop("orders/change", "10002", 1)
        await world.until(lambda: len(world.sim.of("10002")) == 2)
        assert world.sim.of("10001") == []
        assert "delivered" not in await world.states(accepted.message_id)
        assert await world.states(other.message_id) == ["delivered", "delivered"]


async def test_a_second_step_goes_once_a_person_accepts_what_a_guard_held(tmp_path):
    async with World(tmp_path, interfaces=steps()) as world:
        world.sim.holds = {"10001"}
        accepted = await world.drop("orders/change", "10001", 1)
        await world.until(lambda: _has(world, accepted, "parked"))
        assert [e.operation for e in world.sim.effects] == ["order.change"]
        desk = Operations(world.journal, hub=world.hub, interfaces={})
        await desk.retry_exception(await exception_id(world), **WHO)
        await world.until(lambda: len(world.sim.effects) == 2, seconds=4)
        await world.quiet()
        assert [e.operation for e in world.sim.effects] == ["order.change", "note.create"]


async def _has(world, accepted, state):
    return state in await world.states(accepted.message_id)


async def test_in_mode_shadow_everything_happens_but_the_write(tmp_path):
    interfaces = [
        interface(
            "cancel",
            to("order.change", mode="shadow"),
            to("note.create", mode="shadow", after=[0]),
            topic="t",
        )
    ]
    async with World(tmp_path, interfaces=interfaces) as world:
        accepted = await world.drop("t", "10001", 1)
        await world.quiet()
        assert await world.states(accepted.message_id) == ["shadowed", "shadowed"]
        shown = await world.journal.show_message(accepted.message_id)
        assert all(b"would_send" in attempt.answer for attempt in shown["attempts"])
        assert world.sim.calls == []


async def test_yesterdays_level_is_not_sent_after_todays(world):
    world.sim.down_with = 503
    old = [await world.drop("stock", "SKU", n) for n in range(5)]
    await world.until(world.hub.systems["acme"].breaker.probing)
    new = await world.drop("stock", "SKU", 99)
    await world.until(lambda: _all_over(world, old))
    world.sim.down_with = 0
    await world.becomes(new.message_id, "delivered")
    assert world.sim.levels == {"SKU": "99"}
    states = {await world.state(one.message_id) for one in old}
    assert states == {"superseded"}


async def _all_over(world, accepted):
    return all([await world.state(one.message_id) == "superseded" for one in accepted])


async def test_a_level_that_comes_back_is_sent_again(world):
    for level in (5, 6, 5):
        accepted = await world.drop("stock", "SKU", level)
        await world.becomes(accepted.message_id, "delivered")
    assert world.sim.levels == {"SKU": "5"}
    assert len(world.sim.effects) == 3


async def test_an_older_level_is_not_redelivered(world):
    first = await world.drop("stock", "SKU", 5)
    await world.becomes(first.message_id, "delivered")
    second = await world.drop("stock", "SKU", 6)
    await world.becomes(second.message_id, "delivered")
    with pytest.raises(SupersededError):
        await world.journal.retry_delivery((await world.delivery(first.message_id)).id, **WHO)


async def test_reprocessing_with_the_same_result_does_nothing(world, desk):
    accepted = await world.drop("orders/change", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    await desk.replay_message(accepted.message_id, **WHO)
    await world.until(lambda: _has(world, accepted, "duplicate"))
    await world.quiet()
    assert len(world.sim.effects) == 1


async def test_reprocessing_with_another_result_is_a_new_revision(world, desk):
    accepted = await world.drop("orders/change", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    edited = world.body("orders/change", "10001", 2).decode()
    await desk.replay_message(accepted.message_id, body=edited, **WHO)
    await world.until(lambda: len(world.sim.effects) == 2)
    first, second = world.sim.effects
    assert first.effect_key != second.effect_key


async def test_redelivering_asks_for_the_same_effect_and_nothing_happens(world):
    accepted = await world.drop("orders/change", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    settled = await world.journal.retry_delivery((await world.delivery(accepted.message_id)).id, **WHO)
    world.hub.released_for(settled.woken_targets)
    await world.until(lambda: world.sim.calls.count(("POST", "/changes")) == 2)
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 1


async def test_what_a_rule_refuses_is_filtered_by_its_name(tmp_path):
    interfaces = [
        interface("a", to("order.change"), topic="orders/create", when="customer == 'C9'"),
        interface("b", to("order.change"), source=InterfaceSource("shop", ["s"], when="customer == 'C9'")),
        interface("c", to("order.change", when="customer == 'C9'"), topic="t"),
    ]
    async with World(tmp_path, interfaces=interfaces) as world:
        for topic, rule in (("orders/create", "a: customer"), ("s", "b: customer"), ("t", "c: customer")):
            accepted = await world.drop(topic, "10001", 1)
            await world.quiet()
            shown = await world.journal.show_message(accepted.message_id)
            assert shown["message"].state == "filtered"
            told = shown["message"].note + "".join(d.filtered_by for d in shown["documents"])
            assert rule in told


async def test_a_rule_that_cannot_be_asked_is_that_messages_exception_and_stops_nobody(tmp_path):
    interfaces = [
        interface(
            "b",
            to("order.change"),
            source=InterfaceSource("shop", ["s"], when="lines[0].quantity.value * 2 > 1"),
            mapping="needs-products",
        ),
        interface("orders/change", to("order.change")),
    ]
    async with World(tmp_path, interfaces=interfaces) as world:
        bad = await world.drop("s", "10001", 1, lines=[{"quantity": {"value": "many"}}])
        good = await world.drop("orders/change", "10001", 2)
        await world.becomes(good.message_id, "delivered", seconds=3)
        shown = await world.journal.show_message(bad.message_id)
        assert shown["message"].state == "failed"
        assert len(shown["exceptions"]) == 1
