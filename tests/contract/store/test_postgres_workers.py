"""What only the PostgreSQL journal can show: several workers at once, in their order, without deadlocks."""

import asyncio
import random
import uuid

import asyncpg
import pytest

from crossdock.core.clock import ManualClock
from crossdock.core.delivery import DeliveryState as S
from crossdock.core.errors import ConfigError, RejectedError, RetryableError
from crossdock.core.facts import fact_name
from crossdock.core.ids import DeliveryId, EventId, MessageId
from crossdock.store import open_journal
from crossdock.store.contract import (
    DeliverySettled,
    MessageState,
    NewArtefact,
    NewMessage,
    Translated,
    Xref,
)
from crossdock.store.postgres import schema


@pytest.fixture
async def workers(postgres_url, desk_class):
    """Three journals on one schema, as three processes would have."""
    clock = ManualClock()
    opened = [await open_journal(postgres_url, environment="test", clock=clock) for _ in range(3)]
    desks = [desk_class(journal, clock, number * 10_000) for number, journal in enumerate(opened, 1)]
    yield desks
    for journal in opened:
        await journal.close()


async def test_one_key_accepted_by_three_workers_at_once_makes_one_message(workers):
    message = NewMessage("shop", "t", b"body", dedupe_key="k")
    answers = await asyncio.gather(*(desk.journal.accept(message) for desk in workers for _ in range(30)))
    assert len({answer.message_id for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1
    assert (await workers[0].journal.counts())["duplicates"] == {"shop": 89}


async def test_one_message_translated_by_two_workers_is_translated_once(workers):
    message_id = await workers[0].accept()
    translated = Translated(
        message_id, MessageState.TRANSLATED, (workers[0].document(workers[0].delivery()),)
    )
    await asyncio.gather(*(desk.journal.commit_translated([translated]) for desk in workers))
    assert len((await workers[0].journal.show_message(message_id))["deliveries"]) == 1


async def test_the_same_effect_asked_for_by_three_workers_happens_once(workers):
    async def add(desk):
        message_id = await desk.accept()
        document = desk.document(desk.delivery(effect_key="e"), body=b"same")
        await desk.journal.commit_translated([Translated(message_id, MessageState.TRANSLATED, (document,))])

    await asyncio.gather(*(add(desk) for desk in workers for _ in range(5)))
    assert (await workers[0].journal.counts())["deliveries"] == {"ready": 1, "duplicate": 14}


async def test_a_fact_and_its_waiting_that_cross_each_other_meet(workers):
    one, two, _ = workers
    for number in range(12):
        delivery_id = await one.add(object_key=str(number))
        await one.claim()
        fact = fact_name("odoo", "1", "product", str(number))
        outcome = DeliverySettled(delivery_id, S.WAITING, facts=(fact,))
        lease = await one.lease()
        await asyncio.gather(
            one.journal.settle(lease, [outcome]),
            two.journal.put_xrefs([Xref("odoo", "1", "product", str(number), "9")]),
        )
        assert await one.state(delivery_id) == "READY"


async def test_workers_share_the_lanes_and_take_over_what_one_left_behind(workers):
    one, two, _ = workers
    ids = [await one.add(object_key=str(i)) for i in range(20)]
    lease = await one.lease(worker="one", ttl_s=10)
    await one.journal.mark_sent(lease, [NewArtefact("odoo", "x", b"", tuple(ids))])
    one.clock.advance(11)
    taken = await two.lease(worker="two")
    assert [row.id for row in await two.journal.in_doubt(taken)] == ids
    with pytest.raises(RetryableError, match="T-STALE"):
        await one.journal.settle(lease, [DeliverySettled(i, S.DELIVERED) for i in ids])
    await two.journal.settle(taken, [DeliverySettled(i, S.DELIVERED) for i in ids])


async def test_a_reader_by_cursor_misses_no_event_while_workers_write(workers):
    done = asyncio.Event()

    async def write(desk):
        for number in range(15):
            await desk.add(object_key=f"{id(desk)} {number}")

    async def follow():
        seen = []
        while True:
            last = done.is_set()
            events = await workers[0].journal.events(after=EventId(seen[-1] if seen else 0), limit=7)
            seen += [event.id for event in events]
            if last and not events:
                return seen
            await asyncio.sleep(0)

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(desk) for desk in workers))
    done.set()
    seen = await reader
    assert seen == [event.id for event in await workers[0].journal.events(after=EventId(0), limit=1_000)]
    assert len(seen) == 45


