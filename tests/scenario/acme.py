"""A made-up system for scenarios: one write verb of each kind of once-only, look-ups, hooks, and its simulator."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence

from aiohttp import web

from crossdock.core.errors import AlreadyDoneError, CrossdockError, NotYetError, RejectedError
from crossdock.core.facts import fact_name
from crossdock.kit import (
    Answer,
    Connector,
    Delivery,
    Found,
    HookEvent,
    HookRequest,
    Http,
    Receipt,
    Secret,
    Settings,
    Simulator,
    check_hmac_base64,
    finds,
    looks_up,
    receives,
    setting,
    writes,
)

SECRET = Secret("hook-secret", origin="test")


class AcmeSettings(Settings):
    """Where Acme is."""

    base_url: str = setting("Address of Acme")


class Acme(Connector[AcmeSettings]):
    """One verb of each kind."""

    def make_http(self) -> Http:
        return Http(clock=self.context.clock, base_url=self.settings.base_url, timeout_s=2.0, connections=64)

    @writes("order.create", once="external_id", document="sales_order", batch=50)
    async def create_orders(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Create orders under our own ids; one that is refused refuses the whole call."""
        answer = await self.http.post("/orders", {"items": [_item(d) for d in deliveries]})
        return [Receipt(external_id=one) for one in answer.json()["ids"]]

    @writes("order.change", once="idempotency_key", document="sales_order")
    async def change_order(self, delivery: Delivery) -> Receipt:
        """Change an order; the target keeps our key."""
        return _receipt(
            await self.http.post("/changes", _item(delivery), idempotency_key=delivery.effect_key)
        )

    @writes("note.create", once="lookup_then_create", document="sales_order")
    async def create_note(self, delivery: Delivery) -> Receipt:
        """Write a note: twice makes two."""
        return _receipt(await self.http.post("/notes", _item(delivery)))

    @looks_up("note.create")
    async def find_note(self, delivery: Delivery) -> Found:
        """Look for the marker."""
        found = (await self.http.get("/notes", params={"marker": delivery.effect_key})).json()["ids"]
        return Found("done", Receipt(external_id=found[0])) if found else Found("absent")

    @writes("letter.send", once="lookup_then_create", document="sales_order")
    async def send_letter(self, delivery: Delivery) -> Receipt:
        """Send a letter: twice makes two, and nobody can tell."""
        return _receipt(await self.http.post("/letters", _item(delivery)))

    @looks_up("letter.send")
    async def find_letter(self, delivery: Delivery) -> Found:
        """Nobody can tell."""
        return Found("unclear", text="letters leave no trace")

    @writes("stock.set", once="natural", document="inventory_position")
    async def set_stock(self, delivery: Delivery) -> Receipt:
        """Set a level."""
        return _receipt(await self.http.post("/stock", _item(delivery)))

    @writes("ping.send", once="none", document="sales_order")
    async def ping(self, delivery: Delivery) -> Receipt:
        """At least once."""
        return _receipt(await self.http.post("/pings", _item(delivery)))

    @writes("order.pay", once="idempotency_key", document="payment")
    async def pay(self, delivery: Delivery) -> Receipt:
        """Pay an order that must be there."""
        try:
            answer = await self.http.post("/payments", _item(delivery), idempotency_key=delivery.effect_key)
        except RejectedError as error:
            order = delivery.payload.get("lines", [{}])[0].get("invoice") or delivery.object_key
            if "no order" in str(error.detail):
                fact = fact_name(self.context.system, delivery.company, "sales_order", order)
                raise NotYetError(f"order {order} is not there", facts=(fact,)) from error
            raise
        return _receipt(answer)

    @finds("product")
    async def find_products(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Products by SKU; a SKU with a blank refuses the whole question."""
        del company
        answer = await self.http.get("/products", params={"skus": ",".join(keys)})
        return answer.json()["found"]

    @receives("orders/create", "orders/change", "orders/note")
    async def order_hook(self, request: HookRequest) -> HookEvent:
        """An order, signed."""
        check_hmac_base64([SECRET], request.body, request.headers.get("x-acme-hmac", ""))
        return HookEvent(topic=request.topic, dedupe_key=request.headers.get("x-acme-id", ""))

    @receives("broken")
    async def broken_hook(self, request: HookRequest) -> HookEvent:
        """A hook with a fault of the connector's own."""
        raise KeyError(request.headers["authorization"])

    @receives("touched")
    async def touched_hook(self, request: HookRequest) -> HookEvent:
        """A mere hint."""
        return HookEvent(topic=request.topic, hint_for=("order",))


@dataclasses.dataclass(frozen=True)
class Effect:
    """Something that really happened over there."""

    operation: str
    ordering_key: str
    effect_key: str
    seq: str


class AcmeSimulator(Simulator):
    """Acme on loopback, with a ledger of what really happened."""

    kind = "acme"

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.effects: list[Effect] = []
        self.refuses: set[str] = set()
        self.holds: set[str] = set()
        self.done_already: set[str] = set()
        self.products: dict[str, str] = {}
        self.calls_at_once = 0
        self.most_at_once = 0
        self.takes_s: dict[str, float] = {}
        self.batches: list[int] = []
        self.answers: dict[str, str] = {}
        self.down_with = 0
        self.levels: dict[str, str] = {}

    def routes(self):
        return [
            web.post("/orders", self._orders),
            web.post("/changes", self._keyed),
            web.post("/payments", self._payment),
            web.post("/stock", self._stock),
            web.post("/{kind:notes|letters|pings}", self._plain),
            web.get("/notes", self._find_notes),
            web.get("/products", self._find_products),
        ]

    def of(self, order: str) -> list[Effect]:
        """What happened to an order, in order."""
        return [effect for effect in self.effects if effect.ordering_key.endswith(f":{order}")]

    async def _busy(self, items) -> None:
        if self.down_with:
            raise _status(self.down_with)
        self.calls_at_once += 1
        self.most_at_once = max(self.most_at_once, self.calls_at_once)
        try:
            await asyncio.sleep(max(self.takes_s.get(item["object"], 0.0) for item in items))
        finally:
            self.calls_at_once -= 1

    def _happen(self, item) -> str:
        self.effects.append(
            Effect(
                item["operation"],
                item["ordering_key"],
                item["effect_key"],
                item["document"].get("buyer_po", ""),
            )
        )
        return f"x{len(self.effects)}"

    def _refuse(self, items) -> None:
        bad = [item["object"] for item in items if item["object"] in self.refuses]
        if bad:
            raise web.HTTPBadRequest(text=f"refused: {bad}")

    async def _orders(self, request: web.Request) -> web.Response:
        items = (await request.json())["items"]
        await self._busy(items)
        self._refuse(items)
        self.batches.append(len(items))
        return web.json_response({"ids": [self._once(item) for item in items]})

    def _once(self, item) -> str:
        if item["effect_key"] not in self.answers:
            self.answers[item["effect_key"]] = self._happen(item)
        return self.answers[item["effect_key"]]

    async def _keyed(self, request: web.Request) -> web.Response:
        item = await request.json()
        assert request.headers["Idempotency-Key"] == item["effect_key"]
        await self._busy([item])
        self._refuse([item])
        if item["object"] in self.done_already:
            return web.json_response({"already": "x-old"})
        return web.json_response({"id": self._once(item), "hold": item["object"] in self.holds})

    async def _payment(self, request: web.Request) -> web.Response:
        item = await request.json()
        await self._busy([item])
        wanted = (item["document"].get("lines") or [{}])[0].get("invoice") or item["object"]
        if not any(e.operation == "order.create" for e in self.of(wanted)):
            return web.json_response({"error": "no order"}, status=422)
        return web.json_response({"id": self._once(item)})

    async def _stock(self, request: web.Request) -> web.Response:
        item = await request.json()
        await self._busy([item])
        self.levels[item["object"]] = item["document"]["on_hand"]
        return web.json_response({"id": self._happen(item)})

    async def _plain(self, request: web.Request) -> web.Response:
        item = await request.json()
        await self._busy([item])
        self._refuse([item])
        return web.json_response({"id": self._happen(item)})

    async def _find_notes(self, request: web.Request) -> web.Response:
        found = [
            f"x{n}"
            for n, effect in enumerate(self.effects, 1)
            if effect.operation == "note.create" and effect.effect_key == request.query["marker"]
        ]
        return web.json_response({"ids": found})

    async def _find_products(self, request: web.Request) -> web.Response:
        skus = request.query["skus"].split(",")
        if any(" " in sku for sku in skus):
            raise web.HTTPBadRequest(text="a SKU has no blanks")
        return web.json_response({"found": {s: self.products[s] for s in skus if s in self.products}})


def _status(status: int) -> web.HTTPException:
    return {401: web.HTTPUnauthorized, 503: web.HTTPServiceUnavailable}[status]()


def _item(delivery: Delivery) -> dict:
    return {
        "operation": delivery.operation,
        "ordering_key": delivery.ordering_key,
        "effect_key": delivery.effect_key,
        "object": delivery.object_key,
        "document": dict(delivery.payload),
    }


def _receipt(answer: Answer) -> Receipt:
    told = answer.json()
    if "already" in told:
        raise AlreadyDoneError("it was done before", external_id=told["already"])
    hold = None
    if told.get("hold"):
        hold = RejectedError("the total differs", code="B-PRICE-MISM", mend="accept it or mend the order")
    return Receipt(external_id=told["id"], hold=hold)
