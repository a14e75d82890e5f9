"""Quantities and money: exact decimals with a unit or a currency. Rounding happens only where it is said."""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from crossdock.core.errors import RejectedError

__all__ = [
    "AmountError",
    "Dimensions",
    "Measure",
    "Money",
    "Packaging",
    "PackagingLevel",
    "Quantity",
    "currency_decimals",
    "fits",
    "multiply_exact",
    "parse_decimal",
    "round_money",
    "sum_money",
    "to_base",
]

PackagingLevel = Literal["each", "inner", "case", "layer", "pallet"]

_LEVELS: Final[tuple[PackagingLevel, ...]] = ("each", "inner", "case", "layer", "pallet")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_DECIMALS: Final = 6
_MAX_INTEGER_DIGITS: Final = 12
_LIMIT: Final = Decimal(10) ** _MAX_INTEGER_DIGITS
_LOW: Final = -_LIMIT
_SMALLEST: Final = Decimal(1).scaleb(-_MAX_DECIMALS)
_ONE: Final = Decimal(1)
_CENT: Final = Decimal("0.01")
# Wide enough that a product of two (18,6) decimals, 36 digits, is never rounded behind our back: the
# default context's 28 digits would do that.
_EXACT: Final = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation])
_WIDE: Final = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_UP)

_NO_DECIMALS: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - reads as the list it is
)
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class AmountError(RejectedError, ValueError):
    """A number that cannot be kept exactly, or two that cannot be added."""

    default_code = "T-SCHEMA"


def fits(value: Decimal) -> bool:
    """Whether `value` is finite and has at most 12 integer digits and 6 decimals."""
    if value.same_quantum(_CENT) or value.same_quantum(_ONE):  # the fast path: most values
        return _LOW < value < _LIMIT
    if not value.is_finite():
        return False
    return not value or (value.adjusted() < _MAX_INTEGER_DIGITS and value % _SMALLEST == 0)


def parse_decimal(value: str | int | Decimal) -> Decimal:
    """A number as an exact Decimal of at most 12 integer digits and 6 decimals.

    Text is plain ASCII (`12`, `-3.50`, `1e3`): no thousands separators, no comma.

    Raises:
        AmountError: a float (its digits are not what was meant), no number, not finite, or too long.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        msg = f"{value!r} is a {type(value).__name__}: money and quantities are text, int or Decimal"
        raise AmountError(msg, mend="Read the number as text, so that its digits stay as they were sent.")
    if isinstance(value, str):
        bare = value.strip()
        if not _NUMBER.fullmatch(bare):
            msg = f"{value[:40]!r} is not a number"
            raise AmountError(msg, mend="Use digits with a point, without thousands separators.")
        number = Decimal(bare)
    else:
        number = Decimal(value)
    _demand_fit(number)
    return _plain(number)


def multiply_exact(left: Decimal, right: Decimal) -> Decimal:
    """The product with all its digits."""
    return _EXACT.multiply(left, right)


def round_money(amount: Decimal, decimals: int) -> Decimal:
    """`amount` rounded half up, away from zero, to `decimals` places: 0.125 becomes 0.13, -0.125 becomes -0.13."""
    return amount.quantize(_ONE.scaleb(-decimals), context=_WIDE)


def currency_decimals(currency: str) -> int:
    """Decimals of an ISO 4217 currency's smallest unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much of something, in the unit it was said in and, where known, in the product's base unit.

    Attributes:
        value: signed; at most 12 integer digits and 6 decimals.
        uom: UN/ECE Recommendation 20 code (EA, KGM, ...), or the packaging's unit (CS).
        base_value: the same in `base_uom`; None while it has not been converted.
        base_uom: the product's base unit; empty = `uom` is the base unit.
    """

    value: Decimal
    uom: str
    base_value: Decimal | None = None
    base_uom: str = ""

    def __post_init__(self) -> None:
        # Most quantities pass here, as most amounts do below.
        value = self.value
        if not (type(value) is Decimal and value.same_quantum(_ONE) and _LOW < value < _LIMIT):
            _demand_fit(value)
        if self.base_value is not None:
            _demand_fit(self.base_value)

    @classmethod
    def of(cls, value: str | int | Decimal, uom: str) -> Quantity:
        return cls(parse_decimal(value), uom)

    @property
    def base(self) -> Decimal | None:
        """The value in the base unit; None = it needs a conversion nobody has made yet."""
        if self.base_value is not None:
            return self.base_value
        return self.value if not self.base_uom or self.base_uom == self.uom else None

    def __add__(self, other: Quantity) -> Quantity:
        return self._combined(other, 1)

    def __sub__(self, other: Quantity) -> Quantity:
        return self._combined(other, -1)

    def __neg__(self) -> Quantity:
        base = None if self.base_value is None else -self.base_value
        return Quantity(-self.value, self.uom, base, self.base_uom)

    def _combined(self, other: Quantity, sign: int) -> Quantity:
        if self.uom != other.uom:
            msg = f"{self.value} {self.uom} and {other.value} {other.uom} cannot be added: their units differ"
            raise AmountError(
                msg, code="B-UOM-CONV", mend="Convert both to the base unit with to_base first."
            )
        base = None
        if self.base_value is not None and other.base_value is not None and self.base_uom == other.base_uom:
            base = self.base_value + sign * other.base_value
        return Quantity(
            self.value + sign * other.value, self.uom, base, "" if base is None else self.base_uom
        )


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in one currency (ISO 4217), signed; at most 12 integer digits and 6 decimals."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        # Most amounts pass here; 80 of them in an order of 20 lines make the call below worth avoiding.
        amount = self.amount
        if not (type(amount) is Decimal and amount.same_quantum(_CENT) and _LOW < amount < _LIMIT):
            _demand_fit(amount)

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        return cls(parse_decimal(amount), currency)

    def __add__(self, other: Money) -> Money:
        self._demand_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._demand_same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def times(self, factor: Decimal, *, decimals: int | None = None) -> Money:
        """The exact product rounded half up, to `decimals` or the currency's own."""
        places = currency_decimals(self.currency) if decimals is None else decimals
        return Money(round_money(multiply_exact(self.amount, factor), places), self.currency)

    def rounded(self, *, decimals: int | None = None) -> Money:
        """Rounded half up, to `decimals` or the currency's own."""
        return self.times(_ONE, decimals=decimals)

    def _demand_same(self, other: Money) -> None:
        if self.currency != other.currency:
            msg = f"{self.amount} {self.currency} and {other.amount} {other.currency} cannot be added"
            raise AmountError(
                msg, code="B-CURR-MISM", mend="Convert at a rate that a person or a system named."
            )


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A weight, a volume or a length with its unit (KGM, MTQ, MTR, ...)."""

    value: Decimal
    uom: str

    def __post_init__(self) -> None:
        _demand_fit(self.value)


class Dimensions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Length, width and height in one unit."""

    length: Decimal
    width: Decimal
    height: Decimal
    uom: str


