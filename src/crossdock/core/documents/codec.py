"""Documents to JSON bytes and back; the table of kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from crossdock.core.documents.base import Document
from crossdock.core.documents.fulfilment import FulfilmentOrder
from crossdock.core.documents.inventory import InventoryEvent, InventoryPosition
from crossdock.core.documents.invoice import Invoice, Payment
from crossdock.core.documents.order import PurchaseOrder, SalesOrder
from crossdock.core.documents.party import Party
from crossdock.core.documents.price_list import PriceList
from crossdock.core.documents.product import Product
from crossdock.core.documents.receipt import Receipt
from crossdock.core.documents.returns import ReturnOrder
from crossdock.core.documents.shipment import Shipment
from crossdock.core.documents.transport import Load, TrackingEvent
from crossdock.core.errors import Place, RejectedError

__all__ = ["KINDS", "AnyDocument", "decode_document", "encode_document", "parse_document"]

AnyDocument = (
    Product
    | Party
    | PriceList
    | SalesOrder
    | PurchaseOrder
    | FulfilmentOrder
    | InventoryPosition
    | InventoryEvent
    | Shipment
    | Receipt
    | Invoice
    | Payment
    | ReturnOrder
    | Load
    | TrackingEvent
)

KINDS: Final[dict[str, type[Document]]] = {
    str(document.__struct_config__.tag): document for document in get_args(AnyDocument)
}
"""Kind → struct."""

_ENCODER: Final = msgspec.json.Encoder()  # decimals as strings is its default
_DECODER: Final = msgspec.json.Decoder(AnyDocument)
_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)


def encode_document(document: Document) -> bytes:
    """JSON with `kind`, decimals as strings, and no fields that stand at their default."""
    return _ENCODER.encode(document)


def decode_document(body: bytes) -> Document:
    """The document in `encode_document`'s JSON.

    Raises:
        RejectedError: T-SCHEMA: not JSON, an unknown kind or field, or a value of the wrong form.
    """
    try:
        document: Document = _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise _schema_error(error) from error
    return document


def parse_document(kind: str, fields: Mapping[str, Any]) -> Document:
    """A document of `kind` out of plain values: dicts, lists, text, Decimals, dates.

    Raises:
        RejectedError: T-SCHEMA: an unknown kind or field, or a value of the wrong form; `place.path` says which.
    """
    struct = KINDS.get(kind)
    if struct is None:
        msg = f"there is no document kind {kind!r}"
        raise RejectedError(msg, code="T-SCHEMA", mend=f"Use one of: {', '.join(sorted(KINDS))}.")
    try:
        document: Document = msgspec.convert({"kind": kind, **fields}, struct)
    except msgspec.ValidationError as error:
        raise _schema_error(error) from error
    return document


def _schema_error(error: msgspec.DecodeError) -> RejectedError:
    match = _WHERE.match(str(error))
    assert match is not None
    return RejectedError(
        f"the document does not fit its schema: {match['what']}",
        code="T-SCHEMA",
        place=Place(path=match["path"] or ""),
        mend="Correct the mapping, or the value at its source; `crossdock schema KIND` shows the form.",
    )
