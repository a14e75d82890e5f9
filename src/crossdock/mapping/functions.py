"""The closed list of functions that expressions may call. Docs are generated from this table."""

from __future__ import annotations

import decimal
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from crossdock.core.quantity import multiply_exact, round_money
from crossdock.mapping.faults import ValueFaultError
from crossdock.mapping.values import number_of_text, to_number, to_text
from crossdock.mapping.zones import to_date, to_local, to_moment

__all__ = ["EXACT", "FUNCTIONS", "Function", "reference"]

MAX_TEXT: Final = 10_000
# Sums and products keep all their digits; a quotient has 34 and is rounded where the mapping says so.
EXACT: Final = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow])
DIVIDING: Final = decimal.Context(
    prec=34, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow]
)

_PLAIN_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L"}
    | {
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "\u0131": "i",
        "\u2019": "'",
        "\u2018": "'",
    }
    | {
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u00a0": " ",
        "€": "EUR",
    }
)


class Function(msgspec.Struct, frozen=True):
    """One function.

    Attributes:
        run: what computes it.
        parameters: kinds of its arguments: text, number, integer, list (a path through lists gives all
            its values) or any; a trailing `?` makes one optional, a trailing `*` means any number.
        returns: text, number, date, datetime, boolean or any.
        takes_missing: it is called even when its first argument is missing; the others then give missing.
    """

    name: str
    group: str
    run: Callable[..., Any]
    parameters: tuple[str, ...]
    returns: str
    takes_missing: bool = False

    @property
    def doc(self) -> str:
        return (self.run.__doc__ or "").strip()

    @property
    def fewest(self) -> int:
        return sum(not kind.endswith(("?", "*")) for kind in self.parameters)

    @property
    def most(self) -> int | None:
        return None if any(kind.endswith("*") for kind in self.parameters) else len(self.parameters)

    def kind_of(self, position: int) -> str:
        """The kind of the argument at `position`, without its mark."""
        return self.parameters[min(position, len(self.parameters) - 1)].rstrip("?*")

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.parameters)}) → {self.returns}"


def _trim(text: str) -> str:
    """Without white space at both ends."""
    return text.strip()


def _upper(text: str) -> str:
    """In capitals."""
    return text.upper()


def _lower(text: str) -> str:
    """In small letters."""
    return text.lower()


def _concat(*parts: str | None) -> str:
    """All parts one after the other; missing ones are left out."""
    return _bounded("".join(part for part in parts if part is not None))


def _substring(text: str, start: int, length: int | None = None) -> str:
    """Letters from `start` (the first is 1), at most `length` of them. `substring("ABCDE", 2, 3)` is `BCD`."""
    begin = max(start - 1, 0)
    return text[begin:] if length is None else text[begin : begin + max(length, 0)]


def _replace(text: str, old: str, new: str | None = None) -> str:
    """With each `old` replaced by `new` (left out when `new` is not given)."""
    if not old:
        raise ValueFaultError("replace needs a text to look for")
    if text.count(old) * len(new or "") > MAX_TEXT:
        raise ValueFaultError(f"the text would grow beyond {MAX_TEXT} letters", code="T-ELE-LONG")
    return text.replace(old, new or "")


def _split(text: str, separator: str, number: int) -> str | None:
    """Part `number` (the first is 1, -1 is the last) between separators. `split("A-B-C", "-", 2)` is `B`."""
    parts = text.split(separator) if separator else [text]
    at = number - 1 if number > 0 else number
    return parts[at] if number and -len(parts) <= at < len(parts) else None


def _pad(text: str, width: int, fill: str | None = None) -> str:
    """Filled up on the left to `width` letters with `fill` (default `0`). `pad("42", 6)` is `000042`."""
    return text.rjust(_width(width), _filler(fill, "0"))


def _pad_right(text: str, width: int, fill: str | None = None) -> str:
    """Filled up on the right to `width` letters with `fill` (default a space)."""
    return text.ljust(_width(width), _filler(fill, " "))


