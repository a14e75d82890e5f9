"""What the simulated warehouse takes: the bodies of `openapi.yaml` as structs; msgspec names the bad field."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec

__all__ = [
    "AddressForm",
    "AdviceForm",
    "AmendForm",
    "FormError",
    "ItemForm",
    "LineForm",
    "ShipOrderForm",
    "parse_form",
    "schema_error",
]

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Quantity = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$")]
"""A decimal as text: JSON numbers are floats to half of the world."""


class ItemForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An item; sent again it is set again."""

    sku: Name
    uom: Name
    description: str = ""
    gtin: str = ""
    lot_tracked: bool = False
    weight_kg: Quantity = "0"
    active: bool = True


class LineForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A line to ship or to expect."""

    line_id: Name
    sku: Name
    quantity: Quantity
    uom: Name
    lots: list[str] = []


class AddressForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Where goods go. `party` is our key of the customer."""

    name: Name
    street: str = ""
    street2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    party: str = ""


class ShipOrderForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A ship order. `reference` is our release, `order` the order it belongs to."""

    reference: Name
    order: Name
    ship_to: AddressForm
    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1)]
    revision: int = 1
    carrier: str = ""
    service: str = ""
    ship_by: str = ""
    deliver_by: str = ""
    priority: int | None = None
    notes: str = ""


class AmendForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole ship order as it is to be from now on; a lower revision than the warehouse has is refused."""

    reference: Name
    revision: int
    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1)]
    order: str = ""
    ship_to: AddressForm | None = None
    carrier: str = ""
    service: str = ""
    ship_by: str = ""
    deliver_by: str = ""
    priority: int | None = None
    notes: str = ""


class AdviceForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Goods announced: `reference` is ours, `order` the purchase order."""

    reference: Name
    order: Name
    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1)]
    kind: Literal["purchase", "return", "transfer"] = "purchase"
    supplier: str = ""
    expected_at: str = ""
    carrier: str = ""
    tracking: str = ""


class FormError(Exception):
    """A body that is not in its form, or a wish that the warehouse refuses; answered as `Problem`.

    Attributes:
        status: HTTP status.
        code: what the warehouse calls it: `schema`, `unknown_sku`, `already_picked` …
        field: path of the bad field, if one is to blame.
    """

    def __init__(self, status: int, code: str, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.field = field

    def problem(self) -> dict[str, str]:
        """The body of the answer."""
        return {"code": self.code, "message": str(self), **({"field": self.field} if self.field else {})}


F = TypeVar("F", ItemForm, ShipOrderForm, AmendForm, AdviceForm)


def parse_form(body: bytes, form: type[F]) -> F:
    """The struct in `body`.

    Raises:
        FormError: 400 with the field, where it is not in its form a line comes twice, or a quantity is 0.
    """
    try:
        parsed = msgspec.json.decode(body, type=form)
    except msgspec.DecodeError as error:
        raise schema_error(str(error)) from error
    if not isinstance(parsed, ItemForm):
        seen: set[str] = set()
        for place, line in enumerate(parsed.lines):
            if line.line_id in seen:
                raise FormError(
                    400, "schema", f"line {line.line_id} comes twice", field=f"lines[{place}].line_id"
                )
            seen.add(line.line_id)
            if Decimal(line.quantity) == 0:
                raise FormError(400, "schema", "a quantity must be above 0", field=f"lines[{place}].quantity")
    return parsed


def schema_error(text: str) -> FormError:
    """The answer to what msgspec says about a body: `Expected ... - at `$.lines[0].sku``."""
    found = re.search(r"`\$\.?(.*?)`$", text)
    return FormError(400, "schema", text, field=found[1] if found else "")
