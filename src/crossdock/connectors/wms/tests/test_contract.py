"""Every request and answer of connector and simulator is as `openapi.yaml` says, and all it says is exercised."""

from __future__ import annotations

import json
import pathlib
import random

import jsonschema
import pytest
import yaml
from aiohttp import web

from crossdock.connectors.wms.connector import Wms
from crossdock.connectors.wms.simulator import WmsSimulator
from crossdock.core.errors import CrossdockError
from crossdock.kit.conformance import Bench

DOCUMENT = yaml.safe_load((pathlib.Path(__file__).parents[1] / "openapi.yaml").read_text(encoding="utf-8"))


class Recorded(WmsSimulator):
    """Keeps what came in and went out, by the route that took it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.exchanges = []

    def routes(self):
        return [
            web.route(route.method, route.path, self._recording(route.method, route.path, route.handler))
            for route in super().routes()
        ]

    def _recording(self, method, path, handler):
        async def record(request):
            response = await handler(request)
            body = await request.read()
            self.exchanges.append((method.lower(), path, body, response.status, response.body))
            return response

        return record


def validate(schema, value):
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def resolved(part):
    while "$ref" in part:
        found = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def schema_of(part):
    return resolved(part)["content"]["application/json"]["schema"]


async def exercise(bench):
    """Everything that the connector does, good and refused, with orders of all behaviours on their way."""
    simulator = bench.simulator
    connector = bench.connect()
    await connector.check()
    for number, behaviour in enumerate(("full", "partial", "short", "damaged", "over", "late_cancel")):
        simulator.behaviours[f"REL/{number + 1}"] = behaviour
        simulator.behaviours[f"ADV/{number + 1}"] = behaviour
    for operation in Wms.verbs.writes:
        for _ in range(6):
            sample = await bench.sample(operation)
            if operation != "item.upsert":
                await connector.look_up(sample.delivery)
            await bench.bring_home(sample.delivery)
            await bench.write(connector, sample.rejected)
    await simulator.advance(10)
    await bench.read("event")
    await bench.read("inventory_position")
    with pytest.raises(CrossdockError):
        await bench.connect(token=simulator.settings()["webhook_secret"]).check()


async def test_requests_answers_and_events_are_as_the_contract_says():
    async with Bench.opened(Wms, Recorded) as bench:
        await exercise(bench)
        exchanges, events = bench.simulator.exchanges, bench.simulator.events
    seen = set()
    for method, path, body, status, answer in exchanges:
        operation = DOCUMENT["paths"][path][method]
        seen.add((path, method))
        validate(schema_of(operation["responses"][str(status)]), json.loads(answer))
        if body and status < 300 and path != "/v1/items":
            validate(schema_of(operation["requestBody"]), json.loads(body))
    assert seen == {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    for event in events:
        validate(schema_of(DOCUMENT["webhooks"]["event"]["post"]["requestBody"]), event)
    documented = {
        kind
        for choice in DOCUMENT["components"]["schemas"]["Event"]["oneOf"]
        for kind in choice["properties"]["type"].get("enum", [choice["properties"]["type"].get("const")])
    }
    assert {event["type"] for event in events} == documented


async def test_what_the_contract_refuses_the_simulator_refuses_too():
    """Forms and document agree: what one takes the other takes."""
    good = {
        "reference": "R1",
        "order": "O1",
        "ship_to": {"name": "A"},
        "lines": [{"line_id": "1", "sku": "S", "quantity": "1.5", "uom": "EA"}],
    }
    bad = [
        {**good, "lines": []},
        {**good, "surprise": 1},
        {**good, "reference": ""},
        {**good, "reference": "x" * 65},
        {**good, "ship_to": {}},
        *(
            {**good, "lines": [{**good["lines"][0], "quantity": q}]}
            for q in (1.5, "1e3", "-1", "01", "1.", "")
        ),
        {name: value for name, value in good.items() if name != "order"},
    ]
    schema = {"$ref": "#/components/schemas/ShipOrderForm"}
    validate(schema, good)
    async with Bench.opened(Wms, WmsSimulator) as bench:
        connector = bench.connect()
        for number, body in enumerate(bad):
            with pytest.raises(jsonschema.ValidationError):
                validate(schema, body)
            with pytest.raises(CrossdockError) as caught:
                await connector.http.post("/v1/ship-orders", body, idempotency_key=str(number))
            assert caught.value.code == "T-SCHEMA", (body, caught.value)


def test_the_document_is_whole():
    assert DOCUMENT["openapi"].startswith("3.1")
    operations = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for name in DOCUMENT["components"]["schemas"]:
        jsonschema.Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])
        assert f"#/components/schemas/{name}" in json.dumps(DOCUMENT), f"{name} is used nowhere"
    routes = {
        (route.path, route.method.lower())
        for route in WmsSimulator(clock=None, randomness=random.Random(1)).routes()
    }
    assert routes == {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
