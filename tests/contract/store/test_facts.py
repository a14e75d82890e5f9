"""Deliveries wait for facts; cross-references are the facts."""

import pytest

from crossdock.core.delivery import DeliveryState as S
from crossdock.core.facts import fact_name
from crossdock.store.contract import ExceptionFilter, Xref, XrefKey

ITEM = Xref("odoo", "1", "product", "4711", "9")
FACT = fact_name("odoo", "1", "product", "4711")


@pytest.mark.parametrize("state", [S.WAITING, S.PARKED])
async def test_a_fact_wakes_who_waits_for_it(desk, journal, state):
    first, second = await desk.add(), await desk.add()
    await desk.settle(
        first, state, facts=("odoo|1|product|other", FACT), exception=desk.exception(), due_at=99
    )
    assert (await desk.row(first)).facts == (FACT, "odoo|1|product|other")
    settled = await journal.put_xrefs([ITEM])
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first, second) == ["READY", "HELD"]
    assert (await desk.row(first)).facts == ()
    (row,) = await journal.list_exceptions(ExceptionFilter(state="resolved"), before=0, limit=9)
    assert (row.delivery_id, row.resolution) == (first, "fact arrived")
    assert await journal.next_due() is None


async def test_a_fact_out_of_another_target_s_delivery_wakes(desk):
    product = await desk.add(target="odoo", object_kind="product", object_key="4711")
    stock = await desk.add(target="wms")
    await desk.settle(stock, S.WAITING, target="wms", facts=(FACT,))
    await desk.send(product)
    settled = await desk.settle(product, S.DELIVERED, xrefs=(ITEM,))
    assert settled.woken_targets == {"wms"}


async def test_a_tombstone_and_another_fact_wake_nobody(desk, journal):
    first = await desk.add()
    await desk.settle(first, S.WAITING, facts=(FACT,))
    others = [
        Xref("odoo", "1", "product", "4711", "9", tombstone=True),
        Xref("odoo", "2", "product", "4711", "9"),
        Xref("wms", "1", "product", "4711", "9"),
    ]
    assert (await journal.put_xrefs(others)).woken_targets == set()
    assert await desk.state(first) == "WAITING"
    await journal.put_xrefs([ITEM])
    assert await desk.state(first) == "READY"


async def test_one_woken_behind_an_earlier_blocker_is_held(desk, journal):
    first, second, third = [await desk.add() for _ in range(3)]
    await desk.settle(second, S.WAITING, facts=(FACT,))
    await desk.settle(first, S.RETRYING, due_at=9)
    settled = await journal.put_xrefs([ITEM])
    assert settled.woken_targets == set()
    assert await desk.state(first, second, third) == ["RETRYING", "HELD", "HELD"]
    await journal.wake_due(9)
    await desk.deliver(first)
    assert await desk.state(second, third) == ["READY", "READY"]


async def test_a_fact_that_arrived_between_claim_and_settling_wakes_at_once(desk, journal):
    first = await desk.add()
    assert await desk.claim() == [first]
    await journal.put_xrefs([ITEM])
    settled = await desk.settle(first, S.WAITING, facts=(FACT,), due_at=99)
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first) == "READY"


async def test_a_fact_that_was_known_at_the_claim_does_not_wake_for_ever(desk, journal):
    first = await desk.add()
    await journal.put_xrefs([ITEM])
    assert await desk.claim() == [first]
    await desk.settle(first, S.WAITING, facts=(FACT,), due_at=99)
    assert await desk.state(first) == "WAITING"
    await journal.put_xrefs([ITEM])
    assert await desk.state(first) == "WAITING"
    await journal.put_xrefs([Xref("odoo", "1", "product", "4711", "10")])
    assert await desk.state(first) == "READY"


async def test_who_waits_for_what_its_own_settling_brings_is_woken(desk):
    first = await desk.add()
    await desk.send(first)
    await desk.settle(first, S.WAITING, facts=(FACT,), xrefs=(ITEM,))
    assert await desk.state(first) == "READY"


