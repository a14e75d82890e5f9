"""The canonical documents: their JSON, versions, business cases and classes."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.canonical_documents import ea, eur, one_of_each, sales_order, shipment

import crossdock.core.documents as package
from crossdock.core.documents import (
    KINDS,
    Document,
    InventoryPosition,
    Note,
    Product,
    PurchaseOrder,
    SalesLine,
    SalesOrder,
    Shipment,
    ShippedOrder,
    classified_fields,
    compare_source_versions,
    decode_document,
    encode_document,
    parse_document,
    source_version_order,
    transaction_keys,
)
from crossdock.core.errors import RejectedError
from crossdock.core.quantity import Money, Quantity

D = Decimal

EXPECTED_KINDS = {
    "product",
    "party",
    "price_list",
    "sales_order",
    "purchase_order",
    "fulfilment_order",
    "inventory_position",
    "inventory_event",
    "shipment",
    "receipt",
    "invoice",
    "payment",
    "return",
    "load",
    "tracking_event",
}


def test_there_is_a_struct_for_every_kind_and_the_face_names_all():
    assert set(KINDS) == EXPECTED_KINDS
    assert {document.kind for document in one_of_each()} == EXPECTED_KINDS
    assert sorted(package.__all__) == sorted(set(package.__all__))
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("document", one_of_each(), ids=lambda d: d.kind)
def test_every_kind_comes_back_from_json_as_it_went(document: Document):
    body = encode_document(document)
    again = decode_document(body)
    assert again == document
    assert type(again) is KINDS[document.kind]
    assert encode_document(again) == body


amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
lines = st.builds(
    SalesLine,
    line_id=texts,
    quantity=st.builds(Quantity, amounts, texts, st.none() | amounts, texts),
    unit_price=st.none() | st.builds(Money, amounts, texts),
    description=texts,
    qty_shipped=st.none() | amounts,
    promised_delivery=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    requested_ship=st.none() | st.dates(),
    as_sent=st.dictionaries(texts, texts, max_size=3),
)
orders = st.builds(
    SalesOrder,
    key=texts,
    order_no=texts,
    lines=st.lists(lines, max_size=4),
    notes=st.lists(st.builds(Note, text=texts), max_size=2),
)


@given(orders)
def test_any_order_comes_back_from_json_as_it_went(order):
    assert decode_document(encode_document(order)) == order


def test_decimals_are_strings_in_json_and_defaults_are_left_out():
    record = msgspec.json.decode(encode_document(InventoryPosition(key="k", product="p", on_hand=D("4.50"))))
    assert record == {"kind": "inventory_position", "key": "k", "product": "p", "on_hand": "4.50"}


def test_unknown_and_zero_stay_different():
    unknown = InventoryPosition(key="k", product="p")
    assert decode_document(encode_document(unknown)).on_hand is None
    assert decode_document(encode_document(msgspec.structs.replace(unknown, on_hand=D(0)))).on_hand == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "malformed|truncated"),
        (b'{"kind":"teapot","key":"1"}', "teapot"),
        (b'{"kind":"product","key":"1","sku":"1","colour":"red"}', "colour"),
        (b'{"kind":"product","key":"1","sku":7}', "str"),
        (b'{"kind":"tracking_event","key":"1","status":"lost","event_at":"2026-01-01T00:00:00"}', "timezone"),
    ],
)
def test_json_that_is_no_document_is_rejected_in_words(body, words):
    with pytest.raises(RejectedError, match=words) as error:
        decode_document(body)
    assert error.value.code == "T-SCHEMA"
    assert error.value.mend


def test_a_schema_error_points_at_its_field():
    fields = {
        "key": "1",
        "order_no": "1",
        "lines": [{"line_id": "a", "quantity": {"value": "x", "uom": "EA"}}],
    }
    with pytest.raises(RejectedError) as error:
        parse_document("sales_order", fields)
    assert error.value.place.path == "lines[0].quantity.value"


def test_plain_values_become_a_document():
    fields = {
        "key": "1",
        "order_no": "1",
        "order_date": dt.date(2026, 1, 2),
        "lines": [{"line_id": "a", "quantity": {"value": D("1.5"), "uom": "EA"}}],
    }
    order = parse_document("sales_order", fields)
    assert isinstance(order, SalesOrder)
    assert order.lines[0].quantity == Quantity(D("1.5"), "EA")
    with pytest.raises(RejectedError, match="no document kind 'teapot'"):
        parse_document("teapot", {})


def test_a_reference_is_found_by_scheme_and_role():
    order = one_of_each()[3]
    assert order.ref("odoo") == "sale.order,7"
    assert order.ref("odoo", role="marker") == "sale.order,7"
    assert order.ref("odoo", role="original") == ""
    assert order.ref("rma") == ""


# ── source versions ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("9.5", "10"),
        ("", "0"),
        ("", "a"),
        ("2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"),
        ("2026-01-01T09:00:00Z", "2026-01-01T09:00:00.000001Z"),
        ("2026-01-01 09:00:00", "2026-01-01 10:00:00"),
        ("a", "b"),
    ],
)
def test_source_versions_compare_by_what_they_are(older, newer):
    assert compare_source_versions(older, newer) == -1
    assert compare_source_versions(newer, older) == 1


@pytest.mark.parametrize(
    ("a", "b"), [("007", "7"), ("1.0", "1"), ("2026-01-01T10:00:00+01:00", "2026-01-01T09:00:00Z")]
)
def test_the_same_version_written_otherwise_is_the_same(a, b):
    assert compare_source_versions(a, b) == 0


@given(
    st.lists(
        st.text("0129a.-T:Z", max_size=5) | st.sampled_from(["100", "20", "1a", "NaN", "Infinity"]),
        max_size=6,
    )
)
def test_versions_of_all_forms_have_one_order(versions):
    ranked = sorted(versions, key=source_version_order)
    for a, b in itertools.combinations(ranked, 2):
        assert compare_source_versions(a, b) <= 0


# ── business cases ───────────────────────────────────────────────────────────────────────────────────


def test_an_order_is_its_own_case_and_master_data_belongs_to_none():
    cases = {document.kind: transaction_keys(document) for document in one_of_each()}
    assert cases == {
        "product": (),
        "party": (),
        "price_list": (),
        "sales_order": ("10001",),
        "purchase_order": ("PO-1",),
        "fulfilment_order": ("10001",),
        "inventory_position": (),
        "inventory_event": ("10001",),
        "shipment": ("10001",),
        "receipt": ("PO-1",),
        "invoice": ("10001",),
        "payment": (),
        "return": ("10001",),
        "load": ("10001", "10002"),
        "tracking_event": ("10001",),
    }


def test_a_shipment_of_many_orders_belongs_to_all_of_them_once():
    many = shipment(
        order_key="",
        orders=[ShippedOrder(order_key="2"), ShippedOrder(order_key="1")],
        contents=[package.Content(line_id="a", order_key="1", quantity=ea("1"))],
    )
    assert transaction_keys(many) == ("2", "1")


def test_a_drop_ship_purchase_belongs_to_the_sales_order_too():
    assert transaction_keys(PurchaseOrder(key="PO-1", po_no="PO-1", order_key="10001")) == ("PO-1", "10001")


# ── classes ──────────────────────────────────────────────────────────────────────────────────────────


def test_personal_data_and_prices_are_marked_wherever_they_stand():
    order = classified_fields("sales_order")
    assert order["ship_to_address"] == "personal"
    assert order["notes[].text"] == "personal"
    assert order["lines[].unit_price"] == "commercial"
    assert order["totals.gross"] == "commercial"
    assert order["lines[].quantity.value"] == "internal"
    party = classified_fields("party")
    assert party["contacts[]"] == "personal"
    assert party["addresses[].address"] == "personal"
    assert party["terms.credit_limit"] == "commercial"
    product = classified_fields("product")
    assert product["names"] == "public"
    assert product["partner_items[].item_no"] == "internal"
    assert classified_fields("tracking_event")["pod.signed_by"] == "personal"


def test_every_amount_of_money_in_every_kind_is_commercial():
    def moneys(struct, prefix=""):
        for field in msgspec.structs.fields(struct):
            if "Money" in str(field.type):
                yield f"{prefix}{field.name}"

    for kind, struct in KINDS.items():
        classes = classified_fields(kind)
        for path in moneys(struct):
            assert classes[path] == "commercial", (kind, path)


def test_a_document_without_a_number_of_its_own_is_numbered_by_its_key():
    assert SalesOrder(key="10001").order_no == "10001"
    assert SalesOrder(key="10001", order_no="S00042").order_no == "S00042"
    assert decode_document(b'{"kind":"product","key":"SKU-1"}').sku == "SKU-1"
    numbered = {struct.NUMBER for struct in KINDS.values()} - {""}
    assert all(field in struct.__struct_fields__ for struct in KINDS.values() if (field := struct.NUMBER))
    assert len(numbered) == 11


def test_lists_are_not_shared_between_documents():
    one, other = Product(key="1", sku="1"), Product(key="2", sku="2")
    one.refs.append(package.Ref("gtin", "1"))
    assert other.refs == []


def test_a_sales_order_with_many_lines_keeps_their_order():
    order = sales_order(20)
    assert [line.line_id for line in decode_document(encode_document(order)).lines] == [
        f"L{n}" for n in range(1, 21)
    ]
    assert order.lines[0].unit_price == eur("12.5")
    assert isinstance(shipment(), Shipment)
