"""Statuses are functions of quantities, flags and events."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.canonical_documents import AT, ea, eur, invoice

from crossdock.core import documents as d
from crossdock.core.ledger import MEASURES, LineLedger
from crossdock.core.status import (
    MACHINES,
    fulfilment_status,
    invoice_status,
    line_status,
    line_statuses,
    may_move,
    order_status,
    payment_status,
    receipt_status,
    return_status,
    shipment_status,
)

D = Decimal


def line(line_id="L1", **quantities):
    return LineLedger(transaction="1", line_id=line_id, **{m: D(q) for m, q in quantities.items()})


@pytest.mark.parametrize(
    ("lines", "flags", "status"),
    [
        ([], {"intake": "received"}, "received"),
        ([line(ordered=10)], {"intake": "validated"}, "validated"),
        ([line(ordered=10)], {"intake": "rejected"}, "rejected"),
        ([line(ordered=10)], {}, "accepted"),
        ([line(ordered=10)], {"on_hold": True}, "on_hold"),
        ([line(ordered=10, released=10)], {}, "in_fulfilment"),
        ([line(ordered=10, released=10)], {"cancel_requested": True}, "cancel_requested"),
        ([line(ordered=10, cancelled=10)], {"cancel_requested": True}, "cancelled"),
        ([line(ordered=10, rejected=10)], {}, "rejected"),
        ([line(ordered=10, shipped=4)], {}, "partially_shipped"),
        ([line(ordered=10, shipped=10), line("L2", ordered=1)], {}, "partially_shipped"),
        ([line(ordered=10, shipped=10)], {}, "shipped"),
        ([line(ordered=10, shipped=8, cancelled=2)], {}, "shipped"),
        ([line(ordered=10, shipped=8, short=2)], {}, "shipped"),
        ([line(ordered=10, shipped=10, delivered=4)], {}, "shipped"),
        ([line(ordered=10, shipped=10, delivered=10)], {}, "delivered"),
        ([line(ordered=10, shipped=10, delivered=10)], {"closed": True}, "closed"),
        ([line(ordered=10, shipped=8, short=2)], {"closed": True}, "closed_short"),
        ([line(ordered=10, shipped=8)], {"closed": True}, "closed_short"),
        ([line(ordered=10, short=10)], {}, "closed_short"),
        ([line(ordered=10, shipped=10, delivered=10, return_authorised=2)], {"closed": True}, "return_open"),
        (
            [line(ordered=10, shipped=10, delivered=10, return_authorised=2, returned=2)],
            {"closed": True},
            "closed",
        ),
    ],
)
def test_an_orders_status_follows_from_its_lines_and_flags(lines, flags, status):
    assert order_status(lines, **flags) == status
    assert status in MACHINES["order"]


@pytest.mark.parametrize(
    ("quantities", "pieces", "word"),
    [
        ({"ordered": 10}, {"pending": 10}, "pending"),
        ({"ordered": 10, "confirmed": 10}, {"accepted": 10}, "accepted"),
        ({"ordered": 10, "confirmed": 6, "backordered": 4}, {"backordered": 4, "accepted": 6}, "accepted"),
        ({"ordered": 10, "allocated": 10, "picked": 4}, {"picked": 4, "allocated": 6}, "allocated"),
        ({"ordered": 10, "shipped": 6, "backordered": 4}, {"shipped": 6, "backordered": 4}, "backordered"),
        (
            {"ordered": 10, "shipped": 6, "delivered": 4},
            {"delivered": 4, "shipped": 2, "pending": 4},
            "pending",
        ),
        ({"ordered": 10, "shipped": 8, "short": 2}, {"shipped": 8, "closed_short": 2}, "shipped"),
        ({"ordered": 10, "cancelled": 10}, {"cancelled": 10}, "cancelled"),
        (
            {"ordered": 10, "shipped": 10, "delivered": 10, "returned": 3},
            {"returned": 3, "delivered": 7},
            "delivered",
        ),
        ({"ordered": 10, "shipped": 10, "returned": 10}, {"returned": 10}, "returned"),
    ],
)
def test_a_line_may_be_split_over_statuses(quantities, pieces, word):
    assert line_statuses(line(**quantities)) == pieces
    assert line_status(line(**quantities)) == word


def test_a_hold_covers_what_has_not_moved_and_a_substitute_is_named():
    assert line_statuses(line(ordered=10, shipped=6), on_hold=True) == {"shipped": 6, "on_hold": 4}
    assert line_statuses(line(ordered=10, confirmed=10), substituted=True) == {"substituted": 10}


@given(st.dictionaries(st.sampled_from(sorted(MEASURES)), st.integers(0, 20)), st.booleans())
def test_the_pieces_of_a_line_always_come_to_what_was_ordered(quantities, on_hold):
    pieces = line_statuses(line(**quantities), on_hold=on_hold)
    assert sum(pieces.values()) == quantities.get("ordered", 0)
    assert all(quantity > 0 for quantity in pieces.values())
    assert set(pieces) <= set(MACHINES["order_line"])


def release(*quantities, **fields):
    lines = [
        d.FulfilmentLine(line_id=str(n), quantity=ea("10"), **{f"qty_{k}": D(v) for k, v in q.items()})
        for n, q in enumerate(quantities)
    ]
    return d.FulfilmentOrder(**{"key": "R", "release_no": "R", "lines": lines} | fields)


@pytest.mark.parametrize(
    ("order", "status"),
    [
        (release({}), "created"),
        (release({}, stage="accepted"), "accepted"),
        (release({"picked": 1}, stage="accepted"), "in_progress"),
        (release({"packed": 10}), "packed"),
        (release({"packed": 8, "short": 2}), "packed"),
        (release({"packed": 10}, {}), "in_progress"),
        (release({"shipped": 4}), "shipped_partial"),
        (release({"shipped": 10}), "shipped"),
        (release({"shipped": 8, "short": 2}), "shipped"),
        (release({"shipped": 10}, closed=True), "closed"),
        (release({}, cancel_requested=True), "cancel_requested"),
        (release({"shipped": 10}, cancel_requested=True), "shipped"),
        (release({}, cancel_requested=True, stage="cancel_refused"), "cancel_refused"),
        (release({}, cancel_requested=True, stage="cancelled"), "cancelled"),
        (release({}, on_hold=["stock"], stage="open"), "on_hold"),
        (release({"picked": 2}, stage="incomplete"), "incomplete"),
    ],
)
def test_a_releases_status_follows_from_the_warehouses_quantities(order, status):
    assert fulfilment_status(order) == status
    assert status in MACHINES["fulfilment_order"]


def scan(status, minutes, classifier="actual"):
    return d.TrackingEvent(
        key=f"{status}{minutes}",
        status=status,
        event_at=AT + dt.timedelta(minutes=minutes),
        classifier=classifier,
    )


scans = st.lists(
    st.builds(scan, st.sampled_from(["picked_up", "in_transit", "delivered", "unknown"]), st.integers(0, 5)),
    max_size=8,
)


@given(scans, st.randoms(use_true_random=False))
def test_the_order_of_arrival_of_scans_does_not_matter(events, rng: random.Random):
    shuffled = events + events[:2]
    rng.shuffle(shuffled)
    assert shipment_status(shuffled) == shipment_status(events)


def test_the_latest_scan_by_its_own_time_counts():
    assert shipment_status([scan("delivered", 9), scan("in_transit", 5)]) == "delivered"
    assert shipment_status([scan("in_transit", 9), scan("out_for_delivery", 5)]) == "in_transit"
    assert shipment_status([scan("picked_up", 5), scan("in_transit", 5)]) == "in_transit"
    assert shipment_status([scan("in_transit", 5), scan("delivered", 9, "estimated")]) == "in_transit"
    assert shipment_status([scan("in_transit", 5), scan("unknown", 9)]) == "in_transit"
    assert shipment_status([]) == "planned"


def test_every_tracking_status_has_a_rank_and_a_place_in_the_machine():
    for status in get_args(d.TrackingStatus):
        assert shipment_status([scan(status, 1)]) == status
        assert status in MACHINES["shipment"]


@pytest.mark.parametrize(
    ("lines", "fields", "status"),
    [
        ([{"expected": 5}], {}, "asn_received"),
        ([{"expected": 5}], {"stage": "arrived"}, "arrived"),
        ([{"expected": 5, "received": 0}], {}, "receiving"),
        ([{"expected": 5, "received": 3}], {}, "received_partial"),
        ([{"expected": 5, "received": 5}, {"expected": 1}], {}, "received_partial"),
        ([{"expected": 5, "received": 5}], {}, "received"),
        ([{"expected": 5, "received": 3, "short": 2}], {}, "received"),
        ([{"expected": 5, "received": 5}], {"stage": "putaway"}, "putaway"),
        ([{"expected": 5, "received": 5}], {"closed": True}, "closed"),
    ],
)
def test_a_receipts_status_follows_from_what_came(lines, fields, status):
    rows = [
        d.ReceiptLine(line_id=str(n), **{f"qty_{k}": D(v) for k, v in q.items()}) for n, q in enumerate(lines)
    ]
    assert receipt_status(d.Receipt(key="r", receipt_no="r", lines=rows, **fields)) == status
    assert status in MACHINES["receipt"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "issued"),
        ({"stage": "draft"}, "draft"),
        ({"stage": "sent"}, "sent"),
        ({"stage": "sent", "paid": eur("0")}, "sent"),
        ({"stage": "sent", "paid": eur("40")}, "partially_paid"),
        ({"stage": "disputed", "paid": eur("40")}, "disputed"),
        ({"stage": "accepted", "paid": eur("100")}, "paid"),
        ({"stage": "closed", "paid": eur("100")}, "closed"),
        ({"stage": "credited"}, "credited"),
    ],
)
def test_an_invoices_status_follows_from_what_was_paid(fields, status):
    assert invoice_status(invoice(**fields)) == status
    assert status in MACHINES["invoice"]


@pytest.mark.parametrize(
    ("stage", "paid", "status"),
    [
        ("", (), "initiated"),
        ("sent", (), "sent"),
        ("settled", (), "unapplied"),
        ("settled", ("60",), "unapplied"),
        ("settled", ("60", "40"), "applied"),
        ("applied", (), "applied"),
        ("returned", ("60", "40"), "returned"),
    ],
)
def test_a_payment_is_applied_once_its_lines_take_all_of_it(stage, paid, status):
    lines = [d.PaymentLine(invoice=str(n), paid=eur(amount)) for n, amount in enumerate(paid)]
    payment = d.Payment(key="p", payment_no="p", amount=eur("100"), lines=lines, stage=stage)
    assert payment_status(payment) == status
    assert status in MACHINES["payment"]


@pytest.mark.parametrize(
    ("stage", "fields", "status"),
    [
        ("requested", {}, "requested"),
        ("authorised", {}, "authorised"),
        ("authorised", {"qty_received": D(2)}, "received"),
        ("authorised", {"qty_received": D(2), "condition_received": "good"}, "inspected"),
        ("inspected", {"qty_received": D(2)}, "inspected"),
        ("received", {"disposition": "restock"}, "dispositioned"),
        ("dispositioned", {"qty_credited": D(2)}, "credited"),
        ("denied", {"qty_received": D(2)}, "denied"),
        ("closed", {}, "closed"),
    ],
)
def test_a_returns_status_is_the_further_of_word_and_quantities(stage, fields, status):
    row = d.ReturnLine(line_id="1", quantity=ea("2"), **fields)
    assert return_status(d.ReturnOrder(key="r", rma_no="r", stage=stage, lines=[row])) == status
    assert status in MACHINES["return"]


def test_every_status_that_may_follow_is_itself_in_the_machine():
    for name, machine in MACHINES.items():
        for status, following in machine.items():
            assert following <= set(machine), (name, status)
            assert status not in following


@pytest.mark.parametrize(
    ("machine", "before", "after", "allowed"),
    [
        ("order", "received", "validated", True),
        ("order", "shipped", "cancelled", False),
        ("order", "cancelled", "accepted", False),
        ("order", "cancel_requested", "in_fulfilment", True),
        ("order_line", "picked", "cancelled", True),
        ("order_line", "shipped", "cancelled", False),
        ("shipment", "delivered", "in_transit", False),
        ("invoice", "draft", "cancelled", True),
        ("invoice", "sent", "cancelled", False),
        ("return", "requested", "requested", True),
    ],
)
def test_moves_are_allowed_by_the_table(machine, before, after, allowed):
    assert may_move(machine, before, after) is allowed


def test_an_unknown_machine_or_status_is_an_error():
    for machine, before, after in [("x", "a", "b"), ("order", "a", "received"), ("order", "received", "a")]:
        with pytest.raises(KeyError):
            may_move(machine, before, after)
