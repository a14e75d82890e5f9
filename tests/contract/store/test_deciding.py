"""Exceptions are counted, resolved and decided upon; nothing vanishes."""

import pytest

from crossdock.core.delivery import DeliveryState as S
from crossdock.core.errors import ConflictError, CrossdockError, Place, RejectedError
from crossdock.core.ids import DeliveryId, ExceptionId, MessageId
from crossdock.store.contract import ExceptionFilter, MessageState, Translated

ALL = ExceptionFilter(state="")


async def exceptions(journal, **where):
    return await journal.list_exceptions(ExceptionFilter(**{"state": "", **where}), before=0, limit=100)


async def test_an_exception_keeps_all_it_was_raised_with(desk, journal):
    first = await desk.add()
    place = Place(source="orders.csv", line=3, column=7, path="lines[0].sku", value="4711")
    raised = desk.exception(place=place, mend="create it", detail="{}", transaction="10001")
    await desk.settle(first, S.PARKED, exception=raised)
    (row,) = await exceptions(journal)
    assert (row.code, row.severity, row.class_, row.owner, row.stage) == (
        "B-UNK-ITEM",
        "E",
        "missing_reference",
        "ops",
        "deliver",
    )
    assert (row.text, row.mend, row.detail, row.place) == ("item 4711 is unknown", "create it", "{}", place)
    assert (row.system, row.interface, row.transaction) == ("odoo", "orders", "10001")
    shown = await journal.show_delivery(first)
    assert (row.delivery_id, row.document_id, row.message_id) == (first, shown.document_id, shown.message_id)
    assert (row.state, row.count, row.first_seen, row.last_seen) == (
        "open",
        1,
        desk.clock.micros(),
        desk.clock.micros(),
    )
    assert await journal.show_exception(row.id) == row
    assert await journal.show_exception(ExceptionId(row.id + 1)) is None


async def test_the_same_exception_again_is_counted_and_open_again(desk, journal):
    first = await desk.add()
    await desk.settle(first, S.PARKED, exception=desk.exception())
    await journal.retry_delivery(first, actor="kim", reason="created it")
    (row,) = await exceptions(journal)
    assert (row.state, row.resolution, row.assignee) == ("resolved", "retried: created it", "kim")
    desk.clock.advance(5)
    await desk.settle(first, S.PARKED, exception=desk.exception())
    (row,) = await exceptions(journal)
    assert (row.state, row.count, row.resolution) == ("open", 2, "")
    assert row.last_seen - row.first_seen == 5_000_000


async def test_two_faults_of_one_message_are_two_exceptions(desk, journal):
    message_id = await desk.accept()
    faults = tuple(desk.exception(place=Place(source="a.csv", line=line)) for line in (3, 8))
    await journal.commit_translated([Translated(message_id, MessageState.FAILED, exceptions=faults)])
    assert [row.place.line for row in await exceptions(journal)] == [8, 3]
    assert (await journal.counts())["messages"] == {"failed": 1}
    await journal.reopen_message(message_id, body=None, actor="kim", reason="mapping mended")
    assert {row.resolution for row in await exceptions(journal)} == {"reprocessed by kim: mapping mended"}
    await journal.commit_translated([Translated(message_id, MessageState.FAILED, exceptions=faults)])
    assert [(row.state, row.count) for row in await exceptions(journal)] == [("open", 2), ("open", 2)]


async def test_exceptions_about_no_message_are_counted_by_system(desk, journal):
    down = desk.exception(code="T-TRN-AUTH")
    first = await journal.raise_exception(down)
    assert await journal.raise_exception(down) == first
    other = await journal.raise_exception(desk.exception(code="T-TRN-AUTH", system="wms"))
    assert other != first
    assert (await journal.show_exception(first)).count == 2


