"""Cancelling an order in Shopify: a state that is set, so setting it twice is setting it once."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.admin_api import AdminApi, refused, user_faults
from crossdock.connectors.shopify.orders import order_gid
from crossdock.connectors.shopify.queries import ORDER_CANCEL, ORDER_STATE
from crossdock.core.errors import Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["cancel_order", "look_up_cancellation"]

_REASONS = frozenset({"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"})


async def cancel_order(api: AdminApi, delivery: Delivery) -> Receipt:
    """Cancel an order: `reason`, `restock`, `refund`, `notify_customer`, `note` of the payload.

    Shopify cancels in a job of its own; the order's `orders/cancelled` webhook says when it is done.
    """
    payload = delivery.payload
    reason = str(payload.get("reason") or "OTHER").upper()
    if reason not in _REASONS:
        raise RejectedError(
            f"reason is {reason}",
            code="T-SCHEMA",
            place=Place(path="reason", value=reason),
            mend=f"give one of {', '.join(sorted(_REASONS))}",
        )
    order = await _state(api, delivery)
    if order["cancelledAt"]:
        return Receipt(external_id=order["id"], answer={"found": True})
    variables: dict[str, Any] = {
        "orderId": order["id"],
        "reason": reason,
        "restock": bool(payload.get("restock", True)),
        "notifyCustomer": bool(payload.get("notify_customer")),
        "refundMethod": {"originalPaymentMethodsRefund": bool(payload.get("refund"))},
    }
    if payload.get("note"):
        variables["staffNote"] = str(payload["note"])
    answer = (await api.call(ORDER_CANCEL, **variables))["orderCancel"]
    faults = user_faults(answer, "orderCancelUserErrors")
    if faults:
        # Somebody else may have been first.
        if (await _state(api, delivery))["cancelledAt"]:
            return Receipt(external_id=order["id"], answer={"found": True})
        raise refused(f"to cancel order {order['name']}", faults)
    return Receipt(external_id=order["id"], answer={"job": answer["job"]["id"]})


async def look_up_cancellation(api: AdminApi, delivery: Delivery) -> Found:
    """Whether the order is cancelled."""
    order = await _state(api, delivery)
    return Found("done", Receipt(external_id=order["id"])) if order["cancelledAt"] else Found("absent")


async def _state(api: AdminApi, delivery: Delivery) -> dict[str, Any]:
    gid = await order_gid(api, delivery.payload)
    order: dict[str, Any] | None = (await api.call(ORDER_STATE, id=gid))["order"]
    if order is None:
        raise RejectedError(f"Shopify has no order {gid}", code="B-UNK-REF", mend="check the order's id")
    return order
