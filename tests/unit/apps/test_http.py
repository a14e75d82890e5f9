"""The server over a real socket: webhooks in, operations, health; every refusal is problem+json with our code."""

import asyncio
import base64
import json

import aiohttp
import pytest
from tests.scenario.acme import SECRET
from tests.scenario.world import World, usual_interfaces

from crossdock.apps.api import Server, make_app
from crossdock.apps.operations import Operations
from crossdock.kit import Secret, sign_hmac_base64

TOKEN = Secret("ops-token-0123456789", origin="test")
LIMIT = 50_000


class Door:
    """The world's server and a client."""

    def __init__(self, world, port, session):
        self.world = world
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.session = session

    async def hook(self, body, *, path="/hooks/acme/orders/change", number="h1", signed=True, **headers):
        if signed:
            headers["X-Acme-Hmac"] = sign_hmac_base64(SECRET, body) if signed is True else signed
        headers = {"Content-Type": "application/json", "X-Acme-Id": number, **headers}
        async with self.session.post(self.url + path, data=body, headers=headers) as response:
            return response.status, response.content_type, await response.json()

    async def get(self, path, *, token="ops-token-0123456789", method="GET", **kwargs):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(method, self.url + path, headers=headers, **kwargs) as response:
            text = await response.text()
            return response.status, response.content_type, text

    async def stored(self):
        return sum((await self.world.journal.counts())["messages"].values())


@pytest.fixture
async def door(tmp_path):
    async with World(tmp_path) as world, aiohttp.ClientSession() as session:
        operations = Operations(
            world.journal, hub=world.hub, interfaces={i.id: i for i in usual_interfaces()}
        )
        app = make_app(world.hub, operations, token=TOKEN, clock=world.clock, max_body_bytes=LIMIT)
        server = Server(app, host="127.0.0.1", port=0)
        await server.start()
        try:
            yield Door(world, server.port, session)
        finally:
            await server.stop()


def is_problem(answer, status, code):
    assert answer[0] == status, answer
    assert answer[1] == "application/problem+json"
    problem = json.loads(answer[2]) if isinstance(answer[2], str) else answer[2]
    assert problem["code"] == code
    assert problem["type"] == f"urn:crossdock:error:{code}"
    assert problem["status"] == status
    assert problem["title"]


async def test_a_webhook_is_answered_202_with_its_message_and_again_as_a_double(door):
    body = door.world.body("orders/change", "10001", 1)
    status, _, first = await door.hook(body)
    assert (status, first["duplicate"]) == (202, False)
    assert await door.stored() == 1
    assert await door.hook(body) == (202, "application/json", {**first, "duplicate": True})
    assert await door.stored() == 1


@pytest.mark.parametrize("signature", ["", "wrong", "d3Jvbmc="])
async def test_a_bad_signature_is_401_and_nothing_is_stored(door, signature):
    is_problem(await door.hook(b"{}", signed=signature), 401, "T-SIG")
    assert await door.stored() == 0


@pytest.mark.parametrize(
    "path", ["/hooks/nobody/orders/change", "/hooks/acme/unknown", "/hooks/acme/", "/elsewhere"]
)
async def test_what_is_not_there_is_404(door, path):
    is_problem(await door.hook(b"{}", path=path), 404, "T-NO-ROUTE")
    assert await door.stored() == 0


async def test_a_body_that_says_it_is_too_large_is_413(door):
    is_problem(await door.hook(b"x" * (LIMIT + 1)), 413, "T-TOO-BIG")
    assert await door.stored() == 0


