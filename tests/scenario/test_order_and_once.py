"""In order per key, once per effect key, whatever goes wrong on the way (promises 3, 4 and 5)."""

import asyncio
import random

import pytest
from tests.scenario.world import World, assert_in_order, assert_once

TOPICS = ["orders/create", "orders/change", "orders/note"]


async def drop_many(world, count, orders, seed, topics=TOPICS):
    dice = random.Random(seed)
    for seq in range(count):
        order = f"{10000 + dice.randrange(orders)}"
        await world.drop(dice.choice(topics), order, seq, source_version=f"{seq}")


@pytest.mark.parametrize("seed", [1, 2])
async def test_one_key_keeps_its_order_over_interfaces_batches_retries_and_lost_answers(world, seed):
    world.sim.faults.rates = {
        "reset_after": 0.08,
        "error_500_after": 0.05,
        "error_503": 0.08,
        "throttle_429": 0.05,
        "reset_before": 0.05,
    }
    await drop_many(world, 90, 12, seed)
    await world.quiet(seconds=60)
    assert await world.problems() == []
    assert len(world.sim.effects) == 90
    assert_in_order(world.sim)
    assert_once(world.sim)


async def test_a_hub_killed_again_and_again_doubles_nothing_and_keeps_the_order(tmp_path):
    async with World(tmp_path) as world:
        world.sim.faults.rates = {"reset_after": 0.05, "slow": 0.05}
        world.sim.faults.slow_s = 0.1
        dice = random.Random(5)
        for round_ in range(6):
            for seq in range(round_ * 20, round_ * 20 + 20):
                await world.drop(
                    dice.choice(TOPICS), f"{10000 + dice.randrange(6)}", seq, source_version=f"{seq}"
                )
            await asyncio.sleep(dice.random() * 0.15)
            await world.kill_hub()
            await world.start_hub()
        world.sim.faults.rates = {}
        # A lookup_then_create waits for the former call's life and the time it may have queued for.
        await world.quiet(seconds=60)
        assert len(world.sim.effects) == 120
        assert_in_order(world.sim)
        assert_once(world.sim)


@pytest.mark.parametrize("topic", ["orders/create", "orders/change", "orders/note", "stock"])
@pytest.mark.parametrize("fault", ["reset_after", "error_500_after", "slow", "throttle_429", "error_503"])
async def test_an_effect_happens_once_whatever_the_answer(world, topic, fault):
    world.sim.faults.script = [fault, fault]
    world.sim.faults.only = "/(orders|changes|notes|stock)$"
    world.sim.faults.slow_s = 0.05
    accepted = await world.drop(topic, "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    assert await world.problems() == []
    if topic == "stock":
        assert world.sim.levels == {"10001": "1"}
    else:
        assert len(world.sim.effects) == 1


async def test_a_verb_without_any_once_is_sent_at_least_once(world):
    world.sim.faults.script = ["reset_after"]
    accepted = await world.drop("orders/ping", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 2


async def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(world):
    world.sim.faults.script = ["reset_after"]
    accepted = await world.drop("orders/note", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    assert world.sim.calls == [("POST", "/notes"), ("GET", "/notes")]


async def test_a_lookup_waits_until_the_lost_call_must_have_ended(world):
    world.sim.takes_s["10001"] = 0.2
    world.sim.faults.script = []
    world.hub.systems["acme"].connector.http._timeout_s = 0.05
    accepted = await world.drop("orders/note", "10001", 1)
    await world.until(lambda: world.sim.calls)
    world.hub.systems["acme"].connector.http._timeout_s = 2.0
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 1


async def test_a_lost_call_of_a_retry_is_given_its_whole_life_too(world):
    """The first try was refused long ago: that says nothing about how long the second may be at work."""
    world.sim.faults.script = ["error_503"]
    world.sim.faults.retry_after_s = 0.6
    world.sim.takes_s["10001"] = 0.2
    accepted = await world.drop("orders/note", "10001", 1)
    await world.until(lambda: len(world.sim.calls) == 1)
    world.hub.systems["acme"].connector.http._timeout_s = 0.05
    await world.until(lambda: len(world.sim.calls) == 2)
    world.hub.systems["acme"].connector.http._timeout_s = 2.0
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 1


async def test_what_nobody_can_tell_is_a_persons_decision_and_holds_its_key(world):
    world.sim.faults.script = ["reset_after"]
    lost = await world.drop("orders/letter", "10001", 1)
    await world.becomes(lost.message_id, "parked")
    assert await world.problems() == ["T-OUTCOME"]
    assert len(world.sim.effects) == 1
    follower = await world.drop("orders/change", "10001", 2)
    await world.becomes(follower.message_id, "held")


async def test_a_slow_call_holds_up_neither_other_keys_nor_their_followers(world):
    world.sim.takes_s["slow"] = 2.0
    await world.drop("orders/change", "slow", 1)
    for seq in range(3):
        for order in ("a", "b", "c"):
            await world.drop("orders/change", order, seq)
    await world.until(lambda: len(world.sim.effects) == 9, seconds=1.5)
    assert_in_order(world.sim)


async def test_a_record_that_was_not_sent_goes_before_its_followers(world):
    """Not sent, because its look-up could not be made: it keeps its place."""
    hub_acme = world.hub.systems["acme"]
    hub_acme.breaker.threshold = 100
    world.sim.faults.rates = {"error_503": 0.4, "throttle_429": 0.2}
    for seq in range(24):
        await world.drop("orders/change" if seq % 2 else "orders/create", f"{seq % 3}", seq)
    await world.quiet(seconds=40)
    assert len(world.sim.effects) == 24
    assert_in_order(world.sim)


async def test_calls_at_once_keep_to_the_systems_limit(world):
    for seq in range(40):
        world.sim.takes_s[f"o{seq}"] = 0.02
        await world.drop("orders/change", f"o{seq}", seq)
    await world.quiet()
    assert 2 <= world.sim.most_at_once <= 4


async def test_batches_carry_many_keys_and_one_of_each(world):
    await world.stop_hub()
    for seq in range(60):
        await world.drop("orders/create", f"o{seq % 30}", seq, source_version=str(seq))
    await world.start_hub()
    await world.quiet()
    assert max(world.sim.batches) >= 8
    assert_in_order(world.sim)
