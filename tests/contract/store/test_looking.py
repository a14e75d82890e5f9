"""What people and watchers see: events by cursor, lists by filter, numbers."""

import pytest

from crossdock.core.delivery import DeliveryState as S
from crossdock.core.errors import RejectedError
from crossdock.core.ids import DocumentId, EventId
from crossdock.store.contract import MessageFilter, MessageState, NewEvent, Translated


async def test_events_tell_what_happened_in_order(desk, journal):
    event = NewEvent("order.seen", transaction="10001", system="shop", data={"lines": 2})
    _, (first,) = await desk.translate(desk.document(desk.delivery()), events=(event,))
    await desk.settle(first, S.PARKED, exception=desk.exception())
    await journal.retry_delivery(first, actor="kim", reason="")
    await desk.settle(first, S.DELIVERED, outcome="done", events=(NewEvent("order.created", data={"id": 4}),))
    assert await desk.kinds() == [
        "document.accepted",
        "order.seen",
        "exception.raised",
        "delivery.parked",
        "exception.resolved",
        "order.created",
        "delivery.delivered",
    ]
    events = await desk.events()
    shown = await journal.show_delivery(first)
    assert {(e.message_id, e.document_id) for e in events} == {(shown.message_id, shown.document_id)}
    assert events[0].data == {"kind": "sales_order", "key": "10001", "interface": "orders"}
    assert (events[1].data, events[1].system, events[1].transaction) == ({"lines": 2}, "shop", "10001")
    delivered = events[-1]
    assert (delivered.delivery_id, delivered.transaction, delivered.system) == (first, "10001", "odoo")
    assert delivered.data == {"interface": "orders", "operation": "order.create", "outcome": "done"}
    assert delivered.at == desk.clock.micros()
    assert [e.id for e in await journal.events(after=events[1].id, limit=2)] == [e.id for e in events[2:4]]


@pytest.mark.parametrize("end", [S.DELIVERED, S.SUPERSEDED, S.CANCELLED, S.SHADOWED, S.DEAD])
async def test_every_end_makes_an_event(desk, end):
    first = await desk.add()
    await desk.settle(first, end)
    assert await desk.kinds() == ["document.accepted", f"delivery.{end.name.lower()}"]


async def test_duplicates_and_superseded_ones_name_the_other_in_their_event(desk):
    first = await desk.add(effect_key="e", body=b"1", supersede=True)
    await desk.add(effect_key="e", body=b"1", supersede=True)
    third = await desk.add(effect_key="f", body=b"2", supersede=True)
    events = [e for e in await desk.events() if e.kind.startswith("delivery.")]
    assert [(e.kind, e.data["named"]) for e in events] == [
        ("delivery.duplicate", first),
        ("delivery.superseded", third),
    ]


async def test_a_filtered_document_says_by_which_rule(desk, journal):
    document = desk.document(filtered_by="orders: total > 0")
    await desk.translate(document, state=MessageState.FILTERED)
    (event,) = await desk.events()
    assert (event.kind, event.data["filtered_by"]) == ("document.filtered", "orders: total > 0")
    (stored,) = await journal.read_documents([event.document_id])
    assert stored.filtered_by == "orders: total > 0"


async def test_a_document_of_two_cases_tells_both(desk, journal):
    await desk.translate(desk.document(desk.delivery(), transactions=("A", "B"), key="SHIP-1"))
    assert [e.transaction for e in await desk.events()] == ["A", "B"]
    for case in ("A", "B"):
        shown = await journal.show_transaction(case)
        assert [d.key for d in shown["documents"]] == ["SHIP-1"]
        assert [e.transaction for e in shown["events"]] == [case]
        assert len(shown["deliveries"]) == 1
    assert (await journal.show_transaction("SHIP-1"))["documents"] == []


async def test_a_transaction_shows_all_of_its_case(desk, journal):
    first = await desk.add()
    await desk.add(object_key="2", document={"transactions": ("10002",)})
    await desk.settle(first, S.PARKED, exception=desk.exception(transaction="10001"))
    await journal.raise_exception(desk.exception(code="B-ASN-LATE", transaction="10001"))
    await journal.move_cursor("ledger", 3, [("10001", "1", "ordered", "shop", "r", "2.5")])
    shown = await journal.show_transaction("10001")
    assert [d.id for d in shown["deliveries"]] == [first]
    assert {e.code for e in shown["exceptions"]} == {"B-UNK-ITEM", "B-ASN-LATE"}
    assert [e.kind for e in shown["events"]] == [
        "document.accepted",
        "exception.raised",
        "delivery.parked",
        "exception.raised",
    ]
    assert shown["ledger"] == [("1", "ordered", "shop", "r", "2.5")]


async def test_documents_are_read_by_id(desk, journal):
    first = await desk.add(body=b'{"x": 1}', document={"source_version": "7"})
    document_id = (await journal.show_delivery(first)).document_id
    (document,) = await journal.read_documents([document_id, DocumentId(999)])
    assert (document.id, document.kind, document.key, document.company) == (
        document_id,
        "sales_order",
        "10001",
        "1",
    )
    assert (document.source_version, document.interface, document.system) == ("7", "orders", "shop")
    assert (document.body, document.transactions) == (b'{"x": 1}', ("10001",))
    assert await journal.read_documents([]) == []


