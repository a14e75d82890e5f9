"""What compiled mappings call while they run: arithmetic, comparison, shapes, and how a fault is noted."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from crossdock.core.errors import CrossdockError, Place
from crossdock.core.quantity import AmountError, Quantity
from crossdock.mapping.faults import LookupRef, ValueFaultError
from crossdock.mapping.functions import DIVIDING, EXACT
from crossdock.mapping.spec import CodeTable, Template
from crossdock.mapping.values import (
    MissingSignal,
    describe,
    number_of_text,
    to_base_quantity,
    to_number,
    to_text,
)

__all__ = ["FAULTS", "NAMES", "RawFault", "Site", "describe_fault"]

# What conversions and functions may raise for a bad value. Anything else is a fault of ours and shows as such.
FAULTS = (
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    RecursionError,
    CrossdockError,
    msgspec.MsgspecError,
    MissingSignal,
)


class Site(msgspec.Struct, frozen=True):
    """A target field and the source path it reads. NUL in the paths stands for an item's position."""

    target: str
    source: str
    place: Place
    reference: bool = False


class RawFault(msgspec.Struct, frozen=True):
    """A fault as noted while running, before it is put into words."""

    site: Site
    error: BaseException
    value: Any
    at: tuple[int, ...]

    def filled(self, template: str) -> str:
        """`lines[NUL].sku` with the positions put in."""
        parts = template.split("\x00")
        positions = (*map(str, self.at), *([""] * len(parts)))
        return "".join(part + (positions[i] if i < len(parts) - 1 else "") for i, part in enumerate(parts))


def describe_fault(error: BaseException) -> tuple[str, str, str]:  # noqa: PLR0911 - one line for each kind
    """Code, text and mend of what a conversion raised."""
    if isinstance(error, ValueFaultError):
        return error.code, error.text, error.mend
    if isinstance(error, AmountError) and error.code == "T-SCHEMA":
        return "T-ELE-LONG", error.text, error.mend
    if isinstance(error, CrossdockError):
        return error.code, error.text, error.mend
    if isinstance(error, decimal.DivisionByZero):
        return "T-MAP", "a division by zero", "Guard it: `a / b if b else 0`."
    if isinstance(error, ArithmeticError):
        return "T-MAP", "the calculation has no exact result", "Round on the way: round_half_up(…, 6)."
    if isinstance(error, msgspec.ValidationError):
        return "T-ELE-CODE", f"the value does not fit the field: {error}", ""
    return "T-MAP", f"{type(error).__name__}: {error}", ""


def fail(faults: list[RawFault], error: BaseException, site: Site, value: Any, at: tuple[int, ...]) -> None:
    faults.append(RawFault(site, error, value, at))


def missing(name: str) -> NoReturn:
    mend = "Send it, give the field a `default`, or drop `required`."
    raise ValueFaultError(f"{name} is required, and there is no value for it", code="T-ELE-MISS", mend=mend)


def reference(kind: str, value: str) -> NoReturn:
    raise MissingSignal(LookupRef(kind, value))


def shape(
    faults: list[RawFault], value: Any, site: Site, at: tuple[int, ...], *, strict: bool
) -> Mapping[str, Any]:
    """The object on the way to a field; an empty one where it is missing."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if strict and value is not None and value != "":
        text = f"{describe(value)} stands where an object was expected"
        faults.append(RawFault(site, ValueFaultError(text), value, at))
    return {}


def items(faults: list[RawFault], value: Any, site: Site, at: tuple[int, ...]) -> list[Any] | tuple[Any, ...]:
    """The items of a list; one object alone (as XML has it) is a list of one."""
    if value is None or value == "":
        return ()
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, (Mapping, msgspec.Struct)):
        return [value]
    text = f"{describe(value)} stands where a list was expected"
    faults.append(RawFault(site, ValueFaultError(text), value, at))
    return ()


def translate(value: str, table: CodeTable, column: str) -> Any:
    """The table's answer for a code."""
    row = table.entries.get(value, table.default)
    if row is None:
        mend = f"Add it to the table {table.name}, or give the table a `default`."
        raise ValueFaultError(
            f"{value[:60]!r} is not a code of the table {table.name}", code="T-ELE-CODE", mend=mend
        )
    return row.get(column)


def choose(value: Any, choices: frozenset[Any]) -> Any:
    if value is None or value in choices:
        return value
    known = ", ".join(sorted(str(choice) for choice in choices if choice != ""))
    mend = "Translate it with `table:`."
    raise ValueFaultError(f"{str(value)[:60]!r} is none of {known}", code="T-ELE-CODE", mend=mend)


def convert(value: Any, wanted: Any) -> Any:
    return None if value is None else msgspec.convert(value, type=wanted, strict=True)


def each_of(values: list[Any] | None, one: Callable[[Any], Any]) -> list[Any] | None:
    return None if values is None else [made for made in map(one, values) if made is not None]


def joined(separator: str, *parts: Any) -> str | None:
    return separator.join(text for text in map(to_text, parts) if text) or None


