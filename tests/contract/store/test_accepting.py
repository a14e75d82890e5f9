"""Messages are on disk when they are answered, once each, whatever their size."""

import asyncio

import pytest

from crossdock.core.errors import ConfigError
from crossdock.core.ids import MessageId
from crossdock.store import open_journal
from crossdock.store.contract import MessageFilter, NewMessage, Translated


async def collect(journal, message_id):
    return b"".join([piece async for piece in journal.read_body(message_id)])


async def chunked(*chunks):
    for chunk in chunks:
        yield chunk


async def test_an_accepted_message_is_there_as_it_came(desk, journal):
    sent = NewMessage(
        "shop",
        "order.created",
        b"\x00\xff{}",
        "application/json",
        {"x-id": "7"},
        "k1",
        "company a",
        "upload.csv",
    )
    accepted = await journal.accept(sent)
    (stored,) = await journal.untranslated(after=MessageId(0), limit=10)
    assert (accepted.duplicate, accepted.conflicts_with) == (False, None)
    assert stored.id == accepted.message_id
    assert (stored.system, stored.topic, stored.company, stored.origin) == (
        "shop",
        "order.created",
        "company a",
        "upload.csv",
    )
    assert (stored.body, stored.size_bytes, stored.content_type) == (b"\x00\xff{}", 4, "application/json")
    assert (stored.headers, stored.dedupe_key, stored.state) == ({"x-id": "7"}, "k1", "accepted")
    assert stored.received_at == desk.clock.micros()


async def test_the_same_key_with_the_same_body_gets_the_first_answer_and_is_counted(desk, journal):
    first = await journal.accept(desk.message(b"a", dedupe_key="k"))
    again = await journal.accept(desk.message(b"a", dedupe_key="k"))
    assert again.duplicate
    assert again.message_id == first.message_id
    assert (await journal.counts())["duplicates"] == {"shop": 1}
    assert (await journal.counts())["messages"] == {"accepted": 1}


async def test_the_same_key_with_another_body_is_accepted_and_names_the_first(desk, journal):
    first = await journal.accept(desk.message(b"a", dedupe_key="k"))
    other = await journal.accept(desk.message(b"b", dedupe_key="k"))
    assert not other.duplicate
    assert other.conflicts_with == first.message_id
    again = await journal.accept(desk.message(b"b", dedupe_key="k"))
    assert again.duplicate
    assert again.message_id == other.message_id
    stored = await journal.untranslated(after=first.message_id, limit=10)
    assert stored[0].conflicts_with == first.message_id


async def test_keys_are_unique_within_their_system_only(desk, journal):
    await journal.accept(desk.message(dedupe_key="k"))
    assert not (await journal.accept(desk.message(dedupe_key="k", system="other"))).duplicate


async def test_without_a_key_the_body_stands_in(desk, journal):
    first = await journal.accept(desk.message(b"a", dedupe_key=""))
    assert (await journal.accept(desk.message(b"a", dedupe_key=""))).message_id == first.message_id
    assert not (await journal.accept(desk.message(b"b", dedupe_key=""))).duplicate


async def test_a_hundred_at_once_with_one_key_make_one_message(desk, journal):
    answers = await asyncio.gather(*(journal.accept(desk.message(b"a", dedupe_key="k")) for _ in range(100)))
    assert len({answer.message_id for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1


async def test_doubles_are_remembered_for_five_weeks_at_most(desk, journal):
    first = await journal.accept(desk.message(dedupe_key="k"))
    desk.clock.advance(27 * 86_400)
    assert (await journal.accept(desk.message(dedupe_key="k"))).message_id == first.message_id
    desk.clock.advance(10 * 86_400)
    assert not (await journal.accept(desk.message(dedupe_key="k"))).duplicate


async def test_messages_are_kept_over_a_restart_and_so_are_their_keys(desk, journal, url, clock):
    first = await journal.accept(desk.message(b"a", dedupe_key="k"))
    await journal.close()
    reopened = await open_journal(url, environment="test", clock=clock)
    try:
        assert (await reopened.accept(desk.message(b"a", dedupe_key="k"))).message_id == first.message_id
        assert (await reopened.accept(desk.message(b"a", dedupe_key="k2"))).message_id > first.message_id
    finally:
        await reopened.close()


async def test_a_journal_of_another_environment_is_refused(journal, url, clock):
    await journal.close()
    with pytest.raises(ConfigError, match="T-ENV") as caught:
        await open_journal(url, environment="prod", clock=clock)
    assert "'test'" in caught.value.text


async def test_an_unknown_url_is_refused(clock):
    for bad in ("mysql://host/db", "sqlite:///", "sqlite://journal.db", ""):
        with pytest.raises(ConfigError, match="no journal lives"):
            await open_journal(bad, environment="test", clock=clock)


async def test_the_first_pin_stays(journal):
    assert await journal.pin("odoo", "uuid-1") == "uuid-1"
    assert await journal.pin("odoo", "uuid-2") == "uuid-1"


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 700_000])
async def test_bodies_of_any_size_come_back_whole(desk, journal, size):
    body = bytes(i * 7 % 251 for i in range(size))
    message_id = await desk.accept(body)
    assert await collect(journal, message_id) == body
    (stored,) = await journal.untranslated(after=MessageId(0), limit=1)
    assert stored.body == body


