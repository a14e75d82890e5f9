"""GS1 identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.identifiers import (
    IdentifierError,
    check_digit,
    is_gln,
    is_gtin,
    is_sscc,
    parse_gln,
    parse_gtin,
    parse_sscc,
)

digits = st.text("0123456789", min_size=11, max_size=17)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("4006381333931", "04006381333931"),
        (" 04006381333931 ", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
    ],
)
def test_a_gtin_of_any_length_is_kept_with_14_digits(sent, kept):
    assert parse_gtin(sent) == kept
    assert is_gtin(sent.strip())


@pytest.mark.parametrize(
    "wrong", ["4006381333930", "400638133393", "400638133393X", "", "\N{FULLWIDTH DIGIT FOUR}006381333931"]
)
def test_what_is_no_gtin_is_refused(wrong):
    with pytest.raises(IdentifierError):
        parse_gtin(wrong)
    assert not is_gtin(wrong)


def test_the_error_names_the_right_check_digit():
    with pytest.raises(IdentifierError, match="its check digit is 1"):
        parse_gtin("4006381333930")


def test_an_sscc_is_taken_with_and_without_its_application_identifier():
    assert parse_sscc("340123450000000017") == "340123450000000017"
    assert parse_sscc("00340123450000000017") == "340123450000000017"
    assert parse_sscc("(00)340123450000000017") == "340123450000000017"
    assert is_sscc("340123450000000017")
    assert not is_sscc("340123450000000018")


def test_a_gln_has_13_digits():
    assert parse_gln("4012345000009") == "4012345000009"
    assert is_gln("4012345000009")
    with pytest.raises(IdentifierError):
        parse_gln("04012345000009")


@given(digits, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body, place, shift):
    place %= len(body)
    other = str((int(body[place]) + shift) % 10)
    assert check_digit(body) != check_digit(body[:place] + other + body[place + 1 :])
