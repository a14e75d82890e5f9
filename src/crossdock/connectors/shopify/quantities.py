"""Whole numbers for Shopify: it counts in pieces and knows no fractions."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.core.errors import Place, RejectedError

__all__ = ["whole"]


def whole(value: Any, path: str) -> int:
    """`value` as a whole number; nothing is rounded.

    Raises:
        RejectedError: no number (T-SCHEMA), or one with a fraction (B-UOM-CONV).
    """
    place = Place(path=path, value=str(value)[:200])
    try:
        number = Decimal(str(value))
        exact = number == number.to_integral_value()
    except InvalidOperation as error:
        raise RejectedError(
            f"{path} is {value!r}, no number", code="T-SCHEMA", place=place, mend="mend the mapping"
        ) from error
    if not exact:
        raise RejectedError(
            f"{path} is {value}: Shopify counts whole pieces only",
            code="B-UOM-CONV",
            place=place,
            mend="send this product in a unit whose quantity is whole",
        )
    return int(number)
