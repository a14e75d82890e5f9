"""Validation: sound documents have no faults, and each fault is found at its place."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.canonical_documents import ea, eur, invoice, one_of_each, sales_order, shipment

from crossdock.core import documents as d
from crossdock.core.codes import CODES
from crossdock.core.quantity import Money, Packaging, Quantity, round_money
from crossdock.core.validate import validate

D = Decimal


@pytest.mark.parametrize("document", one_of_each(), ids=lambda d: d.kind)
def test_sound_documents_have_no_faults(document):
    assert validate(document) == []


def changed(struct, **changes):
    return msgspec.structs.replace(struct, **changes)


def with_line(order, place=0, **changes):
    lines = list(order.lines)
    lines[place] = changed(lines[place], **changes)
    return changed(order, lines=lines)


def with_totals(document, **changes):
    return changed(document, totals=changed(document.totals, **changes))


def with_unit(**changes):
    units = shipment().handling_units
    return shipment(handling_units=[changed(units[0], **changes), *units[1:]])


ORDER = sales_order()
INVOICE = invoice()

FAULTY = [
    (changed(ORDER, key=""), "T-SCHEMA", "key"),
    (changed(ORDER, lines=[], totals=None), "T-SCHEMA", "lines"),
    (with_line(ORDER, 1, line_id="L1"), "T-SCHEMA", "lines[1].line_id"),
    (with_line(ORDER, line_id=""), "T-SCHEMA", "lines[0].line_id"),
    (changed(with_line(ORDER, quantity=ea("0")), totals=None), "B-MIN-QTY", "lines[0].quantity"),
    (changed(with_line(ORDER, quantity=ea("-1")), totals=None), "B-MIN-QTY", "lines[0].quantity"),
    (with_line(ORDER, qty_shipped=D("NaN")), "T-SCHEMA", "lines[0].qty_shipped"),
    (with_line(ORDER, qty_shipped=D(-1)), "T-SCHEMA", "lines[0].qty_shipped"),
    (with_line(ORDER, tax_total=Money(D("6.89"), "USD")), "B-CURR-MISM", "lines[0]"),
    (with_line(ORDER, price_basis=D(0)), "T-SCHEMA", "lines[0].price_basis"),
    (
        with_line(ORDER, destinations=[d.Destination(location="7", quantity=ea("2"))]),
        "T-SCHEMA",
        "lines[0].destinations",
    ),
    (with_totals(ORDER, line_count=3), "T-SCHEMA", "totals.line_count"),
    (with_totals(ORDER, hash_qty=D(7)), "T-SCHEMA", "totals.hash_qty"),
    (with_totals(ORDER, gross=eur("86.27")), "B-PRICE-MISM", "totals.gross"),
    (with_totals(ORDER, net=eur("72.52"), gross=None), "B-PRICE-MISM", "totals.net"),
    (with_totals(ORDER, tax=eur("13.81"), gross=None), "B-TAX-MISM", "totals.tax"),
    (
        changed(ORDER, ship_not_before=dt.date(2026, 3, 2), cancel_after=dt.date(2026, 3, 1)),
        "B-DATE-CANCELLED",
        "cancel_after",
    ),
    (changed(INVOICE, type="381"), "B-UNK-REF", "original_invoice"),
    (with_line(INVOICE, 1, line_no="1"), "T-SCHEMA", "lines[1].line_no"),
    (with_line(INVOICE, unit_price=eur("11")), "B-INV-TOTAL", "lines[0].net"),
    (with_line(INVOICE, tax_category="Z", tax_rate=D(19)), "B-INV-TAX", "lines[0].tax_rate"),
    (with_line(INVOICE, unit_price=None, net=eur("21")), "B-INV-TOTAL", "totals.line_net"),
    (
        with_totals(INVOICE, tax=eur("20"), tax_inclusive=eur("120"), payable=eur("101")),
        "B-INV-TOTAL",
        "totals.tax",
    ),
    (
        with_totals(INVOICE, tax_inclusive=eur("120"), payable=eur("101")),
        "B-INV-TOTAL",
        "totals.tax_inclusive",
    ),
    (with_totals(INVOICE, payable=eur("119")), "B-INV-TOTAL", "totals.payable"),
    (
        changed(
            with_totals(INVOICE, tax=eur("7"), tax_inclusive=eur("107"), payable=eur("88")),
            taxes=[d.TaxTotal(category="S", rate=D(19), taxable=eur("100"), tax=eur("7"))],
        ),
        "B-INV-TAX",
        "taxes[0].tax",
    ),
    (with_line(INVOICE, unit_price=Money(D(10), "USD")), "B-CURR-MISM", "lines[0].unit_price"),
    (with_unit(sscc="340123450000000018"), "T-ELE-CODE", "handling_units[0].sscc"),
    (with_unit(parent_id="P9"), "T-SCHEMA", "handling_units[0].parent_id"),
    (with_unit(parent_id="P1"), "T-SCHEMA", "handling_units[0].parent_id"),
    (with_unit(parent_id="K1"), "T-SCHEMA", "handling_units[0].parent_id"),
    (
        shipment(handling_units=[d.HandlingUnit(hu_id=h) for h in ("K1", "K2", "K1")]),
        "T-SCHEMA",
        "handling_units[2].hu_id",
    ),
    (
        shipment(handling_units=[d.HandlingUnit(hu_id=h, sscc="340123450000000017") for h in ("K1", "K2")]),
        "B-ASN-SSCC-DUP",
        "handling_units[1].sscc",
    ),
    (
        shipment(contents=[d.Content(line_id="L1", quantity=ea("1"), hu_id="K9")]),
        "T-SCHEMA",
        "contents[0].hu_id",
    ),
    (shipment(contents=[d.Content(line_id="L1", quantity=ea("-1"))]), "B-ASN-QTY", "contents[0].quantity"),
    (
        shipment(contents=[d.Content(line_id="L1", quantity=ea("2"), serials=["a", "a"])]),
        "B-SERIAL-DUP",
        "contents[0].serials",
    ),
    (shipment(order_key="", direction="inbound"), "B-ASN-NO-PO", "order_key"),
    (
        d.FulfilmentOrder(
            key="R", release_no="R", lines=[d.FulfilmentLine(line_id="a", quantity=ea("1"))] * 2
        ),
        "T-SCHEMA",
        "lines[1].line_id",
    ),
    (
        d.FulfilmentOrder(key="R", release_no="R", lines=[d.FulfilmentLine(line_id="a", quantity=ea("0"))]),
        "B-MIN-QTY",
        "lines[0].quantity",
    ),
    (
        d.ReturnOrder(key="R", rma_no="R", lines=[d.ReturnLine(line_id="a", quantity=ea("0"))]),
        "B-RET-QTY",
        "lines[0].quantity",
    ),
    (d.Product(key="p", sku="p", gtin="4006381333930"), "T-ELE-CODE", "gtin"),
    (
        d.Product(key="p", sku="p", packagings=[Packaging(level="case", uom="CS", qty_of_child=D(0))]),
        "B-UOM-CONV",
        "packagings[0].qty_of_child",
    ),
    (d.Party(key="c", gln="4012345000001"), "T-ELE-CODE", "gln"),
    (
        d.PriceList(
            key="l", list_no="l", currency="EUR", lines=[d.PriceLine(product="p", price=eur("1"))] * 2
        ),
        "B-PRICE-MISM",
        "lines[1]",
    ),
    (
        d.PriceList(key="l", list_no="l", currency="USD", lines=[d.PriceLine(product="p", price=eur("1"))]),
        "B-CURR-MISM",
        "lines[0].price",
    ),
    (
        d.Payment(
            key="p", payment_no="p", amount=eur("1"), lines=[d.PaymentLine(invoice="i", paid=eur("2"))]
        ),
        "B-PAY-SHORT",
        "amount",
    ),
    (
        d.Payment(
            key="p",
            payment_no="p",
            amount=eur("9"),
            lines=[d.PaymentLine(invoice="i", paid=eur("9"), gross=eur("10"))],
        ),
        "B-DEDUCTION",
        "lines[0].paid",
    ),
]


@pytest.mark.parametrize(("document", "code", "path"), FAULTY, ids=[f"{c} {p}" for _, c, p in FAULTY])
def test_one_fault_is_found_once_and_at_its_place(document, code, path):
    faults = validate(document)
    assert [(fault.code, fault.place.path) for fault in faults] == [(code, path)]
    assert faults[0].text
    assert faults[0].mend
    assert code in CODES


def test_a_change_names_only_what_differs_so_its_totals_are_not_judged():
    change = changed(ORDER, document_function="change", lines=ORDER.lines[:1])
    assert validate(change) == []
    assert validate(changed(change, document_function="original"))


def test_a_line_taken_out_may_have_no_quantity():
    line = d.SalesLine(line_id="L1", quantity=ea("0"), action="delete")
    assert validate(sales_order(lines=[line], totals=None)) == []


def test_totals_of_which_parts_are_unknown_are_not_judged():
    assert validate(with_line(ORDER, unit_price=None, tax_total=None)) == []


def test_prices_with_tax_add_up_to_the_gross_total():
    line = d.SalesLine(line_id="1", quantity=ea("3"), unit_price=eur("11.90"))
    totals = d.OrderTotals(net=eur("30.00"), tax=eur("5.70"), gross=eur("35.70"))
    order = sales_order(lines=[line], totals=totals, prices_include_tax=True)
    assert validate(order) == []
    assert [f.code for f in validate(changed(order, prices_include_tax=False))] == ["B-PRICE-MISM"]


def test_a_price_for_a_hundred_is_taken_as_such():
    line = d.SalesLine(line_id="1", quantity=ea("250"), unit_price=eur("4"), price_basis=D(100))
    assert validate(sales_order(lines=[line], totals=d.OrderTotals(net=eur("10")))) == []


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**7)), min_size=1, max_size=12),
    st.booleans(),
)
def test_totals_rounded_per_line_or_per_document_both_add_up(rows, per_line):
    lines = [
        d.SalesLine(
            line_id=str(n),
            quantity=Quantity(D(q).scaleb(-3), "KGM"),
            unit_price=Money(D(p).scaleb(-4), "EUR"),
        )
        for n, (q, p) in enumerate(rows)
    ]
    exact = [line.quantity.value * line.unit_price.amount for line in lines]
    net = sum(round_money(x, 2) for x in exact) if per_line else round_money(sum(exact), 2)
    order = sales_order(lines=lines, totals=d.OrderTotals(net=Money(net, "EUR")))
    assert validate(order) == []
    wrong = with_totals(order, net=Money(net + D("0.01") * (len(lines) + 1), "EUR"))
    assert [fault.code for fault in validate(wrong)] == ["B-PRICE-MISM"]


def receipt_line(**quantities):
    line = d.ReceiptLine(line_id="1", **{f"qty_{k}": D(v) for k, v in quantities.items()})
    return validate(d.Receipt(key="r", receipt_no="r", lines=[line]))


ALL_ZERO = dict.fromkeys(("over", "accepted", "damaged", "rejected", "short", "on_hold"), 0)


@pytest.mark.parametrize(
    ("quantities", "sound"),
    [
        (ALL_ZERO | {"expected": 10, "accepted": 10}, True),
        (ALL_ZERO | {"expected": 10, "accepted": 7, "damaged": 1, "short": 2}, True),
        (ALL_ZERO | {"expected": 10, "accepted": 12, "over": 2}, True),
        (ALL_ZERO | {"expected": 10, "accepted": 9}, False),
        (ALL_ZERO | {"expected": 10, "accepted": 12}, False),
        ({"expected": 10, "accepted": 9}, True),  # the rest is unknown, not zero
        ({"expected": 10, "accepted": 12}, True),  # nobody said how much is over
        ({"expected": 10, "over": 0, "accepted": 12}, False),  # somebody did
        ({"expected": 10, "received": 9, "accepted": 10}, False),
        ({"expected": 10, "received": 9, "accepted": 8}, True),
        ({"expected": 10}, True),
    ],
)
def test_a_receipt_adds_up_as_far_as_it_is_known(quantities, sound):
    assert [fault.code for fault in receipt_line(**quantities)] == ([] if sound else ["B-RCV-WRONG"])


def test_a_deep_tree_of_handling_units_is_no_circle():
    units = [d.HandlingUnit(hu_id=str(n), parent_id=str(n - 1) if n else "") for n in range(400)]
    assert validate(shipment(handling_units=list(reversed(units)), contents=[])) == []


def test_document_allowances_and_charges_are_summed_each_by_itself():
    # One too many in both: their difference, and with it the rest of the invoice, stays right.
    faults = validate(with_totals(INVOICE, allowances=eur("11"), charges=eur("6")))
    assert [(f.code, f.place.path) for f in faults] == [
        ("B-INV-TOTAL", "totals.allowances"),
        ("B-INV-TOTAL", "totals.charges"),
    ]
