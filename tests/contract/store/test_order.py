"""Deliveries of one key never overtake each other; other keys never wait for them."""

import pytest

from crossdock.core.delivery import DeliveryState as S
from crossdock.core.errors import RetryableError
from crossdock.core.facts import fact_name
from crossdock.core.ids import DeliveryId
from crossdock.store.contract import ChangedMeanwhileError, DeliverySettled, NewArtefact, Xref

ORDER = fact_name("odoo", "1", "order", "10001")
ITEM = fact_name("odoo", "1", "product", "4711")


async def test_ready_deliveries_are_claimed_by_id_with_their_document(desk, journal):
    settled, (first,) = await desk.translate(
        desk.document(desk.delivery(source_version="3", target_index=2), body=b'{"a":1}', source_version="3")
    )
    second = await desk.add(object_key="10002")
    assert settled.woken_targets == {"odoo"}
    lease = await desk.lease()
    rows = await journal.claim(lease, after=DeliveryId(0), limit=10)
    assert [row.id for row in rows] == [first, second]
    row = rows[0]
    assert (
        row.target,
        row.company,
        row.operation,
        row.interface,
        row.interface_version,
        row.target_index,
    ) == (
        "odoo",
        "1",
        "order.create",
        "orders",
        1,
        2,
    )
    assert (row.ordering_key, row.state, row.attempts) == ("odoo|1|order:10001", S.READY, 0)
    assert (row.document_kind, row.document_key, row.document_body) == ("sales_order", "10001", b'{"a":1}')
    assert (row.source_version, row.transaction, row.effect_done) == ("3", "10001", False)
    assert [r.id for r in await journal.claim(lease, after=first, limit=10)] == [second]
    assert [r.id for r in await journal.claim(lease, after=DeliveryId(0), limit=1)] == [first]
    assert await desk.claim("wms") == []


@pytest.mark.parametrize("blocking", [S.RETRYING, S.PARKED, S.WAITING])
async def test_a_blocked_key_holds_those_behind_it_until_it_is_over(desk, blocking):
    first, behind, other = await desk.add(), await desk.add(), await desk.add(object_key="10002")
    await desk.settle(first, blocking, due_at=10, facts=(ITEM,))
    late = await desk.add(operation="order.cancel")
    assert await desk.state(first, behind, late, other) == [blocking.name, "HELD", "HELD", "READY"]
    assert await desk.claim() == [other]


@pytest.mark.parametrize("end", [S.DELIVERED, S.SUPERSEDED, S.CANCELLED, S.SHADOWED, S.DEAD])
async def test_an_end_releases_what_was_held(desk, end):
    first, behind = await desk.add(), await desk.add()
    await desk.settle(first, S.RETRYING, due_at=desk.clock.micros())
    woken = await desk.journal.wake_due(desk.clock.micros())
    assert woken.woken_targets == {"odoo"}
    assert await desk.state(first, behind) == ["READY", "HELD"]
    settled = await desk.settle(first, end)
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first, behind) == [end.name, "READY"]


async def test_held_ones_stay_behind_another_blocker(desk):
    first, second, third = [await desk.add() for _ in range(3)]
    await desk.settle(second, S.PARKED)
    await desk.settle(first, S.RETRYING, due_at=10)
    assert await desk.state(first, second, third) == ["RETRYING", "PARKED", "HELD"]
    await desk.journal.cancel_delivery(first, actor="kim", reason="")
    assert await desk.state(second, third) == ["PARKED", "HELD"]
    await desk.journal.cancel_delivery(second, actor="kim", reason="")
    assert await desk.state(third) == "READY"


async def test_who_waits_for_his_own_object_lets_the_others_pass(desk):
    first, creation = await desk.add(operation="order.confirm"), await desk.add()
    await desk.settle(first, S.WAITING, facts=(ORDER,), holds_key=False, due_at=10)
    assert await desk.state(first, creation) == ["WAITING", "READY"]
    await desk.send(creation)
    settled = await desk.settle(creation, S.DELIVERED, xrefs=(Xref("odoo", "1", "order", "10001", "42"),))
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first, creation) == ["READY", "DELIVERED"]


async def test_one_that_comes_behind_a_held_one_is_held_though_the_blocker_is_ready_again(desk):
    first, second = await desk.add(), await desk.add()
    await desk.settle(first, S.RETRYING, due_at=1)
    await desk.journal.wake_due(5)
    third = await desk.add()
    assert await desk.state(first, second, third) == ["READY", "HELD", "HELD"]
    await desk.deliver(first)
    assert await desk.state(second, third) == ["READY", "READY"]


