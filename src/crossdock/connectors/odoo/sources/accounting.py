"""Customer invoices, credit notes and payments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from crossdock.connectors.odoo.sources.changes import Changes, Child
from crossdock.connectors.odoo.sources.orders import read_skus
from crossdock.connectors.odoo.values import number
from crossdock.kit import Cursor, Record

__all__ = ["read_invoices", "read_payments"]

_MOVE = (
    "name", "move_type", "state", "ref", "invoice_origin", "invoice_date", "invoice_date_due", "partner_id",
    "currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "payment_state",
    "reversed_entry_id", "company_id",
)  # fmt: skip
_LINE = (
    "move_id", "product_id", "name", "quantity", "price_unit", "discount", "price_subtotal", "price_total",
    "sale_line_ids",
)  # fmt: skip
_PAYMENT = (
    "name", "state", "payment_type", "partner_type", "partner_id", "amount", "currency_id", "date", "memo",
    "is_reconciled", "company_id",
)  # fmt: skip
_ISSUED = [["move_type", "in", ["out_invoice", "out_refund"]], ["state", "in", ["posted", "cancel"]]]


async def read_invoices(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Customer invoices and credit notes that were posted (and may have been cancelled since), with their lines."""
    children = (Child("account.move.line", "move_id", (["display_type", "=", "product"],)),)
    async for page in changes.pages("account.move", _ISSUED, since, children):
        ids = [key for _, key in page]
        moves = {
            row["id"]: row
            for row in await changes.client.search_read("account.move", [["id", "in", ids], *_ISSUED], _MOVE)
        }
        lines = await changes.client.search_read(
            "account.move.line", [["move_id", "in", sorted(moves)], ["display_type", "=", "product"]], _LINE
        )
        skus = await read_skus(changes, (row["product_id"] for row in lines))
        for time, key in page:
            if key in moves:
                own = [_line(row, skus) for row in lines if row["move_id"][0] == key]
                yield Record(str(key), {**_invoice(changes, moves[key]), "lines": own}, Cursor(time))


async def read_payments(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Payments of customers, whatever their state."""
    domain = [["partner_type", "=", "customer"]]
    async for page in changes.pages("account.payment", domain, since):
        rows = await changes.client.read("account.payment", [key for _, key in page], _PAYMENT)
        for time, key in page:
            if key in rows:
                yield Record(str(key), _payment(changes, rows[key]), Cursor(time))


def _invoice(changes: Changes, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"] or "",
        "type": row["move_type"],
        "state": row["state"],
        "ref": row["ref"] or "",
        "origin": row["invoice_origin"] or "",
        "date": row["invoice_date"] or "",
        "due_date": row["invoice_date_due"] or "",
        "partner_id": row["partner_id"][0] if row["partner_id"] else None,
        "currency": row["currency_id"][1],
        "amount_untaxed": number(row["amount_untaxed"]),
        "amount_tax": number(row["amount_tax"]),
        "amount_total": number(row["amount_total"]),
        "amount_residual": number(row["amount_residual"]),
        "payment_state": row["payment_state"] or "",
        "reverses": row["reversed_entry_id"][0] if row["reversed_entry_id"] else None,
        "company": changes.settings.company_code(row["company_id"][0]),
    }


def _line(row: Mapping[str, Any], skus: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "line_id": row["sale_line_ids"][0] if row["sale_line_ids"] else None,
        "product_id": row["product_id"][0] if row["product_id"] else None,
        "sku": skus.get(row["product_id"][0], "") if row["product_id"] else "",
        "name": row["name"] or "",
        "quantity": number(row["quantity"]),
        "price_unit": number(row["price_unit"]),
        "discount": number(row["discount"]),
        "subtotal": number(row["price_subtotal"]),
        "total": number(row["price_total"]),
    }


def _payment(changes: Changes, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"] or "",
        "state": row["state"],
        "type": row["payment_type"],
        "partner_id": row["partner_id"][0] if row["partner_id"] else None,
        "amount": number(row["amount"]),
        "currency": row["currency_id"][1] if row["currency_id"] else "",
        "date": row["date"] or "",
        "memo": row["memo"] or "",
        "reconciled": row["is_reconciled"],
        "company": changes.settings.company_code(row["company_id"][0]) if row["company_id"] else "",
    }
