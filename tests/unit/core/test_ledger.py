"""The ledger: facts out of documents, folded in any order."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.canonical_documents import AT, ea, invoice, sales_order, shipment

from crossdock.core import documents as d
from crossdock.core.ledger import MEASURES, Fact, facts_of, fold
from crossdock.core.quantity import Quantity

D = Decimal

fact_lists = st.lists(
    st.builds(
        Fact,
        transaction=st.just("10001"),
        line_id=st.sampled_from(["L1", "L2"]),
        measure=st.sampled_from(["ordered", "shipped", "invoiced"]),
        quantity=st.integers(-5, 50).map(D),
        system=st.sampled_from(["shop", "wms"]),
        ref=st.sampled_from(["shipment:1", "shipment:2", "invoice:1"]),
        source_version=st.sampled_from(["", "1", "2", "10"]),
    ),
    max_size=25,
)


@given(fact_lists, st.randoms(use_true_random=False))
def test_facts_add_up_to_the_same_in_any_order_and_however_often(facts, rng: random.Random):
    expected = fold(facts)
    again = facts + [fact for fact in facts if rng.random() < 0.5]
    rng.shuffle(again)
    assert fold(again) == expected


def fact(
    quantity, *, measure="shipped", system="wms", ref="shipment:1", version="", line="L1", transaction="10001"
):
    return Fact(transaction, line, measure, D(quantity), system, ref, version)


def test_three_shipments_of_one_system_add_up():
    assert fold([fact(2), fact(3, ref="shipment:2"), fact(4, ref="shipment:3")])["L1"].shipped == 9


def test_two_systems_that_tell_the_same_do_not_add_up():
    assert fold([fact(9), fact(9, system="odoo")])["L1"].shipped == 9


def test_a_release_and_its_shipments_are_two_views_of_one_quantity():
    assert fold([fact(6, ref="fulfilment_order:1"), fact(4), fact(2, ref="shipment:2")])["L1"].shipped == 6


def test_the_newer_word_on_the_same_thing_counts():
    assert fold([fact(9, version="10"), fact(4, version="9")])["L1"].shipped == 9
    assert fold([fact(4, version="10"), fact(9, version="9")])["L1"].shipped == 4


def test_the_owner_of_a_measure_has_the_last_word_once_he_has_spoken():
    facts = [fact(10, measure="ordered", system="shop"), fact(12, measure="ordered", system="odoo")]
    assert fold(facts)["L1"].ordered == 12
    assert fold(facts, owners={"ordered": "shop"})["L1"].ordered == 10
    assert fold(facts[1:], owners={"ordered": "shop"})["L1"].ordered == 12


def test_what_nobody_said_stays_unknown():
    ledger = fold([fact(0, measure="ordered")])["L1"]
    assert ledger.ordered == 0
    assert {measure for measure in MEASURES if getattr(ledger, measure) is not None} == {"ordered"}
    assert fold([]) == {}


def test_two_transactions_are_not_mixed():
    with pytest.raises(ValueError, match="2 transactions"):
        fold([fact(1), fact(1, transaction="10002")])


def said(document, system="s", **kwargs):
    return {(f.transaction, f.line_id, f.measure): f.quantity for f in facts_of(document, system, **kwargs)}


def test_an_order_says_what_was_ordered_and_nothing_about_the_rest():
    assert said(sales_order()) == {("10001", "L1", "ordered"): 3, ("10001", "L2", "ordered"): 3}


def test_an_orders_running_totals_are_facts_where_they_are_known():
    order = sales_order(1)
    order.lines[0].qty_shipped = D(0)
    order.lines[0].qty_confirmed = D(2)
    assert said(order) == {
        ("10001", "L1", "ordered"): 3,
        ("10001", "L1", "confirmed"): 2,
        ("10001", "L1", "shipped"): 0,
    }


def test_a_cancellation_cancels_and_a_request_for_it_does_not():
    assert said(sales_order(1, document_function="cancel")) == {
        ("10001", "L1", "ordered"): 3,
        ("10001", "L1", "cancelled"): 3,
    }
    asked = sales_order(1, document_function="cancel", cancel_requested=True)
    assert said(asked) == {("10001", "L1", "ordered"): 3}


def test_a_quantity_that_was_not_converted_says_nothing():
    order = sales_order(1)
    order.lines[0].quantity = Quantity(D(2), "CS", None, "EA")
    assert said(order) == {}
    order.lines[0].quantity = Quantity(D(2), "CS", D(24), "EA")
    assert said(order) == {("10001", "L1", "ordered"): 24}


def test_lots_and_cartons_of_a_line_are_one_fact():
    facts = facts_of(shipment(), "wms")
    assert [(f.line_id, f.measure, f.quantity, f.ref) for f in facts] == [
        ("L1", "shipped", D(3), "shipment:S1"),
        ("L2", "shipped", D(3), "shipment:S1"),
    ]


def test_a_line_of_which_one_row_is_unknown_is_unknown():
    contents = [*shipment().contents, d.Content(line_id="L1", quantity=Quantity(D(1), "CS", None, "EA"))]
    assert said(shipment(contents=contents)) == {("10001", "L2", "shipped"): 3}


def test_a_cancelled_shipment_takes_its_quantities_back():
    facts = [
        *facts_of(shipment(), "wms"),
        *facts_of(shipment(document_function="cancel", source_version="2"), "wms"),
    ]
    assert fold(facts)["L1"].shipped == 0


def test_a_shipment_of_two_orders_speaks_to_both_cases():
    contents = [d.Content(line_id="1", order_key=key, quantity=ea("1")) for key in ("a", "b")]
    assert set(said(shipment(order_key="", contents=contents))) == {
        ("a", "1", "shipped"),
        ("b", "1", "shipped"),
    }


def test_a_release_counts_as_released_and_a_report_on_it_does_not():
    release = d.FulfilmentOrder(
        key="R1", release_no="R1", order_key="10001", lines=[d.FulfilmentLine(line_id="L1", quantity=ea("3"))]
    )
    assert said(release) == {("10001", "L1", "released"): 3}
    report = msgspec.structs.replace(
        release,
        document_function="information",
        lines=[d.FulfilmentLine(line_id="L1", quantity=ea("3"), qty_picked=D(2), qty_short=D(1))],
    )
    assert said(report) == {("10001", "L1", "picked"): 2, ("10001", "L1", "short"): 1}


def tracking(status="delivered", **fields):
    return d.TrackingEvent(
        **{"key": "T1", "status": status, "event_at": AT, "shipment_no": "S1", "order_key": "10001"} | fields
    )


def test_a_delivery_delivers_what_the_shipment_held():
    ledgers = fold(facts_of(tracking(), "carrier", shipment=shipment()))
    assert (ledgers["L1"].delivered, ledgers["L2"].delivered) == (3, 3)
    assert said(tracking()) == {}


def test_scan_and_proof_of_delivery_do_not_add_up():
    facts = [
        *facts_of(tracking(key="T1"), "carrier", shipment=shipment()),
        *facts_of(tracking(key="T2"), "carrier", shipment=shipment()),
        *facts_of(tracking(key="T3", hu_id="K2"), "carrier", shipment=shipment()),
    ]
    assert fold(facts)["L1"].delivered == 3


def test_a_pallet_delivers_its_cartons_and_a_carton_only_itself():
    ledgers = fold(facts_of(tracking(hu_id="P1"), "carrier", shipment=shipment()))
    assert (ledgers["L1"].delivered, ledgers["L2"].delivered) == (3, 3)
    ledgers = fold(facts_of(tracking(hu_id="K1"), "carrier", shipment=shipment()))
    assert ledgers["L1"].delivered == 2
    assert "L2" not in ledgers


def test_a_forecast_delivers_nothing():
    assert said(tracking(classifier="estimated"), shipment=shipment()) == {}
    assert said(tracking(status="in_transit"), shipment=shipment()) == {}


def test_a_partly_refused_delivery_says_so_per_line():
    lines = [
        d.DeliveredLine(line_id="L1", quantity=ea("2")),
        d.DeliveredLine(line_id="L2", quantity=ea("1"), outcome="refused"),
    ]
    assert said(tracking(lines=lines)) == {("10001", "L1", "delivered"): 2, ("10001", "L2", "refused"): 1}


def test_invoices_invoice_credit_notes_credit_and_the_rest_moves_no_goods():
    assert said(invoice()) == {("10001", "L1", "invoiced"): 2, ("10001", "L2", "invoiced"): 1}
    assert set(said(invoice(type="381"))) == {("10001", "L1", "credited"), ("10001", "L2", "credited")}
    assert said(invoice(type="386")) == {}
    assert said(invoice(stage="draft")) == {}
    assert said(invoice(stage="cancelled"))["10001", "L1", "invoiced"] == 0


def test_a_corrected_invoice_takes_the_place_of_the_first():
    facts = [
        *facts_of(invoice(), "odoo"),
        *facts_of(invoice(key="INV-2", type="384", original_invoice="INV-1", source_version="2"), "odoo"),
    ]
    assert fold(facts)["L1"].invoiced == 2


def test_a_freight_line_without_order_line_says_nothing():
    line = d.InvoiceLine(line_id="", quantity=ea("1"))
    assert said(invoice(lines=[line])) == {}


@pytest.mark.parametrize(
    ("stage", "received", "expected"),
    [
        ("requested", None, {}),
        ("authorised", None, {"return_authorised": 2}),
        ("received", None, {"return_authorised": 2, "returned": 2}),
        ("received", "1", {"return_authorised": 2, "returned": 1}),
        ("denied", None, {"return_authorised": 0}),
    ],
)
def test_a_return_counts_once_it_has_arrived(stage, received, expected):
    line = d.ReturnLine(
        line_id="L1", quantity=ea("2"), qty_received=None if received is None else D(received)
    )
    order = d.ReturnOrder(key="RMA", rma_no="RMA", order_key="10001", stage=stage, lines=[line])
    assert said(order) == {("10001", "L1", measure): quantity for measure, quantity in expected.items()}


def test_a_credit_only_return_brings_nothing_back():
    line = d.ReturnLine(line_id="L1", quantity=ea("2"))
    order = d.ReturnOrder(
        key="R", rma_no="R", order_key="10001", type="credit_only", stage="closed", lines=[line]
    )
    assert ("10001", "L1", "returned") not in said(order)


def test_a_receipt_is_received_or_returned():
    line = d.ReceiptLine(line_id="L1", qty_received=D(2))
    receipt = d.Receipt(key="RC", receipt_no="RC", order_key="PO-1", lines=[line])
    assert said(receipt) == {("PO-1", "L1", "received"): 2}
    back = d.Receipt(key="RC", receipt_no="RC", order_key="10001", rma_no="RMA", lines=[line])
    assert said(back) == {("10001", "L1", "returned"): 2}


def test_stock_events_count_how_much_moved_whatever_their_sign():
    event = d.InventoryEvent(
        key="E", type="ship", product="p", quantity=ea("-3"), order_key="10001", line_id="L1"
    )
    assert said(event) == {("10001", "L1", "shipped"): 3}
    free = msgspec.structs.replace(event, type="deallocate", quantity=ea("2"))
    assert said(free) == {("10001", "L1", "allocated"): -2}
    assert said(msgspec.structs.replace(event, type="count")) == {}


def test_master_data_says_nothing():
    assert facts_of(d.Product(key="p", sku="p"), "odoo") == []