async def test_a_deadline_that_passes_parks_with_an_exception_and_the_fact_still_wakes(desk, journal):
    first, second = await desk.add(), await desk.add(object_key="2")
    await desk.settle(first, S.WAITING, facts=(FACT,), due_at=50)
    follower = await desk.add()
    await desk.settle(second, S.RETRYING, due_at=40)
    assert await desk.journal.overdue(49, limit=9) == []
    (row,) = await journal.overdue(50, limit=9)
    assert (row.id, row.state) == (first, S.WAITING)
    await journal.raise_overdue(first, desk.exception(code="T-DEADLINE"))
    assert await desk.state(first, follower) == ["PARKED", "HELD"]
    assert await journal.overdue(99, limit=9) == []
    (exception,) = await journal.list_exceptions(ExceptionFilter(code="T-DEADLINE"), before=0, limit=9)
    assert exception.delivery_id == first
    await journal.put_xrefs([ITEM])
    assert await desk.state(first) == "READY"
    assert (await journal.show_exception(exception.id)).state == "resolved"


async def test_an_answer_that_is_late_is_an_exception_and_still_taken(desk, journal):
    first = await desk.add()
    await desk.send(first)
    await desk.settle(first, S.AWAITING_ACK, due_at=50)
    (row,) = await journal.overdue(50, limit=9)
    await journal.raise_overdue(row.id, desk.exception(code="T-ACK-LATE"))
    assert await desk.state(first) == "AWAITING_ACK"
    assert await journal.overdue(99, limit=9) == []
    assert await journal.next_due() is None
    await desk.settle(first, S.DELIVERED, attempted=False)
    (exception,) = await journal.list_exceptions(ExceptionFilter(state=""), before=0, limit=9)
    assert (exception.state, exception.resolution) == ("resolved", "delivered")


async def test_overdue_ones_that_moved_on_are_left_alone(desk, journal):
    first = await desk.add()
    await desk.deliver(first)
    await journal.raise_overdue(first, desk.exception())
    assert await desk.state(first) == "DELIVERED"
    assert await journal.list_exceptions(ExceptionFilter(state=""), before=0, limit=9) == []


async def test_cross_references_are_found_both_ways(journal):
    far = Xref("odoo", "1", "order", "A|1", "42")
    gone = Xref("odoo", "1", "order", "A2", "43", tombstone=True)
    await journal.put_xrefs([far, gone, Xref("odoo", "2", "order", "A|1", "7")])
    keys = [XrefKey("odoo", "1", "order", k) for k in ("A|1", "A2", "A3")]
    assert await journal.find_xrefs(keys) == {keys[0]: far, keys[1]: gone}
    assert await journal.find_xrefs([]) == {}
    assert await journal.find_keys("odoo", "1", "order", ["42", "43", "44"]) == {"42": "A|1"}
    assert await journal.find_keys("odoo", "1", "order", []) == {}


async def test_a_cross_reference_changes_in_place(journal):
    key = XrefKey("odoo", "1", "order", "A1")
    for external_id, tombstone in (("1", False), ("2", False), ("2", True), ("3", False)):
        xref = Xref("odoo", "1", "order", "A1", external_id, tombstone)
        await journal.put_xrefs([xref])
        assert await journal.find_xrefs([key]) == {key: xref}
    assert await journal.find_keys("odoo", "1", "order", ["1", "2", "3"]) == {"3": "A1"}


async def test_of_two_references_put_at_once_the_last_counts(journal):
    key = XrefKey("odoo", "1", "order", "A1")
    both = [Xref("odoo", "1", "order", "A1", "1"), Xref("odoo", "1", "order", "A1", "2")]
    await journal.put_xrefs(both)
    assert (await journal.find_xrefs([key]))[key].external_id == "2"


async def test_claiming_again_while_it_is_on_its_way_does_not_lose_the_fact(desk, journal):
    first = await desk.add()
    assert await desk.claim() == [first]
    await journal.put_xrefs([ITEM])
    assert await desk.claim() == [first]
    settled = await desk.settle(first, S.WAITING, facts=(FACT,), due_at=99)
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first) == "READY"


async def test_who_waits_for_his_own_object_lets_its_bringer_pass_after_the_deadline_too(desk, journal):
    waiting = await desk.add()
    await desk.settle(waiting, S.WAITING, facts=(FACT,), holds_key=False, due_at=50)
    await journal.raise_overdue(waiting, desk.exception(code="T-DEADLINE"))
    bringer = await desk.add()
    assert await desk.state(waiting, bringer) == ["WAITING", "READY"]
    assert await journal.overdue(99, limit=9) == []
    await journal.put_xrefs([ITEM])
    assert await desk.state(waiting) == "READY"
    (row,) = await journal.list_exceptions(ExceptionFilter(state="resolved"), before=0, limit=9)
    assert row.resolution == "fact arrived"
