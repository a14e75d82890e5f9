"""Invoices, credit notes and payments on a real Odoo."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.core.errors import ConflictError, RejectedError
from crossdock.kit import Receipt

pytestmark = pytest.mark.live


async def shipped_order(odoo, quantity=4):
    order_id, lines, _ = await odoo.confirmed_order(quantity)
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: quantity}))
    return order_id, lines


async def invoices_of(odoo, order_id, kind="out_invoice"):
    return await odoo.connect().client.search_read(
        "account.move",
        [["invoice_line_ids.sale_line_ids.order_id", "=", order_id], ["move_type", "=", kind]],
        ("name", "state", "amount_total", "amount_residual", "payment_state"),
    )


async def posted_invoice(odoo, quantity=4):
    order_id, lines = await shipped_order(odoo, quantity)
    receipt = await odoo.bring_home(odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice"))
    return order_id, lines, int(receipt.external_id)


async def test_an_invoice_is_made_and_posted_once(odoo):
    order_id, _ = await shipped_order(odoo)
    invoicing = odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice")
    receipt = await odoo.eight_at_once(invoicing)
    assert receipt.answer["state"] == "posted"
    assert len(await invoices_of(odoo, order_id)) == 1
    assert (await odoo.write(invoicing)).external_id == receipt.external_id
    other = await odoo.write(odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice"))
    assert isinstance(other, RejectedError)


@pytest.mark.parametrize(
    "call", ["payment.inv/create_invoices", "account.move/write", "account.move/action_post"]
)
async def test_an_invoice_whose_answer_was_lost_is_one(odoo, call):
    order_id, _ = await shipped_order(odoo)
    receipt = await odoo.with_lost_answer(
        odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice"), call
    )
    assert receipt.answer["state"] == "posted"
    assert len(await invoices_of(odoo, order_id)) == 1


async def test_an_invoice_that_breaks_the_promise_stays_a_draft(odoo):
    order_id, _ = await shipped_order(odoo)
    payload = {"order_id": order_id, "promised": {"net": "41.00", "currency": "USD"}}
    receipt = await odoo.write(odoo.delivery("invoice.create", payload, kind="invoice"))
    assert receipt.hold.code == "B-INV-TOTAL"
    assert [row["state"] for row in await invoices_of(odoo, order_id)] == ["draft"]


async def test_an_invoice_a_person_cancelled_is_not_made_again(odoo):
    person = odoo.person()
    order_id, _ = await shipped_order(odoo)
    draft = odoo.delivery("invoice.create", {"order_id": order_id, "post": False}, kind="invoice")
    made = await odoo.write(draft)
    await person.call("account.move", "button_cancel", [int(made.external_id)])
    assert isinstance(await odoo.write(draft), ConflictError)
    await person.call("account.move", "unlink", [int(made.external_id)])
    known = odoo.delivery(
        "invoice.create", draft.payload, kind="invoice", key=draft.document_key, external_id=made.external_id
    )
    gone = await odoo.write(known)
    assert gone.code == "T-ODOO-MISSING"
    assert await invoices_of(odoo, order_id) == []


async def test_a_credit_note_is_made_once_and_reconciled(odoo):
    order_id, lines, invoice_id = await posted_invoice(odoo)
    payload = {
        "invoice_id": invoice_id,
        "reason": "damaged",
        "lines": [{"line_id": lines[0], "quantity": "1"}],
    }
    crediting = odoo.delivery("credit_note.create", payload, kind="credit_note")
    receipt = await odoo.eight_at_once(crediting)
    assert receipt.answer["amount_untaxed"] == Decimal(10)
    assert len(await invoices_of(odoo, order_id, "out_refund")) == 1
    invoice = (await invoices_of(odoo, order_id))[0]
    assert invoice["amount_total"] - invoice["amount_residual"] == Decimal("11.5")
    lost = odoo.delivery(
        "credit_note.create", {"invoice_id": invoice_id, "reason": "all"}, kind="credit_note"
    )
    await odoo.with_lost_answer(lost, "account.move/load")
    assert len(await invoices_of(odoo, order_id, "out_refund")) == 2
    over = {"invoice_id": invoice_id, "lines": [{"line_id": lines[0], "quantity": "9"}]}
    refused = await odoo.write(odoo.delivery("credit_note.create", over, kind="credit_note"))
    assert refused.code == "B-INV-QTY"


async def test_a_payment_is_booked_once_and_reconciled(odoo):
    order_id, _, invoice_id = await posted_invoice(odoo)
    payload = {"invoice_id": invoice_id, "amount": "20.00", "memo": odoo.key("PAY"), "date": "2026-11-23"}
    paying = odoo.delivery("payment.create", payload, kind="payment")
    receipt = await odoo.eight_at_once(paying)
    assert isinstance(receipt, Receipt)
    rest = odoo.delivery(
        "payment.create", {**payload, "amount": "26.00", "memo": odoo.key("PAY")}, kind="payment"
    )
    for call in ("account.payment/load", "js_assign_outstanding_line"):
        if call == "account.payment/load":
            await odoo.with_lost_answer(rest, call)
    invoice = (await invoices_of(odoo, order_id))[0]
    assert invoice["amount_residual"] == 0
    assert invoice["payment_state"] in {"paid", "in_payment"}
    payments = await odoo.connect().client.search_read(
        "account.payment", [["memo", "in", [payload["memo"], rest.payload["memo"]]]], ("state", "amount")
    )
    assert sorted(row["amount"] for row in payments) == [20, 26]


@pytest.mark.parametrize("call", ["account.payment/action_post", "js_assign_outstanding_line"])
async def test_a_payment_whose_answer_was_lost_is_one(odoo, call):
    order_id, _, invoice_id = await posted_invoice(odoo)
    payload = {"invoice_id": invoice_id, "amount": "20.00", "memo": odoo.key("PAY")}
    await odoo.with_lost_answer(odoo.delivery("payment.create", payload, kind="payment"), call)
    invoice = (await invoices_of(odoo, order_id))[0]
    assert invoice["amount_residual"] == 26


async def test_a_payment_a_person_cancelled_is_a_conflict(odoo):
    _, _, invoice_id = await posted_invoice(odoo)
    paying = odoo.delivery("payment.create", {"invoice_id": invoice_id, "amount": "20"}, kind="payment")
    made = await odoo.write(paying)
    await odoo.person().call("account.payment", "action_cancel", [int(made.external_id)])
    assert isinstance(await odoo.write(paying), ConflictError)
