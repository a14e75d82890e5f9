"""Compiled mappings on records: results, look-ups, and faults that point at the source."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crossdock.core.documents import Address, Ref, SalesLine, SalesOrder
from crossdock.core.errors import Place, RejectedError
from crossdock.core.quantity import Money, Quantity
from crossdock.mapping import (
    LookupRef,
    MappingError,
    MissingReferencesError,
    RecordError,
    ValueFaultError,
    compile_rule,
)

LOOKUPS = {("party", "5"): "P-5", ("product", "A"): "K-A", ("product", "C"): "K-C"}


def test_the_design_example_becomes_a_typed_sales_order(compile_text, shop_mapping, shop_order, variables):
    order = compile_text(shop_mapping).run(shop_order, lookups=LOOKUPS, variables=variables)
    assert order == SalesOrder(
        key="450789469",
        order_no="#1001",
        buyer_po="#1001",
        order_date=date(2026, 11, 24),
        customer="P-5",
        currency="EUR",
        lines=[
            SalesLine(
                line_id="1",
                product="K-A",
                quantity=Quantity(Decimal(2), "EA"),
                unit_price=Money(Decimal("12.50"), "EUR"),
                discount_total=Money(Decimal("0.00"), "EUR"),
            ),
            SalesLine(
                line_id="3",
                product="K-C",
                quantity=Quantity(Decimal(1), "EA"),
                unit_price=Money(Decimal("0.333333"), "EUR"),
            ),
        ],
    )


def test_needs_asks_for_every_reference_once_and_not_for_lines_left_out(
    compile_text, shop_mapping, shop_order, variables
):
    shop_order["line_items"].append(dict(shop_order["line_items"][0], id=9))
    needed = compile_text(shop_mapping).needs(shop_order, variables)
    assert needed == {LookupRef("party", "5"), LookupRef("product", "A"), LookupRef("product", "C")}
    assert {ref.kind for ref in needed} == {"party", "product"}


def test_all_missing_references_are_listed_with_their_places(
    compile_text, shop_mapping, shop_order, variables
):
    with pytest.raises(MissingReferencesError) as caught:
        compile_text(shop_mapping).run(shop_order, lookups={("product", "C"): "K"}, variables=variables)
    assert isinstance(caught.value, RejectedError)
    assert caught.value.references == {LookupRef("party", "5"), LookupRef("product", "A")}
    found = [(entry.code, entry.place.path, entry.place.value) for entry in caught.value.missing]
    assert found == [("B-UNK-PARTY", "customer.id", "5"), ("B-UNK-ITEM", "line_items[0].sku", "A")]
    assert caught.value.code == "B-UNK-PARTY"


def test_faults_of_one_record_are_reported_together(compile_text, shop_mapping, shop_order, variables):
    shop_order["created_at"] = "yesterday"
    shop_order["line_items"][0]["price"] = "12,50"
    shop_order["line_items"][2]["id"] = None
    del shop_order["id"]
    with pytest.raises(RecordError) as caught:
        compile_text(shop_mapping).run(shop_order, lookups={}, variables=variables)
    found = {(fault.code, fault.place.path, fault.place.value) for fault in caught.value.faults}
    assert found == {
        ("T-ELE-MISS", "id", ""),
        ("T-ELE-DATE", "created_at", "yesterday"),
        ("B-UNK-PARTY", "customer.id", "5"),
        ("B-UNK-ITEM", "line_items[0].sku", "A"),
        ("T-ELE-CHAR", "line_items[0].price", "12,50"),
        ("T-ELE-MISS", "line_items[2].id", ""),
        ("B-UNK-ITEM", "line_items[2].sku", "C"),
    }


def test_a_fault_takes_line_and_segment_from_place_of(compile_text, shop_mapping, shop_order, variables):
    shop_order["line_items"][2]["price"] = "x"
    where = {"line_items[2].price": Place(source="850.edi", line=14, segment="PO1")}
    with pytest.raises(RecordError) as caught:
        compile_text(shop_mapping).run(
            shop_order, lookups=LOOKUPS, variables=variables, place_of=lambda path: where[path]
        )
    assert caught.value.place == Place(
        source="850.edi", line=14, segment="PO1", path="line_items[2].price", value="x"
    )


def test_a_binary_float_is_refused_because_its_digits_are_not_exact(
    compile_text, shop_mapping, shop_order, variables
):
    shop_order["line_items"][0]["price"] = 12.1
    with pytest.raises(RecordError, match="binary float"):
        compile_text(shop_mapping).run(shop_order, lookups=LOOKUPS, variables=variables)


def test_a_record_that_is_no_object_is_refused(compile_text, shop_mapping):
    for record in ([], "text", None, 3):
        with pytest.raises(RecordError):
            compile_text(shop_mapping).run(record, lookups={}, variables={})


def test_an_object_in_place_of_a_value_is_a_fault_and_not_left_out(run_field):
    with pytest.raises(RecordError) as caught:
        run_field("{ from: customer.name, as: text }", {"customer": ["not", "an", "object"]})
    assert caught.value.place.path == "customer"


def test_the_first_alternative_that_is_there_is_taken(run_field):
    block = "{ from: [po_number, customer.ref, name] }"
    assert run_field(block, {"po_number": "", "customer": None, "name": "N"}) == "N"
    assert run_field(block, {"po_number": None, "customer": {"ref": "R"}, "name": "N"}) == "R"


def test_join_leaves_out_what_is_missing(run_field):
    block = "{ from: [first, middle, last], join: ' ' }"
    assert run_field(block, {"first": "A", "middle": "", "last": "B"}) == "A B"
    assert run_field(block, {}) is None


def test_a_default_is_the_targets_value_and_is_converted(run_field):
    assert run_field("{ from: a, as: decimal, default: 1.10 }", {}) == Decimal("1.10")
    assert run_field("{ from: a, as: decimal, default: 1.10 }", {"a": "2"}) == Decimal(2)
    assert run_field("{ from: a, as: money, currency: EUR, default: 0 }", {}) == Money(Decimal(0), "EUR")


def test_a_required_field_without_a_value_is_a_fault_at_its_source(run_field):
    with pytest.raises(RecordError) as caught:
        run_field("{ from: a.b, required: true }", {"a": {"b": ""}})
    assert (caught.value.code, caught.value.place.path) == ("T-ELE-MISS", "a.b")


def test_when_leaves_the_field_out(run_field):
    block = "{ from: a, when: kind == 'x' }"
    assert run_field(block, {"a": "1", "kind": "x"}) == "1"
    assert run_field(block, {"a": "1", "kind": "y"}) is None


def test_an_optional_lookup_without_answer_is_left_out_or_takes_its_default(run_field):
    assert run_field("{ from: a, lookup: carrier, required: false }", {"a": "1"}) is None
    assert run_field("{ from: a, lookup: carrier, default: other }", {"a": "1"}) == "other"
    assert (
        run_field("{ from: a, lookup: carrier, default: other }", {"a": "1"}, lookups={("carrier", "1"): "C"})
        == "C"
    )


def test_a_lookup_answer_can_become_a_number_for_odoo(run_field):
    assert (
        run_field("{ from: a, lookup: party, as: integer }", {"a": "P"}, lookups={("party", "P"): "42"}) == 42
    )


def test_tables_translate_and_refuse_unknown_codes(run_field):
    extra = "tables:\n  status: { open: '1', paid: '2' }\n  loose: { open: '1', default: '9' }"
    assert run_field("{ from: s, table: status }", {"s": "paid"}, extra=extra) == "2"
    assert run_field("{ from: s, table: loose }", {"s": "else"}, extra=extra) == "9"
    with pytest.raises(RecordError) as caught:
        run_field("{ from: s, table: status }", {"s": "else"}, extra=extra)
    assert caught.value.code == "T-ELE-CODE"


def test_a_table_column_is_named_after_a_dot(run_field):
    assert run_field("{ from: u, table: x12_unit }", {"u": "DZ"}) == "DZN"
    assert run_field("{ from: u, table: x12_unit.odoo }", {"u": "DZ"}) == "Dozens"


def test_a_python_function_gets_the_value_and_its_failure_is_the_fields_fault(run_field):
    functions = {"shop:bare": lambda value: value.rpartition("/")[2]}
    block = "{ from: gid, python: 'shop:bare' }"
    assert run_field(block, {"gid": "gid://shop/Order/77"}, functions=functions) == "77"
    with pytest.raises(RecordError) as caught:
        run_field(block, {"gid": 5}, functions=functions)
    assert "shop:bare" in caught.value.text
    assert caught.value.place.path == "gid"


def test_a_python_function_may_name_its_own_code(run_field):
    def refuse(value):
        raise ValueFaultError(f"{value} is blocked", code="B-ITEM-BLOCK")

    with pytest.raises(RecordError) as caught:
        run_field("{ from: a, python: 'p:q' }", {"a": "S"}, functions={"p:q": refuse})
    assert caught.value.code == "B-ITEM-BLOCK"


def test_a_python_function_without_from_gets_the_record(run_field):
    assert run_field("{ python: 'p:q', as: integer }", {"a": 1, "b": 2}, functions={"p:q": len}) == 2


def test_nested_fields_start_at_from_and_are_missing_when_it_is(compile_text):
    compiled = compile_text(
        """
