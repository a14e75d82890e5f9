"""Invoices of orders (Odoo's own wizard, marked afterwards) and credit notes (create-only load)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.external_ids import external_name, marker, resolve_name
from crossdock.connectors.odoo.guards import Promise, compare_totals, tolerance_of
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.values import (
    as_date,
    as_flag,
    as_id,
    as_lines,
    as_number,
    as_text,
    number,
    plain,
)
from crossdock.core.errors import ConflictError, Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt, XrefClaim

__all__ = ["create_credit_note", "create_invoice", "look_up_credit_note", "look_up_invoice"]

MOVE_FIELDS = (
    "name", "state", "move_type", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "currency_id",
    "partner_id", "journal_id", "create_uid", "payment_state",
)  # fmt: skip
_LINE_FIELDS = ("product_id", "name", "quantity", "price_unit", "discount", "tax_ids", "sale_line_ids")


async def create_invoice(desk: Desk, delivery: Delivery) -> Receipt:
    """An invoice of what an order has to be invoiced, compared with the promise, then posted."""
    move_id = await _known_invoice(desk, delivery)
    if not move_id:
        move_id = await _adopt(desk, delivery) or await _invoice_by_wizard(desk, delivery)
    return await _finish(desk, delivery, move_id)


async def look_up_invoice(desk: Desk, delivery: Delivery) -> Found:
    """Whether the invoice is there: by its marker, or made by us and not marked yet."""
    move_id = await _known_invoice(desk, delivery) or await _adopt(desk, delivery)
    return await _found(desk, delivery, move_id)


async def create_credit_note(desk: Desk, delivery: Delivery) -> Receipt:
    """A credit note of an invoice, whole or by lines, posted; Odoo reconciles it with the invoice by itself."""
    name = _credit_name(delivery)
    move_id = int(delivery.external_id or 0) or await resolve_name(desk.client, name)
    if not move_id:
        record = await _new_credit_note(desk, delivery)
        move_id = await desk.loader.load_one(
            "account.move", record, context={"default_move_type": "out_refund"}
        )
    return await _finish(desk, delivery, move_id)


async def look_up_credit_note(desk: Desk, delivery: Delivery) -> Found:
    """Whether the credit note is there."""
    move_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _credit_name(delivery))
    return await _found(desk, delivery, move_id)


async def _found(desk: Desk, delivery: Delivery, move_id: int | None) -> Found:
    if not move_id:
        return Found("absent")
    try:
        move = await _move(desk, delivery, move_id)
    except ConflictError as error:
        return Found("unclear", text=error.text)
    wants_post = as_flag(delivery.payload, "post", default=True)
    if move["state"] == "draft" and wants_post and _hold(delivery, move) is None:
        return Found("absent", text=f"invoice {move_id} is there, not yet posted")
    return Found("done", _receipt(delivery, move))


async def _finish(desk: Desk, delivery: Delivery, move_id: int) -> Receipt:
    """Post a draft that keeps the promise."""
    move = await _move(desk, delivery, move_id)
    if move["state"] == "cancel":
        raise ConflictError(
            f"{_called(move)} was cancelled in Odoo by a person",
            mend="decide whether it is made again; cancelled, it is not posted",
        )
    if (
        move["state"] == "draft"
        and as_flag(delivery.payload, "post", default=True)
        and _hold(delivery, move) is None
    ):
        try:
            await desk.client.call("account.move", "action_post", [move_id])
        except RejectedError:
            if (await _move(desk, delivery, move_id))["state"] != "posted":
                raise
        move = await _move(desk, delivery, move_id)
    return _receipt(delivery, move)


def _receipt(delivery: Delivery, move: Mapping[str, Any]) -> Receipt:
    amounts = {name: number(move[name]) for name in ("amount_untaxed", "amount_tax", "amount_total")}
    xrefs: tuple[XrefClaim, ...] = ()
    if move["state"] == "posted":
        xrefs = (XrefClaim("account.move", str(move["name"]), str(move["id"])),)
    hold = _hold(delivery, move) if move["state"] == "draft" else None
    return Receipt(str(move["id"]), xrefs, {"name": _called(move), "state": move["state"], **amounts}, hold)


def _hold(delivery: Delivery, move: Mapping[str, Any]) -> RejectedError | None:
    return compare_totals(
        Promise(delivery.payload),
        move,
        what=_called(move),
        tolerance=tolerance_of(delivery),
        price_code="B-INV-TOTAL",
        tax_code="B-INV-TAX",
    )


def _called(move: Mapping[str, Any]) -> str:
    return str(move["name"] or f"draft invoice {move['id']}")


async def _move(desk: Desk, delivery: Delivery, move_id: int) -> dict[str, Any]:
    found = await desk.client.read("account.move", [move_id], MOVE_FIELDS)
    if move_id not in found:
        raise gone("account.move", move_id, delivery)
    return found[move_id]


def _marker(delivery: Delivery) -> str:
    return marker("invoice", delivery.company, delivery.document_key)


async def _known_invoice(desk: Desk, delivery: Delivery) -> int | None:
    if delivery.external_id:
        return int(delivery.external_id)
    rows = await desk.client.search_read(
        "mail.message", [["message_id", "=", _marker(delivery)], ["model", "=", "account.move"]], ("res_id",)
    )
    return int(rows[0]["res_id"]) if rows else None


async def _adopt(desk: Desk, delivery: Delivery) -> int | None:
    """An invoice of the order that is ours: marked so, or made by the service user and marked by nobody."""
    order_id = as_id(delivery.payload, "order_id")
    moves = await desk.client.search_read(
        "account.move",
        [
            ["invoice_line_ids.sale_line_ids.order_id", "=", order_id],
            ["move_type", "=", "out_invoice"],
            ["state", "!=", "cancel"],
            ["create_uid", "=", await desk.client.user_id()],
        ],
        ("name",),
        order="id desc",
    )
    if not moves:
        return None
    marked = await desk.client.search_read(
        "mail.message",
        [
            ["model", "=", "account.move"],
            ["res_id", "in", [move["id"] for move in moves]],
            ["message_id", "=like", "<%@crossdock>"],
        ],
        ("res_id", "message_id"),
    )
    # Another worker with the same delivery may have marked it since we asked for the marker: it is ours as well.
    ours = [int(row["res_id"]) for row in marked if row["message_id"] == _marker(delivery)]
    if ours:
        return ours[0]
    taken = {row["res_id"] for row in marked}
    free = [move["id"] for move in moves if move["id"] not in taken]
    if not free:
        return None
    message = {
        "model": "account.move",
        "res_id": free[0],
        "message_type": "notification",
        "body": f"invoice {delivery.document_key}",
        "message_id": _marker(delivery),
    }
    await desk.client.call("account.move", "write", [free[0]], vals={"message_ids": [[0, 0, message]]})
    return int(free[0])


async def _invoice_by_wizard(desk: Desk, delivery: Delivery) -> int:
    """Odoo's wizard makes one invoice of what is delivered, even for 8 at once: there is nothing left for a second."""
    order_id = as_id(delivery.payload, "order_id")
    context = {"active_model": "sale.order", "active_ids": [order_id], "active_id": order_id}
    vals = {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order_id]]]}
    refused: RejectedError | None = None
    try:
        wizard_ids = await desk.client.call(
            "sale.advance.payment.inv", "create", vals_list=[vals], context=context
        )
        ids = wizard_ids if isinstance(wizard_ids, list) else [wizard_ids]
        await desk.client.call("sale.advance.payment.inv", "create_invoices", ids, context=context)
    except RejectedError as error:
        refused = error
    # Another worker with the same delivery may have been first: then there is nothing left to invoice.
    move_id = await _known_invoice(desk, delivery) or await _adopt(desk, delivery)
    if move_id:
        return move_id
    if refused is not None:
        raise refused
    raise RejectedError(f"sale.order {order_id}: the wizard made no invoice", code="T-ODOO-VALID")


