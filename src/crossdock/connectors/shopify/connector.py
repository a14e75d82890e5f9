"""The Shopify connector: which verbs a shop has, and how each happens once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from crossdock.connectors.shopify.admin_api import AdminApi, error_for_shop_status
from crossdock.connectors.shopify.cancellation import cancel_order, look_up_cancellation
from crossdock.connectors.shopify.fulfilment import create_fulfilment, look_up_fulfilment
from crossdock.connectors.shopify.gids import to_gid
from crossdock.connectors.shopify.inventory import Stock
from crossdock.connectors.shopify.orders import find_orders, read_orders, read_products
from crossdock.connectors.shopify.products import find_variants, upsert_product
from crossdock.connectors.shopify.queries import SHOP
from crossdock.connectors.shopify.settings import ShopifySettings
from crossdock.core.errors import ConfigError, CrossdockError, RejectedError
from crossdock.kit import (
    Connector,
    Context,
    Cursor,
    Delivery,
    Found,
    HookEvent,
    HookRequest,
    Http,
    Receipt,
    Record,
    check_hmac_base64,
    finds,
    looks_up,
    reads,
    receives,
    writes,
)

__all__ = ["Shopify"]


class Shopify(Connector[ShopifySettings]):
    """One shop."""

    def __init__(self, settings: ShopifySettings, context: Context) -> None:
        super().__init__(settings, context)
        self.api = AdminApi(
            self.http, self.clock, version=settings.api_version, patience_s=settings.patience_s
        )
        self._location = to_gid("Location", settings.location_id)
        self._stock = Stock(
            self.api, location_gid=self._location, clock=self.clock, randomness=context.random
        )

    def make_http(self) -> Http:
        return Http(
            clock=self.clock,
            base_url=self.settings.base_url,
            headers={"X-Shopify-Access-Token": self.settings.access_token.reveal()},
            on_status=error_for_shop_status,
        )

    async def check(self) -> None:
        """Prove address, token, API version and location.

        Raises:
            ConfigError: the location is not there, or Shopify serves another version than was asked for.
        """
        data = await self.api.call(SHOP, location=self._location)
        location = data["location"]
        if location is None or not location["isActive"]:
            raise ConfigError(
                f"{data['shop']['name']} has no active location {self._location}",
                code="T-CONFIG",
                mend="set location_id: the number in the address of Settings > Locations",
            )
        served = self.api.served_version
        if served and served != self.settings.api_version:
            # An expired version is silently served as the oldest one that still lives.
            raise ConfigError(
                f"Shopify no longer serves version {self.settings.api_version}: it answered in {served}",
                code="T-CONFIG",
                mend=f"set api_version to {served}, after reading its changes",
            )

    async def identity(self) -> str:
        """The shop's id: a shop that is rebuilt under the same domain has another."""
        data = await self.api.call(SHOP, location=self._location)
        return str(data["shop"]["id"])

    @receives(
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/cancelled",
        "refunds/create",
        "products/create",
        "products/update",
    )
    async def receive_webhook(self, request: HookRequest) -> HookEvent:
        """A webhook of the shop, known by its topic and `X-Shopify-Event-Id`.

        The event id is the same for all deliveries of an event: retries, and each of several subscriptions to
        the topic. `X-Shopify-Webhook-Id` is the same for retries alone, so two subscriptions would double the
        order; it stands in only where the event id is missing. One act of a person (an order placed and paid)
        has one event id in several topics: the topic is part of the key. The signature covers the body alone,
        and apps use one secret for many shops: topic and shop are compared with what was expected.

        Source: https://shopify.dev/docs/apps/build/webhooks/ignore-duplicates
        """
        headers = request.headers
        check_hmac_base64(
            self.settings.webhook_secrets, request.body, headers.get("x-shopify-hmac-sha256", "")
        )
        topic = headers.get("x-shopify-topic", "")
        if topic != request.topic:
            raise RejectedError(
                f"a webhook of topic {topic!r} came in on {request.topic!r}",
                code="T-NO-ROUTE",
                mend="give each topic its own address in the shop's webhook subscriptions",
            )
        shop = headers.get("x-shopify-shop-domain", "").lower()
        if shop != self.settings.domain:
            raise RejectedError(
                f"a webhook of shop {shop!r} came in on the hook of {self.settings.domain!r}",
                code="T-NO-ROUTE",
                mend="mend the subscription's address, or shop_domain in the system's settings",
            )
        event_id = headers.get("x-shopify-event-id", "")
        webhook_id = headers.get("x-shopify-webhook-id", "")
        key = f"{topic}:{event_id}" if event_id else f"{topic}:webhook:{webhook_id}" if webhook_id else ""
        return HookEvent(topic=topic, dedupe_key=key)

    @reads("order", document="sales_order")
    async def read_order(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Orders by time of change, in the form of `orders/create`: finds what webhooks missed."""
        async for record in read_orders(
            self.api, since, page_size=self.settings.page_size, overlap_s=self.settings.overlap_s
        ):
            yield record

    @reads("product", document="product")
    async def read_product(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Products by time of change, in the form of `products/update`."""
        async for record in read_products(
            self.api, since, page_size=self.settings.page_size, overlap_s=self.settings.overlap_s
        ):
            yield record

    @finds("product")
    async def find_product(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Variant gids by SKU."""
        del company
        return {sku: variant["id"] for sku, variant in (await find_variants(self.api, keys)).items()}

    @finds("order")
    async def find_order(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Order gids by name, with or without the shop's `#`."""
        del company
        return await find_orders(self.api, keys)

    @writes(
        "fulfilment.create",
        once="lookup_then_create",
        document="shipment",
        mapping="shopify-fulfilment",
        rights=("read_orders", "write_merchant_managed_fulfillment_orders"),
    )
    async def create_fulfilment(self, delivery: Delivery) -> Receipt:
        """Tell what was shipped of an order, with its tracking numbers; part quantities per line."""
        return await create_fulfilment(
            self.api,
            delivery,
            location_gid=self._location,
            shipment_marker=self.settings.shipment_marker,
        )

    @looks_up("fulfilment.create")
    async def look_up_fulfilment(self, delivery: Delivery) -> Found:
        """Whether the order has this shipment."""
        return await look_up_fulfilment(self.api, delivery, shipment_marker=self.settings.shipment_marker)

    @writes(
        "inventory.set",
        once="natural",
        document="inventory_position",
        mapping="shopify-inventory",
        batch=100,
        rights=("read_products", "write_inventory"),
    )
    async def set_inventory(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Set the stock of SKUs at a location to absolute numbers."""
        return await self._stock.set_levels(deliveries)

    @looks_up("inventory.set")
    async def look_up_inventory(self, delivery: Delivery) -> Found:
        """Whether the level is what it should be."""
        return await self._stock.look_up(delivery)

    @writes(
        "product.upsert",
        once="natural",
        document="product",
        mapping="shopify-product",
        rights=("write_products", "write_inventory"),
    )
    async def upsert_product(self, delivery: Delivery) -> Receipt:
        """Create the product of a SKU, or bring it up to date."""
        return await upsert_product(self.api, delivery)

    @writes("order.cancel", once="natural", document="sales_order", rights=("write_orders",))
    async def cancel_order(self, delivery: Delivery) -> Receipt:
        """Cancel an order, with or without refund and restock."""
        return await cancel_order(self.api, delivery)

    @looks_up("order.cancel")
    async def look_up_cancellation(self, delivery: Delivery) -> Found:
        """Whether the order is cancelled."""
        return await look_up_cancellation(self.api, delivery)
