"""Create-only load: bad records are taken out, lost races tried again, and every record gets its own result."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.tests.fake import scripted_loader
from crossdock.core.errors import RejectedError, RetryableError

RACE = {
    "type": "error",
    "rows": {"from": 0, "to": 0},
    "record": 0,
    "message": "could not serialize access due to …",
}


def record(name, lines=1, **head):
    rows = [{"id": f"m.{name}_{n}", "product_uom_qty": "1"} for n in range(lines)]
    return NewRecord(f"m.{name}", {"partner_id/.id": "1", **head}, rows, "order_line")


class Table:
    """`load` as the server does it: all or nothing, one message per bad record."""

    def __init__(self, bad=(), races=0):
        self.ids = {}
        self.bad = set(bad)
        self.races = races

    def __call__(self, model, method, ids, kwargs):
        assert (model, method, ids) == ("sale.order", "load", None)
        assert kwargs["context"]["noupdate"] is True
        assert kwargs["context"]["mode"] == "update"
        if self.races:
            self.races -= 1
            return {"ids": False, "messages": [RACE]}
        heads = [(n, row[0]) for n, row in enumerate(kwargs["data"]) if row[0]]
        ends = [n for n, _ in heads[1:]] + [len(kwargs["data"])]
        messages = [
            {"type": "error", "record": k, "rows": {"from": n, "to": end - 1}, "message": f"{name} is bad"}
            for k, ((n, name), end) in enumerate(zip(heads, ends, strict=True))
            if name in self.bad
        ]
        if messages:
            if len(heads) > 1 and heads[0][1] not in self.bad:
                # The server puts what it says of the batch as a whole down to the first record.
                messages.insert(0, {**messages[0], "record": 0, "rows": {"from": 0, "to": ends[0] - 1}})
            return {"ids": False, "messages": messages}
        return {"ids": [self.ids.setdefault(name, 100 + len(self.ids)) for _, name in heads], "messages": []}


@given(
    bad=st.sets(st.integers(0, 11)),
    lines=st.lists(st.integers(1, 4), min_size=12, max_size=12),
    refs=st.lists(st.booleans(), min_size=12, max_size=12),
)
async def test_exactly_the_bad_records_are_refused(bad, lines, refs):
    table = Table(bad={f"m.o{n}" for n in bad})
    loader, _ = scripted_loader(table)
    records = [record(f"o{n}", lines[n], **({"origin": "x"} if refs[n] else {})) for n in range(12)]
    results = await loader.load("sale.order", records)
    for n, result in enumerate(results):
        if n in bad:
            assert isinstance(result, RejectedError)
            assert f"m.o{n} is bad" in result.text
        else:
            assert result == table.ids[f"m.o{n}"]


async def test_a_lost_race_is_tried_again_and_then_given_back():
    loader, transport = scripted_loader(Table(races=2))
    assert await loader.load("sale.order", [record("a"), record("b")]) == [100, 101]
    assert len(transport.calls) == 3
    loader, _ = scripted_loader(Table(races=99))
    with pytest.raises(RetryableError) as caught:
        await loader.load("sale.order", [record("a")])
    assert caught.value.code == "T-ODOO-LOCK"


async def test_a_right_that_lacks_refuses_all_in_one_call():
    said = {"type": "error", "message": "You are not allowed to create 'Sales Order' (sale.order) records."}
    loader, transport = scripted_loader(lambda *_: {"ids": False, "messages": [said]})
    results = await loader.load("sale.order", [record("a"), record("b"), record("c")])
    assert [result.code for result in results] == ["T-ODOO-ACCESS"] * 3
    assert len(transport.calls) == 1


async def test_messages_without_a_record_are_halved_until_it_stands_alone():
    def answer(model, method, ids, kwargs):
        names = [row[0] for row in kwargs["data"]]
        if "m.b" in names:
            return {"ids": False, "messages": [{"type": "error", "message": "something is wrong"}]}
        return {"ids": [ord(name[-1]) for name in names], "messages": []}

    loader, _ = scripted_loader(answer)
    results = await loader.load("sale.order", [record("a"), record("b"), record("c")])
    assert (results[0], results[2]) == (97, 99)
    assert isinstance(results[1], RejectedError)
