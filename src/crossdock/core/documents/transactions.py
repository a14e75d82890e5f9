"""Which business cases a document belongs to: the order keys it carries."""

from __future__ import annotations

from collections.abc import Iterable

from crossdock.core.documents.base import Document
from crossdock.core.documents.fulfilment import FulfilmentOrder
from crossdock.core.documents.inventory import InventoryEvent
from crossdock.core.documents.invoice import Invoice, Payment
from crossdock.core.documents.order import PurchaseOrder, SalesOrder
from crossdock.core.documents.receipt import Receipt
from crossdock.core.documents.returns import ReturnOrder
from crossdock.core.documents.shipment import Shipment
from crossdock.core.documents.transport import Load, TrackingEvent

__all__ = ["transaction_keys"]


def transaction_keys(document: Document) -> tuple[str, ...]:
    """The order keys of a document, in order of appearance, each once; empty for master data and stock.

    An order is its own case. A purchase order for a drop ship belongs to the sales order's as well.
    """
    return tuple(dict.fromkeys(key for key in _order_keys(document) if key))


def _order_keys(document: Document) -> Iterable[str]:
    match document:
        case SalesOrder():
            yield document.key
        case PurchaseOrder():
            yield from (document.key, document.order_key)
        case Shipment():
            yield document.order_key
            yield from (order.order_key for order in document.orders)
            yield from (content.order_key for content in document.contents)
        case FulfilmentOrder() | Receipt() | Invoice() | Payment() | ReturnOrder() | TrackingEvent():
            yield document.order_key
            yield from (line.order_key for line in document.lines)
        case InventoryEvent():
            yield document.order_key
        case Load():
            yield from document.order_keys
        case _:
            return
