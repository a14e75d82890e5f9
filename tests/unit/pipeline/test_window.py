"""The window keeps the order of keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import DeliveryId, DocumentId, MessageId
from crossdock.pipeline.window import Window
from crossdock.store.contract import ClaimedDelivery


def row(number: int, key: str, operation: str = "order.create") -> ClaimedDelivery:
    return ClaimedDelivery(
        id=DeliveryId(number),
        document_id=DocumentId(number),
        message_id=MessageId(number),
        interface="orders",
        interface_version=1,
        target_index=0,
        target="erp",
        company="",
        operation=operation,
        object_kind="order",
        object_key=key,
        ordering_key=f"erp||order:{key}",
        effect_key=f"erp||order:{key}|{operation}|{number}",
        source_version="",
        state=DeliveryState.READY,
        attempts=0,
        created_at=0,
        sent_at=0,
        effect_done=False,
        document_kind="sales_order",
        document_key=key,
        document_body=b"{}",
        transaction=key,
    )


def picked(window: Window, limit: int = 100) -> list[int]:
    return sorted(r.id for rows in window.pick({}, limit).values() for r in rows)


def test_only_the_oldest_of_each_key_is_picked():
    window = Window()
    window.add([row(1, "a"), row(2, "a"), row(3, "b")])
    assert picked(window) == [1, 3]
    assert picked(window) == []


def test_the_follower_goes_once_the_head_is_done():
    window = Window()
    head = row(1, "a")
    window.add([head, row(2, "a")])
    picked(window)
    window.done([head])
    assert picked(window) == [2]


def test_an_older_row_that_comes_back_goes_before_its_followers():
    window = Window()
    window.add([row(5, "a"), row(6, "b")])
    window.add([row(2, "a")])
    assert picked(window) == [2, 6]


def test_what_is_on_its_way_is_not_taken_up_again():
    window = Window()
    window.add([row(1, "a")])
    picked(window)
    assert window.add([row(1, "a")]) == 0
    assert window.flies(row(1, "a"))


def test_a_blocked_key_is_forgotten_and_others_stay():
    window = Window()
    window.add([row(1, "a"), row(2, "a"), row(3, "b")])
    window.forget_key("erp||order:a")
    assert picked(window) == [3]


def test_a_limit_holds_for_each_operation():
    window = Window()
    window.add([row(1, "a", "x"), row(2, "b", "x"), row(3, "c", "y")])
    assert sorted(r.id for rows in window.pick({"x": 1}, 5).values() for r in rows) == [1, 3]


def test_a_head_beyond_the_limit_still_holds_its_followers():
    window = Window()
    window.add([row(1, "a", "x"), row(2, "a", "y")])
    assert window.pick({"x": 0}, 5) == {}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=40),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_whatever_is_picked_no_key_is_ever_overtaken(items, limit, randomness):
    rows = [row(number, key, operation) for number, (key, operation) in enumerate(items, 1)]
    window = Window(capacity=10)
    waiting, flying, done = list(rows), [], []
    while len(done) < len(rows):
        window.add(waiting[: window.room])
        waiting = [r for r in waiting if r.id not in window._rows]
        flying += [r for batch in window.pick({}, limit).values() for r in batch]
        keys = [r.ordering_key for r in flying]
        assert len(keys) == len(set(keys))
        finished = flying.pop(randomness.randrange(len(flying)))
        window.done([finished])
        done.append(finished)
    for key in "abc":
        mine = [r.id for r in done if r.object_key == key]
        assert mine == sorted(mine)
