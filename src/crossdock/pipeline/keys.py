"""Which business object a document is about: with target and company, its ordering key."""

from __future__ import annotations

from crossdock.core.documents import Document, transaction_keys
from crossdock.core.ids import digest

__all__ = ["business_object", "meant_by", "revision_of"]

_OF_AN_ORDER = frozenset({"sales_order", "fulfilment_order", "shipment", "invoice", "payment", "return"})


def business_object(kind: str, document: Document) -> tuple[str, str]:
    """(kind, key) of the object whose documents stay in order together.

    Everything of a sales order shares the order's key, whichever interface it came by. A shipment of several
    orders goes under the first one's.
    """
    keys = transaction_keys(document)
    if kind in _OF_AN_ORDER and keys:
        return "order", keys[0]
    if kind in {"purchase_order", "receipt"} and keys:
        return "purchase_order", keys[0]
    return kind, document.key


def revision_of(document: Document, body: bytes) -> str:
    """The revision part of an effect key: the source's own version, else what the body says."""
    return document.source_version or digest(body).hex()[:16]


def meant_by(kind: str, key: str) -> str:
    """What a source-side look-up of `kind` means by a cross-reference's key.

    The key of a line is `<object>/<line>`; documents name their lines by the second part alone.
    """
    return key.rpartition("/")[2] if kind.endswith(".line") else key