map: a.b -> sales_order
constants: { key: K, order_no: N }
fields:
  ship_to_address:
    from: shipping
    fields:
      name: { from: name }
      lines: { items: [{ from: address1 }, { from: address2 }] }
      country: { from: root.country }
"""
    )
    record = {"country": "NL", "shipping": {"name": "Dock", "address1": "Road 1", "address2": ""}}
    assert compiled.run(record, lookups={}, variables={}).ship_to_address == Address(
        name="Dock", lines=["Road 1"], country="NL"
    )
    assert compiled.run({"shipping": None}, lookups={}, variables={}).ship_to_address is None


def test_items_write_a_list_out_and_leave_out_what_has_no_value(compile_text):
    compiled = compile_text(
        """
map: a.b -> sales_order
constants: { key: K, order_no: N }
fields:
  refs:
    items:
      - { fields: { scheme: { value: buyer_po }, value: { from: po } }, when: po }
      - { fields: { scheme: { value: seller_so }, value: { from: so } }, when: so }
"""
    )
    assert compiled.run({"so": "S1"}, lookups={}, variables={}).refs == [Ref("seller_so", "S1")]


def test_each_with_item_makes_a_list_of_values(run_field):
    assert run_field("{ each: tags, item: { from: this } }", {"tags": ["a", "", "b"]}) == ["a", "b"]
    assert run_field("{ each: tags, item: { from: name } }", {"tags": [{"name": "a"}, {"name": "b"}]}) == [
        "a",
        "b",
    ]


def test_position_counts_items_from_one_and_root_reaches_out(run_field):
    block = "{ each: rows, fields: { n: { expr: position }, c: { from: root.currency }, v: { from: v } } }"
    assert run_field(block, {"currency": "EUR", "rows": [{"v": "a"}, {"v": "b"}]}) == [
        {"n": 1, "c": "EUR", "v": "a"},
        {"n": 2, "c": "EUR", "v": "b"},
    ]


def test_lists_in_lists_keep_the_positions_of_both_in_a_faults_place(compile_text):
    compiled = compile_text(
        "map: a.b -> c.d\nfields:\n  o: { each: orders, fields: { l: { each: lines, fields: "
        "{ q: { from: qty.value, as: decimal } } } } }\n"
    )
    record = {"orders": [{"lines": []}, {"lines": [{"qty": {"value": "1"}}, {"qty": {"value": "one"}}]}]}
    with pytest.raises(RecordError) as caught:
        compiled.run(record, lookups={}, variables={})
    assert caught.value.place.path == "orders[1].lines[1].qty.value"


def test_one_object_stands_for_a_list_of_one_as_xml_has_it(run_field):
    assert run_field("{ each: row, fields: { a: { from: a } } }", {"row": {"a": "1"}}) == [{"a": "1"}]


def test_rows_that_are_lists_can_be_read_by_position(run_field):
    block = "{ each: rows, fields: { sku: { from: 'this[0]' }, qty: { from: 'this[1]', as: decimal } } }"
    assert run_field(block, {"rows": [["A", "2"], ["B", "3.5"]]}) == [
        {"sku": "A", "qty": Decimal(2)},
        {"sku": "B", "qty": Decimal("3.5")},
    ]


def test_index_and_filter_paths_are_read(run_field):
    record = {"parties": [{"role": "BT", "id": "1"}, {"role": "ST", "id": "2"}]}
    assert run_field("{ from: 'parties[1].id' }", record) == "2"
    assert run_field("{ from: 'parties[-1].id' }", record) == "2"
    assert run_field("{ from: 'parties[7].id' }", record) is None
    assert run_field("{ from: 'parties[role=ST].id' }", record) == "2"
    assert run_field("{ from: 'parties[role=XX].id' }", record) is None


def test_a_quantity_takes_its_unit_from_the_record_and_its_base_from_the_packaging(run_field):
    block = "{ from: qty, as: quantity, unit: { from: uom, table: x12_unit }, packaging_of: sku }"
    record = {"qty": "3", "uom": "CA", "sku": "S1"}
    found = run_field(block, record, lookups={("packaging", "S1|CS"): "12 EA"})
    assert found == Quantity(Decimal(3), "CS", Decimal(36), "EA")
    with pytest.raises(MissingReferencesError) as caught:
        run_field(block, record)
    assert caught.value.missing[0].ref == LookupRef("packaging", "S1|CS")
    assert caught.value.code == "B-UOM-CONV"


def test_needs_finds_the_packaging_that_a_function_asks_for(compile_text):
    compiled = compile_text(
        "map: a.b -> c.d\nfields:\n  x: { expr: 'to_base(qty, uom, sku)', as: decimal }\n"
    )
    record = {"qty": "2", "uom": "CS", "sku": "S"}
    needed = compiled.needs(record, {})
    assert needed == {LookupRef("packaging", "S|CS")}
    assert compiled.run(record, lookups=dict.fromkeys(needed, "6 EA"), variables={}) == {"x": Decimal(12)}


def test_money_takes_the_documents_currency_wherever_that_is_written(compile_text):
    compiled = compile_text(
        "map: a.b -> c.d\nfields:\n  total: { from: t, as: money }\n  currency: { from: c }\n"
    )
    result = compiled.run({"t": "1.10", "c": "JPY"}, lookups={}, variables={})
    assert result["total"] == Money(Decimal("1.10"), "JPY")
    with pytest.raises(RecordError, match="without a currency"):
        compiled.run({"t": "1.10"}, lookups={}, variables={})


def test_templates_are_filled_from_flat_or_nested_variables(run_field):
    assert run_field("{ value: '{system.prefix}-1' }", {}, variables={"system.prefix": "SO"}) == "SO-1"
    assert run_field("{ value: '{system.prefix}-1' }", {}, variables={"system": {"prefix": "SO"}}) == "SO-1"
    with pytest.raises(RecordError) as caught:
        run_field("{ value: '{system.prefix}-1' }", {})
    assert caught.value.code == "T-PROFILE"


def test_a_canonical_document_can_be_the_source(compile_text, shop_mapping, shop_order, variables):
    order = compile_text(shop_mapping).run(shop_order, lookups=LOOKUPS, variables=variables)
    outward = compile_text(
        """