async def test_a_stream_equals_the_same_body_at_once(desk, journal):
    body = bytes(range(256)) * 4_000
    chunks = [body[i : i + 99_991] for i in range(0, len(body), 99_991)]
    accepted = await journal.accept_stream(desk.message(b"", dedupe_key="k"), chunked(*chunks))
    assert await collect(journal, accepted.message_id) == body
    (stored,) = await journal.untranslated(after=MessageId(0), limit=1)
    assert (stored.size_bytes, stored.body) == (len(body), b"")
    assert (await journal.accept(desk.message(body, dedupe_key="k"))).message_id == accepted.message_id
    again = await journal.accept_stream(desk.message(b"", dedupe_key="k"), chunked(*chunks))
    assert again.duplicate
    other = await journal.accept_stream(desk.message(b"", dedupe_key="k"), chunked(*chunks, b"!"))
    assert other.conflicts_with == accepted.message_id
    assert await collect(journal, other.message_id) == body + b"!"


async def test_a_short_or_empty_stream_is_a_message_too(desk, journal):
    for chunks in ((), (b"",), (b"a", b"", b"b")):
        accepted = await journal.accept_stream(desk.message(b""), chunked(*chunks))
        assert await collect(journal, accepted.message_id) == b"".join(chunks)


async def test_a_stream_that_breaks_leaves_nothing(desk, journal):
    async def broken():
        for _ in range(5):
            yield bytes(300_000)
        raise ConnectionResetError("the sender went away")

    with pytest.raises(ConnectionResetError):
        await journal.accept_stream(desk.message(b"", dedupe_key="k"), broken())
    assert (await journal.counts())["messages"] == {}
    accepted = await journal.accept_stream(desk.message(b"", dedupe_key="k"), chunked(bytes(300_000)))
    assert not accepted.duplicate


async def test_untranslated_messages_come_in_order_from_a_position(desk, journal):
    ids = [await desk.accept() for _ in range(5)]
    await journal.commit_translated([Translated(ids[1], "filtered", note="not ours")])
    assert [m.id for m in await journal.untranslated(after=ids[0], limit=2)] == ids[2:4]
    assert [m.id for m in await journal.untranslated(after=MessageId(0), limit=9)] == [ids[0], *ids[2:]]


async def test_a_source_s_watermark_moves_with_what_was_read(desk, journal):
    assert await journal.read_watermark("odoo", "orders", "1") == b""
    messages = [desk.message(b"1", dedupe_key="a"), desk.message(b"1", dedupe_key="a"), desk.message(b"2")]
    answers = await journal.accept_read(
        messages, system="odoo", source="orders", company="1", watermark=b"w1"
    )
    assert [answer.duplicate for answer in answers] == [False, True, False]
    assert await journal.read_watermark("odoo", "orders", "1") == b"w1"
    assert await journal.read_watermark("odoo", "orders", "2") == b""
    await journal.accept_read([], system="odoo", source="orders", company="1", watermark=b"w2")
    assert await journal.read_watermark("odoo", "orders", "1") == b"w2"
    assert len(await journal.list_messages(MessageFilter(), before=0, limit=10)) == 2
