"""OdooSimulator: a stock Odoo 19 on loopback, or one of its elders."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from crossdock.connectors.odoo.simulator.automation import Webhook, due_webhooks
from crossdock.connectors.odoo.simulator.calls import Bound, bind_method, call_from_rpc
from crossdock.connectors.odoo.simulator.demo import DemoSize, seed_demo, state_of
from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import (
    AccessDeniedError,
    ServerError,
    http_fault,
    python_fault,
)
from crossdock.connectors.odoo.simulator.latency import LatencyModel
from crossdock.connectors.odoo.simulator.load import external_ids, lost_race
from crossdock.connectors.odoo.simulator.models import REGISTRY, new_database
from crossdock.connectors.odoo.simulator.rights import load_rights
from crossdock.connectors.odoo.simulator.setup import DEFAULT_ACCOUNTS, SERVICE_KEY, Account, furnish
from crossdock.connectors.odoo.simulator.wire import (
    Call,
    json_answer,
    json_body,
    no_database,
    not_found,
    rpc_answer,
    rpc_fault,
    wrong_type,
)
from crossdock.core.clock import Clock
from crossdock.kit import Faults, Secret, Simulator

__all__ = ["OdooSimulator"]

_HOOK_PATIENCE_S = 1.0
_NEWEST = 19


class OdooSimulator(Simulator):
    """A database of its own, its users by API key, and the server's wire forms.

    Args:
        database: its name; another one in `X-Odoo-Database` is not found.
        api_keys: who calls with which key; see `setup.DEFAULT_ACCOUNTS`.
        latency: how long calls take; None = no time at all.
        legacy: 14 to 18: no `/json/2`, no `/web/version`; JSON-RPC alone.
        race_window_s: how long a `load` stays open to a race with another one of the same external ids.
    """

    kind: ClassVar[str] = "odoo"

    def __init__(
        self,
        *,
        clock: Clock,
        randomness: random.Random,
        faults: Faults | None = None,
        database: str = "sim",
        api_keys: Mapping[str, Account] | None = None,
        latency: LatencyModel | None = None,
        legacy: int | None = None,
        race_window_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, randomness=randomness, faults=faults)
        self.database_name = database
        self.database_uuid = str(uuid.UUID(int=randomness.getrandbits(128), version=4))
        self.accounts = dict(DEFAULT_ACCOUNTS if api_keys is None else api_keys)
        self.latency = latency
        self.legacy = legacy
        self.race_window_s = race_window_s
        self.database = new_database()
        self._rights = load_rights()
        env = self.env(1)
        self.users = furnish(env, self.accounts.values(), self.database_uuid)
        self._workers = asyncio.Semaphore(latency.workers if latency else 1)
        self._loading: dict[str, asyncio.Event] = {}
        self._hooks: aiohttp.ClientSession | None = None

    # Acting inside, without the wire.

    def env(self, uid: int, context: Mapping[str, Any] | None = None) -> Env:
        """A transaction that starts now; nothing of it is undone unless `rollback` is called."""
        return Env(
            self.database, REGISTRY, self._rights, uid=uid, context=context or {}, now=self.clock.now()
        )

    async def act(
        self, model: str, method: str, ids: Sequence[int] = (), /, *, by: str = "", **arguments: Any
    ) -> Any:
        """Call a method as the client whose key is `by` would (default: the administrator), as people over there do."""
        account = self.accounts[by] if by else next(iter(self.accounts.values()))
        context = arguments.pop("context", {})
        call = Call(model, method, list(ids), context, arguments)
        return await self.perform(self.users[account.login], call)

    def seed_demo(self, size: DemoSize) -> dict[str, Any]:
        """Fill the database with customers, products and stock; the same for the same size."""
        env = self.env(2)
        told = seed_demo(env, size)
        env.flush()
        return told

    def state(self) -> dict[str, Any]:
        """Orders, deliveries, invoices, payments and stock, for reconciliation."""
        return state_of(self.env(2))

    async def perform(self, uid: int, call: Call) -> Any:
        """One call, one transaction: all of it or nothing.

        Raises:
            ServerError: it failed, and left nothing behind.
        """
        env = self.env(uid, call.context)
        bound = bind_method(env, call)
        if call.method == "load":
            return await self._load(env, call, bound)
        await self._take_time(call)
        return await self._transaction(env, bound)

    # The wire.

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "database": self.database_name,
            "api_key": Secret(SERVICE_KEY, origin="simulator"),
        }

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        routes = [
            web.get("/web/health", self._health),
            web.post("/jsonrpc", self._jsonrpc),
            web.post("/web/webclient/version_info", self._version_info),
            web.route("*", "/{rest:.*}", self._nothing),
        ]
        if self.legacy is None:
            modern = [
                web.get("/web/version", self._version),
                web.post("/json/2/{model}/{method}", self._json2),
            ]
            return [*modern, *routes]
        return routes

    def controls(self) -> Sequence[web.AbstractRouteDef]:
        return [web.post("/_sim/seed", self._seed), web.get("/_sim/state", self._state)]

    async def stop(self) -> None:
        if self._hooks is not None:
            await self._hooks.close()
            self._hooks = None
        await super().stop()

    async def _json2(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return wrong_type()
        if request.headers.get("X-Odoo-Database", self.database_name) != self.database_name:
            return no_database()
        try:
            uid = self._bearer(request.headers.get("Authorization", ""))
            body = json_body(await request.read())
            ids = body.pop("ids", None) or []
            context = body.pop("context", None) or {}
            call = Call(request.match_info["model"], request.match_info["method"], list(ids), context, body)
            return json_answer(await self.perform(uid, call))
        except ServerError as error:
            return json_answer(error.as_json(), error.status)

    def _bearer(self, header: str) -> int:
        kind, _, key = header.partition(" ")
        if kind.lower() != "bearer" or not key:
            text = "User not authenticated, use an API Key with a Bearer Authorization header."
            raise http_fault("Unauthorized", text, 401)
        account = self.accounts.get(key.strip())
        if account is None:
            raise http_fault("Unauthorized", "Invalid apikey", 401)
        return self.users[account.login]

    async def _jsonrpc(self, request: web.Request) -> web.Response:
        body = json_body(await request.read())
        request_id = body.get("id")
        params = body.get("params") or {}
        args = list(params.get("args") or [])
        try:
            if params.get("service") == "common":
                return rpc_answer(request_id, self._common(str(params.get("method")), args))
            database, uid, key, *rest = args
            self._authenticated(database, uid, key)
            call = call_from_rpc(str(params.get("method")), rest)
            return rpc_answer(request_id, await self.perform(uid, call))
        except ServerError as error:
            if error.name == "werkzeug.exceptions.NotFound":
                error = python_fault("AttributeError", error.message)
            return rpc_fault(request_id, error)

    def _common(self, method: str, args: Sequence[Any]) -> Any:
        if method == "version":
            return self._versions()
        if method not in {"authenticate", "login"}:
            raise python_fault(
                "AttributeError", f"module 'odoo.service.common' has no attribute 'exp_{method}'"
            )
        database, login, key = args[:3]
        account = self.accounts.get(key)
        if database != self.database_name or account is None or account.login != login:
            return False
        return self.users[login]

    def _authenticated(self, database: str, uid: int, key: str) -> None:
        account = self.accounts.get(key)
        if database != self.database_name or account is None or self.users[account.login] != uid:
            raise AccessDeniedError

    def _versions(self) -> dict[str, Any]:
        number = self.legacy or _NEWEST
        return {
            "server_version": f"{number}.0",
            "server_version_info": [number, 0, 0, "final", 0, ""],
            "server_serie": f"{number}.0",
            "protocol_version": 1,
        }

    async def _version(self, _request: web.Request) -> web.Response:
        versions = self._versions()
        return json_answer(
            {"version_info": versions["server_version_info"], "version": versions["server_version"]}
        )

    async def _version_info(self, _request: web.Request) -> web.Response:
        return rpc_answer(None, self._versions())

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(body=b'{"status": "pass"}', headers={"Content-Type": "application/json"})

    async def _nothing(self, _request: web.Request) -> web.Response:
        return not_found()

    async def _seed(self, request: web.Request) -> web.Response:
        try:
            return json_answer(self.seed_demo(DemoSize.from_json(await request.read())))
        except ServerError as error:
            return json_answer(error.as_json(), 400)

    async def _state(self, _request: web.Request) -> web.Response:
        return json_answer(self.state())

    # Transactions.

    async def _take_time(self, call: Call) -> None:
        if self.latency is None:
            return
        async with self._workers:
            await self.clock.sleep(self.latency.cost_s(call.model, call.method, _records_of(call)))

    async def _load(self, env: Env, call: Call, bound: Bound) -> Any:
        data = call.arguments.get("data") or ()
        ids = dict.fromkeys(external_ids(call.arguments.get("fields") or (), data))
        rival = next((self._loading[one] for one in ids if one in self._loading), None)
        if rival is not None:
            # Both began before the first ended: the database lets one win and the other is told so.
            await rival.wait()
            return lost_race(len(data))
        ended = asyncio.Event()
        self._loading.update((one, ended) for one in ids)
        try:
            if self.race_window_s:
                await self.clock.sleep(self.race_window_s)
            await self._take_time(call)
            return await self._transaction(env, bound)
        finally:
            for one in ids:
                del self._loading[one]
            ended.set()

    async def _transaction(self, env: Env, bound: Bound) -> Any:
        try:
            result = bound()
            env.flush()
        except BaseException:
            env.rollback()
            raise
        await self._tell(due_webhooks(env))
        return result

    async def _tell(self, webhooks: Iterable[Webhook]) -> None:
        # One after the other, before the caller has its answer: a receiver that hangs costs the one who saves.
        for hook in list(webhooks):
            await self.send_hook(hook.url, {"Content-Type": "application/json"}, hook.body)

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self._hooks is None:
            self._hooks = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_HOOK_PATIENCE_S))
        try:
            async with self._hooks.post(url, data=body, headers=dict(headers)) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError):
            # Odoo gives up after a second and never tries again.
            self.calls.append(("HOOK", url))


def _records_of(call: Call) -> int:
    """How many records a call is about. Rows of a `load` without an id of their own go on with the record above."""
    rows = call.arguments.get("data") or ()
    fields = call.arguments.get("fields") or ()
    if rows and "id" in fields:
        place = fields.index("id")
        return sum(1 for row in rows if row[place])
    return len(call.ids) or len(call.arguments.get("vals_list") or rows)
