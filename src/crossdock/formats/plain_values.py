"""Values on their way out: exact, checked, without floats that lie."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from crossdock.core.errors import Place
from crossdock.formats.records import FORMAT, reject

__all__ = ["as_plain", "as_text", "build_cells"]

# Beyond this a Decimal is no amount, and writing it out digit by digit could fill the disk.
MAX_DIGITS = 1000

_SURROGATE = re.compile("[\ud800-\udfff]")


def as_plain(value: Any, path: str) -> Any:
    """`value` with dates as ISO text and everything else as str, Decimal, int, bool, None, dict and list.

    Raises:
        RejectedError: a value that cannot be written exactly.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Mapping):
        return {
            _checked_text(str(key), path): as_plain(inner, f"{path}.{key}" if path else str(key))
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [as_plain(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    return _plain_scalar(value, path)


def _plain_scalar(value: Any, path: str) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _checked_text(value, path)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return _checked_decimal(value, path)
    raise _refused(f"a {type(value).__name__} cannot be written", path, value)


def as_text(value: Any, path: str) -> str:
    """One plain value as the text of a cell or element; a Decimal digit by digit, None empty.

    Raises:
        RejectedError: `value` is a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list):
        raise _refused("a list or object does not fit into one cell", path, value)
    return str(value)


def _checked_text(value: str, path: str) -> str:
    if value.isascii() or not _SURROGATE.search(value):
        return value
    raise _refused("the text holds half of a surrogate pair, which is no character", path, value, "T-CHARSET")


def _checked_decimal(value: Decimal, path: str) -> Decimal:
    if not value.is_finite():
        raise _refused(f"{value} is no number that can be sent", path, value)
    if abs(value.adjusted()) > MAX_DIGITS:
        raise _refused("a number is too large or too small to be written out", path, value)
    return value


def _refused(text: str, path: str, value: Any, code: str = FORMAT) -> Exception:
    shown = ascii(value)[:200]
    return reject(
        text, code=code, place=Place(path=path, value=shown), mend="correct the mapping or its source"
    )


def build_cells(record: Mapping[str, Any], columns: list[str], *, chosen: bool) -> list[Any]:
    """A record's plain values in the order of `columns`; missing ones are None.

    Raises:
        RejectedError: a field has no column, and the columns were not `chosen` by the options.
    """
    if not chosen:
        lost = [name for name in record if name not in columns]
        if lost:
            raise _refused(
                "the first record had no such field, so it has no column", lost[0], record[lost[0]]
            )
    return [as_plain(record.get(name), name) for name in columns]
