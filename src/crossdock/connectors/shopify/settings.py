"""Settings of the Shopify connector."""

from __future__ import annotations

import urllib.parse

from crossdock.kit import Secret, Settings, setting

__all__ = ["ShopifySettings"]


class ShopifySettings(Settings):
    """What a shop needs to be reached."""

    base_url: str = setting("Address of the shop's admin, e.g. https://my-shop.myshopify.com")
    access_token: Secret = setting(
        "Admin API access token (shpat_…): Shopify admin > Settings > Apps > Develop apps > your app"
    )
    webhook_secret: Secret = setting(
        "What signs the webhooks: the app's client secret, or the secret shown under Settings > Notifications"
    )
    previous_webhook_secret: Secret | None = setting(
        "The former webhook secret, accepted as well while it is being rotated", default=None
    )
    shop_domain: str = setting(
        "The shop's myshopify.com domain; webhooks of other shops of the same app are refused. "
        "Empty: the host of base_url",
        default="",
    )
    api_version: str = setting("Version of the Admin API, 2026-04 or later", default="2026-10")
    location_id: str = setting(
        "Location that stock is set at and shipments leave from first: its number or gid "
        "(Settings > Locations, the number in the address)"
    )
    page_size: int = setting(
        "Orders or products per page of a read; 25 and more may cost more than one query may",
        default=10,
        ge=1,
        le=250,
    )
    overlap_s: int = setting(
        "Seconds that a read goes back behind its cursor: Shopify's search index lags behind its data",
        default=120,
        ge=0,
        le=86_400,
    )
    patience_s: float = setting(
        "Longest wait, in seconds, for the cost bucket to refill before a call is given back to the queue",
        default=5.0,
        ge=0,
        le=60,
    )
    shipment_marker: str = setting(
        "What tells two shipments of one order apart: their tracking numbers and quantities, or the shipment "
        "number written beside the tracking number (customers see it)",
        default="tracking_number",
        choices=("tracking_number", "shipment_number"),
    )

    @property
    def domain(self) -> str:
        """The domain that webhooks must name."""
        return (self.shop_domain or urllib.parse.urlsplit(self.base_url).hostname or "").lower()

    @property
    def webhook_secrets(self) -> tuple[Secret, ...]:
        """The secrets that may have signed a webhook."""
        return tuple(s for s in (self.webhook_secret, self.previous_webhook_secret) if s)
