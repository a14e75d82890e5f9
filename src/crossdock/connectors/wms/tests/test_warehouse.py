"""The simulated warehouse keeps its books: nothing is made, lost or shipped twice, whatever happens to an order."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connectors.wms.forms import (
    AddressForm,
    AdviceForm,
    FormError,
    ItemForm,
    LineForm,
    ShipOrderForm,
)
from crossdock.connectors.wms.simulator import WmsSimulator
from crossdock.core.clock import ManualClock
from crossdock.core.identifiers import is_sscc

BEHAVIOURS = ("full", "partial", "short", "damaged", "late_cancel", "over")
QUANTITIES = st.decimals("0.01", "200", places=2)


def warehouse(seed: int = 1) -> WmsSimulator:
    return WmsSimulator(clock=ManualClock(), randomness=random.Random(seed))


def stocked(simulator: WmsSimulator, sku: str, quantity: str | Decimal, **item) -> None:
    simulator.stock.set_item(ItemForm(sku=sku, uom="EA", weight_kg="0.5", **item))
    simulator.stock.add(sku, Decimal(quantity))


def order(reference: str, *lines: tuple[str, str | Decimal]) -> ShipOrderForm:
    return ShipOrderForm(
        reference=reference,
        order=f"O-{reference}",
        ship_to=AddressForm(name="Store"),
        carrier="UPSN",
        lines=[
            LineForm(str(n), sku, f"{Decimal(quantity):f}", "EA")
            for n, (sku, quantity) in enumerate(lines, 1)
        ],
    )


async def work_and_cancel(simulator: WmsSimulator, cancels: list[tuple[int, int]]) -> None:
    """Twelve steps; before the step `at` the order `which` is cancelled, if that is still taken."""
    refusals = []
    for step in range(12):
        for which in [which for which, at in cancels if at == step and f"R{which}" in simulator.ship_orders]:
            try:
                simulator.orders.cancel(f"R{which}")
            except FormError as error:
                refusals.append(error.code)
        await simulator.advance()
    assert set(refusals) <= {"already_picked"}


def kinds(simulator: WmsSimulator) -> list[str]:
    return [event["type"].partition(".")[2] for event in simulator.events]


@settings(max_examples=60, deadline=None)
@given(
    stock=st.lists(QUANTITIES, min_size=3, max_size=3),
    orders=st.lists(
        st.tuples(
            st.sampled_from(BEHAVIOURS),
            st.lists(st.tuples(st.integers(0, 2), QUANTITIES), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=6,
    ),
    cancels=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=4),
)
async def test_books_balance_whatever_happens(stock, orders, cancels):
    simulator = warehouse()
    for n, quantity in enumerate(stock):
        stocked(simulator, f"S{n}", quantity, lot_tracked=n == 0)
    for n, (behaviour, lines) in enumerate(orders):
        simulator.behaviours[f"R{n}"] = behaviour
        simulator.orders.create(order(f"R{n}", *((f"S{sku}", quantity) for sku, quantity in lines)))
    await work_and_cancel(simulator, cancels)
    assert await simulator.advance() == 0, "all orders have ended"
    shipped = dict.fromkeys(simulator.stock.items, Decimal(0))
    for shipment in simulator.shipments:
        for content in shipment["contents"]:
            shipped[content["sku"]] += Decimal(content["quantity"])
    for one in simulator.ship_orders.values():
        for line in one.lines:
            ended = line.shipped if one.status == "cancelled" else line.shipped + line.short - line.quantity
            assert ended == 0, one
    for n, quantity in enumerate(stock):
        row = simulator.stock.row(f"S{n}")
        assert Decimal(row["on_hand"]) == quantity - shipped[f"S{n}"]
        assert Decimal(row["allocated"]) == 0
        assert Decimal(row["available"]) == Decimal(row["on_hand"]) - Decimal(row["damaged"]) >= 0
    ssccs = [unit["sscc"] for shipment in simulator.shipments for unit in shipment["handling_units"]]
    assert len(ssccs) == len(set(ssccs))
    assert all(is_sscc(sscc) for sscc in ssccs)


async def test_a_full_order_goes_through_all_steps():
    simulator = warehouse()
    stocked(simulator, "A", 100)
    simulator.orders.create(order("R1", ("A", 60)))
    await simulator.advance(5)
    assert kinds(simulator) == ["accepted", "allocated", "picked", "packed", "shipped"]
    shipment = simulator.events[-1]["data"]["shipment"]
    assert shipment["final"] is True
    assert shipment["tracking"]
    pallet, *cartons = shipment["handling_units"]
    assert (pallet["type"], pallet["weight_kg"]) == ("pallet", "30")
    assert {carton["parent_id"] for carton in cartons} == {pallet["hu_id"]}
    assert sum(Decimal(c["quantity"]) for c in shipment["contents"]) == 60


async def test_a_partial_order_ships_twice_and_only_the_second_is_final():
    simulator = warehouse()
    stocked(simulator, "A", 100)
    simulator.behaviours["O-R1"] = "partial"
    simulator.orders.create(order("R1", ("A", 5)))
    await simulator.advance(7)
    shipped = [event["data"] for event in simulator.events if event["type"] == "ship_order.shipped"]
    assert [one["shipment"]["final"] for one in shipped] == [False, True]
    assert [one["status"] for one in shipped] == ["shipped_partial", "shipped"]
    assert [one["lines"][0]["quantity_shipped"] for one in shipped] == ["2", "5"]
    assert shipped[0]["shipment"]["shipment_no"] != shipped[1]["shipment"]["shipment_no"]


async def test_a_short_order_says_so_and_is_closed_short():
    simulator = warehouse()
    stocked(simulator, "A", 3)
    simulator.orders.create(order("R1", ("A", 5)))
    await simulator.advance(5)
    assert kinds(simulator) == ["accepted", "allocated", "short", "picked", "packed", "shipped"]
    line = simulator.events[-1]["data"]["lines"][0]
    assert (line["quantity_shipped"], line["quantity_short"], line["short_reason"]) == (
        "3",
        "2",
        "out_of_stock",
    )


async def test_an_order_of_which_nothing_is_there_ends_incomplete():
    simulator = warehouse()
    simulator.stock.set_item(ItemForm(sku="A", uom="EA"))
    simulator.orders.create(order("R1", ("A", 5)))
    await simulator.advance(5)
    assert kinds(simulator) == ["accepted", "short"]
    assert simulator.ship_orders["R1"].status == "incomplete"


async def test_a_damaged_unit_is_set_aside_and_not_shipped():
    simulator = warehouse()
    stocked(simulator, "A", 10)
    simulator.behaviours["R1"] = "damaged"
    simulator.orders.create(order("R1", ("A", 4)))
    await simulator.advance(5)
    adjusted = next(event["data"] for event in simulator.events if event["type"] == "stock.adjusted")
    assert (adjusted["quantity"], adjusted["kind"], adjusted["on_hand_after"]) == (
        "-1",
        "disposition_change",
        "10",
    )
    row = simulator.stock.row("A")
    assert (row["on_hand"], row["damaged"], row["available"]) == ("7", "1", "6")


async def test_lots_leave_first_expiring_first():
    simulator = warehouse()
    simulator.stock.set_item(ItemForm(sku="A", uom="EA", lot_tracked=True))
    simulator.stock.add("A", Decimal(5), lot="LATE", expiry="2027-12-31")
    simulator.stock.add("A", Decimal(5), lot="SOON", expiry="2027-01-31")
    simulator.orders.create(order("R1", ("A", 7)))
    await simulator.advance(5)
    contents = simulator.shipments[0]["contents"]
    assert [(c["lot"], c["quantity"]) for c in contents] == [("SOON", "5"), ("LATE", "2")]


async def test_a_held_order_waits_and_goes_on_when_released():
    simulator = warehouse()
    stocked(simulator, "A", 10)
    simulator.orders.create(order("R1", ("A", 1)))
    simulator.orders.set_hold("R1", on_hold=True)
    assert await simulator.advance(5) == 0
    simulator.orders.set_hold("R1", on_hold=False)
    await simulator.advance(5)
    assert simulator.ship_orders["R1"].status == "shipped"
    with pytest.raises(FormError, match="shipped"):
        simulator.orders.set_hold("R1", on_hold=True)


@pytest.mark.parametrize(
    ("behaviour", "received", "accepted", "damaged", "short", "over"),
    [
        ("full", "10", "10", "0", "0", "0"),
        ("damaged", "10", "9", "1", "0", "0"),
        ("short", "9", "9", "0", "1", "0"),
        ("over", "11", "11", "0", "0", "1"),
    ],
)
async def test_what_comes_in_is_told_exactly(behaviour, received, accepted, damaged, short, over):
    simulator = warehouse()
    simulator.stock.set_item(ItemForm(sku="A", uom="EA", lot_tracked=True))
    simulator.behaviours["ADV"] = behaviour
    simulator.advices.create(AdviceForm(reference="ADV", order="PO1", lines=[LineForm("1", "A", "10", "EA")]))
    await simulator.advance(3)
    (event,) = simulator.events
    (line,) = event["data"]["receipt"]["lines"]
    told = [line[f"quantity_{name}"] for name in ("received", "accepted", "damaged", "short", "over")]
    assert told == [received, accepted, damaged, short, over]
    assert line["lot"] == "LOT-RC-000001"
    assert simulator.stock.row("A")["on_hand"] == received


async def test_a_partial_receipt_adds_up_over_two():
    simulator = warehouse()
    simulator.stock.set_item(ItemForm(sku="A", uom="EA"))
    simulator.behaviours["ADV"] = "partial"
    simulator.advices.create(AdviceForm(reference="ADV", order="PO1", lines=[LineForm("1", "A", "7", "EA")]))
    await simulator.advance(3)
    receipts = [event["data"]["receipt"] for event in simulator.events]
    assert [(r["final"], r["lines"][0]["quantity_received"]) for r in receipts] == [(False, "3"), (True, "4")]


async def test_the_same_seed_and_the_same_calls_give_the_same_events():
    async def run(seed):
        simulator = warehouse(seed)
        simulator.behaviour_rates = {"partial": 0.3, "short": 0.3, "damaged": 0.2}
        stocked(simulator, "A", 1000)
        for n in range(20):
            simulator.orders.create(order(f"R{n}", ("A", n + 1)))
        await simulator.advance(8)
        return simulator.events

    assert await run(7) == await run(7)
    assert await run(7) != await run(8)


async def test_behaviours_are_chosen_by_a_predicate_too():
    simulator = warehouse()
    stocked(simulator, "A", 100)
    simulator.behaviours[lambda form: len(form.lines) > 1] = "short"
    simulator.orders.create(order("R1", ("A", 4)))
    simulator.orders.create(order("R2", ("A", 4), ("A", 4)))
    assert [one.behaviour for one in simulator.ship_orders.values()] == ["full", "short"]


def test_more_than_is_free_is_never_taken_off():
    simulator = warehouse()
    stocked(simulator, "A", 2)
    with pytest.raises(FormError, match="only 2"):
        simulator.adjust("A", Decimal(-3), "lost")
    assert simulator.stock.row("A")["on_hand"] == "2"
    assert simulator.events == []


def test_times_come_from_the_clock():
    clock = ManualClock(dt.datetime(2026, 5, 1, 12, 30, 15, 999, tzinfo=dt.UTC))
    simulator = WmsSimulator(clock=clock, randomness=random.Random(1))
    stocked(simulator, "A", 1)
    assert simulator.stock.row("A")["as_of"] == "2026-05-01T12:30:15Z"
