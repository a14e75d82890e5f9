"""JSON-RPC, Odoo 14 to 18 (19 still answers it): execute_kw with a login, positional where Odoo demands it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.faults import error_for_rpc
from crossdock.connectors.odoo.transport_json2 import ENCODER
from crossdock.core.errors import AuthenticationError, ConfigError, OutcomeUnknownError
from crossdock.kit import Http

__all__ = ["JsonRpc"]

_POSITIONAL: dict[str, tuple[str, ...]] = {"create": ("vals_list",), "write": ("vals",)}
"""Arguments that execute_kw looks for by position: it inspects `create`'s first to choose the form of its answer."""


class JsonRpc:
    """One call, one transaction over there; statuses say nothing, the body does."""

    name = "jsonrpc"

    def __init__(self, http: Http, *, database: str, login: str, api_key: str, timeout_s: float) -> None:
        if not login:
            raise ConfigError(
                "this Odoo is spoken to by JSON-RPC, which needs the service user's login",
                code="T-CONFIG",
                mend="set `login` in the system's settings",
            )
        self._http = http
        self._database = database
        self._login = login
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._uid = 0

    async def call(
        self, model: str, method: str, ids: Sequence[int] | None, kwargs: Mapping[str, Any]
    ) -> Any:
        """Call `method` of `model`, on the records `ids` if given."""
        if not self._uid:
            self._uid = await self._authenticate()
        named = dict(kwargs)
        args: list[Any] = [] if ids is None else [list(ids)]
        args += [named.pop(name) for name in _POSITIONAL.get(method, ()) if name in named]
        return await self._post(
            "object", "execute_kw", [self._database, self._uid, self._api_key, model, method, args, named]
        )

    async def _authenticate(self) -> int:
        uid = await self._post("common", "authenticate", [self._database, self._login, self._api_key, {}])
        if not uid:
            raise AuthenticationError(
                f"Odoo does not let {self._login} into {self._database}",
                mend="check database, login and API key in the system's settings",
            )
        return int(uid)

    async def _post(self, service: str, method: str, args: Sequence[Any]) -> Any:
        call = {"service": service, "method": method, "args": args}
        answer = await self._http.request(
            "POST",
            "/jsonrpc",
            body=ENCODER.encode({"jsonrpc": "2.0", "id": 1, "method": "call", "params": call}),
            headers={"Content-Type": "application/json"},
            timeout_s=self._timeout_s,
        )
        body = answer.json()
        if isinstance(body, dict) and "error" in body:
            raise error_for_rpc(body["error"], where="Odoo")
        if not isinstance(body, dict):
            raise OutcomeUnknownError("Odoo answered no JSON-RPC object", code="T-API-SCHEMA")
        return body.get("result")
