"""What a document says about the quantities of order lines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from crossdock.core.documents import (
    Content,
    Document,
    FulfilmentOrder,
    InventoryEvent,
    Invoice,
    PurchaseOrder,
    Receipt,
    ReturnOrder,
    SalesOrder,
    Shipment,
    TrackingEvent,
)
from crossdock.core.ledger.fact import MEASURES, Fact

__all__ = ["facts_of"]

_ZERO: Final = Decimal(0)
_Saying = tuple[str, str, str, Decimal | None, str]
"""(transaction, line_id, measure, quantity, ref); None = not said."""

_LINE_FIELDS: Final = {f"qty_{measure}": measure for measure in MEASURES}
_ARRIVED: Final = frozenset({"received", "inspected", "dispositioned", "credited", "replaced", "closed"})
_VOID_RETURN: Final = frozenset({"denied", "expired"})
_OUTCOMES: Final = {
    "delivered": "delivered",
    "refused": "refused",
    "damaged": "damaged_in_transit",
    "lost": "lost",
}
_EVENT_MEASURES: Final = {
    "allocate": ("allocated", 1),
    "deallocate": ("allocated", -1),
    "pick": ("picked", 1),
    "pack": ("packed", 1),
    "unpack": ("packed", -1),
    "ship": ("shipped", 1),
    "deliver": ("delivered", 1),
    "return_receive": ("returned", 1),
}


def facts_of(document: Document, system: str, *, shipment: Shipment | None = None) -> list[Fact]:
    """The facts in a document. Quantities not known in the base unit say nothing.

    Args:
        document: any canonical document.
        system: the system that said it.
        shipment: what a tracking event without lines of its own is about, where it is known.
    """
    extract = _EXTRACTS.get(type(document))
    if isinstance(document, TrackingEvent):
        sayings: Iterable[_Saying] = _tracking(document, shipment)
    elif extract is not None:
        sayings = extract(document)
    else:
        return []
    return _summed(sayings, system, document.source_version)


def _summed(sayings: Iterable[_Saying], system: str, version: str) -> list[Fact]:
    """Facts: a line that stands in several rows of a document (lots, cartons) is one fact with their sum.

    If one of the rows does not say its quantity, the sum is not known.
    """
    sums: dict[tuple[str, str, str, str], Decimal | None] = {}
    for transaction, line_id, measure, quantity, ref in sayings:
        if not transaction or not line_id:
            continue
        key = (transaction, line_id, measure, ref)
        former = sums.get(key, _ZERO)
        sums[key] = None if quantity is None or former is None else former + quantity
    return [
        Fact(transaction, line_id, measure, quantity, system, ref, version)
        for (transaction, line_id, measure, ref), quantity in sums.items()
        if quantity is not None
    ]


def _line_quantities(transaction: str, line: Any, ref: str) -> Iterator[_Saying]:
    for field, measure in _said_by(line.__class__):
        quantity: Decimal | None = getattr(line, field)
        if quantity is not None:
            yield transaction, line.line_id, measure, quantity, ref


@functools.cache
def _said_by(line: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """(field, measure) of the quantities that lines of this type can tell."""
    return tuple((field, _LINE_FIELDS[field]) for field in line.__struct_fields__ if field in _LINE_FIELDS)


def _order(order: SalesOrder | PurchaseOrder) -> Iterator[_Saying]:
    ref = f"{order.kind}:{order.key}"
    cancels = order.document_function == "cancel" and not order.cancel_requested
    for line in order.lines:
        quantity = line.quantity.base
        taken_out = cancels or line.action == "delete"
        if line.action != "delete" and quantity is not None:
            yield order.key, line.line_id, "ordered", quantity, ref
        if taken_out and line.qty_cancelled is None:
            yield order.key, line.line_id, "cancelled", quantity, ref
        yield from _line_quantities(order.key, line, ref)


def _fulfilment(order: FulfilmentOrder) -> Iterator[_Saying]:
    ref = f"{order.kind}:{order.key}"
    releases = order.document_function in {"original", "replace"}
    for line in order.lines:
        transaction = line.order_key or order.order_key
        if releases and line.qty_released is None:
            yield transaction, line.line_id, "released", line.quantity.base, ref
        yield from _line_quantities(transaction, line, ref)


def _shipment(shipment: Shipment) -> Iterator[_Saying]:
    ref = f"{shipment.kind}:{shipment.key}"
    void = shipment.document_function == "cancel"
    for content in shipment.contents:
        quantity = _ZERO if void else content.quantity.base
        yield _order_of(content, shipment), content.line_id, "shipped", quantity, ref


def _order_of(content: Content, shipment: Shipment) -> str:
    if content.order_key or shipment.order_key:
        return content.order_key or shipment.order_key
    return shipment.orders[0].order_key if len(shipment.orders) == 1 else ""


def _tracking(event: TrackingEvent, shipment: Shipment | None) -> Iterator[_Saying]:
    if event.classifier != "actual" or event.status not in _OUTCOMES:
        return
    # The parcel is the reference, not the event: a delivery scan and the proof of delivery after it speak of
    # the same goods and must not add up.
    parcel = event.shipment_no or event.tracking_no or event.key
    if event.lines:
        ref = f"{event.kind}:{parcel}/{event.hu_id}"
        for line in event.lines:
            outcome = line.outcome or event.status
            transaction = line.order_key or event.order_key
            yield transaction, line.line_id, _OUTCOMES[outcome], line.quantity.base, ref
    elif shipment is not None and shipment.document_function != "cancel":
        units = _units_within(event.hu_id, shipment)
        for content in shipment.contents:
            if units is None or content.hu_id in units:
                ref = f"{event.kind}:{parcel}/{content.hu_id}"
                transaction = _order_of(content, shipment)
                yield transaction, content.line_id, _OUTCOMES[event.status], content.quantity.base, ref


def _units_within(hu_id: str, shipment: Shipment) -> set[str] | None:
    """The handling unit and all that stand in it; None = the whole shipment."""
    if not hu_id:
        return None
    inside = {hu_id}
    grown = True
    while grown:
        grown = False
        for unit in shipment.handling_units:
            if unit.parent_id in inside and unit.hu_id not in inside:
                inside.add(unit.hu_id)
                grown = True
    return inside


def _invoice(invoice: Invoice) -> Iterator[_Saying]:
    # A draft binds nobody; a prepayment and a debit note move money, not goods.
    if invoice.stage == "draft" or invoice.type in {"383", "386"}:
        return
    measure = "credited" if invoice.type == "381" else "invoiced"
    void = invoice.stage in {"cancelled", "rejected"}
    corrected = invoice.original_invoice if invoice.type == "384" else ""
    ref = f"{invoice.kind}:{corrected or invoice.key}"
    for line in invoice.lines:
        quantity = _ZERO if void else line.quantity.base
        yield line.order_key or invoice.order_key, line.line_id, measure, quantity, ref


def _return(order: ReturnOrder) -> Iterator[_Saying]:
    ref = f"{order.kind}:{order.key}"
    void = order.document_function == "cancel" or order.stage in _VOID_RETURN
    goods_come = order.type != "credit_only"
    for line in order.lines:
        transaction = line.order_key or order.order_key
        if order.stage not in {"requested", "more_info"} or void:
            authorised = _ZERO if void else line.quantity.base
            yield transaction, line.line_id, "return_authorised", authorised, ref
        if line.qty_received is not None:
            yield transaction, line.line_id, "returned", line.qty_received, ref
        elif goods_come and order.stage in _ARRIVED and not void:
            yield transaction, line.line_id, "returned", line.quantity.base, ref


def _receipt(receipt: Receipt) -> Iterator[_Saying]:
    ref = f"{receipt.kind}:{receipt.key}"
    void = receipt.document_function == "cancel"
    measure = "returned" if receipt.rma_no else "received"
    for line in receipt.lines:
        quantity = _ZERO if void else line.qty_received
        yield line.order_key or receipt.order_key, line.line_id, measure, quantity, ref


def _inventory_event(event: InventoryEvent) -> Iterator[_Saying]:
    known = _EVENT_MEASURES.get(event.type)
    quantity = event.quantity.base
    if known is not None and quantity is not None:
        measure, sign = known
        # Signed by what it does to the stock of its location; the ledger counts how much was moved.
        yield event.order_key, event.line_id, measure, sign * abs(quantity), f"{event.kind}:{event.key}"


_EXTRACTS: Final[Mapping[type[Document], Callable[[Any], Iterator[_Saying]]]] = {
    SalesOrder: _order,
    PurchaseOrder: _order,
    FulfilmentOrder: _fulfilment,
    Shipment: _shipment,
    Invoice: _invoice,
    ReturnOrder: _return,
    Receipt: _receipt,
    InventoryEvent: _inventory_event,
}
