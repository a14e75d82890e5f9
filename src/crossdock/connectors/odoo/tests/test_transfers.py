"""What is written on a transfer: guard, marker and quantities in one; and the pages of a watermark."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.connectors.odoo.operations.transfers import Part, Transfer, spread
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.connectors.odoo.sources.changes import Changes, Child
from crossdock.connectors.odoo.tests.fake import SETTINGS, scripted_client
from crossdock.core.errors import RejectedError
from crossdock.kit import Cursor

MOVE = {
    "id": 7, "product_id": [3, "x"], "product_uom_qty": 5.0, "picked": False, "move_line_ids": [70, 71],
    "location_id": [8, "WH"], "location_dest_id": [9, "Out"],
}  # fmt: skip
PICKING = {"id": 4, "picking_type_id": [2, "Delivery"]}


def test_the_guard_and_the_marker_stand_in_the_same_write_as_the_quantities():
    vals = Transfer(
        PICKING, (Part(MOVE, Decimal(2)),), "<m@crossdock>", "note", others=({"id": 8, "picked": True},)
    ).vals()
    assert vals["picking_type_id"] == 2
    assert vals["message_ids"][0][2]["message_id"] == "<m@crossdock>"
    assert vals["move_ids"] == [[1, 7, {"quantity": Decimal(2), "picked": True}], [1, 8, {"picked": False}]]


def test_lots_replace_the_lines_with_every_field():
    part = Part(MOVE, Decimal(3), lots=((11, Decimal(1)), ("NEW", Decimal(2))))
    vals = Transfer(PICKING, (part,), "<m@crossdock>", "note").vals()
    assert "move_ids" not in vals
    removed, made = vals["move_line_ids"][:2], [command[2] for command in vals["move_line_ids"][2:]]
    assert removed == [[2, 70], [2, 71]]
    assert made[0]["lot_id"] == 11
    assert made[1]["lot_name"] == "NEW"
    assert all(line["product_id"] == 3 and line["location_id"] == 8 and line["picked"] for line in made)


def test_a_line_of_two_moves_is_shared_out_in_order():
    moves = [{**MOVE, "id": 1}, {**MOVE, "id": 2}]
    assert [(p.move["id"], p.quantity) for p in spread(moves, Decimal(7), [])] == [(1, 5), (2, 2)]
    assert [(p.move["id"], p.quantity) for p in spread(moves, Decimal(12), [])] == [(1, 5), (2, 7)]
    with pytest.raises(RejectedError):
        spread(moves, Decimal(7), [(11, Decimal(7))])


def rows_of(count, second="2026-11-23 10:00:00"):
    return [{"id": n, "write_date": second} for n in range(1, count + 1)]


def searching(rows):
    def answer(model, method, ids, kwargs):
        start = next(
            (value for name, op, value in kwargs["domain"] if (name, op) == ("write_date", ">=")), ""
        )
        if method == "formatted_read_group":
            return [{"order_id": [5, "S5"], "write_date:max": "2026-11-23 10:00:09"}]
        found = sorted(
            (r for r in rows if r["write_date"] >= start), key=lambda r: (r["write_date"], r["id"])
        )
        return found[: kwargs["limit"]]

    return answer


async def test_one_second_fuller_than_a_page_is_read_whole_and_once():
    rows = [*rows_of(50), *[{"id": 100 + n, "write_date": f"2026-11-23 10:00:0{n}"} for n in range(1, 9)]]
    client, _ = scripted_client(searching(rows))
    changes = Changes(client, OdooSettings.load({**SETTINGS, "page_size": 4}, source="the test"))
    found = [key async for page in changes.pages("sale.order", [], None) for _, key in page]
    assert found == [row["id"] for row in rows]


async def test_a_changed_child_counts_with_its_own_time():
    client, transport = scripted_client(searching(rows_of(6)))
    changes = Changes(client, OdooSettings.load({**SETTINGS, "page_size": 4}, source="the test"))
    since = Cursor("2026-11-23 10:00:30")
    pages = [
        page async for page in changes.pages("sale.order", [], since, (Child("sale.order.line", "order_id"),))
    ]
    assert [entry for page in pages for entry in page][-1] == ("2026-11-23 10:00:09", 5)
    assert [len(page) for page in pages] == [4, 2]
    assert transport.calls[0][3]["domain"][0] == ["write_date", ">=", "2026-11-23 09:59:30"]


async def test_a_foreign_watermark_is_refused():
    client, _ = scripted_client(lambda *_: [])
    changes = Changes(client, OdooSettings.load(SETTINGS, source="the test"))
    with pytest.raises(RejectedError):
        changes.start_of(Cursor("yesterday"))