@pytest.mark.parametrize("end", [S.DELIVERED, S.SUPERSEDED, S.CANCELLED])
async def test_the_end_of_a_delivery_resolves_its_exceptions(desk, journal, end):
    first = await desk.add()
    await journal.raise_exception(desk.exception(), delivery_id=first)
    await desk.settle(first, end)
    (row,) = await exceptions(journal)
    assert (row.state, row.resolution) == ("resolved", end.name.lower())


async def test_a_dead_delivery_keeps_its_exception(desk, journal):
    first = await desk.add()
    await desk.settle(first, S.DEAD, exception=desk.exception())
    (row,) = await exceptions(journal)
    assert row.state == "open"


async def test_people_resolve_and_ignore(desk, journal):
    exception_id = await journal.raise_exception(desk.exception())
    await journal.resolve_exception(exception_id, state="ignored", actor="kim", resolution="known")
    row = await journal.show_exception(exception_id)
    assert (row.state, row.assignee, row.resolution) == ("ignored", "kim", "known")
    assert await journal.list_exceptions(ExceptionFilter(), before=0, limit=9) == []
    with pytest.raises(CrossdockError, match="cannot become"):
        await journal.resolve_exception(exception_id, state="gone", actor="kim", resolution="")
    with pytest.raises(RejectedError, match="no exception e99"):
        await journal.resolve_exception(ExceptionId(99), state="ignored", actor="kim", resolution="")


async def test_exceptions_are_listed_by_filter_and_page_and_grouped(desk, journal):
    for i in range(5):
        desk.clock.advance(1)
        await journal.raise_exception(
            desk.exception(transaction=f"t{i}", interface="orders" if i else "stock")
        )
    await journal.raise_exception(desk.exception(code="T-TRN-CONN", class_="connection", system="wms"))
    ids = [row.id for row in await exceptions(journal)]
    assert ids == sorted(ids, reverse=True)
    page = await journal.list_exceptions(ALL, before=ids[1], limit=2)
    assert [row.id for row in page] == ids[2:4]
    assert len(await exceptions(journal, code="B-UNK-ITEM")) == 5
    assert len(await exceptions(journal, interface="stock")) == 1
    assert len(await exceptions(journal, class_="connection", system="wms")) == 1
    assert len(await exceptions(journal, transaction="t3")) == 1
    groups = await journal.group_exceptions(ExceptionFilter())
    assert [(g[0], g[1], g[2], g[3]) for g in groups] == [
        ("B-UNK-ITEM", "odoo", "orders", 4),
        ("B-UNK-ITEM", "odoo", "stock", 1),
        ("T-TRN-CONN", "wms", "orders", 1),
    ]
    assert groups[1][4] == desk.clock.micros() - 4_000_000


# ── retry and cancel ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [S.PARKED, S.DEAD, S.CANCELLED, S.SHADOWED, S.DELIVERED])
async def test_what_stands_still_can_be_retried(desk, journal, state):
    first = await desk.add()
    await desk.settle(first, state)
    settled = await journal.retry_delivery(first, actor="kim", reason="again")
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first) == "READY"


async def test_a_retried_one_keeps_its_place(desk, journal):
    first, second = await desk.add(), await desk.add()
    await desk.settle(second, S.CANCELLED)
    await desk.settle(first, S.PARKED)
    assert (await journal.retry_delivery(second, actor="kim", reason="")).woken_targets == set()
    assert await desk.state(first, second) == ["PARKED", "HELD"]


async def test_what_a_guard_held_is_accepted_without_sending(desk, journal):
    first, second = await desk.add(), await desk.add()
    await desk.send(first)
    await desk.settle(first, S.PARKED, effect_done=True, exception=desk.exception(code="T-ROUND"))
    assert (await journal.show_delivery(first)).effect_done
    assert await desk.state(second) == "HELD"
    settled = await journal.retry_delivery(first, actor="kim", reason="a cent is fine")
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first, second) == ["DELIVERED", "READY"]
    (row,) = await exceptions(journal)
    assert (row.state, row.resolution) == ("resolved", "retried: a cent is fine")


