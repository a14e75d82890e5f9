"""Effects happen once; newer versions replace older ones, and older ones that come late are not applied."""

import pytest

from crossdock.core.delivery import DeliveryState as S
from crossdock.core.errors import SupersededError
from crossdock.store.contract import ExceptionFilter, MessageState, Translated


async def named(desk, delivery_id):
    return (await desk.row(delivery_id)).named


async def test_the_same_effect_with_the_same_document_is_a_duplicate_of_the_first(desk):
    first = await desk.add(effect_key="e", body=b"same")
    again = await desk.add(effect_key="e", body=b"same")
    await desk.deliver(first)
    later = await desk.add(effect_key="e", body=b"same")
    assert await desk.state(first, again, later) == ["DELIVERED", "DUPLICATE", "DUPLICATE"]
    assert [await named(desk, i) for i in (again, later)] == [first, first]


async def test_duplicates_within_one_commit_are_found(desk):
    documents = [desk.document(desk.delivery(effect_key="e"), body=b"same") for _ in range(3)]
    _, ids = await desk.translate(*documents)
    assert await desk.state(*ids) == ["READY", "DUPLICATE", "DUPLICATE"]


async def test_the_same_effect_with_another_document_is_parked_with_an_exception(desk, journal):
    first = await desk.add(effect_key="e", body=b"one")
    other = await desk.add(effect_key="e", body=b"other")
    assert await desk.state(first, other) == ["READY", "PARKED"]
    (exception,) = await journal.list_exceptions(ExceptionFilter(), before=0, limit=10)
    assert (exception.code, exception.delivery_id, exception.owner) == ("B-DUP-DOC", other, "ops")
    assert f"d{first}" in exception.text
    await journal.retry_delivery(other, actor="kim", reason="it is a change")
    shown = await journal.show_delivery(other)
    assert (shown.state, shown.effect_key) == (S.READY, "e+r1")


async def test_a_conflict_may_become_the_next_revision_instead(desk, journal):
    first = await desk.add(effect_key="e", body=b"1", on_conflict="revise")
    second = await desk.add(effect_key="e", body=b"2", on_conflict="revise")
    third = await desk.add(effect_key="e", body=b"3", on_conflict="revise")
    again = await desk.add(effect_key="e", body=b"2", on_conflict="revise")
    keys = [(await journal.show_delivery(i)).effect_key for i in (first, second, third)]
    assert keys == ["e", "e+r1", "e+r2"]
    assert await desk.state(first, second, third, again) == ["READY", "READY", "READY", "DUPLICATE"]
    assert await named(desk, again) == second


@pytest.mark.parametrize("end", [S.CANCELLED, S.DEAD])
async def test_an_effect_that_never_happened_may_be_asked_for_again(desk, end):
    first = await desk.add(effect_key="e", body=b"same")
    await desk.settle(first, end)
    assert await desk.state(await desk.add(effect_key="e", body=b"same")) == "READY"


async def test_shadowed_deliveries_stand_in_nobody_s_way(desk):
    shadow = await desk.add(effect_key="e", body=b"same", state=S.SHADOWED)
    real = await desk.add(effect_key="e", body=b"other")
    assert await desk.state(shadow, real) == ["SHADOWED", "READY"]


async def test_a_delivery_may_be_parked_from_the_start(desk):
    first, second = await desk.add(state=S.PARKED), await desk.add()
    assert await desk.state(first, second) == ["PARKED", "HELD"]


async def test_a_message_is_translated_once(desk, journal):
    message_id = await desk.accept()
    translated = Translated(message_id, MessageState.TRANSLATED, (desk.document(desk.delivery()),))
    await journal.commit_translated([translated])
    settled = await journal.commit_translated([translated])
    assert settled.woken_targets == set()
    assert len((await journal.show_message(message_id))["deliveries"]) == 1


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────


def stock(desk, version="", **fields):
    fields.setdefault("object_key", "4711")
    return desk.add(
        operation="stock.set", supersede=True, source_version=version, object_kind="stock", **fields
    )


@pytest.mark.parametrize(
    ("older", "newer"),
    [("9", "10"), ("2026-01-01T10:00:00+02:00", "2026-01-01T09:00:00Z"), ("a9", "b1"), ("", "")],
)
async def test_a_newer_version_replaces_what_is_not_sent_yet(desk, older, newer):
    first = await stock(desk, older)
    second = await stock(desk, newer)
    assert await desk.state(first, second) == ["SUPERSEDED", "READY"]
    assert await named(desk, first) == second


async def test_an_older_version_that_comes_late_is_superseded_itself(desk):
    first = await stock(desk, "10")
    await desk.deliver(first)
    late = await stock(desk, "9")
    assert await desk.state(late) == "SUPERSEDED"
    assert await named(desk, late) == first