def _transliterate(text: str) -> str:
    """In plain ASCII letters: `Łódź` becomes `Lodz`, `Straße` becomes `Strasse`; what has no likeness becomes `?`."""
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN_LETTERS))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _bounded(bare.encode("ascii", "replace").decode("ascii"))


def _length(text: str | None) -> int:
    """How many letters the text has; 0 for a missing one."""
    return len(text or "")


def _text(value: Any) -> str | None:
    """The value as text; numbers without exponent."""
    return to_text(value)


def _number(text: str, decimal_mark: str | None = None, group_mark: str | None = None) -> Decimal | None:
    """The number in a text with other marks. `number("1.234,50", ",", ".")` is 1234.50."""
    bare = text.strip()
    if group_mark:
        bare = bare.replace(group_mark, "")
    return number_of_text(bare.replace(decimal_mark, ".") if decimal_mark else bare)


def _round_half_up(value: Decimal, places: int | None = None) -> Decimal:
    """Rounded to `places` decimals (default 0), halves away from zero. `round_half_up(0.125, 2)` is 0.13."""
    if not 0 <= (places or 0) <= 12:
        raise ValueFaultError("places must be from 0 to 12")
    return round_money(value, places or 0)


def _abs(value: Decimal) -> Decimal:
    """Without its sign."""
    return value.copy_abs()


def _min(*values: Decimal | None) -> Decimal | None:
    """The smallest of the numbers that are there."""
    return min((value for value in values if value is not None), default=None)


def _max(*values: Decimal | None) -> Decimal | None:
    """The largest of the numbers that are there."""
    return max((value for value in values if value is not None), default=None)


def _sum(values: list[Any]) -> Decimal:
    """The exact sum over a path through a list. `sum(line_items.price)`; 0 when there are none."""
    total = Decimal(0)
    for value in values:
        number = to_number(value)
        total = EXACT.add(total, number) if number is not None else total
    return total


def _count(values: list[Any]) -> int:
    """How many values a path through a list has. `count(line_items)`."""
    return len(values)


def _first(values: list[Any]) -> Any:
    """The first value of a path through a list."""
    return values[0] if values else None


def _last(values: list[Any]) -> Any:
    """The last value of a path through a list."""
    return values[-1] if values else None


def _join(values: list[Any], separator: str | None = None) -> str:
    """The values of a path through a list as one text, with `separator` between them (default `, `)."""
    return _bounded((separator or ", ").join(text for text in map(to_text, values) if text))


def _coalesce(*values: Any) -> Any:
    """The first value that is there."""
    return next((value for value in values if value is not None and value != ""), None)


def _present(value: Any) -> bool:
    """Whether the value is there: neither absent nor null nor empty text."""
    return value is not None and value != ""


def _parse_date(text: str, form: str) -> date | None:
    """A date from text of a strptime form. `parse_date("23.11.2026", "%d.%m.%Y")`."""
    return to_date(text, "UTC", form)


def _parse_datetime(text: str, form: str, zone: str | None = None) -> datetime | None:
    """A moment from text of a strptime form; without an offset it is local time of `zone` (default UTC)."""
    return to_moment(text, zone or "UTC", form)


def _to_zone(moment: Any, zone: str) -> datetime | None:
    """The moment as clocks in `zone` show it. `to_zone(created_at, "Europe/Amsterdam")`."""
    return to_local(moment, zone)


def _date_add(value: Any, days: int) -> date | None:
    """The date `days` later (earlier when negative). `date_add(order_date, 3)`."""
    start = to_date(value, "UTC")
    try:
        return None if start is None else start + timedelta(days=days)
    except OverflowError as error:
        raise ValueFaultError("the date lies outside the years 1 to 9999", code="T-ELE-DATE") from error


def _format_date(value: Any, form: str) -> str | None:
    """The date or moment in a strftime form. `format_date(shipped_at, "%Y%m%d")`."""
    moment = value if isinstance(value, (date, datetime)) else to_date(value, "UTC")
    try:
        return None if moment is None else _bounded(moment.strftime(form))
    except (ValueError, UnicodeError) as error:
        raise ValueFaultError(f"{form!r} is not a form for dates", code="T-ELE-DATE") from error