class Packaging(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One level of a product's packing: the only source of conversions between units.

    Attributes:
        qty_of_child: how many of the next lower level (or of `child_gtin`) it holds; 1 for the base level.
        child_gtin: which packaging it holds, where several stand on the next lower level.
    """

    level: PackagingLevel
    uom: str
    qty_of_child: Decimal = _ONE
    gtin: str = ""
    child_gtin: str = ""
    dims: Dimensions | None = None
    weight: Measure | None = None


def sum_money(amounts: Iterable[Money], currency: str) -> Money:
    """The exact sum; zero of `currency` for none.

    Raises:
        AmountError: an amount is in another currency.
    """
    return sum(amounts, Money(Decimal(0), currency))


def to_base(quantity: Quantity, packagings: Sequence[Packaging], *, base_uom: str = "") -> Quantity:
    """The same quantity with `base_value` and `base_uom` filled in, by the product's packagings alone.

    `base_uom` is the product's; without it the unit of the lowest packaging level is taken.

    Raises:
        AmountError: B-UOM-CONV: no packaging has this unit, or several with different contents have it.
    """
    base = base_uom or quantity.base_uom or _lowest_uom(packagings)
    if base in {quantity.uom, ""}:
        return Quantity(quantity.value, quantity.uom, quantity.value, quantity.uom)
    factors = {_units_in(p, packagings, base) for p in packagings if p.uom == quantity.uom}
    if len(factors) != 1:
        reason = "no packaging has this unit" if not factors else "several packagings of this unit differ"
        msg = f"{quantity.value} {quantity.uom} cannot be converted to {base}: {reason}"
        raise AmountError(
            msg, code="B-UOM-CONV", mend="Complete the product's packagings in its master system."
        )
    value = multiply_exact(quantity.value, factors.pop())
    _demand_fit(value)
    return Quantity(quantity.value, quantity.uom, _plain(value), base)


def _units_in(packaging: Packaging, packagings: Sequence[Packaging], base: str) -> Decimal:
    if packaging.uom == base:
        return _ONE
    lower = [p for p in packagings if _LEVELS.index(p.level) < _LEVELS.index(packaging.level)]
    if packaging.child_gtin:
        children = [p for p in lower if p.gtin == packaging.child_gtin]
    else:
        top = max((_LEVELS.index(p.level) for p in lower), default=0)
        children = [p for p in lower if _LEVELS.index(p.level) == top]
    # A lowest level that is not the base unit itself holds base units directly (a case of 12 EA, no 'each' row).
    contents = {_units_in(child, packagings, base) for child in children} if children else {_ONE}
    if len(contents) != 1:
        msg = f"what a {packaging.uom} ({packaging.level}) holds is not clear: {len(contents)} answers for its child"
        raise AmountError(msg, code="B-UOM-CONV", mend="Name the packaging it holds in child_gtin.")
    return multiply_exact(packaging.qty_of_child, contents.pop())


def _lowest_uom(packagings: Sequence[Packaging]) -> str:
    return min(packagings, key=lambda p: _LEVELS.index(p.level)).uom if packagings else ""


def _demand_fit(value: Decimal) -> None:
    if type(value) is Decimal and fits(value):
        return
    if not isinstance(value, Decimal):
        msg = f"{value!r} is a {type(value).__name__}, not a Decimal"
    elif not value.is_finite():
        msg = f"{value} is not a finite number"
    elif value.adjusted() >= _MAX_INTEGER_DIGITS:
        msg = f"{str(value)[:40]} has more than {_MAX_INTEGER_DIGITS} digits before the point"
    else:
        msg = f"{str(value)[:40]} has more than {_MAX_DECIMALS} decimals"
    raise AmountError(
        msg, mend="Correct the number at its source, or round it in the mapping, where it can be seen."
    )


def _plain(value: Decimal) -> Decimal:
    """Without exponent, without minus zero, at most six decimals; other digits stay as they were."""
    if not value:
        value = abs(value)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent > 0:
        return value.quantize(_ONE, context=_EXACT)
    return value.quantize(_SMALLEST, context=_EXACT) if exponent < -_MAX_DECIMALS else value
