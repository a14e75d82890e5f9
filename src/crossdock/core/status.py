"""Statuses derived from quantities and flags (canonical §13): functions, never stored fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

from crossdock.core.documents import (
    FulfilmentOrder,
    Invoice,
    Payment,
    Receipt,
    ReturnOrder,
    TrackingEvent,
)
from crossdock.core.ledger import LineLedger
from crossdock.core.status_tables import MACHINES, may_move

__all__ = [
    "MACHINES",
    "Intake",
    "fulfilment_status",
    "invoice_status",
    "line_status",
    "line_statuses",
    "may_move",
    "order_status",
    "payment_status",
    "receipt_status",
    "return_status",
    "shipment_status",
]

Intake = Literal["received", "exception", "validated", "accepted", "change_pending", "rejected", "duplicate"]
"""How far an order has come before anything moves: what quantities cannot tell."""

_ZERO: Final = Decimal(0)


def _or_zero(quantity: Decimal | None) -> Decimal:
    # For deriving a status only: what nobody has reported has not advanced the status.
    return quantity or _ZERO


def order_status(
    lines: Iterable[LineLedger],
    *,
    intake: Intake = "accepted",
    on_hold: bool = False,
    cancel_requested: bool = False,
    closed: bool = False,
) -> str:
    """§13.1: an order's header status from its lines' ledgers and its stored flags."""
    if intake in {"rejected", "duplicate"}:
        return intake
    rows = list(lines)
    ordered = _total(rows, "ordered")
    dropped = _total(rows, "cancelled") + _total(rows, "rejected")
    shipped, short = _total(rows, "shipped"), _total(rows, "short")
    if ordered and dropped >= ordered and not shipped:
        return "rejected" if not _total(rows, "cancelled") else "cancelled"
    closing = "closed_short" if short or shipped < ordered - dropped else "closed"
    overlays = (
        (_return_open(rows), "return_open"),
        (closed, closing),
        (cancel_requested, "cancel_requested"),
        (on_hold, "on_hold"),
    )
    return next((status for holds, status in overlays if holds), None) or _progress(rows, intake)


def _progress(rows: Sequence[LineLedger], intake: Intake) -> str:
    """How far the goods are. What was cancelled, rejected or closed short is not waited for."""
    shipped = _total(rows, "shipped")
    wanted = sum((_wanted(row) for row in rows), _ZERO)
    complete = bool(rows) and all(_or_zero(row.shipped) >= _wanted(row) for row in rows)
    if complete and shipped:
        ended = all(_or_zero(r.delivered) >= _or_zero(r.shipped) for r in rows)
        return "delivered" if ended else "shipped"
    if complete and not wanted and _total(rows, "short"):
        return "closed_short"
    if shipped:
        return "partially_shipped"
    if any(_or_zero(r.released) or _or_zero(r.picked) or _or_zero(r.packed) for r in rows):
        return "in_fulfilment"
    return intake


def _wanted(row: LineLedger) -> Decimal:
    return _or_zero(row.ordered) - _or_zero(row.cancelled) - _or_zero(row.rejected) - _or_zero(row.short)


def _return_open(rows: Sequence[LineLedger]) -> bool:
    """Whether goods are on their way back: authorised for return and not all of them arrived."""
    return any(_or_zero(row.return_authorised) > _or_zero(row.returned) for row in rows)


def _total(rows: Iterable[LineLedger], measure: str) -> Decimal:
    return sum((_or_zero(getattr(row, measure)) for row in rows), _ZERO)


def line_statuses(
    ledger: LineLedger, *, on_hold: bool = False, substituted: bool = False
) -> Mapping[str, Decimal]:
    """§13.2: how much of an order line stands in which status, the furthest first. A line may be split.

    Each piece is counted once, where it is now: 10 ordered, 6 shipped of which 4 delivered, 2 cancelled is
    {delivered: 4, shipped: 2, cancelled: 2, accepted: 2}.
    """
    left = _or_zero(ledger.ordered)
    pieces: dict[str, Decimal] = {}

    def take(status: str, quantity: Decimal) -> None:
        nonlocal left
        taken = max(min(quantity, left), _ZERO)
        if taken:
            pieces[status] = pieces.get(status, _ZERO) + taken
            left -= taken

    shipped = max(_or_zero(ledger.shipped), _or_zero(ledger.delivered))
    returned = min(_or_zero(ledger.returned), shipped)
    delivered = max(_or_zero(ledger.delivered) - returned, _ZERO)
    take("returned", returned)
    take("delivered", delivered)
    take("shipped", shipped - returned - delivered)
    take("cancelled", _or_zero(ledger.cancelled))
    take("rejected", _or_zero(ledger.rejected))
    take("closed_short", _or_zero(ledger.short))
    advanced = shipped
    for status in ("packed", "picked", "released", "allocated"):
        reached = _or_zero(getattr(ledger, status))
        take(status, reached - advanced)
        advanced = max(advanced, reached)
    take("backordered", _or_zero(ledger.backordered))
    if on_hold:
        take("on_hold", left)
    take("substituted" if substituted else "accepted", max(_or_zero(ledger.confirmed) - advanced, _ZERO))
    take("pending", left)
    return pieces


def line_status(ledger: LineLedger, *, on_hold: bool = False, substituted: bool = False) -> str:
    """The status of a line in one word: that of the piece that is furthest behind, of those still moving.

    A line with 6 shipped and 4 backordered is `backordered`: that is what somebody has to act on.
    """
    pieces = line_statuses(ledger, on_hold=on_hold, substituted=substituted)
    moving = [s for s in pieces if s not in {"cancelled", "rejected", "closed_short", "returned"}]
    if moving:
        return moving[-1]
    return next(iter(pieces), "pending")


def fulfilment_status(order: FulfilmentOrder) -> str:
    """§13.3: a release's status from the warehouse's quantities, then from what it said of the whole."""
    if order.stage in {"rejected", "cancelled", "incomplete"}:
        return order.stage
    if order.closed or order.stage == "closed":
        return "closed"
    moved = _moved(order)
    if moved in {"shipped", "shipped_partial"}:
        return moved
    if order.cancel_requested:
        return "cancel_refused" if order.stage == "cancel_refused" else "cancel_requested"
    if order.on_hold:
        return "on_hold"
    return moved or order.stage or "created"


def _moved(order: FulfilmentOrder) -> str:
    """What the lines' quantities show; empty while none of them shows anything."""
    shipped = sum((_or_zero(line.qty_shipped) for line in order.lines), _ZERO)
    if shipped:
        done = all(
            line.quantity.base is not None
            and _or_zero(line.qty_shipped) + _or_zero(line.qty_short) + _or_zero(line.qty_cancelled)
            >= line.quantity.base
            for line in order.lines
        )
        return "shipped" if done else "shipped_partial"
    if order.stage in {"shipped", "shipped_partial"}:
        return order.stage
    if order.lines and all(
        _packed(line.quantity.base, line.qty_packed, line.qty_short) for line in order.lines
    ):
        return "packed"
    started = any(_or_zero(line.qty_picked) or _or_zero(line.qty_packed) for line in order.lines)
    return "in_progress" if started and order.stage != "packed" else ""


