"""Receipts (canonical §9): what came in, in which condition."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import Aware, Document, DocumentFunction, Part

__all__ = ["Receipt", "ReceiptLine", "ReceiptStage"]

ReceiptStage = Literal[
    "",
    "asn_received",
    "in_transit",
    "arrived",
    "receiving",
    "received_partial",
    "received",
    "putaway",
    "closed",
]


class ReceiptLine(Part, kw_only=True):
    """One line received. All quantities are in `uom`, the base unit; None = not said, which is not zero.

    `line_id` is the line of the order (or return) it was expected by; `qty_over` is what came beyond it.
    """

    line_id: str
    product: str = ""
    as_sent: dict[str, str] = {}
    order_key: str = ""
    uom: str = "EA"
    qty_expected: Decimal | None = None
    qty_received: Decimal | None = None
    qty_accepted: Decimal | None = None
    qty_damaged: Decimal | None = None
    qty_short: Decimal | None = None
    qty_over: Decimal | None = None
    qty_rejected: Decimal | None = None
    qty_on_hold: Decimal | None = None
    lot: str = ""
    serials: list[str] = []
    expiry: dt.date | None = None
    disposition: str = ""
    reason: str = ""
    photo_refs: list[str] = []


class Receipt(Document, kw_only=True, tag="receipt"):
    """Goods received against a purchase order, an advance ship notice, a transfer or a return."""

    NUMBER: ClassVar[str] = "receipt_no"

    receipt_no: str = ""
    document_function: DocumentFunction = "original"
    order_key: str = ""
    shipment_no: str = ""
    transfer_no: str = ""
    rma_no: str = ""
    warehouse: str = ""
    supplier: str = ""
    received_at: Aware | None = None
    over_receipt_policy: Literal["", "accept", "accept_to_tolerance", "hold", "reject"] = ""
    lines: list[ReceiptLine] = []
    stage: ReceiptStage = ""
    closed: bool = False
    status_as_sent: str = ""