async def test_an_older_version_in_the_same_commit_is_superseded(desk):
    documents = [
        desk.document(desk.delivery(supersede=True, source_version=v, effect_key=v)) for v in ("2", "1", "3")
    ]
    _, ids = await desk.translate(*documents)
    assert await desk.state(*ids) == ["SUPERSEDED", "SUPERSEDED", "READY"]
    assert [await named(desk, i) for i in ids] == [ids[2], ids[0], None]


async def test_an_equal_version_takes_the_place_of_one_not_sent(desk):
    first = await stock(desk, "5")
    second = await stock(desk, "5")
    assert await desk.state(first, second) == ["SUPERSEDED", "READY"]


async def test_one_that_is_on_its_way_is_left_alone(desk):
    first = await stock(desk, "1")
    await desk.send(first)
    second = await stock(desk, "2")
    assert await desk.state(first, second) == ["SENT", "READY"]


@pytest.mark.parametrize("state", [S.RETRYING, S.PARKED, S.WAITING])
async def test_what_is_stuck_is_replaced_with_its_exception_and_its_facts(desk, journal, state):
    first = await stock(desk, "1")
    exception = desk.exception()
    await desk.settle(first, state, due_at=9, facts=("odoo|1|product|4711",), exception=exception)
    second = await stock(desk, "2")
    assert await desk.state(first, second) == ["SUPERSEDED", "READY"]
    (row,) = await journal.list_exceptions(ExceptionFilter(state=""), before=0, limit=9)
    assert (row.state, row.resolution) == ("resolved", f"superseded by d{second}")
    assert (await desk.row(first)).facts == ()
    assert await journal.next_due() is None


async def test_a_guarded_effect_that_was_done_is_not_replaced(desk):
    first = await stock(desk, "1")
    await desk.settle(first, S.PARKED, effect_done=True)
    second = await stock(desk, "2")
    assert await desk.state(first, second) == ["PARKED", "HELD"]


async def test_other_operations_of_the_key_are_not_replaced_and_go_on(desk):
    first, other = await stock(desk, "1"), await desk.add(object_kind="stock", object_key="4711")
    await desk.settle(first, S.RETRYING, due_at=9)
    assert await desk.state(other) == "HELD"
    second = await stock(desk, "2")
    assert await desk.state(first, other, second) == ["SUPERSEDED", "READY", "READY"]


async def test_versions_count_for_superseding_deliveries_only(desk):
    first = await desk.add(source_version="10")
    await desk.deliver(first)
    assert await desk.state(await desk.add(source_version="9")) == "READY"


async def test_a_cancelled_newer_version_does_not_stop_an_older_one(desk, journal):
    first = await stock(desk, "10")
    await journal.cancel_delivery(first, actor="kim", reason="")
    assert await desk.state(await stock(desk, "9")) == "READY"


async def test_a_value_that_comes_back_is_sent_again(desk, journal):
    five = await stock(desk, effect_key="five", body=b"5")
    await desk.deliver(five)
    six = await stock(desk, effect_key="six", body=b"6")
    await desk.deliver(six)
    back = await stock(desk, effect_key="five", body=b"5")
    assert await desk.state(back) == "READY"
    assert (await journal.show_delivery(back)).effect_key == "five+r1"
    await desk.deliver(back)
    assert await desk.state(await stock(desk, effect_key="five", body=b"5")) == "DUPLICATE"


async def test_yesterday_s_value_is_not_sent_when_its_message_is_reprocessed(desk, journal):
    five = await stock(desk, effect_key="five", body=b"5")
    await desk.deliver(five)
    six = await stock(desk, effect_key="six", body=b"6")
    await desk.deliver(six)
    message_id = (await journal.show_delivery(five)).message_id
    await journal.reopen_message(message_id, body=None, actor="kim", reason="")
    again = await stock(desk, effect_key="five", body=b"5", message_id=message_id)
    assert await desk.state(again) == "SUPERSEDED"
    assert await named(desk, again) == six


async def test_yesterday_s_value_is_not_redelivered(desk, journal):
    first, second = await stock(desk, "1"), None
    await desk.deliver(first)
    await journal.retry_delivery(first, actor="kim", reason="sure")
    await desk.deliver(first)
    second = await stock(desk, "2")
    with pytest.raises(SupersededError) as caught:
        await journal.retry_delivery(first, actor="kim", reason="sure")
    assert caught.value.by == f"d{second}"
    assert await desk.state(first) == "DELIVERED"


async def test_many_versions_leave_one_rival(desk):
    for version in range(20):
        delivery_id = await stock(desk, str(version))
        await desk.deliver(delivery_id)
    assert await desk.state(await stock(desk, "18")) == "SUPERSEDED"
    assert await desk.state(await stock(desk, "20")) == "READY"
