"""Lineage: each target field names its sources, its steps and its class."""

from __future__ import annotations

from crossdock.mapping import lineage


def test_each_target_field_names_its_sources_steps_and_class(compile_text, shop_mapping):
    traced = {entry.target_path: entry for entry in lineage(compile_text(shop_mapping))}
    assert set(traced) >= {"key", "customer", "lines[].product", "lines[].unit_price"}
    product = traced["lines[].product"]
    assert product.source_paths == ("line_items[].sku", "line_items[].quantity")
    assert product.functions == ("lookup:product",)
    price = traced["lines[].unit_price"]
    assert price.source_paths == ("line_items[].price", "currency", "line_items[].quantity")
    assert (price.functions, price.classification) == (("as:money",), "commercial")
    assert traced["buyer_po"].classification == "internal"


def test_a_class_of_the_source_stays_on_the_way_out(compile_text):
    compiled = compile_text(
        """
map: sales_order -> odoo.sale_order
unused: [key]
fields:
  partner:
    from: ship_to_address
    fields:
      name: { from: name }
      label: { expr: 'upper(city) + root.key' }
  ref: { from: buyer_po }
  margin: { from: key, classification: commercial }
"""
    )
    traced = {entry.target_path: entry for entry in lineage(compiled)}
    assert traced["partner.name"].classification == "personal"
    assert traced["partner.label"].source_paths == ("ship_to_address.city", "key")
    assert traced["partner.label"].functions == ("upper",)
    assert traced["partner.label"].classification == "personal"
    assert traced["ref"].classification == "internal"
    assert traced["margin"].classification == "commercial"


def test_conditions_tables_and_functions_are_part_of_the_lineage(compile_text):
    compiled = compile_text(
        """
map: a.b -> c.d
source_schema: { s: text, kind: { type: text, classification: personal }, g: text, f: text, l: text }
fields:
  x: { from: s, table: x12_unit, lookup: unit, when: "kind == 'a'" }
  y: { from: g, python: 'm:f' }
  z: { from: [f, l], join: ' ' }
""",
        functions={"m:f": str},
    )
    x, y, z = lineage(compiled)
    assert x.source_paths == ("s", "kind")
    assert x.functions == ("table:x12_unit", "lookup:unit")
    assert x.classification == "personal"
    assert y.functions == ("python:m:f",)
    assert (z.source_paths, z.functions) == (("f", "l"), ("join",))
