"""What all documents have: the base struct, references, addresses, notes, and the order of source versions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Annotated, ClassVar, Literal

import msgspec

from crossdock.core.quantity import Money

__all__ = [
    "Address",
    "AllowanceCharge",
    "Aware",
    "Contact",
    "Document",
    "DocumentFunction",
    "HoldReason",
    "Note",
    "Part",
    "Ref",
    "Shipping",
    "compare_source_versions",
    "source_version_order",
]

Aware = Annotated[dt.datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""

DocumentFunction = Literal[
    "original", "replace", "change", "cancel", "duplicate", "confirmation", "information"
]
HoldReason = Literal[
    "credit",
    "fraud",
    "price",
    "address",
    "stock",
    "payment",
    "compliance",
    "customer_request",
    "export",
    "manual",
]


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything inside a document."""


class Ref(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody's name for the object. Unique on (scheme, issuer_party_id, value).

    Attributes:
        scheme: buyer_po, seller_so, asn, bol, pro, invoice, rma, odoo, gtin, gln, sscc, duns, sku_seller, ...
        role: what the reference is to this document: `original`, `contract`, `marker`, ...
    """

    scheme: str
    value: str
    issuer_party_id: str = ""
    role: str = ""


class Document(
    msgspec.Struct, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all canonical documents.

    Attributes:
        key: the business object's identity across systems, such as the shop's order number `10001`.
        company: legal entity.
        source_version: the source's own order of changes: a number, a time or sortable text; empty = unnumbered.
        refs: other names of the same object, and of what it refers to.
        occurred_at: when it happened in the world, by the source's word.
        NUMBER: field with the document's own number (`order_no`); it is the key where it is left empty.
    """

    NUMBER: ClassVar[str] = ""

    key: str
    company: str = ""
    source_version: str = ""
    refs: list[Ref] = []
    occurred_at: Aware | None = None

    def __post_init__(self) -> None:
        if self.NUMBER and not getattr(self, self.NUMBER):
            setattr(self, self.NUMBER, self.key)

    @property
    def kind(self) -> str:
        """`sales_order`, `shipment`, ...: the tag in its JSON, and its key in `KINDS`."""
        return str(self.__struct_config__.tag)

    def ref(self, scheme: str, *, role: str | None = None) -> str:
        """The value of the first reference of this scheme (and role); empty if there is none."""
        for ref in self.refs:
            if ref.scheme == scheme and (role is None or ref.role == role):
                return ref.value
        return ""


class Address(Part, kw_only=True):
    """A postal address: the parts where they are known, and `raw`, how it was sent."""

    name: str = ""
    company_name: str = ""
    lines: list[str] = []
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    raw: str = ""


class Contact(Part, kw_only=True):
    """A person or a desk."""

    name: str = ""
    function: str = ""
    phone: str = ""
    email: str = ""


class Note(Part, kw_only=True):
    """Free text; `type` says for whom: delivery, warehouse, customer, internal, ..."""

    text: str
    type: str = ""


class Shipping(Part, kw_only=True):
    """How goods are to travel, and who pays for it."""

    carrier: str = ""
    service: str = ""
    payment: Literal["", "prepaid", "collect", "third_party"] = ""
    account: str = ""
    incoterm: str = ""


class AllowanceCharge(Part, kw_only=True):
    """A deduction from or an addition to the lines' total; `amount` is positive in both.

    Attributes:
        basis: what `percent` was taken of.
        sequence: order of application, where several build on each other.
    """

    indicator: Literal["allowance", "charge"]
    amount: Money | None = None
    code: str = ""
    text: str = ""
    percent: Decimal | None = None
    basis: Money | None = None
    tax_category: str = ""
    tax_rate: Decimal | None = None
    tax_total: Money | None = None
    sequence: int | None = None


def source_version_order(version: str) -> tuple[int, Decimal, str]:
    """A sort key for source versions: unnumbered, then numbers by value, times by instant, then other text.

    One total order over all forms. Falling back to text whenever two forms differ would go in circles
    (20 < 100 as numbers, 100 < 1a < 20 as text), and what is newest would depend on the order of arrival.
    """
    if not version:
        return (0, Decimal(0), "")
    if version.isascii() and version.isdigit():
        return (1, Decimal(version), "")
    try:
        moment = dt.datetime.fromisoformat(version)
    except ValueError:
        return _number_or_text(version)
    if moment.tzinfo is None:  # no zone: no instant, but ISO text sorts by itself
        return (3, Decimal(0), version)
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (2, Decimal(delta // dt.timedelta(microseconds=1)), "")


def compare_source_versions(a: str, b: str) -> int:
    """-1, 0 or 1: whether `a` is older than, as old as, or newer than `b`.

    Numbers compare by value, RFC 3339 times by instant, other text as text; empty is older than all.
    """
    left, right = source_version_order(a), source_version_order(b)
    return (left > right) - (left < right)


def _number_or_text(version: str) -> tuple[int, Decimal, str]:
    try:
        number = Decimal(version)
    except InvalidOperation:
        return (3, Decimal(0), version)
    return (1, number, "") if number.is_finite() else (3, Decimal(0), version)
