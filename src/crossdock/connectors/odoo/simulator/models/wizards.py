"""Wizards of sales and accounting: invoicing, payment, credit note. Called twice they act twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.account import invoice_action, new_invoice, reverse_move
from crossdock.connectors.odoo.simulator.models.payments import assign, open_item
from crossdock.connectors.odoo.simulator.models.sale import order_lines
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS"]

_ZERO = Decimal(0)
_NOTHING_TO_INVOICE = (
    "Cannot create an invoice. No items are available to invoice.\n\nTo resolve this issue, please ensure that:\n"
    "   • The products have been delivered before attempting to invoice them.\n"
    "   • The invoicing policy of the product is configured correctly.\n\n"
    "If you want to invoice based on ordered quantities instead:\n"
    "   • For consumable or storable products, open the product, go to the 'General Information' tab and change "
    "the 'Invoicing Policy' from 'Delivered Quantities' to 'Ordered Quantities'.\n"
    "   • For services (and other products), change the 'Invoicing Policy' to 'Prepaid/Fixed Price'.\n"
)
_NOTHING_TO_PAY = (
    "There's nothing left to pay for the selected journal items, so no payment registration is necessary. "
    "You've got your finances under control like a boss!"
)


class InvoiceWizard(Records):
    """Invoices of sales orders: what may be invoiced by each product's policy."""

    name = "sale.advance.payment.inv"

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("advance_payment_method", "delivered")
        if "sale_order_ids" not in vals and env.context.get("active_model") == "sale.order":
            vals["sale_order_ids"] = [[6, 0, list(env.context.get("active_ids") or [])]]

    @remote()
    def create_invoices(self, env: Env, ids: Sequence[int]) -> dict[str, Any]:
        env.flush()
        made: list[int] = []
        for row in env.rows(self.model, ids):
            for order in env.rows("sale.order", row.get("sale_order_ids") or []):
                waiting = [line for line in order_lines(env, order) if line.get("qty_to_invoice", _ZERO) > 0]
                if waiting:
                    items = [(line, line["qty_to_invoice"]) for line in waiting]
                    made.append(new_invoice(env, "out_invoice", order, items))
        if not made:
            raise UserError(_NOTHING_TO_INVOICE)
        env.flush()
        return invoice_action(env, "out_invoice", made)


class PaymentWizard(Records):
    """Registers a payment of posted invoices."""

    name = "account.payment.register"

    @staticmethod
    def _invoices(env: Env) -> list[Row]:
        return env.rows("account.move", env.context.get("active_ids") or [])

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        env.flush()
        invoices = self._invoices(env)
        if any(one["state"] != "posted" for one in invoices):
            raise UserError("You can only register payment for posted journal entries.")
        open_ones = [one for one in invoices if one["amount_residual"] > 0]
        if not open_ones:
            raise UserError(_NOTHING_TO_PAY)
        first = open_ones[0]
        inbound = first["move_type"] in {"out_invoice", "in_refund"}
        residual = sum((one["amount_residual"] for one in open_ones), _ZERO)
        journals = env.table("account.journal").rows.values()
        banks = (
            row["id"]
            for row in journals
            if row["type"] == "bank" and row["company_id"] == first["company_id"]
        )
        vals.setdefault("amount", residual)
        vals.setdefault("source_amount", residual)
        vals.setdefault("payment_date", env.today)
        vals.setdefault("communication", first.get("payment_reference") or first["name"])
        vals.setdefault("payment_type", "inbound" if inbound else "outbound")
        vals.setdefault("partner_type", "customer" if first["move_type"].startswith("out") else "supplier")
        vals.setdefault("partner_id", first["partner_id"])
        vals.setdefault("journal_id", next(banks, False))
        vals.setdefault("currency_id", first["currency_id"])
        vals.setdefault("company_id", first["company_id"])
        vals["invoices"] = [one["id"] for one in open_ones]

    live: ClassVar[Mapping[str, Live]] = {
        "payment_difference": lambda _env, row: row.get("source_amount", _ZERO) - row["amount"]
    }

    @remote()
    def action_create_payments(self, env: Env, ids: Sequence[int]) -> dict[str, Any]:
        made = [_pay(env, row) for row in env.rows(self.model, ids)]
        env.flush()
        action: dict[str, Any] = {
            "name": "Payments",
            "type": "ir.actions.act_window",
            "res_model": "account.payment",
            "context": {"create": False},
        }
        if len(made) == 1:
            return {**action, "view_mode": "form", "res_id": made[0]}
        return {**action, "view_mode": "list,form", "domain": [["id", "in", made]]}


def _pay(env: Env, wizard: Row) -> int:
    kept = ("amount", "payment_type", "partner_type", "partner_id", "journal_id", "currency_id", "company_id")
    vals = {name: wizard[name] for name in kept}
    extra = {
        "date": wizard["payment_date"],
        "memo": wizard["communication"],
        "invoice_ids": [[6, 0, wizard["invoices"]]],
    }
    key = env.create("account.payment", {**vals, **extra})
    env.model("account.payment").action_post(env, [key])  # type: ignore[attr-defined]
    line = open_item(env, env.row("account.payment", key))
    for invoice in env.rows("account.move", wizard["invoices"]):
        if line is not None:
            assign(env, invoice, line)
    return key


class ReversalWizard(Records):
    """Makes credit notes of whole invoices."""

    name = "account.move.reversal"

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("date", env.today)
        if "move_ids" not in vals and env.context.get("active_model") == "account.move":
            vals["move_ids"] = [[6, 0, list(env.context.get("active_ids") or [])]]

    def created(self, env: Env, row: Row) -> None:
        if any(move["state"] != "posted" for move in env.rows("account.move", row.get("move_ids") or [])):
            raise UserError("You can only reverse posted moves.")

    @remote()
    def reverse_moves(self, env: Env, ids: Sequence[int], is_modify: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        del is_modify
        env.flush()
        made = [
            reverse_move(env, move, reason=row.get("reason") or "", date=row["date"])
            for row in env.rows(self.model, ids)
            for move in env.rows("account.move", row.get("move_ids") or [])
        ]
        env.flush()
        action: dict[str, Any] = {
            "name": "Reverse Moves",
            "type": "ir.actions.act_window",
            "res_model": "account.move",
        }
        if len(made) == 1:
            kind = env.row("account.move", made[0])["move_type"]
            return {**action, "view_mode": "form", "res_id": made[0], "context": {"default_move_type": kind}}
        return {**action, "view_mode": "list,form", "domain": [["id", "in", made]]}


MODELS: tuple[Records, ...] = (InvoiceWizard(), PaymentWizard(), ReversalWizard())