async def test_a_cursor_moves_with_its_facts(journal):
    assert await journal.read_cursor("ledger") == 0
    facts = [("10001", "1", "ordered", "shop", "r1", "2"), ("10001", "1", "shipped", "wms", "r2", "1")]
    await journal.move_cursor("ledger", 5, facts)
    await journal.move_cursor("ledger", 9, [("10001", "1", "shipped", "wms", "r2", "1.5")])
    assert await journal.read_cursor("ledger") == 9
    assert await journal.read_cursor("other") == 0
    assert await journal.ledger("10001") == [
        ("1", "ordered", "shop", "r1", "2"),
        ("1", "shipped", "wms", "r2", "1.5"),
    ]
    assert await journal.ledger("10002") == []


async def test_the_first_answer_is_given_again(journal):
    assert await journal.remember_answer("client", "k", b"d1", b"first") == (True, b"first")
    assert await journal.remember_answer("client", "k", b"d1", b"second") == (False, b"first")
    assert await journal.remember_answer("other", "k", b"d2", b"third") == (True, b"third")
    with pytest.raises(RejectedError, match="B-DUP-DOC"):
        await journal.remember_answer("client", "k", b"d2", b"x")


async def test_messages_are_listed_newest_first_by_filter(desk, journal):
    async def found(**where):
        return [m.id for m in await journal.list_messages(MessageFilter(**where), before=0, limit=100)]

    first = await desk.accept(b'{"name": "Anne"}', dedupe_key="k1")
    desk.clock.advance(10)
    second = await desk.accept(b"x", system="wms", topic="stock.level")
    late = desk.clock.micros()
    desk.clock.advance(10)
    third = await desk.accept(b"y")
    fault = desk.exception(code="T-MAP", interface="stock-in")
    await journal.commit_translated([Translated(second, MessageState.FAILED, exceptions=(fault,))])
    await desk.add(message_id=third, document={"key": "SO_7", "transactions": ("10%1",)})
    assert await found() == [third, second, first]
    assert await found(system="wms") == [second]
    assert await found(system="nobody") == []
    assert await found(topic="order.created") == [third, first]
    assert await found(state="failed") == [second]
    assert await found(state="nonsense") == []
    assert await found(interface="orders") == [third]
    assert await found(interface="stock-in") == [second]
    assert await found(error="T-MAP") == [second]
    assert await found(key="k1") == [first]
    assert await found(key="SO_7") == [third]
    assert await found(key="10%1") == [third]
    assert await found(key="SOX7") == []
    assert await found(text='"Anne"') == [first]
    assert await found(since=late) == [third, second]
    assert await found(until=late) == [first]
    assert await found(since=late, system="shop") == [third]
    page = await journal.list_messages(MessageFilter(), before=third, limit=1)
    assert [m.id for m in page] == [second]
    assert page[0].body == b""


async def test_text_is_found_across_the_pieces_of_a_body(desk, journal):
    body = b"a" * 262_140 + b"the needle \xff" + b"b" * 300_000
    message_id = await desk.accept(body)
    await desk.accept(b"c" * 600_000)
    found = await journal.list_messages(MessageFilter(text="the needle"), before=0, limit=9)
    assert [m.id for m in found] == [message_id]


async def test_a_message_shows_all_that_became_of_it(desk, journal):
    message_id = await desk.accept(b"raw")
    _, ids = await desk.translate(
        desk.document(desk.delivery(), desk.delivery(target="wms")), desk.document(), message_id=message_id
    )
    shown = await journal.show_message(message_id)
    assert set(shown) == {"message", "documents", "deliveries", "attempts", "artefacts", "exceptions"}
    assert (shown["message"].body, shown["message"].state) == (b"raw", "translated")
    assert len(shown["documents"]) == 2
    assert [(d.id, d.target, d.state) for d in shown["deliveries"]] == [
        (ids[0], "odoo", "ready"),
        (ids[1], "wms", "ready"),
    ]
    await desk.send(ids[0])
    shown = await journal.show_message(message_id)
    assert [a.deliveries for a in shown["artefacts"]] == [(ids[0],)]


async def test_counts_are_by_state(desk, journal):
    await desk.accept()
    first, _ = await desk.add(), await desk.add(object_key="2")
    await desk.deliver(first)
    await journal.raise_exception(desk.exception())
    assert await journal.counts() == {
        "messages": {"accepted": 1, "translated": 2},
        "deliveries": {"delivered": 1, "ready": 1},
        "exceptions": {"open": 1},
        "duplicates": {},
    }


async def test_latencies_are_from_acceptance_to_delivered(desk, journal):
    first = await desk.add()
    desk.clock.advance(2)
    await desk.deliver(first)
    desk.clock.advance(1)
    since = desk.clock.micros()
    message_id = await desk.accept()
    desk.clock.advance(3)
    await desk.deliver(await desk.add(message_id=message_id, interface="other", object_key="2"))
    assert await journal.latencies(since=0) == {"other": [3_000_000], "orders": [2_000_000]}
    assert await journal.latencies(since=since) == {"other": [3_000_000]}


async def test_events_of_nothing_are_none(journal):
    assert await journal.events(after=EventId(0), limit=9) == []


async def test_ledgers_of_many_transactions_are_read_at_once(journal):
    facts = [(number, "1", "ordered", "shop", "r", "2") for number in ("10001", "10002", "10'003")]
    await journal.move_cursor("ledger", 1, facts)
    found = await journal.ledgers(["10001", "10'003", "10009"])
    assert found == {number: [("1", "ordered", "shop", "r", "2")] for number in ("10001", "10'003")}
