"""Reading mapping files: places of every node, several faults at once, and YAML's traps."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.mapping import MappingError, parse_mapping
from crossdock.mapping.nodes import read_nodes, to_plain
from crossdock.mapping.paths import Path, parse_path, resolve


def faults_of(text):
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, source="orders.yaml")
    return caught.value.faults


def test_every_field_knows_its_line_and_column(shop_mapping):
    spec = parse_mapping(shop_mapping, source="orders.yaml")
    product = spec.fields["lines"].fields["product"]
    assert (spec.source_form, spec.target_form) == ("shopify.order", "sales_order")
    assert (product.place.source, product.place.line, product.place.column) == ("orders.yaml", 14, 19)
    assert product.place_of("lookup").column == 32
    assert product.place.path == "fields.lines.fields.product"


def test_several_faults_are_told_at_once_each_with_its_place_and_mend():
    faults = faults_of(
        "map: shopify.order sales_order\n"
        "fields:\n"
        "  a: { frm: name }\n"
        "  b: { from: 'x..y' }\n"
        "  c: { from: x, as: dat }\n"
        "  d: { expr: 'import os' }\n"
        "  e: { from: x, value: 1 }\n"
        "  f: { each: lines }\n"
        "  g: 3\n"
        "  h: { from: x, required: maybe }\n"
    )
    texts = "\n".join(map(str, faults))
    for part in (
        "`map: shopify.order -> sales_order`",
        "'frm' is not a key",
        "Did you mean `from`?",
        "Did you mean date?",
        "not an expression",
        "one origin",
        "needs either `fields` or `item`",
    ):
        assert part in texts
    assert {fault.place.line for fault in faults} >= {1, 3, 4, 5, 6, 7, 8, 9, 10}


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "- 1", "map: a -> b\nmap: a -> b\nfields: { x: { from: a } }", "x: &a 1\ny: *a", "map: a -> b\nfields: []",
     "map: a -> b", "? [1]\n: 2", "map: a -> b\nfields: { x: { from: [] } }", "map: a -> b\nfields: { x: { from: { a: 1 } } }",
     "map: a -> b\nunused: x\nfields: { x: { from: a } }", "map: a -> b\ntables: 3\nfields: { x: { from: a } }",
     "map: a -> b\ntables: { t: { a: [1] } }\nfields: { x: { from: a } }", "map: a -> b\nsource_schema: { a: strange }\nfields: { x: { from: a } }",
     "\x00", "a: " + "[" * 2000, "a:\n" + "".join(" " * i + "a:\n" for i in range(1, 60))],
)  # fmt: skip
def test_what_is_no_mapping_is_a_mapping_error_and_nothing_else(text):
    assert faults_of(text)


def test_yaml_does_not_turn_country_codes_and_prices_into_something_else():
    node = read_nodes(
        "a: NO\nb: on\nc: 1.10\nd: 007\ne: 2026-11-23\nf: true\ng: 12\nh: ~\ni: 1_000\nj: '12'\nk: 1:30",
        source="x",
    )
    assert to_plain(node) == {
        "a": "NO", "b": "on", "c": Decimal("1.10"), "d": "007", "e": "2026-11-23", "f": True, "g": 12, "h": None,
        "i": "1_000", "j": "12", "k": "1:30",
    }  # fmt: skip
    assert str(to_plain(node)["c"]) == "1.10"


def test_aliases_are_refused_because_they_multiply():
    with pytest.raises(MappingError, match="aliases are not allowed"):
        read_nodes("x: &a [1]\ny: [*a, *a]", source="x")


def test_a_path_reads_back_as_it_was_written():
    for text in (
        "a",
        "customer.id",
        "lines[0].sku",
        "a[-1]",
        "parties[role=ST].id",
        '"Order No"',
        '"a.b".c',
        "root.x",
    ):
        path = parse_path(text)
        assert path == parse_path(("root." if path.root else "") + str(Path(path.steps)))


def test_reserved_words_can_be_fields_when_quoted():
    assert parse_path('"this"').names == ("this",)
    assert parse_path("this").steps == ()
    assert parse_path("root.root").names == ("root",)


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a[", "a[]", "[0]", "a]b", 'a"b"', "a.[0]", "a.b" * 30]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ValueError, match="is not a path"):
        parse_path(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["a", "a.b", "a[0]", "a[-2].b", "b[a=1].c", "c.c.c"]))
@settings(max_examples=100)
def test_a_path_never_fails_on_any_record(record, text):
    resolve(record, parse_path(text).steps)


@given(st.text(alphabet="ab: {}[]->\n'\"fromexpr,.*&", max_size=60))
@settings(max_examples=200)
def test_any_text_is_a_mapping_or_a_mapping_error(text):
    with contextlib.suppress(MappingError):
        parse_mapping(text, source="x")
