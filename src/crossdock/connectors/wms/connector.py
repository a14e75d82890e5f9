"""The reference warehouse: orders and announcements into it, its events and its stock out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from crossdock.core.errors import (
    ConflictError,
    CrossdockError,
    OutcomeUnknownError,
    Place,
    RejectedError,
    SupersededError,
)
from crossdock.kit import (
    Answer,
    Connector,
    Cursor,
    Delivery,
    Found,
    HookEvent,
    HookRequest,
    Http,
    Receipt,
    Record,
    Secret,
    Settings,
    check_standard_webhook,
    looks_up,
    reads,
    receives,
    setting,
    writes,
)

__all__ = ["Wms", "WmsSettings"]

_ITEMS_AT_ONCE = 100
_REFUSALS: dict[str, tuple[type[CrossdockError], str, str]] = {
    "schema": (RejectedError, "T-SCHEMA", "mend the mapping: the warehouse names the field"),
    "unknown_sku": (RejectedError, "B-UNK-ITEM", "send the item to the warehouse first, then retry"),
    "unknown_reference": (RejectedError, "B-UNK-REF", "the warehouse does not know this reference"),
    "uom_mismatch": (RejectedError, "B-UOM-CONV", "send the quantity in the unit the warehouse keeps"),
    "already_picked": (
        RejectedError,
        "B-CXL-LATE",
        "it is picked: let it ship and return it, or call the warehouse",
    ),
    "change_after_pick": (RejectedError, "B-CHG-LATE", "it is picked: ship the change as another order"),
    "cancelled": (ConflictError, "B-CHG-CONFLICT", "it is cancelled over there: compare both sides"),
    "duplicate_reference": (
        ConflictError,
        "B-DUP-DOC",
        "another call made this reference: compare both sides",
    ),
    "key_reused": (
        ConflictError,
        "T-API-CONFLICT",
        "one effect key came with two bodies: reprocess the message",
    ),
    "stale_revision": (SupersededError, "T-STALE", "a newer revision is there already"),
}


class WmsSettings(Settings):
    """What must be known to talk to the warehouse."""

    base_url: str = setting("Address of the warehouse's API, e.g. https://wms.example.com")
    token: Secret = setting("API token, given by the warehouse")
    webhook_secret: Secret = setting("Secret its webhooks are signed with, as whsec_… or plain text")
    previous_webhook_secret: Secret | None = setting("The secret before, while one is rotated", default=None)
    page_size: int = setting("Rows per page of events and stock", default=200, ge=1, le=500)


class Wms(Connector[WmsSettings]):
    """A warehouse that speaks `openapi.yaml`."""

    def make_http(self) -> Http:
        return Http(
            clock=self.clock,
            base_url=self.settings.base_url,
            headers={"Authorization": f"Bearer {self.settings.token.reveal()}"},
            on_status=_refusal,
        )

    async def check(self) -> None:
        await self.http.get("/v1/ping")

    async def identity(self) -> str:
        return str((await self.http.get("/v1/ping")).json()["installation"])

    @writes("item.upsert", once="natural", document="product", batch=_ITEMS_AT_ONCE)
    async def upsert_items(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Set items; each has its own answer, in order."""
        answer = await self.http.request(
            "PUT", "/v1/items", payload={"items": [delivery.payload for delivery in deliveries]}
        )
        results = answer.json()["results"]
        if len(results) != len(deliveries):
            raise OutcomeUnknownError(
                f"the warehouse gave {len(results)} results for {len(deliveries)} items",
                code="T-API-SCHEMA",
                mend="compare its answer with openapi.yaml",
            )
        return [
            _error_of(result["problem"], f"item {delivery.document_key}")
            if "problem" in result
            else Receipt(external_id=result["sku"])
            for delivery, result in zip(deliveries, results, strict=True)
        ]

    @writes("ship_order.create", once="idempotency_key", document="fulfilment_order")
    async def create_ship_order(self, delivery: Delivery) -> Receipt:
        """Tell the warehouse to ship; the key coming again gets the first answer again."""
        return await self._post("/v1/ship-orders", delivery)

    @looks_up("ship_order.create")
    async def find_ship_order(self, delivery: Delivery) -> Found:
        """By our reference."""
        order = await self._ship_order(delivery)
        return Found("done", _receipt(order)) if order else Found("absent")

    @writes("ship_order.amend", once="idempotency_key", document="fulfilment_order")
    async def amend_ship_order(self, delivery: Delivery) -> Receipt:
        """Replace what is to be shipped, until it is picked; the revision must be higher than the last."""
        return await self._post(_path(delivery, "amend"), delivery)

    @looks_up("ship_order.amend")
    async def find_amendment(self, delivery: Delivery) -> Found:
        """By the revision that the warehouse has."""
        order = await self._ship_order(delivery)
        return _found(order, done=bool(order) and order["revision"] >= delivery.payload["revision"])

    @writes("ship_order.cancel", once="natural", document="fulfilment_order")
    async def cancel_ship_order(self, delivery: Delivery) -> Receipt:
        """Cancel, until it is picked: then the warehouse refuses (B-CXL-LATE)."""
        return await self._post(_path(delivery, "cancel"), delivery)

    @looks_up("ship_order.cancel")
    async def find_cancellation(self, delivery: Delivery) -> Found:
        """By its status."""
        order = await self._ship_order(delivery)
        return _found(order, done=bool(order) and order["status"] == "cancelled")

    @writes("order.cancel", once="natural", document="sales_order")
    async def cancel_order(self, delivery: Delivery) -> Receipt:
        """Cancel all there is to ship of an order; refused once something is picked (B-CXL-LATE)."""
        answer = (
            await self.http.post(_order_path(delivery), {"reference": delivery.payload["order"]})
        ).json()
        return Receipt(answer={"ship_orders": [row["reference"] for row in answer["ship_orders"]]})

    @writes("ship_order.hold", once="natural", document="fulfilment_order")
    async def hold_ship_order(self, delivery: Delivery) -> Receipt:
        """Stop work on it until it is released."""
        return await self._post(_path(delivery, "hold"), delivery)

    @looks_up("ship_order.hold")
    async def find_hold(self, delivery: Delivery) -> Found:
        """By its hold flag."""
        order = await self._ship_order(delivery)
        return _found(order, done=bool(order) and order["on_hold"])

    @writes("ship_order.release", once="natural", document="fulfilment_order")
    async def release_ship_order(self, delivery: Delivery) -> Receipt:
        """Let work on it go on."""
        return await self._post(_path(delivery, "release"), delivery)

    @looks_up("ship_order.release")
    async def find_release(self, delivery: Delivery) -> Found:
        """By its hold flag."""
        order = await self._ship_order(delivery)
        return _found(order, done=bool(order) and not order["on_hold"])

    @writes("inbound_advice.create", once="idempotency_key", document="shipment")
    async def create_inbound_advice(self, delivery: Delivery) -> Receipt:
        """Announce goods that will come in."""
        return await self._post("/v1/inbound-advices", delivery)

    @looks_up("inbound_advice.create")
    async def find_inbound_advice(self, delivery: Delivery) -> Found:
        """By our reference."""
        advice = await self._show("/v1/inbound-advices", delivery)
        return Found("done", _receipt(advice)) if advice else Found("absent")

    @reads("event")
    async def events(self, since: Cursor | None) -> AsyncIterator[Record]:
        """All events by their number: the same ids and bodies as the webhooks, for what they missed."""
        start, limit = since.value if since else "0", self.settings.page_size
        async for row in self.http.pages("/v1/events", rows="items", since=start, limit=limit):
            event = row["event"]
            yield Record(key=event["id"], payload=event, cursor=Cursor(str(row["number"])))

    @reads("inventory_position", document="inventory_position")
    async def stock(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Stock per item, each true as of its `as_of`; without a cursor the whole snapshot."""
        start, limit = since.value if since else "", self.settings.page_size
        async for row in self.http.pages("/v1/stock", rows="items", since=start, limit=limit):
            yield Record(key=row["sku"], payload=row, cursor=Cursor(row["as_of"]))

    @receives("events")
    async def receive_event(self, request: HookRequest) -> HookEvent:
        """Take an event; its id is the one under which the poll gives it too."""
        secrets = [self.settings.webhook_secret]
        if self.settings.previous_webhook_secret:
            secrets.append(self.settings.previous_webhook_secret)
        now_s = self.clock.micros() // 1_000_000
        event_id = check_standard_webhook(secrets, request.headers, request.body, now_s=now_s)
        return HookEvent(topic=request.topic, dedupe_key=event_id)

    async def _post(self, path: str, delivery: Delivery) -> Receipt:
        answer = await self.http.post(path, delivery.payload, idempotency_key=delivery.effect_key)
        return _receipt(answer.json())

    async def _ship_order(self, delivery: Delivery) -> dict[str, Any]:
        return await self._show("/v1/ship-orders", delivery)

    async def _show(self, path: str, delivery: Delivery) -> dict[str, Any]:
        """What the warehouse has under our reference; {} where it has nothing."""
        try:
            answer = await self.http.get(f"{path}/{_reference(delivery)}")
        except RejectedError as error:
            if error.code == "B-UNK-REF":
                return {}
            raise
        found: dict[str, Any] = answer.json()
        return found


def _reference(delivery: Delivery) -> str:
    return quote(str(delivery.payload["reference"]), safe="")


def _path(delivery: Delivery, verb: str) -> str:
    return f"/v1/ship-orders/{_reference(delivery)}/{verb}"


def _order_path(delivery: Delivery) -> str:
    return f"/v1/orders/{quote(str(delivery.payload['order']), safe='')}/cancel"


def _receipt(row: dict[str, Any]) -> Receipt:
    return Receipt(external_id=row["id"], answer={"status": row["status"]})


def _found(order: dict[str, Any], *, done: bool) -> Found:
    return Found("done", _receipt(order)) if done else Found("absent")


def _refusal(answer: Answer) -> CrossdockError | None:
    """The warehouse's own refusals by their code; all else is the house table's business."""
    if answer.status not in {400, 404, 409, 422}:
        return None
    try:
        problem = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(problem, dict) or problem.get("code") not in _REFUSALS:
        return None
    return _error_of(problem, "the warehouse")


def _error_of(problem: dict[str, str], who: str) -> CrossdockError:
    kind, code, mend = _REFUSALS.get(problem["code"], (RejectedError, "T-API-4XX", "mend the document"))
    place = Place(source=who, path=problem.get("field", ""))
    return kind(f"{who}: {problem.get('message', problem['code'])}", code=code, place=place, mend=mend)
