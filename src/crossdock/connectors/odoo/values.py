"""Values on their way to Odoo and back: ids, exact numbers, times. A wrong one names its place in the payload."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.core.errors import Place, RejectedError

__all__ = ["as_date", "as_flag", "as_id", "as_lines", "as_moment", "as_number", "as_text", "number", "plain"]

_PLACES = Decimal("0.000001")


def number(value: Any) -> Decimal:
    """A number that Odoo answered, without the noise of its floats: 0.30000000000000004 is 0.3."""
    exact = Decimal(str(value or 0)).quantize(_PLACES).normalize()
    return exact.quantize(Decimal(1)) if int(exact.as_tuple().exponent) > 0 else exact


def plain(value: Decimal) -> str:
    """A number as `load` reads it: without exponent."""
    return f"{value:f}"


def as_number(payload: Mapping[str, Any], name: str, *, at: str = "", default: str | None = None) -> Decimal:
    """The exact number under `name`: text, int or Decimal.

    Raises:
        RejectedError: missing, a float, or no number (T-SCHEMA).
    """
    value = payload.get(name)
    if value is None or value == "":
        if default is None:
            raise _bad(at, name, value, "is missing")
        return Decimal(default)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _bad(at, name, value, f"is a {type(value).__name__}, not an exact number")
    try:
        exact = Decimal(str(value))
    except InvalidOperation as error:
        raise _bad(at, name, value, "is not a number") from error
    if not exact.is_finite():
        raise _bad(at, name, value, "is not a finite number")
    return exact


def as_id(payload: Mapping[str, Any], name: str, *, at: str = "", required: bool = True) -> int:
    """The database id under `name`, given as number or text; 0 where it is absent and not required.

    Raises:
        RejectedError: missing, or no id (T-SCHEMA).
    """
    value = payload.get(name)
    if value is None or value == "":
        if required:
            raise _bad(at, name, value, "is missing")
        return 0
    if isinstance(value, bool) or not str(value).isdigit() or int(str(value)) == 0:
        raise _bad(at, name, value, "is not an id of Odoo")
    return int(str(value))


def as_text(payload: Mapping[str, Any], name: str, *, at: str = "", required: bool = False) -> str:
    """The text under `name`; '' where it is absent.

    Raises:
        RejectedError: it is required and empty (T-SCHEMA).
    """
    value = payload.get(name)
    if value is None or value == "":
        if required:
            raise _bad(at, name, value, "is missing")
        return ""
    return str(value)


def as_flag(payload: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """The truth value under `name`: JSON's own, or the words a mapping writes."""
    value = payload.get(name)
    if value is None or value == "":
        return default
    return value if isinstance(value, bool) else str(value).lower() in {"true", "yes", "1"}


def as_lines(
    payload: Mapping[str, Any], name: str = "lines", *, required: bool = True
) -> list[Mapping[str, Any]]:
    """The list of objects under `name`.

    Raises:
        RejectedError: it is empty where something must be in it, or holds something else (T-SCHEMA).
    """
    lines = payload.get(name)
    if not lines:
        if required:
            raise _bad("", name, lines, "is empty")
        return []
    if not isinstance(lines, Sequence) or not all(isinstance(line, Mapping) for line in lines):
        raise _bad("", name, lines, "is not a list of objects")
    return list(lines)


def as_moment(payload: Mapping[str, Any], name: str, *, at: str = "") -> str:
    """The time under `name` as Odoo writes it, in UTC; '' where it is absent.

    Raises:
        RejectedError: it is no time (T-SCHEMA).
    """
    value = payload.get(name)
    if value is None or value == "":
        return ""
    try:
        moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _bad(at, name, value, "is not a time") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def as_date(payload: Mapping[str, Any], name: str, *, at: str = "") -> str:
    """The date under `name` as YYYY-MM-DD; '' where it is absent.

    Raises:
        RejectedError: it is no date (T-SCHEMA).
    """
    return as_moment(payload, name, at=at)[:10]


def _bad(at: str, name: str, value: Any, what: str) -> RejectedError:
    path = f"{at}.{name}" if at else name
    return RejectedError(
        f"{path} {what}",
        code="T-SCHEMA",
        place=Place(path=path, value=str(value)[:200]),
        mend="mend the mapping at this field",
    )
