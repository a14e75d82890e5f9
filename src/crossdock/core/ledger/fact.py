"""A fact of the ledger, and what facts add up to for one order line."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

__all__ = ["MEASURES", "Fact", "LineLedger"]


class Fact(msgspec.Struct, frozen=True):
    """One system's word, in one document, on one quantity of one order line.

    The first identity is (transaction, line_id, measure, system, ref): told twice it counts once, told anew
    it replaces. Quantities of different refs add up.

    Attributes:
        quantity: in the product's base unit.
        ref: `kind:key` of the document that says so.
        source_version: the document's; of two facts with one identity the newer one counts.
    """

    transaction: str
    line_id: str
    measure: str
    quantity: Decimal
    system: str
    ref: str
    source_version: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        return (self.transaction, self.line_id, self.measure, self.system, self.ref)


class LineLedger(msgspec.Struct, frozen=True, kw_only=True):
    """All quantities of one order line in the base unit. None = nobody has said it, which is not zero."""

    transaction: str
    line_id: str
    ordered: Decimal | None = None
    confirmed: Decimal | None = None
    backordered: Decimal | None = None
    cancelled: Decimal | None = None
    rejected: Decimal | None = None
    pending: Decimal | None = None
    allocated: Decimal | None = None
    released: Decimal | None = None
    picked: Decimal | None = None
    packed: Decimal | None = None
    shipped: Decimal | None = None
    short: Decimal | None = None
    delivered: Decimal | None = None
    lost: Decimal | None = None
    damaged_in_transit: Decimal | None = None
    refused: Decimal | None = None
    invoiced: Decimal | None = None
    credited: Decimal | None = None
    return_authorised: Decimal | None = None
    returned: Decimal | None = None
    received: Decimal | None = None


MEASURES: Final = tuple(
    name for name in LineLedger.__struct_fields__ if name not in {"transaction", "line_id"}
)
"""What a fact can be about."""
