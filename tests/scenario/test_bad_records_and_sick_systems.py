"""One bad record stops nobody, one sick system stops nobody, nothing vanishes (promises 6, 7 and 8)."""

import asyncio
import time

import msgspec
from tests.scenario.world import QUICK, World, assert_in_order, assert_once, interface, to, usual_interfaces

from crossdock.core.errors import AuthenticationError


async def test_a_refused_batch_is_split_until_the_bad_record_stands_alone(world):
    await world.stop_hub()
    world.sim.refuses = {"o7"}
    accepted = [await world.drop("orders/create", f"o{n}", n) for n in range(20)]
    await world.start_hub()
    await world.quiet()
    assert [await world.state(a.message_id) for a in accepted].count("delivered") == 19
    assert await world.state(accepted[7].message_id) == "parked"
    assert (await world.problem()).code == "T-API-4XX"
    assert_once(world.sim)


async def test_a_parked_key_holds_only_its_own_followers(world):
    world.sim.refuses = {"bad"}
    first = await world.drop("orders/change", "bad", 1)
    await world.becomes(first.message_id, "parked")
    follower = await world.drop("orders/note", "bad", 2)
    other = await world.drop("orders/note", "good", 3)
    await world.becomes(other.message_id, "delivered")
    await world.becomes(follower.message_id, "held")
    assert world.sim.of("bad") == []


async def test_refusals_are_answers_and_open_no_breaker(world):
    world.sim.refuses = {f"bad{n}" for n in range(12)}
    for n in range(12):
        await world.drop("orders/change", f"bad{n}", n)
    await world.until(lambda: _parked(world, 12))
    assert not world.hub.systems["acme"].breaker.probing()


async def _parked(world, count):
    return (await world.journal.counts())["deliveries"].get("parked") == count


async def test_a_mapping_that_breaks_on_one_record_parks_that_record_alone(tmp_path):
    interfaces = [interface("orders/create", to("order.create", mapping="needs-products"))]
    async with World(tmp_path, interfaces=interfaces) as world:
        world.sim.products = {"POISON": "p1", "X": "p2"}
        await world.stop_hub()
        bad = await world.drop("orders/create", "bad", 1, product="POISON")
        good = [await world.drop("orders/create", f"o{n}", n) for n in range(5)]
        await world.start_hub()
        for accepted in good:
            await world.becomes(accepted.message_id, "delivered")
        await world.becomes(bad.message_id, "parked")
        assert (await world.problem()).code == "T-MAP"


async def test_a_look_up_that_is_refused_for_one_key_finds_the_others(tmp_path):
    interfaces = [interface("orders/create", to("order.create", mapping="needs-products"))]
    async with World(tmp_path, interfaces=interfaces) as world:
        world.sim.products = {"X": "p2"}
        await world.stop_hub()
        bad = await world.drop("orders/create", "bad", 1, product="not a sku")
        good = [await world.drop("orders/create", f"o{n}", n) for n in range(5)]
        await world.start_hub()
        for accepted in good:
            await world.becomes(accepted.message_id, "delivered")
        await world.becomes(bad.message_id, "parked")
        assert (await world.problem()).code == "B-UNK-ITEM"


async def test_a_look_up_at_a_sick_system_costs_nobody_an_attempt(tmp_path):
    interfaces = [interface("orders/create", to("order.create", mapping="needs-products"))]
    async with World(tmp_path, interfaces=interfaces) as world:
        world.sim.products = {"X": "p2"}
        world.sim.faults.only = "/products"
        world.sim.faults.rates = {"error_503": 1.0}
        accepted = [await world.drop("orders/create", "o1", n, source_version=str(n)) for n in range(3)]
        await world.until(lambda: len(world.sim.calls) >= 3)
        world.sim.faults.rates = {}
        for one in accepted:
            await world.becomes(one.message_id, "delivered")
            assert (await world.delivery(one.message_id)).attempts == 1
        assert_in_order(world.sim)


