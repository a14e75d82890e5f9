"""Webhooks of our automation rules: hints that something changed; their secret stands in the address."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from crossdock.core.errors import AuthenticationError
from crossdock.kit import HookEvent, HookRequest, Secret

__all__ = ["SOURCES_BY_MODEL", "hint_of"]

SOURCES_BY_MODEL: dict[str, tuple[str, ...]] = {
    "product.template": ("product",),
    "product.product": ("product",),
    "res.partner": ("party",),
    "sale.order": ("sales_order",),
    "sale.order.line": ("sales_order",),
    "stock.picking": ("fulfilment_order", "inventory_position"),
    "stock.move": ("fulfilment_order", "inventory_position"),
    "stock.quant": ("inventory_position",),
    "account.move": ("invoice",),
    "account.payment": ("payment",),
}


def hint_of(request: HookRequest, secret: Secret | None) -> HookEvent:
    """What a webhook hints at. Its topic is `hint/<secret>`: Odoo signs nothing.

    Raises:
        AuthenticationError: the secret is missing or wrong (T-SIG).
    """
    kind, _, given = request.topic.partition("/")
    given = given or request.query.get("secret", "")
    right = (
        secret is not None and bool(secret) and hmac.compare_digest(given.encode(), secret.reveal().encode())
    )
    if kind != "hint" or not right:
        raise AuthenticationError(
            "the webhook's address does not bear the secret",
            code="T-SIG",
            mend="install the automation rules again, or set hook_secret in the system's settings",
        )
    body = _decoded(request.body)
    model = str(body.get("_model", ""))
    key = f"{model}:{body.get('_id', '')}:{body.get('write_date', '')}"
    return HookEvent(topic="hint", dedupe_key=key, hint_for=SOURCES_BY_MODEL.get(model, ()))


def _decoded(body: bytes) -> dict[str, Any]:
    """The body; an unreadable one is a hint at nothing, since the truth is read anyway."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
