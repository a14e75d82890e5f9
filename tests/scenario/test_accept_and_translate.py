"""Durable before acknowledged, doubles refused, every message ends as something (promises 1, 2 and 8)."""

import asyncio
import sqlite3

import pytest
from tests.scenario.acme import SECRET
from tests.scenario.world import World, interface, to

from crossdock.apps.operations import Operations
from crossdock.core.errors import RetryableError
from crossdock.kit import HookRequest, sign_hmac_base64
from crossdock.store.contract import NewMessage

WHO = {"actor": "ana", "reason": "seen"}


def hook(body: bytes, number: str = "1", topic: str = "orders/change") -> HookRequest:
    headers = {
        "content-type": "application/json",
        "x-acme-hmac": sign_hmac_base64(SECRET, body),
        "x-acme-id": number,
    }
    return HookRequest(topic=topic, headers=headers, body=body)


async def test_a_hook_is_answered_only_after_its_message_is_on_disk(world):
    await world.stop_hub()
    hub = world.make_hub()
    release, began = asyncio.Event(), asyncio.Event()
    real = world.journal.accept

    async def slow_accept(message):
        accepted = await real(message)
        began.set()
        await release.wait()
        return accepted

    world.journal.accept = slow_accept
    answer = asyncio.create_task(hub.intake.take_hook("acme", hook(b"{}")))
    await began.wait()
    await asyncio.sleep(0.02)
    assert not answer.done()
    release.set()
    accepted = await answer
    with sqlite3.connect(world.path) as other:
        assert other.execute(
            "SELECT count(*) FROM message WHERE id = ?", (accepted.message_id,)
        ).fetchone() == (1,)
    other.close()
    await hub.stop()


async def test_a_hook_whose_commit_fails_is_not_acknowledged(world):
    await world.stop_hub()
    hub = world.make_hub()

    async def failing(message):
        msg = "the disk is full"
        raise RetryableError(msg, code="T-TRN-NOSPACE")

    world.journal.accept = failing
    with pytest.raises(RetryableError, match="T-TRN-NOSPACE"):
        await hub.intake.take_hook("acme", hook(b"{}"))
    assert not hub.intake.arrived.is_set()
    await hub.stop()


async def test_the_same_message_again_gets_the_first_answer_and_has_one_effect(world):
    first = await world.drop("orders/change", "10001", 1, dedupe_key="d1")
    again = await world.drop("orders/change", "10001", 1, dedupe_key="d1")
    assert (again.message_id, again.duplicate) == (first.message_id, True)
    await world.quiet()
    assert len(world.sim.effects) == 1
    assert (await world.journal.counts())["duplicates"] == {"shop": 1}


async def test_another_body_under_the_same_key_is_a_revision_where_the_source_numbers_its_changes(world):
    await world.drop("orders/change", "10001", 1, dedupe_key="d1", source_version="1")
    second = await world.drop("orders/change", "10001", 2, dedupe_key="d1", source_version="2")
    await world.becomes(second.message_id, "delivered")
    assert [e.seq for e in world.sim.effects] == ["1", "2"]


async def test_another_body_under_the_same_key_is_else_an_exception_that_a_person_can_release(world):
    await world.drop("orders/change", "10001", 1, dedupe_key="d1")
    second = await world.drop("orders/change", "10001", 2, dedupe_key="d1")
    await world.quiet()
    problem = await world.problem()
    assert (problem.code, len(world.sim.effects)) == ("B-DUP-DOC", 1)
    desk = Operations(world.journal, hub=world.hub, interfaces={})
    await desk.retry_exception(problem.id, **WHO)
    await world.becomes(second.message_id, "delivered", seconds=3)
    assert [e.seq for e in world.sim.effects] == ["1", "2"]
    assert await world.problems() == []


async def test_a_message_that_no_interface_takes_is_an_exception(world):
    await world.drop("nobody/knows", "10001", 1)
    await world.quiet()
    assert await world.problems() == ["T-NO-ROUTE"]


async def test_two_orders_of_a_broken_file_are_two_exceptions_and_the_third_goes_through(tmp_path):
    interfaces = [interface("lines", to("order.change"), format="jsonl")]
    async with World(tmp_path, interfaces=interfaces) as world:
        good = world.body("orders/change", "10001", 1)
        body = b'{"key": "a", "lines": 5}\n' + good + b'\n{"key": "b", "lines": 6}\n'
        accepted = await world.journal.accept(NewMessage("shop", "lines", body, "application/x-ndjson"))
        world.hub.intake.arrived.set()
        await world.quiet()
        assert await world.problems() == ["T-SCHEMA", "T-SCHEMA"]
        assert [e.seq for e in world.sim.effects] == ["1"]
        assert await world.states(accepted.message_id) == ["delivered"]


async def test_a_message_that_breaks_the_decoder_stops_nobody(world, monkeypatch):
    from crossdock.pipeline import translate

    real = translate.decode

    def decode(name, chunks, *, options, source):
        if b"BREAK" in b"".join(chunks):
            raise RecursionError("too deep")
        return real(name, chunks, options=options, source=source)

    monkeypatch.setattr(translate, "decode", decode)
    bad = await world.drop("orders/change", "BREAK", 1)
    good = await world.drop("orders/change", "10001", 2)
    await world.becomes(good.message_id, "delivered", seconds=3)
    assert (await world.problem()).message_id == bad.message_id


async def test_a_message_that_cannot_be_committed_stands_alone_in_the_end(world, monkeypatch):
    real = world.journal.commit_translated

    async def commit(batch):
        if any(document.key == "BREAK" for one in batch for document in one.documents):
            raise OverflowError("too large for the journal")
        return await real(batch)

    monkeypatch.setattr(world.journal, "commit_translated", commit)
    bad = await world.drop("orders/change", "BREAK", 1)
    good = await world.drop("orders/change", "10001", 2)
    await world.becomes(good.message_id, "delivered", seconds=3)
    assert (await world.problem()).message_id == bad.message_id


async def test_a_large_message_is_read_in_pieces_and_delivered(tmp_path):
    interfaces = [interface("lines", to("order.create"), format="jsonl")]
    async with World(tmp_path, interfaces=interfaces) as world:
        rows = [world.body("orders/create", f"o{n}", n) for n in range(300)]
        body = b"\n".join(row + b" " * 4_000 for row in rows)
        assert len(body) > 1_000_000
        await world.journal.accept(NewMessage("shop", "lines", body))
        world.hub.intake.arrived.set()
        await world.until(lambda: len(world.sim.effects) == 300)


async def test_different_messages_of_one_key_in_one_batch_keep_their_order(world):
    await world.stop_hub()
    for seq in range(12):
        await world.drop("orders/change" if seq % 2 else "orders/create", "10001", seq)
    await world.start_hub()
    await world.until(lambda: len(world.sim.effects) == 12)
    assert [e.seq for e in world.sim.effects] == [str(seq) for seq in range(12)]
