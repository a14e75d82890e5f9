"""Price lists (canonical §3)."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import AllowanceCharge, Document, Part
from crossdock.core.quantity import Money

__all__ = ["PriceLine", "PriceList"]


class PriceLine(Part, kw_only=True):
    """A price from `min_qty` (in `uom`) upwards."""

    product: str
    price: Money
    uom: str = ""
    min_qty: Decimal | None = None
    price_type: Literal["gross", "net", "promo", "retail", "cost"] = "net"
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    allowances: list[AllowanceCharge] = []
    action: Literal["add", "change", "delete"] = "add"


class PriceList(Document, kw_only=True, tag="price_list"):
    """Prices for a party, a group or everybody. `load`: `full` replaces the list, `delta` changes named lines."""

    NUMBER: ClassVar[str] = "list_no"

    list_no: str = ""
    currency: str
    name: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    scope: Literal["party", "group", "all"] = "all"
    party: str = ""
    group: str = ""
    load: Literal["full", "delta"] = "full"
    lines: list[PriceLine] = []
