"""One value into one type: text, numbers, quantities, money. What cannot be exact is refused, never rounded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from crossdock.core.quantity import AmountError, Money, Quantity, multiply_exact, parse_decimal
from crossdock.mapping.faults import LookupRef, ValueFaultError

__all__ = [
    "BOOLEANS",
    "MissingSignal",
    "describe",
    "number_of_text",
    "quantity_of_text",
    "to_base_quantity",
    "to_boolean",
    "to_integer",
    "to_list",
    "to_money",
    "to_number",
    "to_quantity",
    "to_text",
]

_USUAL = re.compile(r"(?:0|-?[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?").fullmatch
# Small numbers come back all day long; amounts do not, and remembering them costs more than it spares.
# The key is text or an int, never a bool, which would equal 0 or 1.
_REMEMBERED = 1_024

BOOLEANS: dict[str, bool] = {
    **dict.fromkeys(("true", "yes", "y", "1", "on"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off"), False),
}


class MissingSignal(Exception):  # noqa: N818 - a signal inside the generated code, never seen outside it
    """A look-up without an answer."""

    def __init__(self, ref: LookupRef) -> None:
        super().__init__(ref)
        self.ref = ref


def describe(value: Any) -> str:
    """What kind of value this is, for people."""
    if isinstance(value, (Mapping, msgspec.Struct)):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def to_text(value: Any) -> str | None:
    """NFC text; numbers without exponent, dates in ISO form; empty text is missing, so None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) < 10**40:
            return str(value)
        raise ValueFaultError("the number has more than 40 digits", code="T-ELE-LONG")
    if isinstance(value, Decimal):
        if value.is_finite() and -40 < value.adjusted() < 40:
            return format(value, "f")
        raise ValueFaultError(f"{value} is not a number that text can show exactly", code="T-ELE-CHAR")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float):
        raise _float(value)
    raise ValueFaultError(
        f"{describe(value)} stands where text was expected", mend="Name the field inside it."
    )


def _clean(text: str) -> str:
    if text.isascii():
        if "\x00" not in text:
            return text
        raise ValueFaultError(
            "the text holds a NUL character", code="T-ELE-CHAR", mend="Remove it at the source."
        )
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueFaultError("the text holds a character that no text may hold", code="T-ELE-CHAR")
    return unicodedata.normalize("NFC", text)


def _float(value: float) -> ValueFaultError:
    mend = "Decode numbers as decimals, so that their digits stay as they were sent."
    return ValueFaultError(
        f"{value!r} is a binary float, whose digits are not exact", code="T-ELE-CHAR", mend=mend
    )


@lru_cache(maxsize=_REMEMBERED)
def number_of_text(text: str | int) -> Decimal | None:
    """An exact number from text or an int; None for empty text."""
    return _number(text)


def _number(text: str | int) -> Decimal | None:
    if isinstance(text, str):
        if _USUAL(text) is not None:  # fits by its form, so that the full check can be spared
            return Decimal(text)
        if not text or text.isspace():
            return None
    try:
        return parse_decimal(text)
    except AmountError as error:
        code = "T-ELE-CHAR" if "is not a number" in error.text else "T-ELE-LONG"
        raise ValueFaultError(error.text, code=code, mend=error.mend) from error


def to_number(value: Any) -> Decimal | None:
    """An exact number from text, an int or a Decimal; None for a missing one."""
    if value is None:
        return None
    if value.__class__ is str:
        return number_of_text(value)
    if isinstance(value, float):
        raise _float(value)
    if isinstance(value, Quantity):
        return value.value
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        mend = "Name the field inside it." if isinstance(value, (Mapping, list)) else ""
        raise ValueFaultError(
            f"{describe(value)} stands where a number was expected", code="T-ELE-CHAR", mend=mend
        )
    try:
        return parse_decimal(value)
    except (AmountError, ArithmeticError) as error:
        mend = "Round it in the mapping: expr: round_half_up(…, 6)."
        raise ValueFaultError(str(getattr(error, "text", error)), code="T-ELE-LONG", mend=mend) from error


def to_integer(value: Any) -> int | None:
    number = to_number(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueFaultError(f"{number} is not a whole number", code="T-ELE-CHAR")
    return int(number)


def to_boolean(value: Any) -> bool | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int, Decimal)):
        known = BOOLEANS.get(str(value).strip().lower())
        if known is not None:
            return known
    shown = value if isinstance(value, str) else describe(value)
    raise ValueFaultError(
        f"{str(shown)[:40]!r} is neither true nor false", code="T-ELE-CODE", mend="Use true or false."
    )


def to_list(value: Any) -> list[Any] | None:
    """A list; one value alone becomes a list of it."""
    if value is None or value == "":
        return None
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def to_money(value: Any, currency: str | None) -> Money | None:
    """Money from a number and its currency; `{amount, currency}` objects bring their own currency."""
    if isinstance(value, Money):
        return value
    if isinstance(value, Mapping):
        own = to_text(value.get("currency", value.get("currency_code"))) or currency
        return to_money(_scalar(value.get("amount"), "amount"), own)
    amount = to_number(value)
    return None if amount is None else Money(amount, currency or _no_currency())


def _no_currency() -> str:
    mend = "Map the document's currency, or name one with `currency:`."
    raise ValueFaultError("an amount without a currency", code="T-ELE-MISS", mend=mend)


@lru_cache(maxsize=_REMEMBERED)
def quantity_of_text(text: str | int, uom: str | None) -> Quantity | None:
    number = _number(text)
    return None if number is None else Quantity(number, uom or _no_unit())


def to_quantity(value: Any, uom: str | None) -> Quantity | None:
    """A quantity from a number and its unit; `{value, uom}` objects bring their own unit."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, Mapping):
        own = to_text(value.get("uom")) or uom
        return to_quantity(_scalar(value.get("value"), "value"), own)
    number = to_number(value)
    return None if number is None else Quantity(number, uom or _no_unit())


def _no_unit() -> str:
    raise ValueFaultError("a quantity without a unit", code="T-ELE-MISS", mend="Name one with `unit:`.")


def _scalar(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        raise ValueFaultError(f"`{name}` is an object where a number was expected", code="T-ELE-CHAR")
    return value


def to_base_quantity(quantity: Quantity | None, product: Any, lookups: Mapping[Any, str]) -> Quantity | None:
    """The quantity with `base_value` and `base_uom` filled in from the product's packaging.

    The look-up is of kind `packaging` and value `product|unit`; its answer is `12 EA`: what one of
    the unit holds, and the base unit.
    """
    name = to_text(product)
    if quantity is None or name is None:
        return quantity
    ref = LookupRef("packaging", f"{name}|{quantity.uom}")
    answer = lookups.get(ref)
    if answer is None:
        raise MissingSignal(ref)
    factor_text, _, base_uom = str(answer).partition(" ")
    factor = number_of_text(factor_text)
    if factor is None or not base_uom:
        raise ValueFaultError(
            f"the packaging of {name} answers {answer!r}", mend="It must read like `12 EA`."
        )
    product_of_both = to_number(multiply_exact(quantity.value, factor))
    return Quantity(quantity.value, quantity.uom, product_of_both, base_uom.strip())
