"""What holds for every record: no crash but our own errors, the same result twice, exact numbers, enough look-ups."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.core.errors import RejectedError
from crossdock.mapping import MissingReferencesError, build_environment, compile_mapping, parse_mapping

MAPPING = """
map: any.thing -> sales_order
fields:
  key:          { from: [id, name, "lines[0].id"], as: text, default: none }
  order_no:     { expr: 'coalesce(name, "N") + "-" + pad(count(lines), 3)' }
  buyer_po:     { from: [name, po], join: "/" }
  order_date:   { from: date, zone: "{system.zone}" }
  occurred_at:  { from: date }
  customer:     { from: customer.id, lookup: party }
  currency:     { from: currency }
  closed:       { from: flag }
  order_type:   { from: type, table: kinds }
  ship_to_address:
    from: customer
    when: present(customer) and not (id == name)
    fields:
      name:  { from: name }
      lines: { items: [{ from: street }, { expr: 'join(root.lines.sku)' }] }
  totals:
    fields:
      net: { expr: 'sum(lines.price) * 1.5 - id' }
      line_count: { expr: count(lines) }
      hash_qty: { expr: 'round_half_up(sum(lines.qty) / (id if id else 1), 6)' }
  lines:
    each: lines
    when: qty > 0 or "x" in tags
    fields:
      line_id:    { expr: position, as: text }
      product:    { from: sku, lookup: product, default: unknown }
      as_sent:    { fields: { sku: { from: sku } } }
      quantity:   { from: qty, as: quantity, unit: { from: uom, default: EA }, packaging_of: sku }
      unit_price: { from: price, as: money, default: 0 }
      tax_rate:   { expr: 'min(price, qty, 20)' }
      requested_ship: { expr: 'date_add(date, qty)' }
      qty_shipped: { expr: 'to_base(qty, uom, sku)' }
tables:
  kinds: { a: rush, default: standalone }
"""
COMPILED = compile_mapping(parse_mapping(MAPPING, source="any.yaml"), build_environment())
VARIABLES = {"system.zone": "Europe/Amsterdam"}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 50),
    st.integers(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.floats(),
    st.sampled_from(["", "a", "1", "12.50", "EA", "EUR", "2026-11-23", "2026-03-29T02:30:00", "9" * 40, "1e999999", "\x00", "\ud800", "x"]),
    st.text(max_size=8),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "id",
        "name",
        "lines",
        "customer",
        "date",
        "qty",
        "price",
        "sku",
        "uom",
        "tags",
        "currency",
        "type",
        "flag",
        "po",
    ]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)
LINES = st.lists(
    st.fixed_dictionaries(
        {}, optional={"qty": SCALARS, "price": SCALARS, "sku": SCALARS, "uom": SCALARS, "tags": ANYTHING}
    ),
    max_size=3,
)
RECORDS = st.dictionaries(KEYS, ANYTHING, max_size=8) | st.fixed_dictionaries(
    {"id": st.integers(1, 9), "lines": LINES, "currency": st.just("EUR")},
    optional={"date": SCALARS, "customer": ANYTHING},
)


def outcome(record, lookups):
    try:
        return COMPILED.run(record, lookups=lookups, variables=VARIABLES)
    except RejectedError as error:
        return str(error)


@given(ANYTHING | RECORDS)
@settings(max_examples=400)
def test_any_record_gives_a_document_or_one_of_our_errors(record):
    try:
        needed = COMPILED.needs(record, VARIABLES)
    except RejectedError:
        assert not isinstance(record, dict)
        return
    outcome(record, dict.fromkeys(needed, "2 EA"))


@given(RECORDS)
@settings(max_examples=200)
def test_what_needs_asks_for_is_enough_for_run(record):
    needed = COMPILED.needs(record, VARIABLES)
    try:
        COMPILED.run(record, lookups=dict.fromkeys(needed, "2 EA"), variables=VARIABLES)
    except MissingReferencesError as error:
        pytest.fail(f"needs() did not ask for {error.references - needed}")
    except RejectedError:
        return


@given(RECORDS)
@settings(max_examples=100)
def test_the_same_record_gives_the_same_result(record):
    lookups = dict.fromkeys(COMPILED.needs(record, VARIABLES), "2 EA")
    assert outcome(record, lookups) == outcome(record, lookups)
    assert COMPILED.needs(record, VARIABLES) == set(lookups)


@given(st.decimals(-(10**12) + 1, 10**12 - 1, places=6), st.integers(0, 6))
@settings(max_examples=200)
def test_every_amount_that_fits_comes_out_with_its_digits(amount, places):
    digits = amount.quantize(Decimal(1).scaleb(-places)) if abs(amount) < 10**11 else amount
    mapping = (
        "map: a.b -> c.d\nfields: { x: { from: x, as: decimal }, m: { from: x, as: money, currency: EUR } }"
    )
    compiled = compile_mapping(parse_mapping(mapping, source="x"), build_environment())
    for sent in (digits, format(digits, "f")):
        result = compiled.run({"x": sent}, lookups={}, variables={})
        assert (result["x"], result["m"].amount) == (digits, digits)
        assert str(result["x"]).lstrip("-") == format(digits, "f").lstrip("-")


@given(st.integers(0, 10**12), st.sampled_from([True, False, 1, 0, "1", "0"]))
@settings(max_examples=60)
def test_remembered_numbers_never_stand_for_booleans(number, other):
    mapping = "map: a.b -> c.d\nfields: { x: { each: v, item: { from: this, as: decimal } } }"
    compiled = compile_mapping(parse_mapping(mapping, source="x"), build_environment())
    if isinstance(other, bool):
        with pytest.raises(RejectedError):
            compiled.run({"v": [1, 0, other]}, lookups={}, variables={})
    elif number < 10**12:
        assert compiled.run({"v": [number, other]}, lookups={}, variables={})["x"] == [number, Decimal(other)]
