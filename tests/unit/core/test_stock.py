"""Stock snapshots against the events between them."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.canonical_documents import AT, ea

from crossdock.core.documents import InventoryEvent, InventoryPosition
from crossdock.core.ledger import stock_variance, variance_event
from crossdock.core.quantity import Quantity

D = Decimal


def at(minutes):
    return AT + dt.timedelta(minutes=minutes)


def position(on_hand, minutes, **fields):
    quantity = None if on_hand is None else D(on_hand)
    return InventoryPosition(
        **{"key": "WH|p", "product": "p", "location": "WH", "on_hand": quantity, "as_of": at(minutes)}
        | fields
    )


def event(kind, quantity, minutes=5, **fields):
    base = {
        "key": f"{kind}{minutes}",
        "type": kind,
        "product": "p",
        "location": "WH",
        "occurred_at": at(minutes),
    }
    return InventoryEvent(**base | {"quantity": ea(str(quantity))} | fields)


@given(
    st.integers(0, 100),
    st.lists(
        st.tuples(st.sampled_from(["receive", "ship", "adjust_in", "scrap"]), st.integers(-9, 9)), max_size=8
    ),
    st.randoms(use_true_random=False),
)
def test_a_snapshot_that_follows_from_the_events_has_no_variance(start, changes, rng: random.Random):
    events = [event(kind, quantity, minutes=1 + n) for n, (kind, quantity) in enumerate(changes)]
    rng.shuffle(events)
    end = start + sum(quantity for _, quantity in changes)
    if end >= 0:
        assert stock_variance(position(start, 0), events, position(end, 60)) is None
        wrong = stock_variance(position(start, 0), events, position(end + 1, 60))
        assert (wrong.code, wrong.difference) == ("B-STK-VAR", D(1))


def test_a_variance_is_booked_as_a_count_with_both_values():
    variance = stock_variance(position(10, 0), [event("ship", -3)], position(6, 60))
    booked = variance_event(variance, key="C1", at=at(60))
    assert (booked.type, booked.quantity, booked.reason) == ("count", ea("-1"), "expected 7, counted 6")
    assert stock_variance(position(10, 0), [event("ship", -3), booked], position(6, 60)) is None


@pytest.mark.parametrize("kind", ["allocate", "pick", "pack", "hold", "disposition_change", "deliver"])
def test_what_only_changes_the_use_of_stock_changes_no_position(kind):
    assert stock_variance(position(10, 0), [event(kind, 3)], position(10, 60)) is None


def test_events_outside_the_window_do_not_count():
    events = [event("receive", 5, minutes=0), event("receive", 5, minutes=61)]
    assert stock_variance(position(10, 0), events, position(10, 60)) is None


def test_a_move_takes_here_and_gives_there():
    move = event("move", 4, location="", from_location="WH", to_location="SHOP")
    assert stock_variance(position(10, 0), [move], position(6, 60)) is None
    shop = {"location": "SHOP"}
    assert stock_variance(position(0, 0, **shop), [move], position(4, 60, **shop)) is None
    everywhere = {"location": ""}
    assert stock_variance(position(10, 0, **everywhere), [move], position(10, 60, **everywhere)) is None


def test_events_of_other_products_places_and_lots_do_not_count():
    others = [
        event("receive", 5, product="q"),
        event("receive", 5, location="X"),
        event("receive", 5, lot="B"),
    ]
    lot = {"lot": "A"}
    assert stock_variance(position(10, 0, **lot), others, position(10, 60, **lot)) is None
    assert stock_variance(position(10, 0), [event("receive", 5, lot="B")], position(15, 60)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, position(9, 60)),
        (position(None, 0), position(9, 60)),
        (position(10, 0), position(None, 60)),
        (position(10, 0, as_of=None), position(9, 60)),
        (position(10, 0), position(9, 60, as_of=None)),
        (position(10, 60), position(9, 0)),
        (position(10, 0), position(9, 60, uom="KGM")),
    ],
)
def test_what_cannot_be_compared_is_not_judged(before, after):
    assert stock_variance(before, [], after) is None


def test_an_event_in_an_unconverted_unit_makes_the_outcome_unknown():
    odd = msgspec.structs.replace(event("receive", 1), quantity=Quantity(D(1), "CS", None, "EA"))
    assert stock_variance(position(10, 0), [odd], position(99, 60)) is None


def test_negative_stock_is_reported_even_without_a_former_position():
    variance = stock_variance(None, [], position(-2, 60))
    assert variance.code == "B-NEG-STOCK"
    with pytest.raises(ValueError, match="no earlier position"):
        variance_event(variance, key="C", at=AT)
