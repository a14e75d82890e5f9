"""Payments: their entries, and how they settle invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.account import settle
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "assign", "open_item"]

_ZERO = Decimal(0)
_OPEN_ITEMS = {"asset_receivable", "liability_payable"}


def _account(env: Env, kind: str) -> int:
    accounts = env.table("account.account").rows.values()
    return next(int(row["id"]) for row in accounts if row["account_type"] == kind)


def open_item(env: Env, payment: Row) -> Row | None:
    """The item of a posted payment that can still settle invoices."""
    if not payment.get("move_id"):
        return None
    lines = env.children("account.move.line", "move_id", payment["move_id"])
    return next(
        (line for line in lines if env.value("account.move.line", line, "account_type") in _OPEN_ITEMS), None
    )


def assign(env: Env, invoice: Row, line: Row) -> None:
    """A payment's item settles as much of an invoice as it can."""
    env.flush()
    left = line["amount_residual"]
    part = min(invoice["amount_residual"], abs(left))
    if part <= 0:
        return
    env.set("account.move.line", line, {"amount_residual": left + part if left < 0 else left - part})
    payments = env.table("account.payment").ids_where("move_id", line["move_id"])
    matched = [*(invoice.get("matched_payment_ids") or []), *payments]
    env.set("account.move", invoice, {"matched_payment_ids": matched})
    settle(env, invoice, part)
    env.flush()


class Payment(Records):
    """A payment of invoices."""

    name = "account.payment"
    indexed = ("memo", "name", "partner_id", "move_id")
    live: ClassVar[Mapping[str, Live]] = {
        "reconciled_invoice_ids": lambda _env, row: row.get("invoice_ids") or [],
        "reconciled_invoices_count": lambda _env, row: len(row.get("invoice_ids") or []),
        "is_reconciled": lambda env, row: (
            (line := open_item(env, row)) is not None and not line["amount_residual"]
        ),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("state", "draft")
        vals.setdefault("date", env.today)
        vals.setdefault("payment_type", "inbound")
        vals.setdefault("partner_type", "customer")
        vals.setdefault("company_id", env.company())
        vals.setdefault("currency_id", 1)
        vals.setdefault("outstanding_account_id", _account(env, "asset_current"))
        if not vals.get("journal_id"):
            journals = env.table("account.journal").rows.values()
            own = (
                row["id"]
                for row in journals
                if row["type"] == "bank" and row["company_id"] == vals["company_id"]
            )
            vals["journal_id"] = next(own, False)
        vals.setdefault("name", False)

    def deleting(self, env: Env, rows: list[Row]) -> None:
        del env
        if any(row["state"] not in {"draft", "canceled"} for row in rows):
            raise UserError("You cannot delete a payment that has been posted. Cancel it first.")

    @remote()
    def action_post(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            if row["state"] != "draft":
                continue
            start = f"PBNK1/{str(row['date'])[:4]}/"
            names = (str(one.get("name")) for one in env.table(self.model).rows.values())
            last = max((int(name[len(start) :]) for name in names if name.startswith(start)), default=0)
            name = row.get("name") or f"{start}{last + 1:05d}"
            env.set(self.model, row, {"state": "in_process", "name": name})
            env.set(self.model, row, {"move_id": _book(env, row)})

    @remote()
    def action_cancel(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            env.set(self.model, row, {"state": "canceled"})


def _book(env: Env, payment: Row) -> int:
    sign = -1 if payment["payment_type"] == "inbound" else 1
    vals = {"move_type": "entry", "name": payment["name"], "ref": payment.get("memo") or False}
    kept = {
        name: payment.get(name) or False
        for name in ("partner_id", "company_id", "currency_id", "journal_id", "date")
    }
    key = env.create("account.move", {**kept, **vals})
    customer = payment["partner_type"] == "customer"
    sides = (
        (payment["outstanding_account_id"], -sign * payment["amount"]),
        (_account(env, "asset_receivable" if customer else "liability_payable"), sign * payment["amount"]),
    )
    for account, balance in sides:
        line = {
            "move_id": key,
            "account_id": account,
            "name": payment.get("memo") or False,
            "balance": balance,
        }
        env.create("account.move.line", {**line, "amount_residual": balance})
    env.set(
        "account.move", env.row("account.move", key), {"state": "posted", "amount_total": payment["amount"]}
    )
    return key


MODELS: tuple[Records, ...] = (Payment(),)
