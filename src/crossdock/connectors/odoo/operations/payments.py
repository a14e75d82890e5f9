"""Payments of invoices: create-only load, posted, then reconciled; each step may be repeated.

The wizard is not used: 8 calls at once made 8 payments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossdock.connectors.odoo.external_ids import external_name, resolve_name
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.values import as_date, as_id, as_number, as_text, number, plain
from crossdock.core.errors import ConflictError, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["create_payment", "look_up_payment"]

_FIELDS = ("name", "state", "amount", "move_id", "outstanding_account_id", "is_reconciled", "partner_id")
_INVOICE = ("name", "state", "partner_id", "currency_id", "amount_residual", "payment_state", "move_type")


async def create_payment(desk: Desk, delivery: Delivery) -> Receipt:
    """A payment of one invoice, posted and reconciled with it."""
    payload = delivery.payload
    invoice_id = as_id(payload, "invoice_id")
    invoices = await desk.client.read("account.move", [invoice_id], _INVOICE)
    if invoice_id not in invoices:
        raise gone("account.move", invoice_id, delivery)
    payment_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not payment_id:
        record = await _new_payment(desk, delivery, invoices[invoice_id])
        payment_id = await desk.loader.load_one("account.payment", record)
    payment = await _payment(desk, delivery, payment_id)
    if payment["state"] == "draft":
        payment = await _post(desk, delivery, payment)
    if payment["state"] == "canceled":
        raise ConflictError(f"payment {payment['name']} was cancelled in Odoo by a person")
    await _reconcile(desk, payment, invoice_id)
    return await _receipt(desk, payment, invoice_id)


async def look_up_payment(desk: Desk, delivery: Delivery) -> Found:
    """Whether the payment is there, posted and reconciled."""
    payment_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not payment_id:
        return Found("absent", text=f"no account.payment bears {_name(delivery)}")
    try:
        payment = await _payment(desk, delivery, payment_id)
    except ConflictError as error:
        return Found("unclear", text=error.text)
    if payment["state"] == "draft" or (payment["state"] != "canceled" and not payment["is_reconciled"]):
        return Found("absent", text=f"payment {payment['name']} is there, not yet posted and reconciled")
    return Found("done", await _receipt(desk, payment, as_id(delivery.payload, "invoice_id")))


def _name(delivery: Delivery) -> str:
    return external_name("payment", delivery.company, delivery.document_key)


async def _new_payment(desk: Desk, delivery: Delivery, invoice: Mapping[str, Any]) -> NewRecord:
    payload = delivery.payload
    if invoice["state"] != "posted":
        raise RejectedError(
            f"invoice {invoice['id']} is {invoice['state']}: only a posted one is paid", code="T-ODOO-VALID"
        )
    amount = as_number(payload, "amount")
    if amount <= 0:
        raise RejectedError(f"amount {amount} is no payment", code="T-SCHEMA")
    refund = invoice["move_type"] == "out_refund"
    head = {
        "payment_type": "outbound" if refund else "inbound",
        "partner_type": "customer",
        "partner_id/.id": str(invoice["partner_id"][0]),
        "amount": plain(amount),
        "currency_id/.id": str(invoice["currency_id"][0]),
        "memo": as_text(payload, "memo") or delivery.document_key,
        "journal_id/.id": str(await _journal(desk, payload)),
        "invoice_ids/.id": str(invoice["id"]),
    }
    if date := as_date(payload, "date"):
        head["date"] = date
    return NewRecord(_name(delivery), head)


async def _journal(desk: Desk, payload: Mapping[str, Any]) -> int:
    chosen = as_id(payload, "journal_id", required=False) or desk.settings.payment_journal
    if chosen:
        return chosen
    rows = await desk.client.search_read(
        "account.journal",
        [["type", "=", "bank"], ["company_id", "=", desk.client.company_id], ["active", "=", True]],
        ("name",),
        order="sequence,id",
        limit=1,
    )
    if not rows:
        raise RejectedError(
            "the company has no bank journal to book payments in", code="T-CONFIG", mend="set payment_journal"
        )
    return int(rows[0]["id"])


async def _payment(desk: Desk, delivery: Delivery, payment_id: int) -> dict[str, Any]:
    found = await desk.client.read("account.payment", [payment_id], _FIELDS)
    if payment_id not in found:
        raise gone("account.payment", payment_id, delivery)
    return found[payment_id]


async def _post(desk: Desk, delivery: Delivery, payment: Mapping[str, Any]) -> dict[str, Any]:
    """Post, unless there is no account to post to: Odoo would then call the invoice paid and book nothing."""
    if not payment["outstanding_account_id"]:
        raise RejectedError(
            f"payment {payment['id']} has no outstanding account: posting it would book nothing",
            code="T-CONFIG",
            mend="set an outstanding receipts account on the journal's payment method in Odoo",
        )
    await desk.client.call("account.payment", "action_post", [payment["id"]])
    return await _payment(desk, delivery, int(payment["id"]))


async def _reconcile(desk: Desk, payment: Mapping[str, Any], invoice_id: int) -> None:
    if payment["is_reconciled"] or not payment["move_id"]:
        return
    lines = await desk.client.search_read(
        "account.move.line",
        [
            ["move_id", "=", payment["move_id"][0]],
            ["account_type", "=", "asset_receivable"],
            ["reconciled", "=", False],
        ],
        ("amount_residual",),
    )
    for line in lines:
        await desk.client.call("account.move", "js_assign_outstanding_line", [invoice_id], line_id=line["id"])


async def _receipt(desk: Desk, payment: Mapping[str, Any], invoice_id: int) -> Receipt:
    invoice = (await desk.client.read("account.move", [invoice_id], _INVOICE)).get(invoice_id, {})
    answer = {
        "name": payment["name"],
        "amount": number(payment["amount"]),
        "invoice": invoice.get("name"),
        "residual": number(invoice.get("amount_residual")),
        "payment_state": invoice.get("payment_state"),
    }
    return Receipt(external_id=str(payment["id"]), answer=answer)