async def test_a_body_that_grows_too_large_while_it_streams_is_413(door):
    async def chunks():
        for _ in range(LIMIT // 10_000 + 2):
            yield b"x" * 10_000

    headers = {"Content-Type": "application/json"}
    async with door.session.post(
        door.url + "/hooks/acme/orders/change", data=chunks(), headers=headers
    ) as response:
        assert response.status == 413
        assert (await response.json())["code"] == "T-TOO-BIG"
    assert await door.stored() == 0


async def test_a_body_of_another_kind_is_415(door):
    headers = {"Content-Type": "image/png"}
    async with door.session.post(
        door.url + "/hooks/acme/orders/change", data=b"x", headers=headers
    ) as response:
        is_problem((response.status, response.content_type, await response.json()), 415, "T-MEDIA")


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(door):
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"POST /hooks/acme/orders/change HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.05)
    assert await door.stored() == 0
    assert (await door.get("/healthz"))[0] == 200
    del reader


async def test_a_hint_is_taken_without_a_message(door):
    status, _, answer = await door.hook(b"{}", path="/hooks/acme/touched")
    assert (status, answer["message_id"], answer["hint"]) == (202, None, True)
    assert await door.stored() == 0


async def test_a_fault_of_the_connectors_own_tells_the_client_no_secret(door):
    answer = await door.hook(b"{}", path="/hooks/acme/broken", Authorization="Bearer very-secret-value")
    is_problem(answer, 500, "T-POISON")
    assert "very-secret-value" not in json.dumps(answer[2])


async def test_names_that_strangers_invent_do_not_stay_in_the_metrics(door):
    await door.hook(b"{}", path="/hooks/invented-name/x")
    text = (await door.get("/metrics"))[2]
    assert "invented-name" not in text
    assert 'crossdock_hooks_refused_total{code="T-NO-ROUTE",system=""} 1.0' in text


async def test_secrets_in_headers_are_not_kept(door):
    await door.hook(
        door.world.body("orders/change", "1", 1), **{"X-Acme-Token": "very-secret", "X-Shop": "north"}
    )
    message_id = json.loads((await door.get("/ops/messages"))[2])[0]["id"]
    shown = (await door.get(f"/ops/messages/m{message_id}"))[2]
    assert "north" in shown
    assert "very-secret" not in shown
    assert "hmac" not in shown


async def test_health_readiness_metrics_and_the_api_s_description_need_no_token(door):
    assert json.loads((await door.get("/healthz", token=""))[2]) == {"status": "pass"}
    ready = json.loads((await door.get("/readyz", token=""))[2])
    assert ready["systems"]["acme"]["open"] is False
    assert "crossdock_messages" in (await door.get("/metrics", token=""))[2]
    described = json.loads((await door.get("/openapi.json", token=""))[2])
    assert described["openapi"].startswith("3.1")
    assert "/ops/messages" in described["paths"]


async def test_a_loop_that_died_makes_the_hub_unready(door):
    async def dies():
        raise ZeroDivisionError

    task = asyncio.create_task(dies())
    await asyncio.sleep(0)
    door.world.hub._tasks.append(task)
    status, _, text = await door.get("/readyz")
    assert (status, json.loads(text)["reason"]) == (503, "ZeroDivisionError")
    door.world.hub._tasks.remove(task)


@pytest.mark.parametrize("token", ["", "wrong", "\u00e4\u00f6"])
@pytest.mark.parametrize("path", ["/ops/counts", "/ops/messages", "/ops/exceptions/e1"])
async def test_operations_need_their_token(door, path, token):
    is_problem(await door.get(path, token=token), 401, "T-TRN-AUTH")


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "code"),
    [
        ("/ops/messages/m99", "GET", None, 404, "T-NO-ROUTE"),
        ("/ops/messages/x99", "GET", None, 400, "T-FORMAT"),
        ("/ops/messages?since=yesterday", "GET", None, 400, "T-FORMAT"),
        ("/ops/messages?limit=many", "GET", None, 400, "T-FORMAT"),
        ("/ops/messages", "POST", {"system": "shop"}, 400, "T-FORMAT"),
        ("/ops/exceptions/e99/retry", "POST", {}, 404, "T-NO-ROUTE"),
        ("/ops/nothing", "GET", None, 404, "T-NO-ROUTE"),
        ("/ops/counts", "DELETE", None, 405, "T-NO-ROUTE"),
    ],
)
async def test_every_refusal_of_the_operations_is_problem_json(door, path, method, body, status, code):
    is_problem(await door.get(path, method=method, json=body), status, code)


async def test_a_message_given_to_the_operations_is_taken_as_its_systems(door):
    body = base64.b64encode(door.world.body("orders/change", "10001", 1)).decode()
    message = {"system": "shop", "topic": "orders/change", "body": body}
    status, _, text = await door.get("/ops/messages", method="POST", json=message)
    assert (status, json.loads(text)["duplicate"]) == (202, False)
    await door.world.until(lambda: len(door.world.sim.effects) == 1)


async def test_an_exception_is_listed_shown_retried_and_resolved(door):
    door.world.sim.refuses = {"10001"}
    accepted = await door.world.drop("orders/change", "10001", 1)
    await door.world.becomes(accepted.message_id, "parked")
    (listed,) = json.loads((await door.get("/ops/exceptions"))[2])
    shown = json.loads((await door.get(f"/ops/exceptions/e{listed['id']}"))[2])
    assert shown["code"] == "T-API-4XX"
    door.world.sim.refuses = set()
    answer = await door.get(
        f"/ops/exceptions/e{listed['id']}/retry", method="POST", json={"reason": "mended"}
    )
    assert answer[0] == 200
    await door.world.becomes(accepted.message_id, "delivered")
    assert json.loads((await door.get("/ops/exceptions"))[2]) == []
    transaction = json.loads((await door.get("/ops/transactions/10001"))[2])
    assert transaction["documents"]