async def test_a_system_that_is_down_burns_no_attempts_and_the_others_flow(tmp_path):
    interfaces = [
        interface("orders/create", to("order.create")),
        interface("orders/change", to("order.change", system="beta"), topic="orders/change"),
    ]
    async with World(tmp_path, interfaces=interfaces, systems=("acme", "beta")) as world:
        port = int(world.sims["acme"].url.rpartition(":")[2])
        await world.sims["acme"].stop()
        down = [await world.drop("orders/create", f"o{n}", n) for n in range(30)]
        await world.until(world.hub.systems["acme"].breaker.probing)
        started = time.monotonic()
        for n in range(50):
            await world.drop("orders/change", f"o{n}", n)
        await world.until(lambda: len(world.sims["beta"].effects) == 50, seconds=5)
        assert time.monotonic() - started < 3
        await world.sims["acme"].start(port=port)
        for one in down:
            await world.becomes(one.message_id, "delivered")
            assert (await world.delivery(one.message_id)).attempts == 1
        assert await world.problems() == []
        assert not world.hub.systems["acme"].breaker.probing()


async def test_bad_credentials_stop_a_system_at_once_and_one_probe_at_a_time_tells_when_they_are_good(world):
    world.sim.down_with = 401
    accepted = [await world.drop("orders/change", f"o{n}", n) for n in range(20)]
    await world.until(world.hub.systems["acme"].breaker.probing)
    before = len(world.sim.calls)
    await asyncio.sleep(0.8)
    probes = len(world.sim.calls) - before
    assert 1 <= probes <= 12, "one probe each time the breaker's patience ends"
    assert (await world.journal.counts())["deliveries"] == {"ready": 20}
    world.sim.down_with = 0
    for one in accepted:
        await world.becomes(one.message_id, "delivered")
        assert (await world.delivery(one.message_id)).attempts == 1


async def test_calls_that_fail_together_count_as_one_failure_of_the_breaker(world):
    breaker = world.hub.systems["acme"].breaker
    breaker.first_s, breaker.longest_s = 0.2, 60.0
    world.sim.faults.rates = {"reset_before": 1.0}
    for n in range(40):
        await world.drop("orders/change", f"o{n}", n)
    await world.until(breaker.probing)
    assert breaker._wait_s <= 0.4


async def test_errors_of_the_connectors_own_code_are_unknown_outcomes_and_looked_up(world, monkeypatch):
    connector = world.hub.systems["acme"].connector
    real, broken = connector.write, [True]

    async def write(name, deliveries):
        results = await real(name, deliveries)
        if broken.pop() if broken else False:
            raise KeyError(name)
        return results

    monkeypatch.setattr(connector, "write", write)
    accepted = await world.drop("orders/note", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 1


async def test_a_verb_that_hangs_is_given_up_and_its_key_goes_on(tmp_path, monkeypatch):
    hasty = msgspec.structs.replace(QUICK, timeout_s=0.2)
    interfaces = [interface("orders/change", to("order.change", policy=hasty))]
    async with World(tmp_path, interfaces=interfaces) as world:
        connector = world.hub.systems["acme"].connector
        real, hangs = connector.write, [True]

        async def write(name, deliveries):
            if hangs and hangs.pop():
                await asyncio.sleep(3600)
            return await real(name, deliveries)

        monkeypatch.setattr(connector, "write", write)
        accepted = await world.drop("orders/change", "10001", 1)
        await world.becomes(accepted.message_id, "delivered", seconds=5)


async def test_a_look_up_with_bad_credentials_is_made_again_when_they_are_good(world):
    world.sim.faults.script = ["reset_after"]
    connector = world.hub.systems["acme"].connector
    real, asked = connector.look_up, []

    async def look_up(delivery):
        asked.append(delivery)
        if len(asked) < 3:
            raise AuthenticationError("the key has run out")
        return await real(delivery)

    connector.look_up = look_up
    accepted = await world.drop("orders/note", "10001", 1)
    await world.becomes(accepted.message_id, "delivered")
    assert len(world.sim.effects) == 1


async def test_an_interface_that_is_gone_parks_its_deliveries_with_a_reason(tmp_path):
    async with World(tmp_path) as world:
        world.sim.down_with = 503
        accepted = await world.drop("orders/change", "10001", 1)
        await world.until(lambda: world.sim.calls)
        await world.stop_hub()
        world.sim.down_with = 0
        world.interfaces = [one for one in usual_interfaces() if one.id != "orders-change"]
        await world.start_hub()
        await world.becomes(accepted.message_id, "parked")
        assert (await world.problem()).code == "T-CONFIG"
