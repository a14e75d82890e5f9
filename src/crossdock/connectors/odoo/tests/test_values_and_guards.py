"""Exact numbers on their way in and out, names of external ids, and what holds a key."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connectors.odoo.external_ids import external_name, marker
from crossdock.connectors.odoo.guards import Promise, compare_quantity, compare_totals
from crossdock.connectors.odoo.transport_json2 import ENCODER
from crossdock.connectors.odoo.values import as_id, as_moment, as_number, number, plain
from crossdock.core.errors import RejectedError


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_a_float_of_odoo_is_the_number_it_was_made_of(value):
    if abs(value) < 10**8:
        assert number(float(value)) == value
    assert Decimal(plain(number(value))) == value
    assert "E" not in plain(number(value))


def test_noise_of_floats_is_gone_and_numbers_leave_as_numbers():
    assert str(number(0.1 + 0.2)) == "0.3"
    assert str(number(10.0)) == "10"
    assert str(number(False)) == "0"
    assert ENCODER.encode({"quantity": Decimal("0.333")}) == b'{"quantity":0.333}'


@pytest.mark.parametrize("value", [None, "", "many", 1.5, True, "NaN", "Infinity"])
def test_what_is_no_exact_number_names_its_place(value):
    with pytest.raises(RejectedError) as caught:
        as_number({"quantity": value}, "quantity", at="lines[3]")
    assert caught.value.code == "T-SCHEMA"
    assert caught.value.place.path == "lines[3].quantity"


@pytest.mark.parametrize("value", [0, "-1", "x", True, ""])
def test_what_is_no_id_is_refused(value):
    with pytest.raises(RejectedError):
        as_id({"order_id": value}, "order_id")


def test_times_become_utc():
    assert as_moment({"at": "2026-11-20T17:00:00+01:00"}, "at") == "2026-11-20 16:00:00"
    assert as_moment({"at": "2026-11-20"}, "at") == "2026-11-20 00:00:00"
    assert as_moment({}, "at") == ""


@given(st.tuples(*[st.text(max_size=30)] * 4), st.tuples(*[st.text(max_size=30)] * 4))
def test_different_documents_have_different_names(one, other):
    assert (external_name(*one) == external_name(*other)) == (one == other)
    assert external_name(*one).startswith("__crossdock__.")
    assert external_name(*one).count(".") == 1


def test_keys_that_look_alike_when_cleaned_stay_apart():
    assert external_name("sales_order", "1", "10/01") != external_name("sales_order", "1", "10_01")
    assert marker("shipment", "1", "A") != marker("shipment", "2", "A")


STORED = {"amount_untaxed": 100.0, "amount_tax": 15.0, "amount_total": 115.0, "currency_id": [1, "USD"]}


@pytest.mark.parametrize(
    ("promised", "code"),
    [
        ({}, None),
        ({"net": "100", "tax": "15", "gross": "115"}, None),
        ({"net": "100.02", "gross": "115.02"}, None),
        ({"net": "100.03"}, "B-PRICE-MISM"),
        ({"net": "100", "tax": "16", "gross": "116"}, "B-TAX-MISM"),
        ({"net": "100", "gross": "116"}, "B-TAX-MISM"),
        ({"gross": "116"}, "B-PRICE-MISM"),
        ({"net": "100", "currency": "EUR"}, "B-CURR-MISM"),
    ],
)
def test_totals_are_held_beyond_the_tolerance(promised, code):
    held = compare_totals(Promise({"promised": promised}), STORED, what="S1", tolerance=Decimal("0.02"))
    assert (held.code if held else None) == code


@pytest.mark.parametrize(
    ("sent", "stored", "code"),
    [
        ("5", 5.0, None),
        ("0.333", 0.33, "T-ROUND"),
        ("0.337", 0.34, "T-ROUND"),
        ("0.004", 0.0, "T-ROUND"),
        ("5", 6.0, "B-CHG-CONFLICT"),
        ("5", 5.5, "B-CHG-CONFLICT"),
    ],
)
def test_rounding_is_told_from_a_persons_change(sent, stored, code):
    held = compare_quantity(Decimal(sent), stored, what="S1 line 1")
    assert (held.code if held else None) == code
