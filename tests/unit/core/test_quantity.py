"""Quantities and money: exact, or an error."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import RejectedError
from crossdock.core.quantity import (
    AmountError,
    Money,
    Packaging,
    Quantity,
    currency_decimals,
    fits,
    multiply_exact,
    parse_decimal,
    round_money,
    sum_money,
    to_base,
)

D = Decimal

# Any number of the (18,6) kind, as an integer of millionths: the exact arithmetic to compare with.
millionths = st.integers(-(10**18) + 1, 10**18 - 1)


def as_decimal(number: int) -> D:
    return D(number).scaleb(-6)


@given(millionths)
def test_every_number_that_fits_comes_back_as_it_was_written(number):
    value = as_decimal(number)
    assert fits(value)
    parsed = parse_decimal(f"{value:f}")
    assert parsed == value
    assert parse_decimal(str(parsed)) == parsed
    assert msgspec.json.decode(msgspec.json.encode(Money(parsed, "EUR")), type=Money).amount == value


@given(millionths, millionths)
def test_products_keep_all_their_digits(left, right):
    assert multiply_exact(as_decimal(left), as_decimal(right)).scaleb(12, _wide()) == D(left * right)


@given(st.lists(st.integers(-(10**14), 10**14), max_size=30))
def test_sums_of_money_are_exact(numbers):
    total = sum_money((Money(as_decimal(n), "EUR") for n in numbers), "EUR")
    assert total == Money(as_decimal(sum(numbers)), "EUR")


@given(st.integers(-(10**17), 10**17), st.integers(0, 5))
def test_rounding_is_half_up_away_from_zero(number, decimals):
    step = 10 ** (6 - decimals)
    whole, rest = divmod(abs(number), step)
    expected = (whole + (2 * rest >= step)) * step
    rounded = round_money(as_decimal(number), decimals)
    assert rounded == as_decimal(expected if number >= 0 else -expected)
    assert -rounded.as_tuple().exponent == decimals


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.5, "float"),
        (True, "bool"),
        (None, "NoneType"),
        ("NaN", "not a number"),
        (D("NaN"), "finite"),
        (D("sNaN"), "finite"),
        (D("Infinity"), "finite"),
        ("1,5", "not a number"),
        ("1_000", "not a number"),
        ("١٢", "not a number"),
        ("", "not a number"),
        ("0.1234567", "more than 6 decimals"),
        ("1234567890123", "more than 12 digits"),
        ("1e12", "more than 12 digits"),
        ("-1000000000000", "more than 12 digits"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused_in_words(value, words):
    with pytest.raises(AmountError, match=words):
        parse_decimal(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("12", "12"),
        (" -3.50 ", "-3.50"),
        ("1e3", "1000"),
        ("1.0000000", "1.000000"),
        ("-0", "0"),
        (7, "7"),
        (".5", "0.5"),
    ],
)
def test_numbers_are_kept_plainly(value, kept):
    assert str(parse_decimal(value)) == kept


def test_an_amount_error_is_a_rejection_and_a_value_error():
    assert issubclass(AmountError, RejectedError)
    assert issubclass(AmountError, ValueError)


@pytest.mark.parametrize("amount", [0.1, D("NaN"), D("0.0000001"), D(10) ** 12])
def test_money_and_quantities_cannot_be_made_of_what_does_not_fit(amount):
    with pytest.raises(AmountError):
        Money(amount, "EUR")
    with pytest.raises(AmountError):
        Quantity(amount, "EA")
    with pytest.raises(AmountError):
        Quantity(D(1), "CS", amount, "EA")


def test_json_with_an_impossible_amount_is_refused_at_its_path():
    with pytest.raises(msgspec.ValidationError, match="finite"):
        msgspec.json.decode(b'{"amount":"NaN","currency":"EUR"}', type=Money)


def test_other_currencies_and_units_are_never_added():
    with pytest.raises(AmountError, match="cannot be added") as money:
        Money(D(1), "EUR") + Money(D(1), "USD")
    assert money.value.code == "B-CURR-MISM"
    with pytest.raises(AmountError, match="their units differ") as quantity:
        Quantity(D(1), "EA") - Quantity(D(1), "CS")
    assert quantity.value.code == "B-UOM-CONV"


def test_quantities_add_with_their_base_values():
    one = Quantity(D(1), "CS", D(12), "EA")
    assert one + one == Quantity(D(2), "CS", D(24), "EA")
    assert one - one == Quantity(D(0), "CS", D(0), "EA")
    assert -one == Quantity(D(-1), "CS", D(-12), "EA")
    assert one + Quantity(D(1), "CS") == Quantity(D(2), "CS")


def test_money_times_a_quantity_rounds_to_the_currency():
    assert Money(D("0.335"), "EUR").times(D(3)) == Money(D("1.01"), "EUR")
    assert Money(D("0.5"), "JPY").times(D(3)) == Money(D(2), "JPY")
    assert Money(D("0.3335"), "KWD").times(D(1)) == Money(D("0.334"), "KWD")
    assert Money(D("0.125"), "EUR").rounded() == Money(D("0.13"), "EUR")
    assert [currency_decimals(c) for c in ("EUR", "JPY", "KWD")] == [2, 0, 3]


PACKAGINGS = [
    Packaging(level="pallet", uom="PF", qty_of_child=D(40)),
    Packaging(level="each", uom="EA"),
    Packaging(level="case", uom="CS", qty_of_child=D(4)),
    Packaging(level="inner", uom="IN", qty_of_child=D(6)),
]


@pytest.mark.parametrize(("uom", "base"), [("EA", 2), ("IN", 12), ("CS", 48), ("PF", 1920)])
def test_conversion_multiplies_down_the_packing_hierarchy(uom, base):
    assert to_base(Quantity(D(2), uom), PACKAGINGS) == Quantity(D(2), uom, D(base), "EA")


def test_a_unit_without_packaging_is_not_converted_by_any_table():
    with pytest.raises(AmountError, match="no packaging has this unit") as error:
        to_base(Quantity(D(1), "DZN"), PACKAGINGS)
    assert error.value.code == "B-UOM-CONV"


def test_two_cases_of_one_unit_that_differ_are_not_guessed():
    cases = [
        Packaging(level="each", uom="EA"),
        Packaging(level="case", uom="CS", qty_of_child=D(6)),
        Packaging(level="case", uom="CS", qty_of_child=D(12)),
    ]
    with pytest.raises(AmountError, match="several packagings"):
        to_base(Quantity(D(1), "CS"), cases)
    pallet = Packaging(level="pallet", uom="PF", qty_of_child=D(10))
    with pytest.raises(AmountError, match="is not clear"):
        to_base(Quantity(D(1), "PF"), [*cases, pallet])


def test_child_gtin_says_which_case_a_pallet_holds():
    packagings = [
        Packaging(level="each", uom="EA"),
        Packaging(level="case", uom="C6", gtin="1", qty_of_child=D(6)),
        Packaging(level="case", uom="C12", gtin="2", qty_of_child=D(12)),
        Packaging(level="pallet", uom="PF", qty_of_child=D(10), child_gtin="2"),
    ]
    assert to_base(Quantity(D(1), "PF"), packagings).base == D(120)


def test_a_case_without_an_each_row_holds_base_units():
    packagings = [Packaging(level="case", uom="CS", qty_of_child=D(12))]
    assert to_base(Quantity(D("1.5"), "CS"), packagings, base_uom="EA").base == D(18)


def test_base_is_unknown_until_it_was_converted():
    assert Quantity(D(3), "EA").base == D(3)
    assert Quantity(D(3), "CS", None, "EA").base is None
    assert Quantity(D(3), "CS", D(36), "EA").base == D(36)


def _wide():
    import decimal

    return decimal.Context(prec=60)
