"""Shipments (canonical §8), also as advance ship notices: a tree of handling units and their contents."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import Address, Aware, Document, DocumentFunction, Part
from crossdock.core.quantity import Dimensions, Measure, Quantity

__all__ = ["Carrier", "Content", "HandlingUnit", "Shipment", "ShippedOrder"]


class Carrier(Part, kw_only=True):
    """Who carries it."""

    name: str = ""
    scac: str = ""
    key: str = ""


class ShippedOrder(Part, kw_only=True):
    """An order that the shipment carries (part of)."""

    order_key: str
    buyer_po: str = ""
    date: dt.date | None = None
    dept: str = ""


class HandlingUnit(Part, kw_only=True):
    """A pallet, carton or inner pack. `parent_id` is the hu_id of the unit it stands in; empty = outermost."""

    hu_id: str
    parent_id: str = ""
    type: str = ""
    sscc: str = ""
    tracking: str = ""
    weight: Measure | None = None
    dims: Dimensions | None = None


class Content(Part, kw_only=True):
    """Goods of one order line, lot and handling unit.

    Attributes:
        order_key: only where it differs from the shipment's.
        line_id: the order line's id.
        quantity: what was shipped.
        hu_id: the handling unit it lies in; empty = loose.
        qty_ordered: base unit, by the sender's word.
    """

    line_id: str
    quantity: Quantity
    order_key: str = ""
    hu_id: str = ""
    product: str = ""
    as_sent: dict[str, str] = {}
    lot: str = ""
    serials: list[str] = []
    expiry: dt.date | None = None
    qty_ordered: Decimal | None = None
    line_status: str = ""
    variance_reason: str = ""


class Shipment(Document, kw_only=True, tag="shipment"):
    """Goods on their way: ours to a customer (`outbound`) or a supplier's to us (`inbound`).

    `document_function` cancel takes a shipment back: its goods have not been shipped by it.
    """

    NUMBER: ClassVar[str] = "shipment_no"

    shipment_no: str = ""
    direction: Literal["outbound", "inbound"] = "outbound"
    document_function: DocumentFunction = "original"
    hierarchy: Literal["", "SOI", "SOPI", "SOTPI", "SPOI", "SOIP"] = ""
    order_key: str = ""
    release_no: str = ""
    orders: list[ShippedOrder] = []
    warehouse: str = ""
    ship_from: str = ""
    ship_to: str = ""
    ship_to_address: Address | None = None
    shipped_at: Aware | None = None
    eta: Aware | None = None
    carrier: Carrier | None = None
    mode: str = ""
    service: str = ""
    trailer: str = ""
    seal: str = ""
    bol: str = ""
    pro: str = ""
    tracking: list[str] = []
    tracking_url: str = ""
    weight: Measure | None = None
    volume: Measure | None = None
    package_count: int | None = None
    handling_units: list[HandlingUnit] = []
    contents: list[Content] = []
    status_as_sent: str = ""
