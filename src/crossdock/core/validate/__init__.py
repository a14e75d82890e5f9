"""What must hold inside one document, judged on what it says; what it leaves out is no fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from crossdock.core.documents import (
    Document,
    FulfilmentOrder,
    Invoice,
    Party,
    Payment,
    PriceList,
    Product,
    PurchaseOrder,
    Receipt,
    ReturnOrder,
    SalesOrder,
    Shipment,
)
from crossdock.core.validate.fault import Fault
from crossdock.core.validate.goods import (
    fulfilment_faults,
    receipt_faults,
    return_faults,
    shipment_faults,
)
from crossdock.core.validate.invoices import invoice_faults, payment_faults
from crossdock.core.validate.master_data import party_faults, price_list_faults, product_faults
from crossdock.core.validate.orders import order_faults

__all__ = ["Fault", "validate"]


_CHECKS: Final[dict[type[Document], Callable[[Any], Iterable[Fault]]]] = {
    SalesOrder: order_faults,
    PurchaseOrder: order_faults,
    Invoice: invoice_faults,
    Payment: payment_faults,
    Shipment: shipment_faults,
    FulfilmentOrder: fulfilment_faults,
    Receipt: receipt_faults,
    ReturnOrder: return_faults,
    Product: product_faults,
    Party: party_faults,
    PriceList: price_list_faults,
}
"""Stock, loads and tracking events are not here: their schema says all."""


def validate(document: Document) -> list[Fault]:
    """The faults of a document; empty if there are none. Pure: what needs another record is not judged here."""
    faults = [] if document.key else [Fault.at("T-SCHEMA", "the document has no key", "key")]
    check = _CHECKS.get(type(document))
    if check is not None:
        faults.extend(check(document))
    return faults
