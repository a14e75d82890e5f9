"""The runner of `*.test.yaml`: what passes, and how differences read."""

from __future__ import annotations

import pytest

from crossdock.mapping import MappingError, build_environment, run_tests

CASE = """
variables: { system.zone: Europe/Amsterdam }
cases:
  - name: an order with one line
    input: { id: 7, name: '#7', currency: EUR, customer: { id: 5 },
             line_items: [{ id: 1, sku: A, quantity: 2, price: 12.50 }] }
    lookups: { party: { 5: P-5 }, product: { A: K-A } }
    expect:
      key: '7'
      customer: P-5
      lines: [{ product: K-A, quantity: { value: 2, uom: EA }, unit_price: { amount: 12.50, currency: EUR } }]
"""


def run(mapping, tests, **options):
    return run_tests(mapping, tests, build_environment(), source="orders.yaml", **options)


def test_a_case_that_is_met_passes(shop_mapping):
    (result,) = run(shop_mapping, CASE)
    assert result.passed, str(result)
    assert str(result) == "passed  an order with one line"


def test_differences_are_told_one_a_line_with_their_paths(shop_mapping):
    (result,) = run(
        shop_mapping, CASE.replace("customer: P-5", "customer: P-6").replace("value: 2,", "value: 3,")
    )
    assert result.differences == (
        "customer: expected 'P-6', found 'P-5'",
        "lines[0].quantity.value: expected 3, found '2'",
    )
    assert "FAILED" in str(result)


def test_exact_refuses_what_the_case_does_not_name(shop_mapping):
    (result,) = run(shop_mapping, CASE + "    exact: true\n")
    assert "order_no: found '#7', expected nothing" in result.differences


def test_an_expected_error_names_code_and_path(shop_mapping):
    tests = CASE.partition("    expect:")[0].replace("product: { A: K-A }", "product: {}")
    (result,) = run(
        shop_mapping, tests + "    expect_error: { code: B-UNK-ITEM, path: 'line_items[0].sku' }\n"
    )
    assert result.passed, str(result)
    (result,) = run(shop_mapping, tests + "    expect_error: { code: T-ELE-DATE }\n")
    assert not result.passed
    assert "raised B-UNK-ITEM at line_items[0].sku" in str(result)


def test_a_record_that_is_refused_unexpectedly_shows_why(shop_mapping):
    (result,) = run(shop_mapping, CASE.replace("price: 12.50", "price: much"))
    assert "raised T-ELE-CHAR at line_items[0].price" in str(result)


def test_an_error_that_does_not_come_is_a_failure(shop_mapping):
    (result,) = run(shop_mapping, CASE.partition("    expect:")[0] + "    expect_error: { code: T-MAP }\n")
    assert not result.passed


def test_input_can_be_a_file_with_exact_numbers(shop_mapping):
    tests = "cases: [{ name: f, input_file: o.json, lookups: { party: { 5: P } }, variables: { system: { zone: UTC } }, expect: { customer: P } }]"
    text = '{"id": 1, "name": "N", "customer": {"id": 5}, "line_items": []}'
    (result,) = run(shop_mapping, tests, read_file={"o.json": text}.__getitem__)
    assert result.passed, str(result)
    (result,) = run(shop_mapping, tests)
    assert result.differences == ("files cannot be read here",)


@pytest.mark.parametrize(
    "case",
    [
        "3",
        "{ name: a }",
        "{ name: a, expect: {}, expect_error: {} }",
        "{ nme: a, expect: {} }",
        "{ expect: {}, lookups: 3 }",
        "{ expect: {}, lookups: { party: 3 } }",
    ],
)
def test_a_case_that_is_none_fails_with_its_reason(shop_mapping, case):
    (result,) = run(shop_mapping, f"cases: [{case}]")
    assert not result.passed
    assert result.differences[0]


def test_a_file_without_cases_is_refused(shop_mapping):
    for text in ("cases: []", "x: 1", "3"):
        with pytest.raises(MappingError, match="no cases"):
            run(shop_mapping, text)
