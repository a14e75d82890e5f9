"""What the mapping tests share: a shop's mapping, its order, and short ways to run one field."""

from __future__ import annotations

import pytest

from crossdock.mapping import LookupRef, build_environment, compile_mapping, parse_mapping

SHOP_MAPPING = """\
map: shopify.order -> sales_order
fields:
  key:          { from: id, as: text }
  order_no:     { from: name }
  buyer_po:     { from: name }
  order_date:   { from: created_at, as: date, zone: "{system.zone}" }
  customer:     { from: customer.id, lookup: party }
  currency:     { from: currency }
  lines:
    each: line_items
    when: quantity > 0
    fields:
      line_id:    { from: id, as: text }
      product:    { from: sku, lookup: product }
      quantity:   { from: quantity, as: quantity, unit: EA }
      unit_price: { from: price, as: money }
      discount_total: { from: total_discount, as: money }
"""
VARIABLES = {"system.zone": "Europe/Amsterdam"}


@pytest.fixture
def shop_mapping():
    return SHOP_MAPPING


@pytest.fixture
def shop_order():
    return {
        "id": 450789469,
        "name": "#1001",
        "created_at": "2026-11-23T23:30:00-05:00",
        "currency": "EUR",
        "customer": {"id": 5},
        "line_items": [
            {"id": 1, "sku": "A", "quantity": 2, "price": "12.50", "total_discount": "0.00"},
            {"id": 2, "sku": "B", "quantity": 0, "price": "1"},
            {"id": 3, "sku": "C", "quantity": 1, "price": "0.333333"},
        ],
    }


@pytest.fixture
def variables():
    return dict(VARIABLES)


@pytest.fixture
def compile_text():
    def compile_text(text, **environment):
        return compile_mapping(parse_mapping(text, source="m.yaml"), build_environment(**environment))

    return compile_text


@pytest.fixture
def run_field(compile_text):
    """Maps one field `x` of an open form, from its block in YAML, and gives what came out."""

    def run_field(block, record, *, lookups=None, variables=None, extra="", **environment):
        compiled = compile_text(f"map: in.form -> out.form\n{extra}\nfields:\n  x: {block}\n", **environment)
        answers = {LookupRef(*key): value for key, value in (lookups or {}).items()}
        return compiled.run(record, lookups=answers, variables=variables or {}).get("x")

    return run_field
