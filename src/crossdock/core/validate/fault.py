"""A fault in a document, and the small checks that all documents share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from crossdock.core.codes import CODES
from crossdock.core.errors import Place
from crossdock.core.quantity import fits

__all__ = ["Fault", "bad_decimals", "repeated", "rounding_slack", "within"]

_HALF: Final = Decimal("0.5")


class Fault(msgspec.Struct, frozen=True):
    """Something in a document that is not right: stable code, one sentence, where, and what to do."""

    code: str
    text: str
    place: Place
    mend: str

    @classmethod
    def at(cls, code: str, text: str, path: str, *, value: object = "", mend: str = "") -> Fault:
        """A fault at a field path; `mend` is the code's own unless given."""
        place = Place(path=path, value=str(value)[:200])
        return cls(code, text, place, mend or CODES[code].mend)


def repeated(values: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Place and value of each non-empty value that stood before."""
    seen: set[str] = set()
    for place, value in enumerate(values):
        if value and value in seen:
            yield place, value
        seen.add(value)


def bad_decimals(row: msgspec.Struct, names: Sequence[str], path: str) -> Iterator[Fault]:
    """Bare quantities that cannot be kept exactly (NaN, too long) or are negative."""
    for name in names:
        value: Decimal | None = getattr(row, name)
        if value is None:
            continue
        if not fits(value):
            yield Fault.at(
                "T-SCHEMA", f"{name} {value} cannot be kept exactly", f"{path}.{name}", value=value
            )
        elif value < 0:
            yield Fault.at("T-SCHEMA", f"{name} is {value}: below zero", f"{path}.{name}", value=value)


def rounding_slack(decimals: int, parts: int) -> Decimal:
    """How far a total may be from the exact sum of `parts` products.

    Half a unit if it was rounded once per document, half a unit per part if each was rounded; which of the
    two a partner does is not in the document.
    """
    return (_HALF * max(parts, 1)).scaleb(-decimals)


def within(said: Decimal, computed: Decimal, slack: Decimal) -> bool:
    """Whether two amounts agree up to `slack`."""
    return -slack <= said - computed <= slack