@pytest.mark.parametrize("state", [S.RETRYING, S.WAITING, S.AWAITING_ACK])
async def test_what_goes_on_by_itself_is_not_retried(desk, journal, state):
    first = await desk.add()
    await desk.send(first)
    await desk.settle(first, state, due_at=5)
    with pytest.raises(ConflictError, match="nothing to retry"):
        await journal.retry_delivery(first, actor="kim", reason="")


async def test_cancelling_releases_resolves_and_forgets_the_facts(desk, journal):
    first, second = await desk.add(), await desk.add()
    await desk.settle(first, S.PARKED, facts=("odoo|1|product|1",), exception=desk.exception())
    settled = await journal.cancel_delivery(first, actor="kim", reason="not needed")
    assert settled.woken_targets == {"odoo"}
    assert await desk.state(first, second) == ["CANCELLED", "READY"]
    assert (await desk.row(first)).facts == ()
    (row,) = await exceptions(journal)
    assert (row.state, row.resolution) == ("resolved", "cancelled: not needed")


async def test_what_is_on_its_way_or_over_is_not_cancelled(desk, journal):
    first = await desk.add()
    await desk.send(first)
    with pytest.raises(ConflictError, match="sent"):
        await journal.cancel_delivery(first, actor="kim", reason="")
    await desk.settle(first, S.DELIVERED)
    with pytest.raises(ConflictError, match="delivered"):
        await journal.cancel_delivery(first, actor="kim", reason="")


async def test_what_is_not_there_is_said_so(desk, journal):
    for decision in (journal.retry_delivery, journal.cancel_delivery):
        with pytest.raises(RejectedError, match="no delivery d77"):
            await decision(DeliveryId(77), actor="kim", reason="")
    with pytest.raises(RejectedError, match="no message m77"):
        await journal.reopen_message(MessageId(77), body=None, actor="kim", reason="")
    with pytest.raises(RejectedError, match="no delivery d77"):
        await journal.raise_overdue(DeliveryId(77), desk.exception())
    assert await journal.show_delivery(DeliveryId(77)) is None
    assert await journal.show_message(MessageId(77)) is None


# ── reprocess ────────────────────────────────────────────────────────────────────────────────────────


async def test_reprocessing_the_same_changes_nothing(desk, journal):
    message_id = await desk.accept()
    first = await desk.add(effect_key="e", body=b"same", message_id=message_id)
    await desk.deliver(first)
    assert await journal.reopen_message(message_id, body=None, actor="kim", reason="") == message_id
    assert [m.id for m in await journal.untranslated(after=MessageId(0), limit=9)] == [message_id]
    again = await desk.add(effect_key="e", body=b"same", message_id=message_id)
    assert await desk.state(first, again) == ["DELIVERED", "DUPLICATE"]


async def test_an_edited_copy_takes_the_place_of_a_failed_message(desk, journal):
    message_id = await desk.accept(b"bad", dedupe_key="k", headers={"a": "b"}, company="c")
    failed = Translated(message_id, MessageState.FAILED, exceptions=(desk.exception(),))
    await journal.commit_translated([failed])
    copy_id = await journal.reopen_message(message_id, body=b"good", actor="kim", reason="typo")
    (copy,) = await journal.untranslated(after=MessageId(0), limit=9)
    assert (copy.id, copy.body, copy.headers, copy.company) == (copy_id, b"good", {"a": "b"}, "c")
    assert copy.conflicts_with is None
    assert f"m{message_id}" in copy.origin
    original = (await journal.show_message(message_id))["message"]
    assert (original.body, original.state) == (b"bad", "filtered")
    assert f"m{copy_id}" in original.note
    assert [row.state for row in await exceptions(journal)] == ["resolved"]
    assert (await journal.accept(desk.message(b"bad", dedupe_key="k"))).message_id == message_id
