"""Returns (canonical §11): goods that come back, and what becomes of them."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import Document, DocumentFunction, Note, Part
from crossdock.core.quantity import Money, Quantity

__all__ = ["ReturnLine", "ReturnOrder", "ReturnStage"]

ReturnStage = Literal[
    "requested",
    "authorised",
    "denied",
    "more_info",
    "in_transit",
    "received",
    "inspected",
    "dispositioned",
    "credited",
    "replaced",
    "closed",
    "expired",
]


class ReturnLine(Part, kw_only=True):
    """One line. `line_id` is the order line's id.

    `quantity` is what is to come back; `qty_received` and `qty_credited` (base unit) are what did; None =
    not said, which is not zero.
    """

    line_id: str
    quantity: Quantity
    line_no: str = ""
    order_key: str = ""
    shipment_no: str = ""
    invoice_no: str = ""
    product: str = ""
    as_sent: dict[str, str] = {}
    qty_received: Decimal | None = None
    qty_credited: Decimal | None = None
    reason: str = ""
    disposition: Literal["", "restock", "refurbish", "scrap", "vendor_return"] = ""
    restock_fee: Money | None = None
    condition_received: str = ""
    lot: str = ""
    serials: list[str] = []


class ReturnOrder(Document, kw_only=True, tag="return"):
    """A return (RMA). `stage` is how far its owner says it is; lines count as returned from `received` on."""

    NUMBER: ClassVar[str] = "rma_no"

    rma_no: str = ""
    type: Literal["return", "credit_only", "replace", "repair", "recall"] = "return"
    document_function: DocumentFunction = "original"
    order_key: str = ""
    customer: str = ""
    warehouse: str = ""
    authorised_until: dt.date | None = None
    lines: list[ReturnLine] = []
    notes: list[Note] = []
    stage: ReturnStage = "requested"
    status_as_sent: str = ""