def outside(function: Callable[[Any], Any], name: str, value: Any) -> Any:
    """Calls a project's Python function; whatever it raises becomes this field's fault."""
    try:
        return function(value)
    except ValueFaultError:
        raise
    except Exception as error:  # the border to code that is not ours
        text = f"the function {name} failed: {type(error).__name__}: {error}"
        raise ValueFaultError(
            text, mend="Correct the function; its own test should show the case."
        ) from error


def variable(variables: Mapping[str, Any], name: str) -> Any:
    """A variable by its dotted name, whether `variables` is flat or nested."""
    found: Any = variables.get(name)
    if found is None:
        found = variables
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if found is None:
        mend = "Set it in the system's `variables`."
        raise ValueFaultError(f"the variable {name} is not set", code="T-PROFILE", mend=mend)
    return found


def fill(template: Template, variables: Mapping[str, Any]) -> str:
    """The template's text with the variables put in."""
    parts = list(template.parts)
    parts[1::2] = [to_text(variable(variables, name)) or "" for name in template.variables]
    return "".join(parts)


def default_zone(variables: Mapping[str, Any]) -> str:
    try:
        return str(variable(variables, "system.zone"))
    except ValueFaultError:
        return "UTC"


def as_number(value: Any) -> Decimal | None:
    """A number inside an expression: it may have more digits than a field can hold."""
    if value.__class__ is Decimal and value.is_finite() and -40 < value.adjusted() < 40:
        return value
    return number_of_text(value) if value.__class__ is str else to_number(value)


def as_integer(value: Any) -> int | None:
    number = as_number(value)
    if number is not None and number != number.to_integral_value():
        raise ValueFaultError(f"{number} is not a whole number", code="T-ELE-CHAR")
    return None if number is None else int(number)


def add(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else EXACT.add(left, right)


def subtract(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else EXACT.subtract(left, right)


def multiply(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else EXACT.multiply(left, right)


def divide(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else DIVIDING.divide(left, right)


def negate(value: Decimal | None) -> Decimal | None:
    return None if value is None else EXACT.minus(value)


def equal(left: Any, right: Any) -> bool:
    """Numbers by value, everything else by its text; missing equals missing."""
    left, right = (None if left == "" else left), (None if right == "" else right)
    if left is None or right is None:
        return left is right
    if isinstance(left, (int, Decimal)) and isinstance(right, (int, Decimal)):
        return left == right
    if _is_number(left) != _is_number(right):
        try:
            return as_number(left) == as_number(right)
        except ValueFaultError:
            return False
    return left == right if type(left) is type(right) else to_text(left) == to_text(right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None when one is missing. Texts that are both numbers compare as numbers."""
    if left is None or right is None or left == "" or right == "":
        return None
    if isinstance(left, date) or isinstance(right, date):
        pair: tuple[Any, Any] = (
            (to_text(left), to_text(right)) if type(left) is not type(right) else (left, right)
        )
    elif _is_number(left) or _is_number(right):
        pair = (as_number(left), as_number(right))
    else:
        pair = _texts_or_numbers(left, right)
    if pair[0] is None or pair[1] is None:
        return None
    return int(pair[0] > pair[1]) - int(pair[0] < pair[1])


def _texts_or_numbers(left: Any, right: Any) -> tuple[Any, Any]:
    try:
        return as_number(left), as_number(right)
    except ValueFaultError:
        return to_text(left), to_text(right)


def less(left: Any, right: Any) -> bool:
    return order(left, right) == -1


def less_equal(left: Any, right: Any) -> bool:
    return order(left, right) in {-1, 0}


def greater(left: Any, right: Any) -> bool:
    return order(left, right) == 1


def greater_equal(left: Any, right: Any) -> bool:
    return order(left, right) in {0, 1}


def inside(value: Any, choices: Any) -> bool:
    """Whether a list holds the value, or a text holds it as a part."""
    if value is None or choices is None:
        return False
    if isinstance(choices, (list, tuple)):
        return any(equal(value, choice) for choice in choices)
    part, whole = to_text(value), to_text(choices)
    return part is not None and whole is not None and part in whole


def truth(value: Any) -> bool:
    """False for what is missing, false, zero or empty."""
    return bool(value)


def call(function: Callable[..., Any], fewest: int, *arguments: Any) -> Any:
    """Calls a function of the list unless something it needs is missing; then the result is missing too."""
    if any(argument is None for argument in arguments[:fewest]):
        return None
    return function(*arguments)


def concatenate(left: str | None, right: str | None) -> str:
    return (left or "") + (right or "")


def base_of(
    value: Decimal | None, unit: str | None, product: str | None, lookups: Mapping[Any, str]
) -> Decimal | None:
    """`to_base`, with the record's look-ups."""
    if value is None or unit is None or product is None:
        return None
    found = to_base_quantity(Quantity(value, unit), product, lookups)
    return None if found is None else found.base


NAMES: dict[str, Any] = {
    function.__name__: function
    for function in (
        fail, missing, reference, shape, items, translate, choose, convert, each_of, joined, outside, variable, fill,
        default_zone, as_number, as_integer, add, subtract, multiply, divide, negate, equal, less, less_equal, greater,
        greater_equal, inside, truth, call, concatenate, base_of,
    )
}  # fmt: skip
"""What generated code may name."""