def _credit_name(delivery: Delivery, part: str = "") -> str:
    return external_name("credit_note", delivery.company, delivery.document_key, part)


async def _new_credit_note(desk: Desk, delivery: Delivery) -> NewRecord:
    payload = delivery.payload
    invoice = await _move(desk, delivery, as_id(payload, "invoice_id"))
    if invoice["state"] != "posted":
        raise RejectedError(
            f"{_called(invoice)} is {invoice['state']}: only a posted one is credited", code="T-ODOO-VALID"
        )
    rows = await desk.client.search_read(
        "account.move.line",
        [["move_id", "=", invoice["id"]], ["display_type", "=", "product"]],
        _LINE_FIELDS,
    )
    reason = as_text(payload, "reason")
    head = {
        "move_type": "out_refund",
        "partner_id/.id": str(invoice["partner_id"][0]),
        "journal_id/.id": str(invoice["journal_id"][0]),
        "currency_id/.id": str(invoice["currency_id"][0]),
        "ref": f"Reversal of: {invoice['name']}" + (f", {reason}" if reason else ""),
        "reversed_entry_id/.id": str(invoice["id"]),
    }
    if date := as_date(payload, "date"):
        head["invoice_date"] = date
    lines = [
        _credit_line(delivery, row, quantity, price)
        for row, quantity, price in _credited(payload, rows, str(invoice["name"]))
    ]
    return NewRecord(_credit_name(delivery), head, lines, "invoice_line_ids")


def _credited(
    payload: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], name: str
) -> list[tuple[Mapping[str, Any], Decimal, Decimal]]:
    """Invoice line, quantity and price to credit: all of them, or those the payload names by order line."""
    lines = as_lines(payload, required=False)
    if not lines:
        return [(row, number(row["quantity"]), number(row["price_unit"])) for row in rows]
    credited = []
    for place, line in enumerate(lines):
        at = f"lines[{place}]"
        line_id = as_id(line, "line_id", at=at)
        row = next((row for row in rows if line_id in row["sale_line_ids"]), None)
        if row is None:
            raise RejectedError(
                f"{name} has no line of order line {line_id}",
                code="B-UNK-LINE",
                place=Place(path=f"{at}.line_id"),
            )
        quantity = as_number(line, "quantity", at=at)
        if quantity > number(row["quantity"]):
            raise RejectedError(
                f"{name}: {quantity} of order line {line_id} are credited, {number(row['quantity'])} were invoiced",
                code="B-INV-QTY",
                place=Place(path=f"{at}.quantity"),
            )
        price = as_number(line, "price_unit", at=at, default=plain(number(row["price_unit"])))
        credited.append((row, quantity, price))
    return credited


def _credit_line(
    delivery: Delivery, row: Mapping[str, Any], quantity: Decimal, price: Decimal
) -> dict[str, str]:
    return {
        "id": _credit_name(delivery, str(row["id"])),
        "name": str(row["name"] or delivery.document_key),
        "quantity": plain(quantity),
        "price_unit": plain(price),
        "discount": plain(number(row["discount"])),
        "tax_ids/.id": ",".join(str(tax_id) for tax_id in row["tax_ids"]),
        "sale_line_ids/.id": ",".join(str(line_id) for line_id in row["sale_line_ids"]),
        "product_id/.id": str(row["product_id"][0]) if row["product_id"] else "",
    }
