"""What the conformance suite asks of the simulated shop: good and bad deliveries, signed webhooks, seeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.simulated.hooks import Webhooks, body_of
from crossdock.connectors.shopify.simulated.shop import Shop
from crossdock.core.delivery import effect_key, ordering_key
from crossdock.kit import Delivery, HookRequest, HookSample, WriteSample

__all__ = ["Samples"]

_TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "refunds/create",
    "products/create",
    "products/update",
)


class Samples:
    """Samples of one shop."""

    def __init__(self, shop: Shop, hooks: Webhooks) -> None:
        self._shop = shop
        self._hooks = hooks

    def writes(self) -> Mapping[str, Callable[[int], Awaitable[WriteSample]]]:
        return {
            "fulfilment.create": self._fulfilment,
            "inventory.set": self._inventory,
            "product.upsert": self._product,
            "order.cancel": self._cancellation,
        }

    def hooks(self) -> Mapping[str, HookSample]:
        """A signed request of each topic."""
        samples = {}
        for topic in _TOPICS:
            thing: Mapping[str, Any] = self._shop.place_order()
            if topic == "refunds/create":
                order = dict(thing)
                thing = self._shop.refund_order(order, {order["line_items"][0]["sku"]: 1})
            elif topic.startswith("products/"):
                thing = next(iter(self._shop.products.values()))
            body, event_id = body_of(thing), self._hooks.new_event()
            headers = {
                name.lower(): v for name, v in self._hooks.headers(topic, body, event_id=event_id).items()
            }
            samples[topic] = HookSample(HookRequest(topic, headers, body), f"{topic}:{event_id}")
        return samples

    def seed(self, source: str, count: int) -> Sequence[str]:
        """New orders or products; their times of change are whole seconds, so that many are equal."""
        if source == "order":
            return [str(self._shop.place_order()["id"]) for _ in range(count)]
        return [str(self._shop.add_product(f"SEED-{self._shop.new_id()}")["id"]) for _ in range(count)]

    def touch(self, source: str, key: str) -> None:
        """A note, or another title."""
        if source == "order":
            order = self._shop.orders[int(key)]
            order["note"] = f"{order['note'] or ''}!"
            self._shop.touch_order(order)
            return
        product = self._shop.products[int(key)]
        product["title"] += "!"
        product["updated_at"] = self._shop.now()

    async def _fulfilment(self, number: int) -> WriteSample:
        order = self._shop.place_order([("SKU-0001", 3), ("SKU-0002", 2)])
        first, second = order["line_items"]
        tracking = f"1Z{order['id']:012}{number:04}"

        def payload(quantity: int) -> dict[str, Any]:
            return {
                "order_id": order["id"],
                "shipment_no": f"WH/OUT/{order['order_number']}",
                "tracking_numbers": [tracking],
                "carrier": "UPS",
                "lines": [
                    {"line_id": str(first["id"]), "quantity": Decimal(quantity)},
                    {"line_id": str(second["id"]), "quantity": Decimal(1)},
                ],
            }

        def effects() -> int:
            return len(self._shop.fulfillments_of(order))

        return WriteSample(
            delivery=_delivery(
                "fulfilment.create", payload(1), "order", str(order["order_number"]), "shipment"
            ),
            effects=effects,
            rejected=_delivery(
                "fulfilment.create", payload(4), "order", str(order["order_number"]), "shipment"
            ),
        )

    async def _inventory(self, number: int) -> WriteSample:
        sku = f"STOCK-{self._shop.new_id()}"
        self._shop.add_product(sku, stock=7)
        _, variant = self._shop.variant_of(sku)
        item = variant["inventory_item_id"]

        def effects() -> int:
            return sum(
                change["item"] == item for group in self._shop.adjustments for change in group["changes"]
            )

        good = {"sku": sku, "quantity": Decimal(100 + number)}
        return WriteSample(
            delivery=_delivery("inventory.set", good, "product", sku, "inventory_position"),
            effects=effects,
            rejected=_delivery(
                "inventory.set", {**good, "quantity": Decimal(-1)}, "product", sku, "inventory_position"
            ),
        )

    async def _product(self, number: int) -> WriteSample:
        sku = f"NEW/{self._shop.new_id()}"
        good = {
            "sku": sku,
            "title": f"New article {number}",
            "price": Decimal("12.50"),
            "barcode": "4006381333931",
        }

        def effects() -> int:
            return sum(variant["sku"] == sku for _, variant in self._shop.variants())

        return WriteSample(
            delivery=_delivery("product.upsert", good, "product", sku, "product"),
            effects=effects,
            rejected=_delivery("product.upsert", {**good, "price": Decimal(-1)}, "product", sku, "product"),
        )

    async def _cancellation(self, number: int) -> WriteSample:
        del number
        order = self._shop.place_order([("SKU-0003", 1)])
        good = {"order_name": order["name"], "reason": "CUSTOMER", "restock": True}

        def effects() -> int:
            return int(order["cancelled_at"] is not None)

        key = str(order["order_number"])
        return WriteSample(
            delivery=_delivery("order.cancel", good, "order", key, "sales_order"),
            effects=effects,
            rejected=_delivery("order.cancel", {**good, "reason": "WHIM"}, "order", key, "sales_order"),
        )


def _delivery(operation: str, payload: Mapping[str, Any], kind: str, key: str, document: str) -> Delivery:
    return Delivery(
        operation=operation,
        payload=payload,
        effect_key=effect_key("shop", "", kind, key, operation, "1"),
        ordering_key=ordering_key("shop", "", kind, key),
        company="",
        object_kind=kind,
        object_key=key,
        document_kind=document,
        document_key=key,
    )
