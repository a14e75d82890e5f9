"""Sales orders and purchase orders (canonical §4 and §5)."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import (
    Address,
    AllowanceCharge,
    Aware,
    Document,
    DocumentFunction,
    HoldReason,
    Note,
    Part,
    Ref,
    Shipping,
)
from crossdock.core.quantity import Money, Quantity

__all__ = [
    "ConfirmedSchedule",
    "Destination",
    "FulfilmentPolicy",
    "LineAction",
    "OrderTotals",
    "OrderType",
    "PurchaseLine",
    "PurchaseOrder",
    "SalesLine",
    "SalesOrder",
]

OrderType = Literal["standalone", "dropship", "blanket", "release", "rush"]
FulfilmentPolicy = Literal["", "ship_partial", "ship_complete", "line_complete", "no_backorder"]
LineAction = Literal["", "add", "change", "delete", "none"]


class OrderTotals(Part, kw_only=True):
    """What the sender says the order adds up to; `hash_qty` is the plain sum of the lines' quantities."""

    net: Money | None = None
    tax: Money | None = None
    gross: Money | None = None
    line_count: int | None = None
    hash_qty: Decimal | None = None


class Destination(Part, kw_only=True):
    """A store's share of a line."""

    location: str
    quantity: Quantity


class SalesLine(Part, kw_only=True):
    """One line of a sales order.

    Attributes:
        line_id: stable; partners renumber, so lines are matched by it and by refs, never by their order.
        product: product key; `as_sent` keeps what the buyer wrote (scheme → value).
        quantity: what was ordered.
        unit_price: before `discount_total`, with tax only if the order says `prices_include_tax`.
        net_total: what the sender says the line comes to, after discount, without tax.
        price_basis: quantity that `unit_price` is for; None = 1.
        qty_confirmed ... qty_returned: running totals in the base unit. None = unknown, which is not zero.
        substitution_of: the line_id this line stands in for.
    """

    line_id: str
    quantity: Quantity
    line_no: str = ""
    buyer_line_no: str = ""
    seller_line_no: str = ""
    action: LineAction = ""
    product: str = ""
    as_sent: dict[str, str] = {}
    description: str = ""
    unit_price: Money | None = None
    price_basis: Decimal | None = None
    discount_total: Money | None = None
    net_total: Money | None = None
    tax_rate: Decimal | None = None
    tax_total: Money | None = None
    requested_ship: dt.date | None = None
    requested_delivery: dt.date | None = None
    promised_delivery: Aware | None = None
    destinations: list[Destination] = []
    qty_confirmed: Decimal | None = None
    qty_backordered: Decimal | None = None
    qty_cancelled: Decimal | None = None
    qty_rejected: Decimal | None = None
    qty_pending: Decimal | None = None
    qty_allocated: Decimal | None = None
    qty_released: Decimal | None = None
    qty_picked: Decimal | None = None
    qty_packed: Decimal | None = None
    qty_shipped: Decimal | None = None
    qty_short: Decimal | None = None
    qty_delivered: Decimal | None = None
    qty_invoiced: Decimal | None = None
    qty_returned: Decimal | None = None
    status_reasons: list[str] = []
    substitution_of: str = ""
    on_hold: list[HoldReason] = []
    cancel_requested: bool = False
    closed: bool = False
    refs: list[Ref] = []


class SalesOrder(Document, kw_only=True, tag="sales_order"):
    """A customer's order. Parties are party keys; an inline address is for those who order as guests.

    `on_hold`, `cancel_requested` and `closed` are the stored flags; every other status is derived from
    quantities (`crossdock.core.status`). `status_as_sent` keeps the source's own word for it.
    """

    NUMBER: ClassVar[str] = "order_no"

    order_no: str = ""
    document_function: DocumentFunction = "original"
    order_type: OrderType = "standalone"
    buyer_po: str = ""
    order_date: dt.date | None = None
    customer: str = ""
    bill_to: str = ""
    ship_to: str = ""
    ship_from: str = ""
    mark_for: str = ""
    bill_to_address: Address | None = None
    ship_to_address: Address | None = None
    requested_ship: dt.date | None = None
    requested_delivery: dt.date | None = None
    ship_not_before: dt.date | None = None
    cancel_after: dt.date | None = None
    promised_delivery: Aware | None = None
    shipping: Shipping | None = None
    fulfilment_policy: FulfilmentPolicy = ""
    currency: str = ""
    prices_include_tax: bool = False
    payment_terms: str = ""
    allowances_charges: list[AllowanceCharge] = []
    notes: list[Note] = []
    totals: OrderTotals | None = None
    lines: list[SalesLine] = []
    on_hold: list[HoldReason] = []
    cancel_requested: bool = False
    closed: bool = False
    status_as_sent: str = ""


class ConfirmedSchedule(Part, kw_only=True):
    """A supplier's promise for part of a line, in the line's unit."""

    qty: Decimal
    date: dt.date | None = None
    status: str = ""


class PurchaseLine(Part, kw_only=True):
    """One line of a purchase order. Quantities beside `quantity` are in the base unit; None = unknown.

    `order_line_id` is the sales order line it was bought for (drop ship).
    """

    line_id: str
    quantity: Quantity
    line_no: str = ""
    seller_line_no: str = ""
    action: LineAction = ""
    product: str = ""
    supplier_item_no: str = ""
    as_sent: dict[str, str] = {}
    description: str = ""
    unit_price: Money | None = None
    price_basis: Decimal | None = None
    discount_total: Money | None = None
    net_total: Money | None = None
    tax_rate: Decimal | None = None
    tax_total: Money | None = None
    requested_delivery: dt.date | None = None
    promised_delivery: Aware | None = None
    confirmed_schedule: list[ConfirmedSchedule] = []
    qty_confirmed: Decimal | None = None
    qty_backordered: Decimal | None = None
    qty_cancelled: Decimal | None = None
    qty_rejected: Decimal | None = None
    qty_shipped: Decimal | None = None
    qty_received: Decimal | None = None
    qty_invoiced: Decimal | None = None
    qty_returned: Decimal | None = None
    status_reasons: list[str] = []
    substitution_of: str = ""
    order_line_id: str = ""
    cancel_requested: bool = False
    closed: bool = False


class PurchaseOrder(Document, kw_only=True, tag="purchase_order"):
    """Our order to a supplier; the supplier's answer comes back as `document_function` confirmation.

    `order_key` is the sales order it serves, for a drop ship.
    """

    NUMBER: ClassVar[str] = "po_no"

    po_no: str = ""
    document_function: DocumentFunction = "original"
    order_type: OrderType = "standalone"
    supplier: str = ""
    ship_to: str = ""
    ship_to_address: Address | None = None
    dropship_to: str = ""
    order_key: str = ""
    supplier_ref: str = ""
    ack_status: Literal["none", "sent", "acked", "acked_with_changes", "rejected", "overdue"] = "none"
    order_date: dt.date | None = None
    requested_delivery: dt.date | None = None
    shipping: Shipping | None = None
    currency: str = ""
    prices_include_tax: bool = False
    payment_terms: str = ""
    allowances_charges: list[AllowanceCharge] = []
    notes: list[Note] = []
    totals: OrderTotals | None = None
    lines: list[PurchaseLine] = []
    on_hold: list[HoldReason] = []
    cancel_requested: bool = False
    closed: bool = False
    status_as_sent: str = ""