map: sales_order -> odoo.sale_order
fields:
  client_order_ref: { from: buyer_po }
  date_order: { from: order_date, as: datetime, zone: Europe/Amsterdam }
  state: { value: draft, when: document_function == "original" }
  order_line:
    each: lines
    fields:
      product_id: { from: product, lookup: product, as: integer }
      product_uom_qty: { from: quantity.value, as: decimal }
      price_unit: { from: unit_price.amount, as: decimal }
      price: { from: unit_price, as: money }
  total: { expr: 'sum(lines.quantity.value)' }
  first_sku: { from: "lines[line_id=3].product" }
"""
    )
    result = outward.run(order, lookups={("product", "K-A"): "7", ("product", "K-C"): "8"}, variables={})
    assert result["client_order_ref"] == "#1001"
    assert result["date_order"] == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert result["state"] == "draft"
    assert (result["total"], result["first_sku"]) == (3, "K-C")
    assert result["order_line"][0] == {
        "product_id": 7,
        "product_uom_qty": Decimal(2),
        "price_unit": Decimal("12.50"),
        "price": Money(Decimal("12.50"), "EUR"),
    }


def test_a_value_outside_a_fields_choices_is_refused(compile_text):
    compiled = compile_text(
        "map: a.b -> sales_order\nconstants: { key: K, order_no: N }\nfields:\n  order_type: { from: t }\n"
    )
    assert compiled.run({"t": "rush"}, lookups={}, variables={}).order_type == "rush"
    with pytest.raises(RecordError) as caught:
        compiled.run({"t": "urgent"}, lookups={}, variables={})
    assert (caught.value.code, caught.value.place.path) == ("T-ELE-CODE", "t")


def test_a_rule_is_an_expression_over_a_record_or_a_document():
    rule = compile_rule('order_type == "dropship" or count(lines) > 1')
    assert rule({"order_type": "dropship"}, {})
    assert not rule({"order_type": "standalone", "lines": [1]}, {})
    assert compile_rule('document_function == "original"')(SalesOrder(key="1", order_no="1"), {})
    with pytest.raises(MappingError):
        compile_rule("__import__('os')")


def test_text_is_normalised_and_control_characters_are_refused(run_field):
    assert run_field("{ from: a, as: text }", {"a": "Cafe\u0301"}) == "Caf\u00e9"
    assert run_field("{ from: a, as: text }", {"a": "two\nlines"}) == "two\nlines"
    with pytest.raises(RecordError) as caught:
        run_field("{ from: a, as: text }", {"a": "nul\x00"})
    assert caught.value.code == "T-ELE-CHAR"


def test_numbers_beyond_what_fields_can_hold_are_refused_not_rounded(run_field):
    for value in ("1.2345678", "1234567890123", Decimal("1e40")):
        with pytest.raises(RecordError) as caught:
            run_field("{ from: a, as: decimal }", {"a": value})
        assert caught.value.code == "T-ELE-LONG"
        with pytest.raises(RecordError) as caught:
            run_field("{ from: a, as: money, currency: EUR }", {"a": value})
        assert caught.value.code == "T-ELE-LONG"


@pytest.mark.parametrize(
    "value", ["1_000", "1,000", "\u0661\u0662", "\u00b2", "1.2.3", ".", "NaN", "--1", "0x1"]
)
def test_what_only_looks_like_a_number_is_refused(run_field, value):
    for block in (
        "{ from: a, as: decimal }",
        "{ from: a, as: money, currency: EUR }",
        "{ from: a, as: quantity, unit: EA }",
    ):
        with pytest.raises(RecordError) as caught:
            run_field(block, {"a": value})
        assert caught.value.code == "T-ELE-CHAR"


@pytest.mark.parametrize(
    ("value", "amount"), [("-3.50", "-3.50"), (" 12 ", "12"), ("1e3", "1000"), ("007.5", "7.5"), (5, "5")]
)
def test_numbers_of_other_forms_are_read_exactly(run_field, value, amount):
    assert run_field("{ from: a, as: money, currency: EUR }", {"a": value}) == Money(Decimal(amount), "EUR")
    assert run_field("{ from: a, as: decimal }", {"a": value}) == Decimal(amount)


def test_generated_code_holds_no_text_of_the_file_but_as_a_constant(compile_text):
    nasty = "'); __import__('os'); ('"
    compiled = compile_text(
        f"map: a.b -> c.d\nfields:\n  {nasty!r}: {{ from: {nasty!r}, default: {nasty!r} }}\n"
    )
    assert compiled.run({nasty: "v"}, lookups={}, variables={}) == {nasty: "v"}
    assert compiled.run({}, lookups={}, variables={}) == {nasty: nasty}
    assert repr(nasty) in compiled.code
