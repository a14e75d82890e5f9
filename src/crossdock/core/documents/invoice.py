"""Invoices, credit notes and payments (canonical §10)."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import Address, AllowanceCharge, Document, Note, Part
from crossdock.core.quantity import Money, Quantity

__all__ = [
    "Adjustment",
    "Freight",
    "Invoice",
    "InvoiceLine",
    "InvoiceMatch",
    "InvoiceStage",
    "InvoiceTotals",
    "InvoiceType",
    "Payment",
    "PaymentLine",
    "PaymentStage",
    "TaxCategory",
    "TaxTotal",
]

InvoiceType = Literal["380", "381", "383", "384", "386", "389"]
TaxCategory = Literal["", "S", "Z", "E", "AE", "K", "G", "O"]
MatchResult = Literal["", "match", "variance", "missing"]
InvoiceStage = Literal[
    "",
    "draft",
    "issued",
    "sent",
    "received_by_partner",
    "accepted",
    "disputed",
    "rejected",
    "closed",
    "cancelled",
    "credited",
]
PaymentStage = Literal["", "initiated", "sent", "settled", "applied", "unapplied", "returned", "reversed"]


class InvoiceLine(Part, kw_only=True):
    """One line. `line_id` is the order line's id; empty for what no order line stands behind (freight).

    `net` is after `discount_total` and the line's own allowances and charges, without tax.
    """

    line_id: str
    quantity: Quantity
    line_no: str = ""
    order_key: str = ""
    product: str = ""
    as_sent: dict[str, str] = {}
    description: str = ""
    unit_price: Money | None = None
    price_basis: Decimal | None = None
    discount_total: Money | None = None
    allowances_charges: list[AllowanceCharge] = []
    net: Money | None = None
    tax_category: TaxCategory = ""
    tax_rate: Decimal | None = None


class TaxTotal(Part, kw_only=True):
    """The tax of one category and rate (percent)."""

    tax: Money
    taxable: Money | None = None
    category: TaxCategory = ""
    rate: Decimal | None = None


class InvoiceTotals(Part, kw_only=True):
    """What the invoice adds up to, by EN 16931's names (BR-CO-10 to BR-CO-16 hold them together)."""

    line_net: Money | None = None
    allowances: Money | None = None
    charges: Money | None = None
    tax_exclusive: Money | None = None
    tax: Money | None = None
    tax_inclusive: Money | None = None
    prepaid: Money | None = None
    rounding: Money | None = None
    payable: Money | None = None


class InvoiceMatch(Part, kw_only=True):
    """Result of the three-way match."""

    po: MatchResult = ""
    receipt: MatchResult = ""
    price: MatchResult = ""
    qty: MatchResult = ""
    variance: Money | None = None


class Freight(Part, kw_only=True):
    """What a carrier's invoice carries beside its charges (which are `allowances_charges`)."""

    pro: str
    audit: str = ""


class Invoice(Document, kw_only=True, tag="invoice"):
    """An invoice or credit note; `type` is a UNTDID 1001 code.

    380 invoice, 381 credit note, 383 debit note, 384 corrected, 386 prepayment, 389 self-billed. Amounts and
    quantities of a credit note are positive. `paid` is what has been applied to it so far.
    """

    NUMBER: ClassVar[str] = "invoice_no"

    invoice_no: str = ""
    type: InvoiceType = "380"
    direction: Literal["sale", "purchase"] = "sale"
    issue_date: dt.date | None = None
    due_date: dt.date | None = None
    tax_point_date: dt.date | None = None
    delivery_date: dt.date | None = None
    order_key: str = ""
    buyer_po: str = ""
    shipment_no: str = ""
    rma_no: str = ""
    original_invoice: str = ""
    contract: str = ""
    seller: str = ""
    customer: str = ""
    bill_to: str = ""
    ship_to: str = ""
    bill_to_address: Address | None = None
    currency: str = ""
    payment_terms: str = ""
    lines: list[InvoiceLine] = []
    allowances_charges: list[AllowanceCharge] = []
    taxes: list[TaxTotal] = []
    totals: InvoiceTotals | None = None
    paid: Money | None = None
    match: InvoiceMatch | None = None
    freight: Freight | None = None
    notes: list[Note] = []
    stage: InvoiceStage = ""
    status_as_sent: str = ""


class Adjustment(Part, kw_only=True):
    """A deduction or addition the payer made."""

    code: str
    amount: Money
    memo: str = ""


class PaymentLine(Part, kw_only=True):
    """What of a payment is for which invoice: paid = gross - discount + adjustments."""

    invoice: str
    paid: Money
    gross: Money | None = None
    discount: Money | None = None
    adjustments: list[Adjustment] = []
    order_key: str = ""


class Payment(Document, kw_only=True, tag="payment"):
    """Money that moved, and what for."""

    NUMBER: ClassVar[str] = "payment_no"

    payment_no: str = ""
    amount: Money
    direction: Literal["inbound", "outbound"] = "inbound"
    method: str = ""
    date: dt.date | None = None
    payer: str = ""
    payee: str = ""
    order_key: str = ""
    bank_refs: list[str] = []
    trace: str = ""
    lines: list[PaymentLine] = []
    stage: PaymentStage = ""
    status_as_sent: str = ""
