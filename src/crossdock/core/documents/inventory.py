"""Inventory (canonical §6): the position, a snapshot row, and the event, a ledger row."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from crossdock.core.documents.base import Aware, Document, Part
from crossdock.core.quantity import Quantity

__all__ = ["AvailableToPromise", "Disposition", "InventoryEvent", "InventoryEventType", "InventoryPosition"]

InventoryEventType = Literal[
    "receive",
    "putaway",
    "move",
    "allocate",
    "deallocate",
    "pick",
    "short_pick",
    "pack",
    "unpack",
    "ship",
    "deliver",
    "return_receive",
    "adjust_in",
    "adjust_out",
    "count",
    "hold",
    "release_hold",
    "disposition_change",
    "kit",
    "dekit",
    "scrap",
    "ownership_transfer",
]
Disposition = Literal[
    "",
    "sellable_accessible",
    "sellable_not_accessible",
    "in_transit",
    "damaged",
    "expired",
    "recalled",
    "returned",
    "reserved",
    "unavailable",
    "destroyed",
    "needs_replacement",
    "non_sellable_other",
]


class AvailableToPromise(Part, kw_only=True):
    """How much can be promised from a date on."""

    date: dt.date
    qty: Decimal


class InventoryPosition(Document, kw_only=True, tag="inventory_position"):
    """How much of a product is where, at `as_of`. Quantities are in `uom`; None = not said, which is not zero.

    Only a position with `as_of` (or `sequence`) can be compared with another; older ones are ignored.
    """

    product: str
    location: str = ""
    owner: str = ""
    bin: str = ""
    lot: str = ""
    serial: str = ""
    package: str = ""
    disposition: Disposition = ""
    uom: str = "EA"
    on_hand: Decimal | None = None
    allocated: Decimal | None = None
    available: Decimal | None = None
    on_order: Decimal | None = None
    in_transit: Decimal | None = None
    held: Decimal | None = None
    damaged: Decimal | None = None
    quarantine: Decimal | None = None
    expired: Decimal | None = None
    atp: list[AvailableToPromise] = []
    as_of: Aware | None = None
    sequence: int | None = None


class InventoryEvent(Document, kw_only=True, tag="inventory_event"):
    """Something that happened to stock. Append-only: it is reversed by another event, never edited.

    `quantity` is signed as it changes `location`; a move names where from and where to.
    """

    type: InventoryEventType
    product: str
    quantity: Quantity
    location: str = ""
    from_location: str = ""
    to_location: str = ""
    owner: str = ""
    bin: str = ""
    lot: str = ""
    serial: str = ""
    package: str = ""
    disposition: Disposition = ""
    reason: str = ""
    order_key: str = ""
    line_id: str = ""
    sequence: int | None = None
