"""Lint: each fault has its own example, its place and its mend."""

from __future__ import annotations

import pytest

from crossdock.mapping import (
    MappingError,
    build_environment,
    compile_mapping,
    lint,
    parse_form,
    parse_mapping,
    parse_table,
)

HEAD = "map: shop.order -> sales_order\nconstants: { key: K, order_no: N, currency: EUR }\n"
SCHEMA = """
source_schema:
  id: { type: integer, required: true }
  name: text
  note: { type: text, classification: personal }
  customer: { fields: { id: integer, email: text } }
  rows: { each: { sku: text, qty: decimal } }
"""


def faults_of(text, **environment):
    return lint(parse_mapping(text, source="m.yaml"), environment=build_environment(**environment))


def only(text, **environment):
    faults = faults_of(text, **environment)
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]


def test_the_design_example_lacks_only_what_the_document_requires(shop_mapping):
    assert faults_of(shop_mapping) == []
    without = shop_mapping.replace("  key:          { from: id, as: text }\n", "")
    fault = only(without)
    assert "key is required and not mapped" in fault.text
    assert fault.mend == "Add `key:` to the fields."


@pytest.mark.parametrize(
    ("field", "text", "mend"),
    [
        ("buyer_pos: { from: a }", "no field 'buyer_pos'", "Did you mean buyer_po?"),
        ("order_date: { from: a, as: text }", "order_date is a date, `as: text` does not fit", "as: date"),
        ("lines: { from: a, fields: { line_id: { from: b }, quantity: { from: q, unit: EA } } }", "lines is a list, not an object", "each"),
        ("buyer_po: { each: a, item: { from: this } }", "buyer_po is text, not a list", "without `each`"),
        ("buyer_po: { from: a, fields: { x: { from: b } } }", "buyer_po is text, not an object", "from"),
        ("lines: { each: a, fields: { line_id: { from: b } } }", "lines[].quantity is required and not mapped", "quantity"),
        ("lines: { each: a, fields: { line_id: { from: b }, quantity: { from: q } } }", "a quantity without a unit", "unit: EA"),
        ("customer: { from: a, lookup: prtoduct }", "not a kind of cross-reference", "Did you mean product?"),
        ("customer: { from: a, table: x12_unitt }", "no table", "Did you mean x12_unit?"),
        ("customer: { from: a, table: x12_unit.oodo }", "no column", "Did you mean odoo?"),
        ("customer: { from: a, python: 'm:f' }", "not registered", "module:function"),
        ("order_date: { from: a, zone: Europe/Amsterdm }", "not a time zone", "IANA"),
        ("order_date: { from: a, format: dmy }", "not a form of dates", "%d"),
        ("buyer_po: { from: a, unit: EA }", "`unit` means nothing", "Remove"),
        ("order_type: { value: urgent }", "'urgent' is not a value of order_type", "rush"),
        ("order_date: { expr: 'a > 1' }", "the expression gives a boolean", "expression"),
        ("buyer_po: { value: '{system.po}' }", "there is no variable 'system.po'", "system.zone"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_its_mend(field, text, mend):
    fault = only(f"{HEAD}fields:\n  {field}\n", variables=["system.zone"])
    assert text in fault.text
    assert mend in fault.mend
    assert fault.severity == "error"
    assert fault.place.line in {1, 4}


def test_money_needs_a_currency_from_somewhere():
    text = "map: a.b -> c.d\nfields:\n  total: { from: t, as: money }\n"
    assert "money without a currency" in only(text).text
    assert faults_of(text + "  currency: { from: c }\n") == []


def test_an_unknown_canonical_kind_is_named_with_the_nearest():
    fault = only("map: a.b -> sales_ordr\nfields: { x: { from: a } }")
    assert fault.mend == "Did you mean sales_order?"


def test_a_required_field_may_not_hang_on_a_condition():
    fault = only(
        "map: a.b -> sales_order\nconstants: { order_no: N }\nfields:\n  key: { from: a, when: b }\n"
    )
    assert "`when` may leave it out" in fault.text


def test_fields_that_the_source_does_not_have_are_errors_with_the_nearest():
    text = HEAD + SCHEMA + "unused: [id, name, note, customer, rows.qty, rows.sku]\nfields:\n"
    for field, mend in (
        ("buyer_po: { from: nam }", "Did you mean name?"),
        ("customer: { from: customer.idd }", "Did you mean id?"),
        ("notes: { each: rows, fields: { text: { from: skuu } } }", "Did you mean sku?"),
        ("buyer_po: { expr: 'upper(nme)' }", "Did you mean name?"),
    ):
        assert only(text + f"  {field}\n").mend == mend


def test_source_fields_that_nobody_reads_are_warnings_until_they_are_called_unused():
    text = HEAD + SCHEMA + "fields:\n  buyer_po: { from: name }\n  customer: { from: customer.id }\n"
    faults = faults_of(text)
    assert {fault.severity for fault in faults} == {"warning"}
    assert [fault.text.split()[3] for fault in faults] == [
        "id",
        "note",
        "customer.email",
        "rows.sku",
        "rows.qty",
    ]
    assert (
        faults_of(
            text.replace("fields:\n  buyer", "unused: [id, note, customer.email, rows]\nfields:\n  buyer")
        )
        == []
    )


def test_alternatives_that_are_never_reached_are_warnings():
    text = HEAD + SCHEMA + "unused: [note, customer, rows]\nfields:\n  buyer_po: { from: [id, name] }\n"
    fault = only(text)
    assert (fault.severity, "never reached" in fault.text) == ("warning", True)
    assert "twice" in only(HEAD + "fields:\n  buyer_po: { from: [a, a] }\n").text


def test_warnings_do_not_stop_a_mapping_and_errors_do():
    environment = build_environment()
    compile_mapping(parse_mapping(HEAD + "fields:\n  buyer_po: { from: [a, a] }\n", source="m"), environment)
    with pytest.raises(MappingError) as caught:
        compile_mapping(
            parse_mapping(HEAD + "fields:\n  xx: { from: a }\n  yy: { from: a }\n", source="m"), environment
        )
    assert len(caught.value.faults) == 2


def test_a_declared_form_checks_the_target_and_an_open_one_lets_more_through():
    form = "form: odoo.sale_order\nfields:\n  name: { type: text, required: true }\n  lines: { each: { qty: decimal } }\n"
    text = "map: sales_order -> odoo.sale_order\nunused: [key]\nfields:\n  name: { from: key }\n  extra: { from: order_no }\n"
    closed = [f for f in faults_of(text, forms=[parse_form(form, source="f")]) if f.severity == "error"]
    assert [fault.text for fault in closed] == ["odoo.sale_order has no field 'extra'"]
    opened = faults_of(text, forms=[parse_form("open: true\n" + form, source="f")])
    assert [f for f in opened if f.severity == "error"] == []


def test_a_canonical_source_is_checked_too():
    fault = next(
        f
        for f in faults_of("map: sales_order -> a.b\nfields:\n  x: { from: buyer_poo }\n")
        if f.severity == "error"
    )
    assert fault.mend == "Did you mean buyer_po?"


def test_a_form_or_table_file_tells_all_its_faults():
    with pytest.raises(MappingError) as caught:
        parse_form("fields: { a: strange, b: { tipe: text }, c: { classification: secret } }", source="f")
    assert len(caught.value.faults) == 4
    with pytest.raises(MappingError) as caught:
        parse_table("columns: [a]", source="t")
    assert len(caught.value.faults) == 2
