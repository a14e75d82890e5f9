"""Which object a document is about, and what a key means."""

from __future__ import annotations

import pytest

from crossdock.core.documents import SalesOrder, Shipment, encode_document
from crossdock.pipeline.keys import business_object, meant_by, revision_of


@pytest.mark.parametrize(
    ("kind", "key", "meant"),
    [
        ("sales_order.line", "10001/77", "77"),
        ("sales_order.line", "A/1/77", "77"),
        ("sales_order", "A/1", "A/1"),
        ("product", "X/Y", "X/Y"),
    ],
)
def test_the_key_of_a_line_means_the_line(kind, key, meant):
    assert meant_by(kind, key) == meant


def test_an_order_and_its_shipments_share_the_order_s_key():
    order = SalesOrder(key="10001")
    shipment = Shipment(key="SH-1", order_key="10001")
    assert business_object("sales_order", order) == ("order", "10001")
    assert business_object("shipment", shipment) == ("order", "10001")


def test_a_numbered_document_s_revision_is_its_number_and_another_s_its_content():
    numbered = SalesOrder(key="1", source_version="7")
    assert revision_of(numbered, encode_document(numbered)) == "7"
    one, other = SalesOrder(key="1"), SalesOrder(key="1", buyer_po="x")
    assert revision_of(one, encode_document(one)) == revision_of(one, encode_document(one))
    assert revision_of(one, encode_document(one)) != revision_of(other, encode_document(other))
