"""Controls of the simulated warehouse over HTTP, for demos that run it in a process of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from crossdock.connectors.wms.forms import FormError, ItemForm
from crossdock.connectors.wms.ship_order import Behaviour

if TYPE_CHECKING:
    from crossdock.connectors.wms.simulator import WmsSimulator

__all__ = ["control_routes"]


class _Seed(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_sim/seed: items, free stock by SKU (text decimals), where webhooks go."""

    items: list[ItemForm] = []  # msgspec copies an empty default
    stock: dict[str, str] = {}
    hub_url: str | None = None


class _Behaviours(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_sim/behaviours: by reference or order key, and how often by chance."""

    by_reference: dict[str, Behaviour] = {}
    rates: dict[Behaviour, float] = {}


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_sim/advance: so many steps now, and a step every so many seconds from now on (0: none)."""

    steps: int = 1
    every_s: float | None = None


class _Adjust(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /_sim/adjust: more or less is there than was thought."""

    sku: str
    quantity: Decimal
    reason: str
    lot: str = ""


B = TypeVar("B", _Seed, _Behaviours, _Advance, _Adjust)
Handler = Callable[[web.Request], Awaitable[web.Response]]


def control_routes(simulator: WmsSimulator) -> Sequence[web.AbstractRouteDef]:
    """Seed items and stock, set behaviours, work on, adjust, and show all for reconciliation."""

    async def seed(body: _Seed) -> dict[str, Any]:
        for item in body.items:
            simulator.stock.set_item(item)
        for sku, quantity in body.stock.items():
            simulator.stock.add(sku, Decimal(quantity))
        if body.hub_url is not None:
            simulator.hub_url = body.hub_url
        return {"items": len(simulator.stock.items)}

    async def behaviours(body: _Behaviours) -> dict[str, Any]:
        simulator.behaviours.update(body.by_reference)
        simulator.behaviour_rates = body.rates
        return {"behaviours": len(simulator.behaviours)}

    async def advance(body: _Advance) -> dict[str, Any]:
        if body.every_s is not None:
            simulator.auto(body.every_s)
        return {"moved": await simulator.advance(body.steps)}

    async def adjust(body: _Adjust) -> dict[str, Any]:
        simulator.adjust(body.sku, body.quantity, body.reason, lot=body.lot)
        return simulator.stock.row(body.sku)

    async def state(request: web.Request) -> web.Response:
        del request
        return web.json_response(simulator.state())

    return [
        web.post("/_sim/seed", _taking(_Seed, seed)),
        web.post("/_sim/behaviours", _taking(_Behaviours, behaviours)),
        web.post("/_sim/advance", _taking(_Advance, advance)),
        web.post("/_sim/adjust", _taking(_Adjust, adjust)),
        web.get("/_sim/state", state),
    ]


def _taking(form: type[B], run: Callable[[B], Awaitable[dict[str, Any]]]) -> Handler:
    """A handler that decodes its body and answers what `run` gives; a bad body is answered with 400."""

    async def handler(request: web.Request) -> web.Response:
        try:
            return web.json_response(await run(msgspec.json.decode(await request.read() or b"{}", type=form)))
        except msgspec.DecodeError as error:
            return web.json_response({"code": "schema", "message": str(error)}, status=400)
        except FormError as error:
            return web.json_response(error.problem(), status=error.status)

    return handler
