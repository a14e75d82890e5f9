"""The connector's refusals by name, webhooks to a hub, and controls from another process."""

from __future__ import annotations

import dataclasses
import json

import aiohttp
import pytest
from aiohttp import web

from crossdock.connectors.wms.connector import Wms
from crossdock.connectors.wms.simulator import WmsSimulator
from crossdock.core.errors import AuthenticationError, ConflictError, RejectedError, SupersededError
from crossdock.kit import HookRequest, Receipt, Secret, find_manifests, load_connector, load_entry
from crossdock.kit.conformance import Bench

ITEM = {"sku": "A", "uom": "EA", "lot_tracked": True}


@pytest.fixture
async def bench():
    async with Bench.opened(Wms, WmsSimulator) as one:
        yield one


@pytest.fixture
async def hub():
    """Takes webhooks, or refuses the first few."""
    taken: list[HookRequest] = []
    refusals = [500, 429]

    async def take(request):
        if refusals:
            return web.Response(status=refusals.pop())
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken.append(HookRequest("events", headers, await request.read()))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/hooks/wms/events", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/wms/events", taken
    await runner.cleanup()


async def refused(bench, operation, **changed):
    sample = await bench.sample(operation)
    delivery = dataclasses.replace(sample.delivery, payload={**sample.delivery.payload, **changed})
    return await bench.write(bench.connect(), delivery)


def test_it_is_found_by_its_manifest():
    manifest = find_manifests()["wms"]
    assert load_connector(manifest) is Wms
    assert load_entry(manifest.simulator, "wms") is WmsSimulator


async def test_a_cancel_after_picking_is_refused_as_too_late(bench):
    sample = await bench.sample("ship_order.cancel")
    error = await bench.write(bench.connect(), sample.rejected)
    assert isinstance(error, RejectedError)
    assert error.code == "B-CXL-LATE"
    assert error.mend


async def test_an_order_that_is_always_picked_before_the_cancel_tells_so_by_events(bench):
    simulator = bench.simulator
    sample = await bench.sample("ship_order.cancel")
    reference = sample.delivery.payload["reference"]
    simulator.ship_orders[reference].behaviour = "late_cancel"
    error = await bench.write(bench.connect(), sample.delivery)
    assert error.code == "B-CXL-LATE"
    told = [event["type"] for event in simulator.events if event["data"].get("reference") == reference]
    assert told == ["ship_order.accepted", "ship_order.allocated", "ship_order.picked"]


async def test_refusals_have_our_codes_and_name_the_field(bench):
    line = {"line_id": "1", "sku": "SAMPLE", "quantity": "3", "uom": "EA"}
    unknown = await refused(bench, "ship_order.create", lines=[line, {**line, "line_id": "2", "sku": "?"}])
    assert (unknown.code, unknown.place.path) == ("B-UNK-ITEM", "lines[1].sku")
    other_unit = await refused(bench, "ship_order.create", lines=[{**line, "uom": "CS"}])
    assert (other_unit.code, other_unit.place.path) == ("B-UOM-CONV", "lines[0].uom")
    number = await refused(bench, "ship_order.create", lines=[{**line, "quantity": 3}])
    assert (number.code, number.place.path) == ("T-SCHEMA", "lines[0].quantity")
    nothing = await refused(bench, "ship_order.create", lines=[{**line, "quantity": "0.000"}])
    assert (nothing.code, nothing.place.path) == ("T-SCHEMA", "lines[0].quantity")
    twice = await refused(bench, "ship_order.create", lines=[line, line])
    assert (twice.code, twice.place.path) == ("T-SCHEMA", "lines[1].line_id")
    nobody = await refused(bench, "ship_order.hold", reference="nobody")
    assert nobody.code == "B-UNK-REF"


async def test_conflicts_are_told_apart_from_refusals(bench):
    sample = await bench.sample("ship_order.create")
    await bench.bring_home(sample.delivery)
    again = dataclasses.replace(sample.delivery, effect_key="another")
    duplicate = await bench.write(bench.connect(), again)
    assert isinstance(duplicate, ConflictError)
    assert duplicate.code == "B-DUP-DOC"
    other_body = dataclasses.replace(sample.delivery, payload={**sample.delivery.payload, "notes": "now!"})
    reused = await bench.write(bench.connect(), other_body)
    assert isinstance(reused, ConflictError)
    assert reused.code == "T-API-CONFLICT"


async def test_an_older_revision_is_superseded_not_applied(bench):
    sample = await bench.sample("ship_order.amend")
    await bench.bring_home(sample.delivery)
    for revision in (1, 2):
        payload = {**sample.delivery.payload, "revision": revision, "notes": "late"}
        late = dataclasses.replace(sample.delivery, effect_key=f"late {revision}", payload=payload)
        assert isinstance(await bench.write(bench.connect(), late), SupersededError)
    order = bench.simulator.ship_orders[sample.delivery.payload["reference"]]
    assert (order.revision, str(order.lines[0].quantity)) == (2, "2")


async def test_an_amendment_gives_back_what_was_allocated(bench):
    sample = await bench.sample("ship_order.amend")
    simulator = bench.simulator
    await simulator.advance(2)
    before = simulator.stock.available("SAMPLE")
    await bench.bring_home(sample.delivery)
    assert simulator.stock.available("SAMPLE") == before + 3