def _packed(wanted: Decimal | None, packed: Decimal | None, short: Decimal | None) -> bool:
    return wanted is not None and bool(packed) and _or_zero(packed) + _or_zero(short) >= wanted


_SHIPMENT_RANK: Final = {
    status: rank
    for rank, status in enumerate(
        (
            "unknown",
            "planned",
            "tendered",
            "tender_declined",
            "tender_accepted",
            "label_created",
            "picked_up",
            "in_transit",
            "at_terminal",
            "customs_hold",
            "delayed",
            "out_for_delivery",
            "delivery_attempted",
            "available_for_pickup",
            "damaged",
            "lost",
            "refused",
            "returning",
            "cancelled",
            "delivered",
            "returned",
        )
    )
}
"""How far a status is on its way; it decides between events of the same moment."""


def shipment_status(events: Iterable[TrackingEvent]) -> str:
    """§13.4: the status of the latest event by `event_at`, whatever the order of arrival; `planned` without any.

    Only what happened counts, not what was planned or estimated. Of events of one moment the furthest counts.
    An `unknown` event never hides a known one.
    """
    latest = max(
        (e for e in events if e.classifier == "actual"),
        key=lambda e: (e.status != "unknown", e.event_at, _SHIPMENT_RANK[e.status]),
        default=None,
    )
    return "planned" if latest is None else latest.status


def receipt_status(receipt: Receipt) -> str:
    """§13.5: a receipt's status; partial while something expected is neither here nor known to be short."""
    if receipt.closed or receipt.stage == "closed":
        return "closed"
    if receipt.stage == "putaway":
        return "putaway"
    counted = [line for line in receipt.lines if line.qty_received is not None]
    if not any(_or_zero(line.qty_received) for line in counted):
        return receipt.stage or ("receiving" if counted else "asn_received")
    complete = len(counted) == len(receipt.lines) and all(
        _or_zero(line.qty_received) + _or_zero(line.qty_short) >= _or_zero(line.qty_expected)
        for line in counted
    )
    return "received" if complete else "received_partial"


def invoice_status(invoice: Invoice) -> str:
    """§13.6: an invoice's status from what was paid, then from what its partner said."""
    stage = invoice.stage or "issued"
    if stage in {"draft", "cancelled", "credited", "closed"}:
        return stage
    payable = invoice.totals.payable if invoice.totals is not None else None
    if invoice.paid is not None and invoice.paid.amount > 0 and payable is not None:
        if invoice.paid.amount >= payable.amount:
            return "paid"
        return stage if stage == "disputed" else "partially_paid"
    return stage


def payment_status(payment: Payment) -> str:
    """§13.6: a payment's status; settled money is applied once its lines take all of it."""
    stage = payment.stage or "initiated"
    if stage not in {"settled", "applied", "unapplied"}:
        return stage
    if not payment.lines:
        return "applied" if stage == "applied" else "unapplied"
    applied = sum((line.paid.amount for line in payment.lines), _ZERO)
    return "applied" if applied >= payment.amount.amount else "unapplied"


_RETURN_ORDER: Final = ("authorised", "in_transit", "received", "inspected", "dispositioned")


def return_status(order: ReturnOrder) -> str:
    """§13.7: a return's status: the further of what its owner says and what the quantities show."""
    stage = order.stage
    if stage not in {"requested", "more_info", *_RETURN_ORDER} or not order.lines:
        return stage
    if all(
        _or_zero(line.qty_credited) >= (line.quantity.base or line.quantity.value) for line in order.lines
    ):
        return "credited"
    if all(line.disposition for line in order.lines):
        shown = "dispositioned"
    elif all(line.condition_received for line in order.lines):
        shown = "inspected"
    elif all(line.qty_received is not None for line in order.lines):
        shown = "received"
    else:
        return stage
    known = _RETURN_ORDER.index(stage) if stage in _RETURN_ORDER else -1
    return _RETURN_ORDER[max(known, _RETURN_ORDER.index(shown))]
