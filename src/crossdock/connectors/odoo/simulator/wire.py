"""The server's forms on the wire: /json/2, JSON-RPC, version and health."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.odoo.simulator.faults import ServerError, http_fault

__all__ = [
    "Call",
    "json_answer",
    "json_body",
    "no_database",
    "not_found",
    "rpc_answer",
    "rpc_fault",
    "wrong_type",
]

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of a method, however it came in."""

    model: str
    method: str
    ids: list[Any]
    context: Mapping[str, Any]
    arguments: Mapping[str, Any]


def json_answer(value: Any, status: int = 200) -> web.Response:
    """An answer of `/json/2`."""
    body = _ENCODER.encode(value)
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json; charset=utf-8"})


def json_body(raw: bytes) -> dict[str, Any]:
    """The arguments of a call. A body that is not an object counts as none at all: every record is answered.

    Raises:
        ServerError: 400, with the parser's own words.
    """
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise http_fault("BadRequest", f"could not parse the body as json: {error}", 400) from error
    return body if isinstance(body, dict) else {}


def rpc_answer(request_id: Any, result: Any) -> web.Response:
    """A good JSON-RPC answer; nothing is left out of it but a result that is nothing."""
    body = {"jsonrpc": "2.0", "id": request_id}
    return json_answer(body if result is None else {**body, "result": result})


def rpc_fault(request_id: Any, error: ServerError) -> web.Response:
    """A failed JSON-RPC call: 200 all the same."""
    told = {"code": 0, "message": "Odoo Server Error", "data": error.as_json()}
    return json_answer({"jsonrpc": "2.0", "id": request_id, "error": told})


def not_found() -> web.Response:
    """A path that this version does not know."""
    text = (
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was "
        "not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
    )
    return _page(text, 404)


def no_database() -> web.Response:
    """The named database does not exist."""
    text = (
        "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and the "
        "requested URL was not found in the server-wide controllers.</p>\n<p>Please verify the hostname, "
        "<a href=/web/login>login</a> and try again.</p>\n\n"
        "<!-- Alternatively, use the X-Odoo-Database header. -->\n"
    )
    return _page(text, 404)


def wrong_type() -> web.Response:
    """The body is not JSON by its header."""
    text = (
        "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n<h1>Unsupported Media Type</h1>\n"
        "<p>Request inferred type is compatible with [&#39;http&#39;] but "
        "&#39;/json/2/&lt;__model__&gt;/&lt;__method__&gt;&#39; is type=&#39;json2&#39;.<br><br>"
        "Please verify the Content-Type request header and try again.</p>\n"
    )
    return _page(text, 415)


def _page(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