async def test_webhooks_are_sent_until_taken_and_are_the_events_that_a_poll_gives(bench, hub):
    url, taken = hub
    simulator = bench.simulator
    simulator.hub_url = url
    simulator.faults.duplicate_hooks = 0.5
    simulator.faults.out_of_order_hooks = 0.5
    await bench.bring_home((await bench.sample("ship_order.create")).delivery)
    await simulator.advance(6)
    await simulator.hooks_sent()
    connector = bench.connect()
    keys = [(await connector.receive(request)).dedupe_key for request in taken]
    bodies = {key: json.loads(request.body) for key, request in zip(keys, taken, strict=True)}
    assert bodies == {record.key: record.payload for record in await bench.read("event")}
    assert bodies
    assert len(keys) > len(bodies), "some were sent twice"


async def test_an_event_that_is_sent_again_keeps_its_id(bench, hub):
    url, taken = hub
    simulator = bench.simulator
    simulator.hub_url = url
    await bench.simulator.seed("event", 1)
    simulator.resend(simulator.events[0]["id"])
    await simulator.hooks_sent()
    assert [request.headers["webhook-id"] for request in taken] == [simulator.events[0]["id"]] * 2
    first, second = await bench.read("event")
    assert (first.key, first.payload) == (second.key, second.payload)
    assert first.cursor != second.cursor


async def test_a_look_up_that_is_refused_does_not_say_absent(bench):
    sample = await bench.sample("ship_order.create")
    bench.script("echo_400")
    with pytest.raises(RejectedError):
        await bench.connect().look_up(sample.delivery)


async def test_two_secrets_are_good_while_one_is_rotated(bench):
    request = bench.hook("events").request
    old = bench.simulator.settings()["webhook_secret"]
    fresh = Secret("the-new-one", origin="test")
    for one, two in ((fresh, old), (old, fresh)):
        rotating = bench.connect(webhook_secret=one, previous_webhook_secret=two)
        assert (await rotating.receive(request)).dedupe_key == "evt-sample"
    with pytest.raises(AuthenticationError, match="signature"):
        await bench.connect(webhook_secret=fresh).receive(request)


async def test_batches_of_items_over_the_limit_are_refused_whole(bench):
    sample = await bench.sample("item.upsert")
    with pytest.raises(RejectedError):
        await bench.connect().write("item.upsert", [sample.delivery] * 101)
    results = await bench.connect().write("item.upsert", [sample.delivery] * 100)
    assert all(isinstance(result, Receipt) for result in results)


async def test_it_is_driven_from_another_process(bench):
    simulator = bench.simulator
    order = {
        "reference": "R1",
        "order": "10001",
        "ship_to": {"name": "Store"},
        "lines": [{"line_id": "1", "sku": "A", "quantity": "4", "uom": "EA"}],
    }
    async with aiohttp.ClientSession(simulator.url) as control:

        async def post(path, body):
            async with control.post(f"/_sim/{path}", json=body) as response:
                return response.status, await response.json()

        assert await post("seed", {"items": [ITEM], "stock": {"A": "12.5"}}) == (200, {"items": 1})
        assert (await post("behaviours", {"by_reference": {"10001": "partial"}}))[0] == 200
        await bench.connect().http.post("/v1/ship-orders", order, idempotency_key="k")
        assert await post("advance", {"steps": 4}) == (200, {"moved": 4})
        assert (await post("advance", {"steps": 0, "every_s": 0.001}))[0] == 200
        state = {}
        while len(state.get("shipments", [])) < 2:
            async with control.get("/_sim/state") as response:
                state = await response.json()
        assert state["ship_orders"]["R1"]["lines"][0]["quantity_shipped"] == "4"
        assert state["stock"]["A"]["on_hand"] == "8.5"
        adjusted = await post("adjust", {"sku": "A", "quantity": "-0.5", "reason": "count"})
        assert adjusted[1]["on_hand"] == "8"
        assert (await post("adjust", {"sku": "A", "quantity": "-99", "reason": "count"}))[0] == 409
        assert (await post("adjust", {"sku": "?", "quantity": "1", "reason": "count"}))[0] == 422
        assert (await post("behaviours", {"by_reference": {"R1": "no_such"}}))[0] == 400
        assert (await post("seed", {"surprise": 1}))[0] == 400


async def test_pages_of_foreign_numbers_are_refused_not_guessed(bench):
    for query in ("since=x", "limit=-1", "next=1.5"):
        with pytest.raises(RejectedError) as caught:
            await bench.connect().http.get(f"/v1/events?{query}")
        assert caught.value.code == "T-SCHEMA"


async def test_an_answer_in_another_shape_is_an_unknown_outcome(bench, monkeypatch):
    monkeypatch.setattr("crossdock.connectors.wms.api.Api._put_item", lambda self, raw: {"sku": "A"})
    sample = await bench.sample("item.upsert")
    connector = bench.connect()
    real = connector.http.request

    async def short(*args, **kwargs):
        answer = await real(*args, **kwargs)
        return type(answer)(answer.status, answer.headers, b'{"results": []}')

    monkeypatch.setattr(connector.http, "request", short)
    error = await bench.write(connector, sample.delivery)
    assert error.code == "T-API-SCHEMA"
