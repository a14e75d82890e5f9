"""The API of the simulated warehouse, as `openapi.yaml` describes it."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.wms.forms import (
    AdviceForm,
    AmendForm,
    FormError,
    ItemForm,
    ShipOrderForm,
    parse_form,
    schema_error,
)
from crossdock.connectors.wms.inbound import Advices
from crossdock.connectors.wms.stock import Stock
from crossdock.connectors.wms.warehouse import ShipOrders
from crossdock.kit import Secret

__all__ = ["Api"]

_MOST_ITEMS = 100
_MOST_ROWS = 500

Handler = Callable[["Api", web.Request], Awaitable[web.Response]]


def _guarded(handler: Handler) -> Callable[[Api, web.Request], Awaitable[web.Response]]:
    """Ask for the token, and answer refusals as problems."""

    @functools.wraps(handler)
    async def guarded(self: Api, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self._token.reveal()}":
            return web.json_response({"code": "token", "message": "the token is not known"}, status=401)
        try:
            return await handler(self, request)
        except FormError as error:
            return web.json_response(error.problem(), status=error.status)

    return guarded


class Api:
    """Routes and handlers over the warehouse's stock, orders, announcements and events.

    Args:
        installation: names this warehouse; what `identity()` of the connector answers.
    """

    def __init__(
        self,
        *,
        token: Secret,
        installation: str,
        now: Callable[[], str],
        stock: Stock,
        orders: ShipOrders,
        advices: Advices,
        events: Sequence[dict[str, Any]],
    ) -> None:
        self.stock = stock
        self.orders = orders
        self.advices = advices
        self.events = events
        self._token = token
        self._installation = installation
        self._now = now
        self._answers: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        order = "/v1/ship-orders/{reference}"
        return [
            web.get("/v1/ping", self._ping),
            web.put("/v1/items", self._put_items),
            web.post("/v1/ship-orders", self._create_order),
            web.get(order, self._show_order),
            web.post(f"{order}/amend", self._amend_order),
            web.post(f"{order}/cancel", self._cancel_order),
            web.post(f"{order}/hold", self._hold_order),
            web.post(f"{order}/release", self._release_order),
            web.post("/v1/orders/{reference}/cancel", self._cancel_all),
            web.post("/v1/inbound-advices", self._create_advice),
            web.get("/v1/inbound-advices/{reference}", self._show_advice),
            web.get("/v1/events", self._list_events),
            web.get("/v1/stock", self._list_stock),
        ]

    @_guarded
    async def _ping(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"installation": self._installation, "now": self._now()})

    @_guarded
    async def _put_items(self, request: web.Request) -> web.Response:
        try:
            items = msgspec.json.decode(await request.read(), type=dict[str, list[msgspec.Raw]])["items"]
        except (msgspec.DecodeError, KeyError) as error:
            raise schema_error(f"expected a list `items`: {error}") from error
        if len(items) > _MOST_ITEMS:
            raise FormError(
                413, "schema", f"{len(items)} items come at once; {_MOST_ITEMS} may", field="items"
            )
        return web.json_response({"results": [self._put_item(raw) for raw in items]})

    def _put_item(self, raw: msgspec.Raw) -> dict[str, Any]:
        try:
            item = parse_form(bytes(raw), ItemForm)
        except FormError as error:
            return {"problem": error.problem()}
        self.stock.set_item(item)
        return {"sku": item.sku}

    @_guarded
    async def _create_order(self, request: web.Request) -> web.Response:
        body = await request.read()
        return self._once(
            request, body, lambda: self.orders.create(parse_form(body, ShipOrderForm)).row(), 201
        )

    @_guarded
    async def _amend_order(self, request: web.Request) -> web.Response:
        body = await request.read()
        form = parse_form(body, AmendForm)
        if form.reference != request.match_info["reference"]:
            raise FormError(400, "schema", "the reference is not that of the address", field="reference")
        return self._once(request, body, lambda: self.orders.amend(form).row(), 200)

    @_guarded
    async def _cancel_order(self, request: web.Request) -> web.Response:
        return web.json_response(self.orders.cancel(request.match_info["reference"]).row())

    @_guarded
    async def _cancel_all(self, request: web.Request) -> web.Response:
        order = request.match_info["reference"]
        rows = [one.row() for one in self.orders.cancel_all(order)]
        return web.json_response({"order": order, "ship_orders": rows})

    @_guarded
    async def _hold_order(self, request: web.Request) -> web.Response:
        return web.json_response(self.orders.set_hold(request.match_info["reference"], on_hold=True).row())

    @_guarded
    async def _release_order(self, request: web.Request) -> web.Response:
        return web.json_response(self.orders.set_hold(request.match_info["reference"], on_hold=False).row())

    @_guarded
    async def _show_order(self, request: web.Request) -> web.Response:
        return web.json_response(self.orders.show(request.match_info["reference"]).row())

    @_guarded
    async def _create_advice(self, request: web.Request) -> web.Response:
        body = await request.read()
        return self._once(request, body, lambda: self.advices.create(parse_form(body, AdviceForm)).row(), 201)

    @_guarded
    async def _show_advice(self, request: web.Request) -> web.Response:
        return web.json_response(self.advices.show(request.match_info["reference"]).row())

    @_guarded
    async def _list_events(self, request: web.Request) -> web.Response:
        since = _whole(request, "next") or _whole(request, "since")
        limit = min(max(_whole(request, "limit", 200), 1), _MOST_ROWS)
        first = max(since, 1)
        page = self.events[first - 1 : first - 1 + limit]
        rows = [{"number": first + place, "event": event} for place, event in enumerate(page)]
        following = str(first + limit) if len(self.events) >= first + limit else ""
        return web.json_response({"items": rows, "next": following})

    @_guarded
    async def _list_stock(self, request: web.Request) -> web.Response:
        since, after = request.query.get("since", ""), request.query.get("next", "")
        changed = self.stock.changed_at
        found = sorted((f"{changed[sku]}|{sku}", sku) for sku in changed if changed[sku] >= since)
        found = [(place, sku) for place, sku in found if place > after]
        limit = min(max(_whole(request, "limit", 200), 1), _MOST_ROWS)
        rows = [self.stock.row(sku) for _, sku in found[:limit]]
        following = found[limit - 1][0] if len(found) > limit else ""
        return web.json_response({"as_of": self._now(), "items": rows, "next": following})

    def _once(
        self, request: web.Request, body: bytes, do: Callable[[], dict[str, Any]], status: int
    ) -> web.Response:
        """Do it under the request's key; the same key again gets the first answer again."""
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise FormError(400, "schema", "the header Idempotency-Key is missing", field="Idempotency-Key")
        if key not in self._answers:
            self._answers[key] = (body, do())
        first_body, answer = self._answers[key]
        if json.loads(first_body) != json.loads(body):
            raise FormError(422, "key_reused", "this Idempotency-Key came with another body before")
        return web.json_response(answer, status=status)


def _whole(request: web.Request, name: str, default: int = 0) -> int:
    """The query's whole number `name`.

    Raises:
        FormError: 400, it is none.
    """
    given = request.query.get(name, "")
    if given and not given.isdecimal():
        raise FormError(400, "schema", f"{name} is not a whole number", field=name)
    return int(given) if given else default
