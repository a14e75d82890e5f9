"""Loads and tracking events (canonical §11)."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from crossdock.core.documents.base import Aware, Document, Note, Part
from crossdock.core.quantity import Money, Quantity

__all__ = [
    "DeliveredLine",
    "Load",
    "ProofOfDelivery",
    "Stop",
    "Tender",
    "TrackingEvent",
    "TrackingStatus",
]

TrackingStatus = Literal[
    "planned",
    "tendered",
    "tender_accepted",
    "tender_declined",
    "label_created",
    "picked_up",
    "in_transit",
    "at_terminal",
    "customs_hold",
    "delayed",
    "out_for_delivery",
    "available_for_pickup",
    "delivery_attempted",
    "delivered",
    "refused",
    "damaged",
    "lost",
    "returning",
    "returned",
    "cancelled",
    "unknown",
]


class Stop(Part, kw_only=True):
    """A place where a load is filled or emptied."""

    seq: int
    type: Literal["pickup", "delivery", "drop_trailer", "other"]
    location: str = ""
    window_from: Aware | None = None
    window_to: Aware | None = None
    refs: list[str] = []


class Tender(Part, kw_only=True):
    """An offer of the load to a carrier, and the answer."""

    carrier: str
    at: Aware | None = None
    expires: Aware | None = None
    response: Literal["", "accepted", "declined", "expired"] = ""
    reason: str = ""


class Load(Document, kw_only=True, tag="load"):
    """A trip with several shipments."""

    NUMBER: ClassVar[str] = "load_no"

    load_no: str = ""
    mode: str = ""
    carrier: str = ""
    equipment: str = ""
    rate: Money | None = None
    stops: list[Stop] = []
    tender: list[Tender] = []
    shipments: list[str] = []
    order_keys: list[str] = []
    notes: list[Note] = []


class ProofOfDelivery(Part, kw_only=True):
    """Who took the goods, and what was wrong with them."""

    at: Aware | None = None
    signed_by: str = ""
    image_ref: str = ""
    exceptions: list[str] = []


class DeliveredLine(Part, kw_only=True):
    """What of an order line the event is about, where the carrier says it.

    `outcome` is for a line that fared otherwise than the event's status says; empty = as the event.
    """

    line_id: str
    quantity: Quantity
    order_key: str = ""
    outcome: Literal["", "delivered", "lost", "damaged", "refused"] = ""


class TrackingEvent(Document, kw_only=True, tag="tracking_event"):
    """Something a carrier said of a shipment or handling unit.

    `event_at` is when it happened, `recorded_at` when it was written down. Only `classifier` actual
    happened; planned and estimated are forecasts and never move a status.
    """

    status: TrackingStatus
    event_at: Aware
    shipment_no: str = ""
    hu_id: str = ""
    tracking_no: str = ""
    order_key: str = ""
    reason: str = ""
    recorded_at: Aware | None = None
    classifier: Literal["planned", "estimated", "actual"] = "actual"
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    locode: str = ""
    location: str = ""
    source: str = ""
    raw_code: str = ""
    eta: Aware | None = None
    lines: list[DeliveredLine] = []
    pod: ProofOfDelivery | None = None
