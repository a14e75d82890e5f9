"""What mappings complain about: faults of a mapping file, faults of a record, references that are not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from crossdock.core.errors import ConfigError, Place, RejectedError

__all__ = [
    "LookupRef",
    "MappingError",
    "MappingFault",
    "MissingReference",
    "MissingReferencesError",
    "RecordError",
    "ValueFaultError",
    "reference_code",
]

_REFERENCE_CODES = {"product": "B-UNK-ITEM", "party": "B-UNK-PARTY", "ship_to": "B-UNK-SHIPTO"}
_REFERENCE_CODES |= {"carrier": "B-UNK-CARRIER", "packaging": "B-UOM-CONV", "unit": "B-UNK-UOM"}


class LookupRef(NamedTuple):
    """One cross-reference that a record needs: which object of `kind` is called `value` on the other side?"""

    kind: str
    value: str


class MappingFault(msgspec.Struct, frozen=True):
    """One thing that is wrong: with a mapping file (lint, parse) or with a record (run).

    A mapping with a fault of severity error cannot be compiled; warnings are for people.
    """

    text: str
    place: Place
    mend: str = ""
    code: str = "T-MAP"
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = str(self.place)
        return (
            f"{self.code}: {self.text}"
            + (f" ({where})" if where else "")
            + (f" → {self.mend}" if self.mend else "")
        )


class MissingReference(msgspec.Struct, frozen=True):
    """A look-up without an answer, with the place of the value that was looked up."""

    ref: LookupRef
    place: Place

    @property
    def code(self) -> str:
        return reference_code(self.ref.kind)


class MappingError(ConfigError):
    """A mapping file cannot be used; `faults` holds everything that is wrong with it."""

    default_code = "T-MAP"

    def __init__(self, faults: Sequence[MappingFault]) -> None:
        first = faults[0]
        super().__init__(_several(faults), code=first.code, place=first.place, mend=first.mend)
        self.faults = tuple(faults)


class RecordError(RejectedError):
    """A record cannot be mapped; `faults` holds everything that is wrong with it, unknown references included."""

    default_code = "T-MAP"

    def __init__(self, faults: Sequence[MappingFault]) -> None:
        first = faults[0]
        super().__init__(_several(faults), code=first.code, place=first.place, mend=first.mend)
        self.faults = tuple(faults)


class MissingReferencesError(RejectedError):
    """The record is sound, but some of its references are not known (yet); `missing` lists them all."""

    default_code = "B-UNK-REF"

    def __init__(self, missing: Sequence[MissingReference]) -> None:
        first = missing[0]
        names = ", ".join(dict.fromkeys(f"{entry.ref.kind} {entry.ref.value!r}" for entry in missing))
        super().__init__(
            f"not known: {names[:400]}",
            code=first.code,
            place=first.place,
            mend="Create the record on the other side, or add the cross-reference, then retry.",
        )
        self.missing = tuple(missing)

    @property
    def references(self) -> frozenset[LookupRef]:
        """What is missing, without its places."""
        return frozenset(entry.ref for entry in self.missing)


class ValueFaultError(ValueError):
    """A value that a conversion or function refuses; the field's place is added where it is caught.

    Functions named by `python:` may raise it to give their fault a code and a mend.
    """

    def __init__(self, text: str, *, code: str = "T-MAP", mend: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.mend = mend


def reference_code(kind: str) -> str:
    """The exception code of an unknown reference of `kind`: `B-UNK-ITEM` for a product, for instance."""
    return _REFERENCE_CODES.get(kind, "B-UNK-REF")


def _several(faults: Sequence[MappingFault]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return faults[0].text + more