async def test_workers_at_full_speed_keep_the_order_of_every_key_and_never_deadlock(workers):
    """Three workers translate, deliver, fail, park and retry at random, on few keys: the worst case for locks."""
    randomness = random.Random(7)
    keys = [f"key {n}" for n in range(6)]
    delivered = []

    async def translate(desk):
        for _ in range(12):
            message_ids = [await desk.accept() for _ in range(5)]
            batch = [
                Translated(
                    message_id,
                    MessageState.TRANSLATED,
                    (
                        desk.document(
                            desk.delivery(
                                object_key=randomness.choice(keys), effect_key=uuid.uuid4().hex, target=target
                            )
                        ),
                    ),
                )
                for message_id in message_ids
                for target in (randomness.choice(("odoo", "wms")),)
            ]
            await desk.journal.commit_translated(batch)

    async def deliver(desk, target, stop):
        while True:
            last = stop.is_set()
            lease = await desk.journal.lease_lanes(target, str(id(desk)), want=22, ttl_s=3_600)
            await desk.journal.wake_due(10)
            rows = await desk.journal.claim(lease, after=DeliveryId(0), limit=50)
            heads = {row.ordering_key: row for row in reversed(rows)}
            if not heads and last and await desk.journal.next_due() is None:
                return
            if heads:
                ids = tuple(row.id for row in heads.values())
                await desk.journal.mark_sent(lease, [NewArtefact(target, "x", b"", ids)])
                outcomes = [outcome(row) for row in heads.values()]
                await desk.journal.settle(lease, outcomes)
                for row, settled in zip(heads.values(), outcomes, strict=True):
                    if settled.state is S.DELIVERED:
                        delivered.append((row.ordering_key, row.id))
            await asyncio.sleep(0)

    def outcome(row):
        state = S.RETRYING if randomness.random() < 0.3 else S.DELIVERED
        xref = Xref(row.target, "1", "thing", randomness.choice(keys), uuid.uuid4().hex)
        return DeliverySettled(row.id, state, due_at=1, xrefs=(xref,), exception=None)

    stop = asyncio.Event()
    dispatchers = [
        asyncio.create_task(deliver(desk, target, stop)) for desk in workers for target in ("odoo", "wms")
    ]
    await asyncio.gather(*(translate(desk) for desk in workers))
    stop.set()
    await asyncio.wait_for(asyncio.gather(*dispatchers), 90)
    assert (await workers[0].journal.counts())["deliveries"] == {"delivered": 180}
    for key in {key for key, _ in delivered}:
        order = [number for other, number in delivered if other == key]
        assert order == sorted(order)


async def test_one_message_at_fault_does_not_sink_those_accepted_with_it(workers):
    journal = workers[0].journal
    messages = [NewMessage("shop", "t", b"1"), NewMessage("shop", "t\0", b"2"), NewMessage("shop", "t", b"3")]
    answers = await asyncio.gather(*(journal.accept(m) for m in messages), return_exceptions=True)
    assert isinstance(answers[1], RejectedError)
    assert [m.body for m in await journal.untranslated(after=MessageId(0), limit=9)] == [b"1", b"3"]


async def test_uploads_that_were_cut_off_are_forgotten_after_a_day(workers, postgres_url):
    journal, clock = workers[0].journal, workers[0].clock
    upload = await journal.begin_upload()
    await journal.put_piece(upload, 1, b"piece")

    async def pieces():
        connection = await asyncpg.connect(postgres_url)
        count = await connection.fetchval("SELECT count(*) FROM crossdock.body_chunk")
        await connection.close()
        return count

    for hours, left in ((23, 1), (2, 0)):
        clock.advance(hours * 3_600)
        another = await open_journal(postgres_url, environment="test", clock=clock)
        await another.close()
        assert await pieces() == left


async def test_a_crash_between_settling_and_waking_is_made_good_at_the_next_start(
    workers, postgres_url, monkeypatch
):
    desk = workers[0]
    first = await desk.add()
    await desk.settle(first, S.WAITING, facts=("odoo|1|product|1",))

    async def crash(*_):
        raise ConnectionError

    monkeypatch.setattr("crossdock.store.postgres.journal.wake", crash)
    with pytest.raises(ConnectionError):
        await desk.journal.put_xrefs([Xref("odoo", "1", "product", "1", "9")])
    monkeypatch.undo()
    assert await desk.state(first) == "WAITING"
    another = await open_journal(postgres_url, environment="test", clock=desk.clock)
    await another.close()
    assert await desk.state(first) == "READY"


async def test_a_schema_of_the_first_version_is_migrated_and_a_newer_one_refused(
    postgres_database, desk_class, monkeypatch
):
    url = f"{postgres_database}?schema=old"
    journal = await open_journal(url, environment="test", clock=ManualClock())
    message_id = (await journal.accept(NewMessage("shop", "t", b"kept"))).message_id
    await journal.close()
    newest = schema.load_steps()[-1][0]
    steps = [
        *schema.load_steps(),
        (newest + 1, "ALTER TABLE message_state ADD COLUMN extra integer DEFAULT 7;"),
    ]
    monkeypatch.setattr("crossdock.store.postgres.database.load_steps", lambda: steps)
    journal = await open_journal(url, environment="test", clock=ManualClock())
    (kept,) = await journal.untranslated(after=MessageId(0), limit=9)
    assert (kept.id, kept.body) == (message_id, b"kept")
    await journal.close()
    monkeypatch.undo()
    with pytest.raises(ConfigError, match=f"version {newest + 1}, this program knows {newest}"):
        await open_journal(url, environment="test", clock=ManualClock())


async def test_two_workers_that_start_at_once_make_one_schema(postgres_database):
    url = f"{postgres_database}?schema=twice"
    journals = await asyncio.gather(
        *(open_journal(url, environment="test", clock=ManualClock()) for _ in range(2))
    )
    for journal in journals:
        assert await journal.pin("a", "b") == "b"
        await journal.close()


async def test_a_database_that_is_not_there_is_said_so():
    with pytest.raises(ConfigError, match="cannot be reached"):
        await open_journal("postgresql://postgres@127.0.0.1:1/none", environment="test", clock=ManualClock())


async def test_a_closed_journal_says_so(workers):
    journal = workers[0].journal
    await journal.close()
    with pytest.raises(RetryableError, match="not open"):
        await journal.accept(NewMessage("shop", "t", b""))
    with pytest.raises(RetryableError, match="not open"):
        await journal.counts()


async def test_connections_that_are_cut_are_an_error_to_try_again_and_then_fine(workers, postgres_url):
    journal = workers[0].journal
    await journal.pin("a", "1")
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    await connection.close()
    for _ in range(20):
        try:
            assert await journal.pin("a", "2") == "1"
            return
        except RetryableError:
            await asyncio.sleep(0.05)
    pytest.fail("it did not come back")
