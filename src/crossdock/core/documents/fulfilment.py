"""Fulfilment orders (canonical §7): what a warehouse is told to ship, and what it says about it."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import (
    Address,
    Aware,
    Document,
    DocumentFunction,
    HoldReason,
    Note,
    Part,
)
from crossdock.core.quantity import Quantity

__all__ = ["FulfilmentLine", "FulfilmentOrder", "FulfilmentStage"]

FulfilmentStage = Literal[
    "",
    "created",
    "sent",
    "accepted",
    "rejected",
    "scheduled",
    "open",
    "in_progress",
    "packed",
    "shipped_partial",
    "shipped",
    "closed",
    "cancelled",
    "cancel_refused",
    "incomplete",
]


class FulfilmentLine(Part, kw_only=True):
    """One line to ship.

    Attributes:
        line_id: the order line's id; the warehouse's own number is `line_no`.
        order_key: only where it differs from the header's.
        quantity: what to ship.
        qty_allocated ... qty_short: what the warehouse says, running totals of this release in the base
            unit. None = not said, which is not zero. `qty_short` will not come; the rest may.
        lots: only from these lots.
    """

    line_id: str
    quantity: Quantity
    line_no: str = ""
    order_key: str = ""
    product: str = ""
    as_sent: dict[str, str] = {}
    description: str = ""
    lots: list[str] = []
    serials: list[str] = []
    expiry_not_before: dt.date | None = None
    packing_instruction: str = ""
    qty_allocated: Decimal | None = None
    qty_released: Decimal | None = None
    qty_picked: Decimal | None = None
    qty_packed: Decimal | None = None
    qty_shipped: Decimal | None = None
    qty_short: Decimal | None = None
    qty_cancelled: Decimal | None = None
    status_reasons: list[str] = []
    substitution_of: str = ""


class FulfilmentOrder(Document, kw_only=True, tag="fulfilment_order"):
    """A release to a warehouse, or the warehouse's word on it (`document_function` information).

    `stage` is what the warehouse said of it as a whole; the status is derived from it and the quantities.
    """

    NUMBER: ClassVar[str] = "release_no"

    release_no: str = ""
    order_key: str = ""
    document_function: DocumentFunction = "original"
    warehouse: str = ""
    owner: str = ""
    ship_to: str = ""
    ship_to_address: Address | None = None
    carrier: str = ""
    service: str = ""
    freight_terms: Literal["", "prepaid", "collect", "third_party"] = ""
    ship_by: Aware | None = None
    deliver_by: Aware | None = None
    wave: str = ""
    priority: int | None = None
    backorder_of: str = ""
    notes: list[Note] = []
    lines: list[FulfilmentLine] = []
    stage: FulfilmentStage = ""
    on_hold: list[HoldReason] = []
    cancel_requested: bool = False
    closed: bool = False
    status_as_sent: str = ""
