"""A simulated shop: the GraphQL Admin API with its cost bucket, webhooks, and what people do in a shop."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from aiohttp import web

from crossdock.connectors.shopify.simulated.graph import query_root
from crossdock.connectors.shopify.simulated.graphql import GraphqlError, Run, parse_operation, requested_cost
from crossdock.connectors.shopify.simulated.hooks import Webhooks, body_of
from crossdock.connectors.shopify.simulated.mutations import Mutations
from crossdock.connectors.shopify.simulated.samples import Samples
from crossdock.connectors.shopify.simulated.shop import LOCATION, Shop, ShopTerms
from crossdock.connectors.shopify.simulated.variables import check_variables
from crossdock.core.clock import Clock
from crossdock.kit import Faults, HookSample, Secret, Simulator, WriteSample

__all__ = ["ShopTerms", "ShopifySimulator"]

DOMAIN = "crossdock-demo.myshopify.com"
_VERSION = "2026-10"
_MAX_COST = 1_000
_GRAIN = 1e-3  # of a point: a clock counts microseconds, and a wait that was named must be enough
_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_REFUSED = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


class ShopifySimulator(Simulator):
    """One shop on loopback. The same seed and the same acts give the same shop.

    Args:
        products: how many articles `SKU-0001`, `SKU-0002`, … it begins with.
        capacity, restore_per_s: the cost bucket; 20,000 and 1,000 are those of the largest plan.
        token, webhook_secret: those a hub in another process knows; made from the seed if not given.

    Attributes:
        shop: its state, for tests and reconciliation.
        hooks: its webhooks: `hooks.url = "http://127.0.0.1:8080/hooks/shop"` starts them.
        throttled: how many calls found it empty.
        denied: GraphQL root fields that answer ACCESS_DENIED.
    """

    kind: ClassVar[str] = "shopify"

    def __init__(
        self,
        *,
        clock: Clock,
        randomness: random.Random,
        faults: Faults | None = None,
        products: int = 40,
        capacity: float = 1_000,
        restore_per_s: float = 50,
        token: str = "",
        webhook_secret: str = "",
        terms: ShopTerms | Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(clock=clock, randomness=randomness, faults=faults)
        self.token = Secret(token or f"shpat_{randomness.getrandbits(128):032x}", origin="simulator")
        self.webhook_secret = Secret(
            webhook_secret or f"{randomness.getrandbits(256):064x}", origin="simulator"
        )
        self.shop = Shop(
            clock, randomness, terms if isinstance(terms, ShopTerms | None) else ShopTerms(**terms)
        )
        for number in range(1, products + 1):
            self.shop.add_product(f"SKU-{number:04}", title=f"Article {number}")
        self.hooks = Webhooks(
            clock, randomness, self.send_hook, secret=self.webhook_secret, domain=DOMAIN, version=_VERSION
        )
        self.capacity, self.restore_per_s = capacity, restore_per_s
        self.throttled = 0
        self.denied: set[str] = set()
        self._level = capacity
        self._seen_s = clock.monotonic_s()
        self._mutations = Mutations(self.shop, self._told)
        self._samples = Samples(self.shop, self.hooks)

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "access_token": self.token,
            "webhook_secret": self.webhook_secret,
            "shop_domain": DOMAIN,
            "location_id": str(LOCATION),
        }

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.post("/admin/api/{version}/graphql.json", self._graphql)]

    def controls(self) -> Sequence[web.AbstractRouteDef]:
        return [
            web.post("/_sim/hooks", self._control_hooks),
            web.post("/_sim/products", self._control_products),
            web.post("/_sim/place_orders", self._control_place_orders),
            web.post("/_sim/orders/{name}/{act}", self._control_order),
            web.get("/_sim/state", self._control_state),
        ]

    async def stop(self) -> None:
        await self.hooks.stop()
        await super().stop()

    # What people do.

    async def place_order(
        self, lines: Sequence[tuple[str, int]] = (), *, paid: bool = True, customer: int | None = None
    ) -> dict[str, Any]:
        """A customer orders; `orders/create`, and `orders/paid` where it is paid, share one event id."""
        order = self.shop.place_order(lines, paid=paid, customer=customer)
        self._tell(("orders/create", "orders/paid") if paid else ("orders/create",), order)
        return order

    async def place_paid_before_create(self, lines: Sequence[tuple[str, int]] = ()) -> dict[str, Any]:
        """An order whose `orders/paid` has been taken before its `orders/create` is sent."""
        order = self.shop.place_order(lines)
        event_id = self.hooks.new_event()
        self.hooks.emit("orders/paid", order, event_id)
        await self.hooks.settle()
        self.hooks.emit("orders/create", order, event_id)
        return order

    async def pay_order(self, name: str) -> dict[str, Any]:
        """The customer of an order pays."""
        order = self.shop.order_named(name)
        self.shop.pay_order(order)
        self._tell(("orders/paid", "orders/updated"), order)
        return order

    async def edit_order(self, name: str, quantities: dict[str, int]) -> dict[str, Any]:
        """A person changes how much is ordered of SKUs."""
        order = self.shop.order_named(name)
        self.shop.edit_order(order, quantities)
        self._tell(("orders/updated",), order)
        return order

    async def cancel_order(self, name: str, *, reason: str = "customer") -> dict[str, Any]:
        """A person cancels an order."""
        order = self.shop.order_named(name)
        self.shop.cancel_order(order, reason=reason)
        self._tell(("orders/cancelled", "orders/updated"), order)
        return order

    async def refund_order(self, name: str, quantities: dict[str, int]) -> dict[str, Any]:
        """A person pays units of an order back; returns the refund."""
        order = self.shop.order_named(name)
        refund = self.shop.refund_order(order, quantities)
        event_id = self.hooks.new_event()
        self.hooks.emit("refunds/create", refund, event_id)
        self.hooks.emit("orders/updated", order, event_id)
        return refund

    async def send_badly_signed(self, topic: str, thing: Mapping[str, Any]) -> None:
        """A webhook as somebody forges it."""
        body = body_of(thing)
        headers = self.hooks.headers(topic, body, event_id=self.hooks.new_event())
        headers["X-Shopify-Hmac-Sha256"] = headers["X-Shopify-Hmac-Sha256"][::-1]
        self.hooks.post(topic, headers, body)

    async def send_malformed(self, topic: str) -> None:
        """A well-signed webhook whose body is cut off."""
        body = b'{"id": 820982911946154508, "line_items": ['
        self.hooks.post(topic, self.hooks.headers(topic, body, event_id=self.hooks.new_event()), body)

    def _tell(self, topics: Sequence[str], thing: Mapping[str, Any]) -> None:
        event_id = self.hooks.new_event()
        for topic in topics:
            self.hooks.emit(topic, thing, event_id)

    def _told(self, topic: str, thing: dict[str, Any]) -> None:
        """A mutation changed something."""
        self._tell((topic, "orders/updated") if topic == "orders/cancelled" else (topic,), thing)

    # What conformance asks for.

    def write_samples(self) -> Mapping[str, Callable[[int], Awaitable[WriteSample]]]:
        return self._samples.writes()

    def hook_samples(self) -> Mapping[str, HookSample]:
        return self._samples.hooks()

    async def seed(self, source: str, count: int) -> Sequence[str]:
        return self._samples.seed(source, count)

    async def touch(self, source: str, key: str) -> None:
        self._samples.touch(source, key)

    # GraphQL.

    async def _graphql(self, request: web.Request) -> web.Response:
        version = request.match_info["version"]
        if not re.fullmatch(r"\d{4}-\d{2}|unstable", version):
            return web.json_response({"errors": "Not Found"}, status=404)
        if request.headers.get("X-Shopify-Access-Token") != self.token.reveal():
            return web.json_response(_REFUSED, status=401)
        try:
            content = _DECODER.decode(await request.read())
        except msgspec.DecodeError:
            return web.json_response({"errors": "Bad Request"}, status=400)
        answer = self.answer(content.get("query", ""), content.get("variables") or {})
        return web.Response(
            body=_ENCODER.encode(answer),
            content_type="application/json",
            headers={"X-Shopify-API-Version": version},
        )

    def answer(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The whole JSON answer to a GraphQL request, after its cost was taken from the bucket."""
        try:
            operation = parse_operation(document)
            check_variables(operation, variables)
            requested = requested_cost(operation, variables)
            if requested > _MAX_COST:
                text = (
                    f"Query cost is {requested}, which exceeds the single query max cost limit ({_MAX_COST})."
                )
                raise GraphqlError(text, "MAX_COST_EXCEEDED", cost=requested, maxCost=_MAX_COST)
            self._refill()
            if requested > self._level + _GRAIN:
                self.throttled += 1
                return {
                    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                    "extensions": self._extensions(requested, None),
                }
            denied = self.denied & {field.name for field in operation.fields}
            if denied:
                raise GraphqlError(f"Access denied for {denied.pop()} field.", "ACCESS_DENIED")
            run = Run(operation, variables)
            data = run.result(query_root(self.shop) if operation.kind == "query" else self._mutations.root())
        except GraphqlError as error:
            return {"errors": [{"message": str(error), "extensions": error.extensions}]}
        actual = min(requested, round(run.cost))
        self._level -= actual
        return {"data": data, "extensions": self._extensions(requested, actual)}

    def _refill(self) -> None:
        now_s = self.clock.monotonic_s()
        self._level = min(self.capacity, self._level + (now_s - self._seen_s) * self.restore_per_s)
        self._seen_s = now_s

    def _extensions(self, requested: int, actual: int | None) -> dict[str, Any]:
        return {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": {
                    "maximumAvailable": float(self.capacity),
                    "currentlyAvailable": int(self._level),
                    "restoreRate": float(self.restore_per_s),
                },
            }
        }

    # Controls, for a demo that runs the shop in its own process.

    async def _control_hooks(self, request: web.Request) -> web.Response:
        """`{"url": "http://…/hooks/shop", "topics": ["orders/create"]}`; no topics = all."""
        wish = _DECODER.decode(await request.read())
        self.hooks.url = wish["url"].rstrip("/")
        self.hooks.topics = set(wish.get("topics") or ())
        return web.json_response({"url": self.hooks.url, "topics": sorted(self.hooks.topics)})

    async def _control_products(self, request: web.Request) -> web.Response:
        """`{"products": [{"sku", "title", "price", "barcode", "stock"}]}`; `"replace": true` empties the shop first."""
        wish = _DECODER.decode(await request.read())
        if wish.get("replace"):
            self.shop.clear_products()
        for one in wish["products"]:
            self.shop.add_product(**one)
        return web.json_response({"products": len(self.shop.products)})

    async def _control_place_orders(self, request: web.Request) -> web.Response:
        """`{"count": 100, "lines": [["SKU-0001", 2]], "paid": true, "customer": 7}`: all optional."""
        wish = _DECODER.decode(await request.read() or b"{}")
        lines = [(sku, quantity) for sku, quantity in wish.get("lines") or ()]
        orders = [
            await self.place_order(lines, paid=wish.get("paid", True), customer=wish.get("customer"))
            for _ in range(int(wish.get("count", 1)))
        ]
        return web.json_response({"orders": [order["name"] for order in orders]})

    async def _control_order(self, request: web.Request) -> web.Response:
        """Acts on one order: `pay`, `cancel`, and with `{"quantities": {"SKU-0001": 2}}` `edit` and `refund`."""
        name, act = request.match_info["name"], request.match_info["act"]
        wish = _DECODER.decode(await request.read() or b"{}")
        acts: dict[str, Callable[[], Awaitable[Mapping[str, Any]]]] = {
            "pay": lambda: self.pay_order(name),
            "cancel": lambda: self.cancel_order(name, reason=wish.get("reason", "customer")),
            "edit": lambda: self.edit_order(name, wish["quantities"]),
            "refund": lambda: self.refund_order(name, wish["quantities"]),
        }
        if act not in acts:
            raise web.HTTPNotFound
        try:
            return web.Response(body=_ENCODER.encode(await acts[act]()), content_type="application/json")
        except KeyError as error:
            return web.json_response({"error": str(error)}, status=404)

    async def _control_state(self, request: web.Request) -> web.Response:
        """All that reconciliation compares: orders, fulfilments, refunds, products, stock by SKU."""
        del request
        return web.Response(body=_ENCODER.encode(self.state()), content_type="application/json")

    def state(self) -> dict[str, Any]:
        """The shop, as JSON."""
        return {
            "orders": list(self.shop.orders.values()),
            "fulfillments": [
                {**one, "order": self.shop.orders[one["order_id"]]["name"]}
                for one in self.shop.fulfillments.values()
            ],
            "refunds": list(self.shop.refunds.values()),
            "products": list(self.shop.products.values()),
            "inventory": {
                variant["sku"]: self.shop.levels[variant["inventory_item_id"], LOCATION]
                for _, variant in self.shop.variants()
            },
            "hooks_sent": len(self.hooks.sent),
            "throttled": self.throttled,
        }
