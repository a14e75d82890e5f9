"""GS1 identifiers: GTIN, GLN and SSCC with their check digits."""

from __future__ import annotations

from typing import Final

from crossdock.core.errors import RejectedError

__all__ = [
    "IdentifierError",
    "check_digit",
    "is_gln",
    "is_gtin",
    "is_sscc",
    "parse_gln",
    "parse_gtin",
    "parse_sscc",
]

_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})


class IdentifierError(RejectedError, ValueError):
    """Not a GS1 identifier of the kind asked for."""

    default_code = "T-ELE-CODE"


def check_digit(digits: str) -> str:
    """The GS1 check digit (modulo 10, weights 3 and 1 from the right) behind `digits`."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_gtin(text: str) -> bool:
    """Whether `text` is a GTIN-8, -12, -13 or -14 with the right check digit."""
    return len(text) in _GTIN_LENGTHS and _checks(text)


def is_gln(text: str) -> bool:
    """Whether `text` is a GLN: 13 digits with the right check digit."""
    return len(text) == 13 and _checks(text)


def is_sscc(text: str) -> bool:
    """Whether `text` is an SSCC: 18 digits with the right check digit."""
    return len(text) == 18 and _checks(text)


def parse_gtin(text: str) -> str:
    """A GTIN as we keep it: 14 digits, padded on the left.

    Raises:
        IdentifierError: wrong length, other characters than digits, or a wrong check digit.
    """
    bare = text.strip()
    if len(bare) not in _GTIN_LENGTHS or not _is_digits(bare):
        msg = f"{text!r} is not a GTIN: 8, 12, 13 or 14 digits are"
        raise IdentifierError(
            msg, mend="Correct the number at its source; a leading zero is often lost there."
        )
    _demand_check_digit("GTIN", bare)
    return bare.rjust(14, "0")


def parse_gln(text: str) -> str:
    """A GLN: 13 digits.

    Raises:
        IdentifierError: wrong length, other characters than digits, or a wrong check digit.
    """
    bare = text.strip()
    if len(bare) != 13 or not _is_digits(bare):
        msg = f"{text!r} is not a GLN: 13 digits are"
        raise IdentifierError(msg, mend="Correct the number in the party's master data.")
    _demand_check_digit("GLN", bare)
    return bare


def parse_sscc(text: str) -> str:
    """An SSCC: 18 digits. The application identifier 00 in front, as many labels carry it, is taken off.

    Raises:
        IdentifierError: wrong length, other characters than digits, or a wrong check digit.
    """
    bare = text.strip().removeprefix("(00)")
    if len(bare) == 20 and bare.startswith("00"):
        bare = bare[2:]
    if len(bare) != 18 or not _is_digits(bare):
        msg = f"{text!r} is not an SSCC: 18 digits are, or 20 that begin with 00"
        raise IdentifierError(msg, mend="Scan the label again, or ask the sender for the number.")
    _demand_check_digit("SSCC", bare)
    return bare


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _checks(text: str) -> bool:
    return _is_digits(text) and check_digit(text[:-1]) == text[-1]


def _demand_check_digit(what: str, digits: str) -> None:
    right = check_digit(digits[:-1])
    if digits[-1] != right:
        msg = f"{what} {digits} ends in {digits[-1]}, but its check digit is {right}"
        raise IdentifierError(msg, mend="A digit was mistyped: compare with the label or the catalogue.")