async def test_a_claim_from_a_position_leaves_out_what_is_behind_an_older_ready_one(desk, journal):
    first, second = await desk.add(), await desk.add()
    other = await desk.add(object_key="10002")
    assert await desk.claim(after=first) == [other]
    assert await desk.claim() == [first, second, other]
    await desk.send(first)
    settled = await desk.settle(first, S.DELIVERED)
    assert settled.woken_targets == {"odoo"}
    assert await desk.claim(after=first) == [second, other]


async def test_awaiting_an_answer_holds_nobody(desk):
    first, second = await desk.add(), await desk.add()
    await desk.settle(first, S.RETRYING, due_at=1)
    await desk.journal.wake_due(2)
    await desk.send(first)
    await desk.settle(first, S.AWAITING_ACK, due_at=99)
    assert await desk.state(first, second) == ["AWAITING_ACK", "READY"]


async def test_not_sent_after_all_is_ready_again_without_an_attempt(desk, journal):
    first = await desk.add()
    await desk.send(first)
    settled = await desk.settle(first, S.READY, attempted=False)
    assert settled.woken_targets == {"odoo"}
    shown = await journal.show_delivery(first)
    assert (shown.state, shown.attempts) == (S.READY, 0)


async def test_not_sent_after_all_goes_behind_an_earlier_blocker(desk):
    first, second = await desk.add(), await desk.add()
    await desk.send(first, second)
    await desk.settle(first, S.RETRYING, due_at=9)
    await desk.settle(second, S.READY, attempted=False)
    assert await desk.state(first, second) == ["RETRYING", "HELD"]


async def test_sent_ones_are_in_doubt_until_settled_and_can_be_sent_again(desk, journal):
    first = await desk.add()
    lease = await desk.lease()
    assert await journal.in_doubt(lease) == []
    await desk.send(first)
    (row,) = await journal.in_doubt(lease)
    assert (row.id, row.state, row.sent_at) == (first, S.SENT, desk.clock.micros())
    assert await desk.claim() == []
    await desk.send(first)
    await desk.settle(first, S.DELIVERED)
    assert await journal.in_doubt(lease) == []


async def test_what_changed_since_the_claim_is_not_sent(desk, journal):
    first, second = await desk.add(), await desk.add(object_key="10002")
    await journal.cancel_delivery(first, actor="kim", reason="ordered twice")
    with pytest.raises(ChangedMeanwhileError) as caught:
        await desk.send(first, second)
    assert caught.value.deliveries == (first,)
    assert caught.value.code == "T-STALE"
    assert await desk.state(second) == "READY"
    shown = await journal.show_message((await journal.show_delivery(second)).message_id)
    assert shown["artefacts"] == []


async def test_an_outcome_of_a_cancelled_one_keeps_its_cross_references_only(desk, journal):
    first = await desk.add()
    await journal.cancel_delivery(first, actor="kim", reason="")
    xref = Xref("odoo", "1", "order", "10001", "42")
    await desk.settle(first, S.RETRYING, due_at=5, xrefs=(xref,))
    assert await desk.state(first) == "CANCELLED"
    assert await journal.find_keys("odoo", "1", "order", ["42"]) == {"42": "10001"}


async def test_retries_become_due_in_their_time(desk, journal):
    first, second = await desk.add(), await desk.add(object_key="2")
    assert await journal.next_due() is None
    await desk.settle(first, S.RETRYING, due_at=100)
    await desk.settle(second, S.RETRYING, due_at=50)
    assert await journal.next_due() == 50
    assert (await journal.wake_due(49)).woken_targets == set()
    assert (await journal.wake_due(50)).woken_targets == {"odoo"}
    assert await desk.state(first, second) == ["RETRYING", "READY"]
    assert await journal.next_due() == 100


async def test_attempts_and_artefacts_are_recorded(desk, journal):
    first = await desk.add()
    artefact = await desk.send(first)
    await desk.settle(
        first,
        S.RETRYING,
        due_at=1,
        artefact_id=artefact,
        outcome="failed",
        error_code="T-API-5XX",
        error_text="503",
    )
    await journal.wake_due(1)
    artefact2 = await desk.send(first)
    await desk.settle(first, S.DELIVERED, artefact_id=artefact2, outcome="done", answer=b"\x00ok")
    shown = await journal.show_message((await journal.show_delivery(first)).message_id)
    assert [(a.state, a.artefact_id, a.outcome, a.error_code) for a in shown["attempts"]] == [
        ("retrying", artefact, "failed", "T-API-5XX"),
        ("delivered", artefact2, "done", ""),
    ]
    assert shown["attempts"][1].answer == b"\x00ok"
    assert [(a.id, a.deliveries, a.request) for a in shown["artefacts"]] == [
        (artefact, (first,), b'{"sent": 1}'),
        (artefact2, (first,), b'{"sent": 1}'),
    ]
    assert (await journal.show_delivery(first)).attempts == 2


