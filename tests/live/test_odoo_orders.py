"""Sales orders on a real Odoo: created, confirmed, amended, cancelled, whatever breaks and whoever interferes."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.core.errors import ConflictError, RejectedError, RetryableError
from crossdock.kit import Receipt

pytestmark = pytest.mark.live


async def count_of(odoo, payload):
    rows = await odoo.connect().client.search_read(
        "sale.order", [["client_order_ref", "=", payload["client_order_ref"]]], ("name", "date_order")
    )
    return len(rows)


async def test_an_order_created_twice_is_one_with_its_lines(odoo):
    payload = await odoo.order_payload(2, 3)
    creating = odoo.delivery("sales_order.create", payload, kind="sales_order")
    first, second = await odoo.write(creating), await odoo.write(creating)
    assert isinstance(first, Receipt)
    assert first == second
    assert [x.kind for x in first.xrefs] == ["sales_order.line"] * 2
    assert await count_of(odoo, payload) == 1
    assert await odoo.lines_of(int(first.external_id)) == [(2, 0), (3, 0)]


async def test_times_are_kept_in_utc(odoo):
    payload = await odoo.order_payload(1)
    made = await odoo.write(odoo.delivery("sales_order.create", payload, kind="sales_order"))
    stored = await odoo.connect().client.read("sale.order", [int(made.external_id)], ("date_order",))
    assert stored[int(made.external_id)]["date_order"] == "2026-11-20 17:00:00"


async def test_an_order_created_by_eight_at_once_is_one(odoo):
    payload = await odoo.order_payload(2, 3)
    await odoo.eight_at_once(odoo.delivery("sales_order.create", payload, kind="sales_order"))
    assert await count_of(odoo, payload) == 1


@pytest.mark.parametrize("call", ["sale.order/load", "sale.order/search_read", "sale.order/action_confirm"])
async def test_an_order_whose_answer_was_lost_is_one(odoo, call):
    payload = await odoo.order_payload(2)
    placing = odoo.delivery("sales_order.place", payload, kind="sales_order")
    receipt = await odoo.with_lost_answer(placing, call)
    assert await count_of(odoo, payload) == 1
    again = await odoo.bring_home(placing)
    assert again.external_id == receipt.external_id
    assert len(await odoo.pickings_of(int(receipt.external_id))) == 1


async def test_a_batch_with_bad_orders_makes_the_good_ones(odoo):
    good = [
        odoo.delivery("sales_order.create", await odoo.order_payload(1), kind="sales_order") for _ in range(4)
    ]
    bad = [
        odoo.delivery("sales_order.create", await odoo.order_payload(1), kind="sales_order") for _ in range(3)
    ]
    bad[0].payload["lines"][0]["product_id"] = 99999999
    bad[1].payload["partner_id"] = 99999998
    bad[2].payload["lines"][0]["quantity"] = "many"
    results = await odoo.connect().write("sales_order.create", [bad[0], *good[:2], bad[1], *good[2:], bad[2]])
    assert [type(r) for r in results] == [
        RejectedError,
        Receipt,
        Receipt,
        RejectedError,
        Receipt,
        Receipt,
        RejectedError,
    ]
    assert [r.code for r in results if isinstance(r, RejectedError)] == [
        "T-ODOO-MISSING",
        "T-ODOO-MISSING",
        "T-SCHEMA",
    ]


async def test_overlapping_batches_at_once_make_each_order_once(odoo):
    product = await odoo.product()
    all_of = [
        odoo.delivery("sales_order.create", await odoo.order_payload(1, product=product), kind="sales_order")
        for _ in range(30)
    ]
    parts = (all_of[:20], all_of[10:])
    answers = await asyncio.gather(
        *(odoo.connect().write("sales_order.create", part) for part in parts), return_exceptions=True
    )
    for answer in answers:
        assert isinstance(answer, RetryableError) or all(isinstance(r, Receipt) for r in answer)
    ids = {(await odoo.bring_home(one)).external_id for one in all_of}
    assert len(ids) == 30
    for one in all_of:
        assert await count_of(odoo, one.payload) == 1


async def test_what_a_person_edited_cancelled_or_confirmed_is_not_overwritten(odoo):
    person = odoo.person()
    payload = await odoo.order_payload(2)
    creating = odoo.delivery("sales_order.create", payload, kind="sales_order")
    order_id = int((await odoo.write(creating)).external_id)
    line = (
        await odoo.connect().client.search_read("sale.order.line", [["order_id", "=", order_id]], ("name",))
    )[0]["id"]
    await person.call("sale.order.line", "write", [line], vals={"product_uom_qty": 9})
    edited = await odoo.write(creating)
    assert edited.external_id == str(order_id)
    assert edited.hold.code == "B-CHG-CONFLICT"
    await person.call("sale.order", "action_cancel", [order_id])
    assert (await odoo.write(creating)).answer["state"] == "cancel"
    assert await odoo.lines_of(order_id) == [(9, 0)]
    placed = await odoo.write(odoo.delivery("sales_order.confirm", {"order_id": order_id}))
    assert isinstance(placed, ConflictError)


async def test_a_deleted_order_is_not_made_again(odoo):
    person = odoo.person()
    payload = await odoo.order_payload(2)
    creating = odoo.delivery("sales_order.create", payload, kind="sales_order")
    order_id = (await odoo.write(creating)).external_id
    await person.call("sale.order", "unlink", [int(order_id)])
    known = odoo.delivery(
        "sales_order.create", payload, kind="sales_order", key=creating.document_key, external_id=order_id
    )
    for operation in ("sales_order.create", "sales_order.confirm", "sales_order.amend", "sales_order.cancel"):
        again = await odoo.write(
            odoo.delivery(operation, payload, key=creating.document_key, external_id=order_id)
        )
        assert isinstance(again, ConflictError), operation
        assert again.code == "T-ODOO-MISSING"
    assert isinstance(await odoo.write(known), ConflictError)
    assert await count_of(odoo, payload) == 0


@pytest.mark.parametrize(
    ("promised", "code"),
    [
        ({"net": "20.00", "tax": "3.00", "gross": "23.00", "currency": "USD"}, None),
        ({"net": "21.00", "tax": "3.00", "gross": "24.00", "currency": "USD"}, "B-PRICE-MISM"),
        ({"net": "20.00", "tax": "2.00", "gross": "22.00", "currency": "USD"}, "B-TAX-MISM"),
        ({"net": "20.00", "currency": "EUR"}, "B-CURR-MISM"),
        ({"gross": "23.04", "currency": "USD"}, None),
    ],
)
async def test_a_total_that_differs_holds_the_order_unconfirmed(odoo, promised, code):
    payload = {**await odoo.order_payload(2), "promised": promised}
    placing = odoo.delivery("sales_order.place", payload, kind="sales_order", price_tolerance="0.05")
    receipt = await odoo.write(placing)
    assert (receipt.hold.code if receipt.hold else None) == code, receipt
    assert receipt.answer["state"] == ("draft" if code else "sale")
    assert receipt.answer["amount_total"] == 23


async def test_a_rounded_quantity_holds_the_order(odoo):
    payload = await odoo.order_payload("0.333")
    receipt = await odoo.write(odoo.delivery("sales_order.create", payload, kind="sales_order"))
    assert receipt.hold.code == "T-ROUND"


async def test_confirming_twice_and_by_eight_makes_one_picking(odoo):
    order_id = int(
        (await odoo.write(odoo.delivery("sales_order.create", await odoo.order_payload(2)))).external_id
    )
    confirming = odoo.delivery("sales_order.confirm", {"order_id": order_id})
    await odoo.eight_at_once(confirming)
    assert isinstance(await odoo.write(confirming), Receipt)
    assert len(await odoo.pickings_of(order_id)) == 1
    lost = int(
        (await odoo.write(odoo.delivery("sales_order.create", await odoo.order_payload(2)))).external_id
    )
    await odoo.with_lost_answer(odoo.delivery("sales_order.confirm", {"order_id": lost}), "action_confirm")
    assert len(await odoo.pickings_of(lost)) == 1


async def test_a_batch_of_confirmations_answers_each_for_itself(odoo):
    person = odoo.person()
    product = await odoo.product()
    ids = []
    for _ in range(4):
        payload = await odoo.order_payload(1, product=product)
        ids.append(int((await odoo.write(odoo.delivery("sales_order.create", payload))).external_id))
    await person.call("sale.order", "action_cancel", [ids[1]])
    await person.call("sale.order", "action_confirm", [ids[2]])
    deliveries = [odoo.delivery("sales_order.confirm", {"order_id": key}) for key in ids]
    results = await odoo.connect().write("sales_order.confirm", deliveries)
    assert [type(r) for r in results] == [Receipt, ConflictError, Receipt, Receipt]


async def test_amending_is_absolute_and_adds_lines_once(odoo):
    order_id, lines, placing = await odoo.confirmed_order(5, 4)
    product = placing.payload["lines"][0]["product_id"]
    payload = {
        "order_id": order_id,
        "lines": [
            {"key": "1", "line_id": lines[0], "product_id": product, "quantity": "7", "price_unit": "10.00",
             "before": {"quantity": "5"}, "action": "change"},
            {"key": "2", "line_id": lines[1], "product_id": product, "quantity": "0", "action": "delete"},
            {"key": "3", "product_id": product, "quantity": "2", "price_unit": "9.00", "action": "add", "name": "more"},
        ],
    }  # fmt: skip
    amending = odoo.delivery("sales_order.amend", payload, kind="sales_order", object_key=placing.object_key)
    await odoo.eight_at_once(amending)
    assert await odoo.lines_of(order_id) == [(7, 0), (0, 0), (2, 0)]
    await odoo.with_lost_answer(
        odoo.delivery(
            "sales_order.amend",
            {
                "order_id": order_id,
                "lines": [{**payload["lines"][0], "quantity": "6", "before": {"quantity": "7"}}],
            },
            kind="sales_order",
            object_key=placing.object_key,
        ),
        "sale.order/write",
    )
    assert await odoo.lines_of(order_id) == [(6, 0), (0, 0), (2, 0)]
    moves = await odoo.connect().client.search_read(
        "stock.move",
        [["sale_line_id.order_id", "=", order_id], ["state", "!=", "cancel"]],
        ("product_uom_qty",),
    )
    assert sorted(move["product_uom_qty"] for move in moves) == [2, 6]


async def test_amending_what_a_person_changed_is_a_conflict(odoo):
    person = odoo.person()
    order_id, lines, _ = await odoo.confirmed_order(5)
    await person.call("sale.order.line", "write", [lines[0]], vals={"product_uom_qty": 8})
    line = {"key": "1", "line_id": lines[0], "quantity": "7", "before": {"quantity": "5"}}
    result = await odoo.write(odoo.delivery("sales_order.amend", {"order_id": order_id, "lines": [line]}))
    assert isinstance(result, ConflictError)
    assert result.code == "B-CHG-CONFLICT"
    assert await odoo.lines_of(order_id) == [(8, 0)]


async def test_amending_below_what_is_delivered_is_too_late(odoo):
    order_id, lines, _ = await odoo.confirmed_order(5)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 3}))
    line = {"key": "1", "line_id": lines[0], "quantity": "2"}
    result = await odoo.write(odoo.delivery("sales_order.amend", {"order_id": order_id, "lines": [line]}))
    assert isinstance(result, RejectedError)
    assert result.code == "B-CHG-LATE"


async def test_cancelling_is_once_and_refused_when_goods_have_left(odoo):
    order_id, _, _ = await odoo.confirmed_order(5)
    cancelling = odoo.delivery("sales_order.cancel", {"order_id": order_id})
    await odoo.eight_at_once(cancelling)
    assert {p["state"] for p in await odoo.pickings_of(order_id)} == {"cancel"}
    other, lines, _ = await odoo.confirmed_order(5)
    await odoo.bring_home(odoo.shipment(other, {lines[0]: 1}))
    late = await odoo.write(odoo.delivery("sales_order.cancel", {"order_id": other}))
    assert isinstance(late, RejectedError)
    assert late.code == "B-CXL-LATE"
    lost, _, _ = await odoo.confirmed_order(5)
    await odoo.with_lost_answer(odoo.delivery("sales_order.cancel", {"order_id": lost}), "action_cancel")
