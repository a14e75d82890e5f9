"""Who may see which field: personal data, prices, the house's own, and what anybody may know."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from crossdock.core.documents.base import Address, Contact
from crossdock.core.documents.codec import KINDS
from crossdock.core.interface import Classification
from crossdock.core.quantity import Money

__all__ = ["classified_fields"]

_BY_STRUCT: Final[dict[type, Classification]] = {
    Address: "personal",
    Contact: "personal",
    Money: "commercial",
}
"""Everything inside these is of one class, wherever they stand."""

_BY_FIELD: Final[dict[tuple[str, str], Classification]] = {
    # A party may be a person, and nothing in its data says reliably that it is not.
    ("Party", "name"): "personal",
    ("Party", "email"): "personal",
    ("Party", "phone"): "personal",
    ("Party", "vat"): "personal",
    ("Party", "hold_reason"): "commercial",
    ("Terms", "payment_term"): "commercial",
    ("Terms", "price_list"): "commercial",
    ("Terms", "tax_position"): "commercial",
    ("Note", "text"): "personal",  # free text: people write names and telephone numbers into it
    ("ProofOfDelivery", "signed_by"): "personal",
    ("ProofOfDelivery", "image_ref"): "personal",
    ("TrackingEvent", "latitude"): "personal",
    ("TrackingEvent", "longitude"): "personal",
    ("TrackingEvent", "location"): "personal",
    ("Payment", "bank_refs"): "personal",
    ("Payment", "trace"): "commercial",
    ("Shipping", "account"): "commercial",
    ("Routing", "account"): "commercial",
    ("SalesOrder", "payment_terms"): "commercial",
    ("PurchaseOrder", "payment_terms"): "commercial",
    ("Invoice", "payment_terms"): "commercial",
    ("Invoice", "contract"): "commercial",
    ("AllowanceCharge", "percent"): "commercial",
    ("PriceLine", "min_qty"): "commercial",
}
"""(struct, field) → class, where the struct of its value does not say it."""

_PUBLIC_KINDS: Final = frozenset({"product"})
_NOT_PUBLIC: Final = frozenset({"partner_items", "status"})


@functools.cache
def classified_fields(kind: str) -> Mapping[str, Classification]:
    """Each field path of a document kind with its class; `lines[].unit_price` stands for all that is inside it.

    Raises:
        KeyError: no such kind.
    """
    found: dict[str, Classification] = {}
    default: Classification = "public" if kind in _PUBLIC_KINDS else "internal"
    _walk(KINDS[kind], "", default, found)
    return types.MappingProxyType(found)


def _walk(
    struct: type[msgspec.Struct], prefix: str, default: Classification, found: dict[str, Classification]
) -> None:
    for field in msgspec.structs.fields(struct):
        inner, repeated = _struct_in(field.type)
        path = f"{prefix}{field.name}" + ("[]" if repeated else "")
        here: Classification = "internal" if field.name in _NOT_PUBLIC else default
        own = _BY_FIELD.get((struct.__name__, field.name))
        if own is not None:
            found[path] = own
        elif inner is None:
            found[path] = here
        elif inner in _BY_STRUCT:
            found[path] = _BY_STRUCT[inner]
        else:
            _walk(inner, f"{path}.", here, found)


def _struct_in(annotation: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """The struct that a field holds, if any, and whether it holds a list."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _struct_in(get_args(annotation)[0])
    if origin is list:
        return _struct_in(get_args(annotation)[0])[0], True
    if origin in {Union, types.UnionType}:
        for choice in get_args(annotation):
            inner, repeated = _struct_in(choice)
            if inner is not None or repeated:
                return inner, repeated
        return None, False
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation, False
    return None, False