async def test_one_artefact_carries_many_and_one_call_records_many(desk, journal):
    ids = [await desk.add(object_key=str(i)) for i in range(3)]
    made = [
        NewArtefact("odoo", "order.create", b"1", tuple(ids[:2])),
        NewArtefact("odoo", "order.create", b"2", (ids[2],)),
    ]
    artefacts = await journal.mark_sent(await desk.lease(), made)
    assert len(set(artefacts)) == 2
    assert await desk.state(*ids) == ["SENT"] * 3
    await journal.settle(await desk.lease(), [DeliverySettled(i, S.DELIVERED) for i in ids])
    assert await desk.state(*ids) == ["DELIVERED"] * 3


# ── leases ───────────────────────────────────────────────────────────────────────────────────────────


async def test_lanes_are_shared_out_and_claims_stay_within_them(desk, journal):
    ids = [await desk.add(object_key=str(i)) for i in range(40)]
    one = await desk.lease(worker="one", want=20)
    two = await desk.lease(worker="two", want=64)
    assert len(one.lanes) == 20
    assert one.lanes | two.lanes == frozenset(range(64))
    assert not one.lanes & two.lanes
    mine = [row.id for row in await journal.claim(one, after=DeliveryId(0), limit=100)]
    theirs = [row.id for row in await journal.claim(two, after=DeliveryId(0), limit=100)]
    assert sorted(mine + theirs) == ids
    assert mine
    assert theirs


async def test_a_lease_is_renewed_under_its_token_until_another_takes_it(desk, journal):
    first = await desk.add()
    old = await desk.lease(worker="one", ttl_s=10)
    desk.clock.advance(8)
    renewed = await desk.lease(worker="one", ttl_s=10)
    assert (renewed.token, renewed.lanes) == (old.token, old.lanes)
    assert (await desk.lease(worker="two")).lanes == frozenset()
    desk.clock.advance(10)
    taken = await desk.lease(worker="two")
    assert len(taken.lanes) == 64
    assert taken.token > old.token
    artefact = NewArtefact("odoo", "x", b"", (first,))
    with pytest.raises(RetryableError, match="T-STALE"):
        await journal.mark_sent(renewed, [artefact])
    assert await desk.state(first) == "READY"
    await journal.mark_sent(taken, [artefact])


async def test_a_late_settle_of_a_former_owner_commits_nothing(desk, journal):
    first = await desk.add()
    old = await desk.lease(worker="one", ttl_s=10)
    await journal.mark_sent(old, [NewArtefact("odoo", "x", b"", (first,))])
    desk.clock.advance(11)
    xref = Xref("odoo", "1", "order", "10001", "42")
    new = await desk.lease(worker="two", ttl_s=10)
    with pytest.raises(RetryableError, match="T-STALE"):
        await journal.settle(old, [DeliverySettled(first, S.DELIVERED, xrefs=(xref,))])
    assert await journal.find_keys("odoo", "1", "order", ["42"]) == {}
    assert [row.id for row in await journal.in_doubt(new)] == [first]
    desk.clock.advance(11)
    back = await desk.lease(worker="one", ttl_s=10)
    assert back.token > new.token
    with pytest.raises(RetryableError, match="T-STALE"):
        await journal.settle(old, [DeliverySettled(first, S.DELIVERED)])


async def test_nothing_is_sent_under_a_lease_that_ran_out_though_nobody_took_it(desk, journal):
    first = await desk.add()
    lease = await desk.lease(worker="one", ttl_s=10)
    desk.clock.advance(11)
    with pytest.raises(RetryableError, match="T-STALE"):
        await journal.mark_sent(lease, [NewArtefact("odoo", "x", b"", (first,))])


async def test_an_outcome_is_taken_under_a_lease_that_ran_out_if_nobody_took_it(desk, journal):
    first = await desk.add()
    lease = await desk.lease(worker="one", ttl_s=10)
    await journal.mark_sent(lease, [NewArtefact("odoo", "x", b"", (first,))])
    desk.clock.advance(11)
    await journal.settle(lease, [DeliverySettled(first, S.DELIVERED)])
    assert await desk.state(first) == "DELIVERED"


async def test_released_lanes_are_free_at_once(desk, journal):
    one = await desk.lease(worker="one")
    await journal.release_lanes(one)
    assert len((await desk.lease(worker="two")).lanes) == 64


async def test_wanting_fewer_lanes_gives_the_others_back(desk, journal):
    await desk.lease(worker="one", want=64)
    fewer = await desk.lease(worker="one", want=16)
    assert len(fewer.lanes) == 16
    assert len((await desk.lease(worker="two")).lanes) == 48


async def test_an_outcome_of_another_target_s_delivery_is_refused(desk, journal):
    first = await desk.add(target="wms")
    with pytest.raises(RetryableError, match="T-STALE"):
        await desk.settle(first, S.DELIVERED, target="odoo")
