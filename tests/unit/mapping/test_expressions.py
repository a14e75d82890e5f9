"""Expressions: what they compute, exactly, and what they refuse to be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crossdock.mapping import FUNCTIONS, MappingError, RecordError
from crossdock.mapping.expressions import ExpressionError, parse_expression
from crossdock.mapping.functions import reference


@pytest.fixture
def compute(run_field):
    def compute(expression, record=None, **options):
        return run_field('{ expr: "' + expression.replace('"', '\\"') + '" }', record or {}, **options)

    return compute


@pytest.mark.parametrize(
    ("expression", "record", "expected"),
    [
        ("a + b", {"a": "0.1", "b": "0.2"}, Decimal("0.3")),
        ("price * quantity - 1", {"price": "12.50", "quantity": 3}, Decimal("36.50")),
        ("0.1 * 3", {}, Decimal("0.3")),
        ("-a", {"a": 2}, Decimal(-2)),
        ("round_half_up(a / b, 2)", {"a": 2, "b": 3}, Decimal("0.67")),
        ("a / b if b else 0", {"a": 2, "b": 0}, 0),
        ('"SO" + number', {"number": 7}, "SO7"),
        ('a + "-" + b', {"a": "x", "b": "y"}, "x-y"),
        ('"big" if total > 100 else "small"', {"total": "99.999"}, "small"),
        ('status in ["open", "paid"]', {"status": "paid"}, True),
        ('status not in ["open", "paid"]', {"status": "paid"}, False),
        ('"rush" in tags', {"tags": ["a", "rush"]}, True),
        ("1 < a <= 3", {"a": "3"}, True),
        ("a == b", {"a": 10, "b": "10.0"}, True),
        ("a < b", {"a": "9", "b": "10"}, True),
        ("a < b", {"a": "x9", "b": "x10"}, False),
        ('a == "1"', {"a": 1}, True),
        ("a != 1", {"a": "x"}, True),
        ("not a", {"a": ""}, True),
        ("a and b or c", {"a": 1, "b": 0, "c": "x"}, True),
        ("a == None", {}, True),
        ("customer.address[0].city", {"customer": {"address": [{"city": "Breda"}]}}, "Breda"),
        ('row["Order No"]', {"row": {"Order No": "7"}}, "7"),
        ('path("lines[kind=b].v")', {"lines": [{"kind": "a", "v": 1}, {"kind": "b", "v": 2}]}, 2),
    ],
)  # fmt: skip
def test_expressions_compute_exactly(compute, expression, record, expected):
    found = compute(expression, record)
    assert found == expected
    assert type(found) is type(expected)


def test_unknown_is_not_zero(compute):
    assert compute("a + 1", {}) is None
    assert compute("a > 0", {}) is False
    assert compute("a <= 0", {}) is False
    assert compute("a * b", {"a": 1, "b": ""}) is None


@pytest.mark.parametrize(
    ("expression", "record", "expected"),
    [
        ("trim(a)", {"a": "  x "}, "x"),
        ("upper(a)", {"a": "ab"}, "AB"),
        ("lower(a)", {"a": "AB"}, "ab"),
        ("concat(a, b, 1)", {"a": "x", "b": None}, "x1"),
        ('substring("ABCDE", 2, 3)', {}, "BCD"),
        ('replace(a, "-", "")', {"a": "1-2-3"}, "123"),
        ('split(a, "-", 2)', {"a": "A-B-C"}, "B"),
        ('split(a, "-", -1)', {"a": "A-B-C"}, "C"),
        ('split(a, "-", 9)', {"a": "A-B-C"}, None),
        ("pad(a, 6)", {"a": 42}, "000042"),
        ('pad_right(a, 4, ".")', {"a": "x"}, "x..."),
        ("transliterate(a)", {"a": "Łódź Straße Ørsted Ñ"}, "Lodz Strasse Orsted N"),
        ("length(a)", {}, 0),
        ("text(a)", {"a": Decimal("1E+3")}, "1000"),
        ('number(a, ",", ".")', {"a": "1.234,50"}, Decimal("1234.50")),
        ("round_half_up(a, 2)", {"a": "0.125"}, Decimal("0.13")),
        ("round_half_up(a, 2)", {"a": "-0.125"}, Decimal("-0.13")),
        ("abs(a)", {"a": "-3"}, Decimal(3)),
        ("min(a, b, c)", {"a": 3, "b": "2"}, Decimal(2)),
        ("max(a, b, c)", {"a": 3, "b": "2"}, Decimal(3)),
        ("sum(lines.price)", {"lines": [{"price": "0.1"}, {"price": "0.2"}, {}]}, Decimal("0.3")),
        ("sum(lines.tax.price)", {"lines": [{"tax": [{"price": 1}, {"price": 2}]}, {"tax": []}]}, Decimal(3)),
        ("count(lines)", {"lines": [1, 2, 3]}, 3),
        ("count(lines)", {}, 0),
        ("first(lines.sku)", {"lines": [{}, {"sku": "B"}]}, "B"),
        ("last(lines.sku)", {"lines": [{"sku": "A"}, {"sku": "B"}]}, "B"),
        ('join(tags, "; ")', {"tags": ["a", "b"]}, "a; b"),
        ("coalesce(a, b, 3)", {"a": "", "b": None}, 3),
        ("present(a)", {"a": ""}, False),
        ('parse_date(a, "%d.%m.%Y")', {"a": "23.11.2026"}, date(2026, 11, 23)),
        ('parse_datetime(a, "%d.%m.%Y %H:%M", "Europe/Amsterdam")', {"a": "23.11.2026 10:00"}, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ('text(to_zone(a, "Europe/Amsterdam"))', {"a": "2026-07-01T10:00:00Z"}, "2026-07-01T12:00:00+02:00"),
        ("date_add(a, 3)", {"a": "2026-12-30"}, date(2027, 1, 2)),
        ('format_date(a, "%Y%m%d")', {"a": "2026-11-23"}, "20261123"),
        ("upper(missing)", {}, None),
    ],
)  # fmt: skip
def test_each_function_gives_what_its_line_in_the_docs_says(compute, expression, record, expected):
    found = compute(expression, record)
    assert found == expected
    assert type(found) is type(expected)


def test_variables_are_functions_too(compute):
    assert compute('variable("system.zone")', variables={"system.zone": "UTC"}) == "UTC"


def test_every_function_has_a_docstring_and_a_row_in_the_reference():
    table = reference()
    for name, function in FUNCTIONS.items():
        assert function.doc, name
        assert f"`{function.signature}`" in table


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "open('x')", "(lambda: 1)()", "[x for x in y]", "a.b()", "a := 1", "a ** 9999", "a // 2",
        "a % 2", "{1: 2}", "f'{a}'", "a if b", "", "1 +", "a; b", "__class__", "*a", "upper(a, a)", "upper()",
        "upper(text=a)", "sum(1)", "b'x'", "a[b]", "a[1:2]", "[a, b]", "9999999999999999999", "1j", "...", "await a",
        "path(a)", "(1).real", "a @ b", "~a", "a is b", "a" * 2000, "(" * 300 + "a" + ")" * 300, "a" + ".b" * 30, "not " * 200 + "a",
    ],
)  # fmt: skip
def test_what_could_loop_import_or_reach_out_is_refused(text):
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_an_attribute_named_like_pythons_own_is_just_a_missing_field(compute):
    assert compute("a.__class__", {"a": {}}) is None


def test_a_near_name_is_suggested(compute):
    with pytest.raises(MappingError, match=r"Did you mean upper\(\)\?"):
        compute("uper(a)")


@pytest.mark.parametrize(
    ("expression", "record", "code"),
    [
        ("a + b", {"a": "x", "b": 1}, "T-ELE-CHAR"),
        ("a / b", {"a": 1, "b": 0}, "T-MAP"),
        ("a > 1", {"a": "many"}, "T-ELE-CHAR"),
        ("pad(a, 99999)", {"a": 1}, "T-MAP"),
        ("concat(a, a)", {"a": "x" * 6000}, "T-ELE-LONG"),
        ('parse_date(a, "%d")', {"a": "x"}, "T-ELE-DATE"),
        ("date_add(a, 999999999)", {"a": "2026-01-01"}, "T-ELE-DATE"),
        ('to_zone(a, "Mars/Base")', {"a": "2026-01-01T00:00:00Z"}, "T-PROFILE"),
        ("round_half_up(a, 99)", {"a": 1}, "T-MAP"),
    ],
)
def test_what_cannot_be_computed_is_a_fault_of_the_record(compute, expression, record, code):
    with pytest.raises(RecordError) as caught:
        compute(expression, record)
    assert caught.value.code == code


def test_products_keep_all_their_digits_until_they_are_rounded(run_field):
    record = {"a": "123456789012.123456", "b": "0.000001"}
    assert run_field('{ expr: "a * b", as: text }', record) == "123456.789012123456"
    assert run_field('{ expr: "a * a", as: text }', record) == "15241578753183966898832.546185383936"
    with pytest.raises(RecordError) as caught:
        run_field('{ expr: "a * b", as: decimal }', record)
    assert caught.value.code == "T-ELE-LONG"
    assert run_field('{ expr: "round_half_up(a * b, 2)", as: decimal }', record) == Decimal("123456.79")