def _to_base(value: Decimal, unit: str, product: str) -> Decimal:
    """The quantity in the product's base unit, by its packaging (a look-up). `to_base(qty, "CS", sku)`."""
    # Its look-up makes it special: the generator calls the real one with the record's look-ups.
    return multiply_exact(value, Decimal(1)) if unit or product else value


def _variable(name: str) -> Any:
    """A variable of the environment. `variable("system.zone")`."""
    return name


def _path(path: str) -> Any:
    """The value at a path that an expression cannot spell. `path("parties[role=ST].id")`."""
    return path


def _width(width: int) -> int:
    if not 0 <= width <= 1000:
        raise ValueFaultError("a text can be filled up to 1000 letters")
    return width


def _filler(fill: str | None, default: str) -> str:
    if fill is not None and len(fill) != 1:
        raise ValueFaultError("the fill must be one letter")
    return fill or default


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueFaultError(f"the text would be longer than {MAX_TEXT} letters", code="T-ELE-LONG")
    return text


_Row = tuple[str, Callable[..., Any], tuple[str, ...], str]


def _table() -> Iterable[Function]:
    texts: tuple[_Row, ...] = (
        ("trim", _trim, ("text",), "text"),
        ("upper", _upper, ("text",), "text"),
        ("lower", _lower, ("text",), "text"),
        ("substring", _substring, ("text", "integer", "integer?"), "text"),
        ("replace", _replace, ("text", "text", "text?"), "text"),
        ("split", _split, ("text", "text", "integer"), "text"),
        ("pad", _pad, ("text", "integer", "text?"), "text"),
        ("pad_right", _pad_right, ("text", "integer", "text?"), "text"),
        ("transliterate", _transliterate, ("text",), "text"),
        ("text", _text, ("any",), "text"),
    )
    lists: tuple[_Row, ...] = (
        ("sum", _sum, ("list",), "number"),
        ("count", _count, ("list",), "number"),
        ("first", _first, ("list",), "any"),
        ("last", _last, ("list",), "any"),
        ("join", _join, ("list", "text?"), "text"),
    )
    for name, run, parameters, returns in texts:
        yield Function(name, "text", run, parameters, returns)
    yield Function("concat", "text", _concat, ("text*",), "text", takes_missing=True)
    yield Function("length", "text", _length, ("text",), "number", takes_missing=True)
    yield Function("number", "numbers", _number, ("text", "text?", "text?"), "number")
    yield Function("round_half_up", "numbers", _round_half_up, ("number", "integer?"), "number")
    yield Function("abs", "numbers", _abs, ("number",), "number")
    yield Function("min", "numbers", _min, ("number*",), "number", takes_missing=True)
    yield Function("max", "numbers", _max, ("number*",), "number", takes_missing=True)
    for name, run, parameters, returns in lists:
        yield Function(name, "lists", run, parameters, returns, takes_missing=True)
    yield Function("coalesce", "any", _coalesce, ("any*",), "any", takes_missing=True)
    yield Function("present", "any", _present, ("any",), "boolean", takes_missing=True)
    yield Function("parse_date", "dates", _parse_date, ("text", "text"), "date")
    yield Function("parse_datetime", "dates", _parse_datetime, ("text", "text", "text?"), "datetime")
    yield Function("to_zone", "dates", _to_zone, ("any", "text"), "datetime")
    yield Function("date_add", "dates", _date_add, ("any", "integer"), "date")
    yield Function("format_date", "dates", _format_date, ("any", "text"), "text")
    yield Function("to_base", "units", _to_base, ("number", "text", "text"), "number")
    yield Function("variable", "environment", _variable, ("text",), "any", takes_missing=True)
    yield Function("path", "environment", _path, ("text",), "any", takes_missing=True)


FUNCTIONS: Final[dict[str, Function]] = {function.name: function for function in _table()}


def reference() -> str:
    """The functions as a Markdown table, for the docs."""
    rows = [f"| {f.group} | `{f.signature}` | {f.doc} |" for f in FUNCTIONS.values()]
    return "\n".join(["| group | function | what it gives |", "|---|---|---|", *rows])
