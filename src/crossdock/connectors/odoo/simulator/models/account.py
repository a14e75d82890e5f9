"""Invoices, bills and credit notes, and how they are made, posted and settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.amounts import line_amounts, totals
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "invoice_action", "invoice_lines", "new_invoice", "reverse_move", "settle"]

_ZERO = Decimal(0)
_PRODUCT = {"product", "line_section", "line_subsection", "line_note", False}
_OUT = {"out_invoice", "out_refund"}
_REFUND = {"out_invoice": "out_refund", "in_invoice": "in_refund"}
_KIND = {
    "out_invoice": ("sale", "INV", "Invoice"),
    "out_refund": ("sale", "RINV", "Credit Note"),
    "in_invoice": ("purchase", "BILL", "Bill"),
    "in_refund": ("purchase", "RBILL", "Vendor Credit Note"),
    "entry": ("general", "MISC", "Entry"),
}
_ACTION = {
    "out_invoice": (261, "Invoices", "account.action_move_out_invoice_type", "invoicing", 736, 745, "out"),
    "in_invoice": (264, "Bills", "account.action_move_in_invoice_type", "bills", 739, 746, "in"),
}


def invoice_lines(env: Env, move: Row) -> list[Row]:
    """The lines a person sees on an invoice."""
    lines = env.children("account.move.line", "move_id", move["id"])
    return [line for line in lines if line.get("display_type", "product") in _PRODUCT]


def new_invoice(env: Env, kind: str, order: Row, items: Sequence[tuple[Row, Decimal]]) -> int:
    """An invoice or bill of order lines with their quantities."""
    sale = kind in _OUT
    other = "sale_line_ids" if sale else "purchase_line_id"
    ref = (order.get("client_order_ref") or order["name"]) if sale else order.get("partner_ref") or False
    vals = {
        "move_type": kind,
        "partner_id": order["partner_invoice_id"] if sale else order["partner_id"],
        "partner_shipping_id": order.get("partner_shipping_id") or False,
        "invoice_origin": order["name"],
        "ref": ref,
        "company_id": order["company_id"],
        "currency_id": order["currency_id"],
    }
    key = env.create("account.move", vals)
    for line, quantity in items:
        env.create(
            "account.move.line",
            {
                "move_id": key,
                "product_id": line.get("product_id") or False,
                "name": line["name"],
                "quantity": quantity,
                "price_unit": line["price_unit"],
                "discount": line.get("discount", _ZERO),
                "tax_ids": [[6, 0, line.get("tax_ids") or []]],
                other: [[6, 0, [line["id"]]]] if sale else line["id"],
            },
        )
    return key


def invoice_action(env: Env, kind: str, made: Sequence[int]) -> dict[str, Any]:
    """What the server answers when invoices were made: an action for its web client."""
    number, name, xml_id, path, view, search, side = _ACTION[kind]
    first = env.row("account.move", made[0])
    context: dict[str, Any] = {"default_move_type": kind}
    if kind == "in_invoice":
        context |= {"display_account_trust": True, "default_partner_id": first["partner_id"]}
        purpose = "Capture invoices, register payments and keep track of the discussions with your vendors."
        title = "Create a vendor bill"
    else:
        context |= {
            "default_partner_id": first["partner_id"],
            "default_partner_shipping_id": first.get("partner_shipping_id"),
            "default_invoice_payment_term_id": None,
        }
        purpose = "Create invoices, register payments and keep track of the discussions with your customers."
        title = "Create a customer invoice"
    action: dict[str, Any] = {
        "id": number,
        "display_name": name,
        "name": name,
        "type": "ir.actions.act_window",
        "xml_id": xml_id,
        "path": path,
        "help": f'<p class="o_view_nocontent_smiling_face">{title}</p><p>{purpose}</p>',
        "binding_model_id": False,
        "binding_type": "action",
        "binding_view_types": "list,form",
        "view_id": [view, f"account.{side}.invoice.list"],
        "domain": f"[('move_type', 'in', ['{side}_invoice', '{side}_refund', '{side}_receipt'])]",
        "context": context,
        "res_id": made[0] if len(made) == 1 else False,
        "res_model": "account.move",
        "target": "current",
        "view_mode": "list,kanban,form,activity",
        "mobile_view_mode": "kanban",
        "views": [[742, "form"], [view, "list"], [False, "kanban"], [False, "activity"]],
        "limit": 80,
        "group_ids": [],
        "search_view_id": [search, "account.invoice.select"],
        "embedded_action_ids": [],
        "filter": False,
        "cache": True,
    }
    if len(made) > 1:
        action["domain"] = [["id", "in", list(made)]]
    return action


def reverse_move(env: Env, move: Row, *, reason: str, date: str) -> int:
    """A credit note of a whole invoice."""
    told = f"Reversal of: {move['name']}" + (f", {reason}" if reason else "")
    kept = ("partner_id", "partner_shipping_id", "invoice_origin", "company_id", "currency_id", "journal_id")
    vals = {name: move.get(name) or False for name in kept}
    kind = _REFUND.get(move["move_type"], "entry")
    extra = {"move_type": kind, "ref": told, "reversed_entry_id": move["id"], "invoice_date": date}
    key = env.create("account.move", {**vals, **extra})
    copied = ("product_id", "name", "quantity", "price_unit", "discount", "display_type", "purchase_line_id")
    for line in invoice_lines(env, move):
        values = {name: line[name] for name in copied if name in line}
        for name in ("tax_ids", "sale_line_ids"):
            values[name] = [[6, 0, line.get(name) or []]]
        env.create("account.move.line", {**values, "move_id": key})
    return key


def settle(env: Env, move: Row, amount: Decimal, *, by_credit: bool = False) -> None:
    """So much of an invoice is paid, or given back by its credit note."""
    changes = {"paid": move.get("paid", _ZERO) + amount}
    if by_credit:
        changes["credited"] = move.get("credited", _ZERO) + amount
    env.set("account.move", move, changes)


def _settle_by_credit(env: Env, credit: Row) -> None:
    """A posted credit note settles what is still open of its invoice."""
    source = env.table("account.move").rows.get(credit.get("reversed_entry_id") or 0)
    if source is None or source["state"] != "posted":
        return
    env.flush()
    part = min(source["amount_residual"], credit["amount_residual"])
    if part > 0:
        settle(env, source, part, by_credit=True)
        settle(env, credit, part)


class AccountMove(Records):
    """An invoice, bill, credit note or entry. Tax and receivable items are not kept, only their amounts."""

    name = "account.move"
    indexed = (
        "name",
        "ref",
        "invoice_origin",
        "partner_id",
        "state",
        "payment_reference",
        "reversed_entry_id",
    )
    live: ClassVar[Mapping[str, Live]] = {
        "invoice_line_ids": lambda env, row: [line["id"] for line in invoice_lines(env, row)],
        "reversal_move_ids": lambda env, row: env.table("account.move").ids_where(
            "reversed_entry_id", row["id"]
        ),
        "amount_total_signed": lambda _env, row: row["amount_total"] * _sign(row),
        "amount_untaxed_signed": lambda _env, row: row["amount_untaxed"] * _sign(row),
        "amount_residual_signed": lambda _env, row: row["amount_residual"] * _sign(row),
        "status_in_payment": lambda _env, row: (
            row["state"]
            if row["state"] != "posted" or row["payment_state"] == "not_paid"
            else row["payment_state"]
        ),
        "commercial_partner_id": lambda env, row: (
            env.row("res.partner", row["partner_id"])["commercial_partner_id"]
            if row.get("partner_id")
            else False
        ),
        "invoice_partner_display_name": lambda env, row: env.display_name("res.partner", row["partner_id"]),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("move_type", env.context.get("default_move_type") or "entry")
        vals.setdefault("state", "draft")
        vals.setdefault("name", False)
        vals.setdefault("date", env.today)
        vals.setdefault("company_id", env.company())
        vals.setdefault("currency_id", env.row("res.company", vals["company_id"])["currency_id"])
        if vals.get("partner_id"):
            vals.setdefault("partner_shipping_id", vals["partner_id"])
        if not vals.get("journal_id"):
            wanted = _KIND[vals["move_type"]][0]
            journals = env.table("account.journal").rows.values()
            fitting = (
                row["id"]
                for row in journals
                if row["type"] == wanted and row["company_id"] == vals["company_id"]
            )
            vals["journal_id"] = next(fitting, False)
        vals.setdefault("invoice_date", False)
        vals.setdefault("paid", _ZERO)
        for name in ("ref", "payment_reference", "invoice_origin"):
            vals.setdefault(name, False)

    def display_name(self, env: Env, row: Row) -> str:
        del env
        ref = f" ({row['ref']})" if row.get("ref") else ""
        if row["state"] == "draft" and not row.get("name"):
            return f"Draft {_KIND[row['move_type']][2]}{ref}"
        return f"{row['name']}{ref}"

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        amounts = totals(invoice_lines(env, row))
        if row["move_type"] == "entry":
            amounts["amount_total"] = row.get("amount_total", _ZERO)
        residual = amounts["amount_total"] - row.get("paid", _ZERO)
        if row["state"] == "cancel":
            residual = _ZERO
        paid = "not_paid"
        if row["state"] == "posted" and row["move_type"] != "entry" and row.get("paid"):
            reversed_all = row.get("credited", _ZERO) >= amounts["amount_total"]
            paid = "partial" if residual > 0 else "reversed" if reversed_all else "paid"
        due = row.get("invoice_date_due") or row.get("invoice_date") or row["date"]
        return {**amounts, "amount_residual": residual, "payment_state": paid, "invoice_date_due": due}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        for line in invoice_lines(env, row):
            yield from env.model("account.move.line").affects(env, line)

    def deleting(self, env: Env, rows: list[Row]) -> None:
        del env
        for row in rows:
            if row["state"] == "posted":
                raise UserError(
                    "You can't delete a posted journal item. Don’t play games with your accounting records; "  # noqa: RUF001 - as the server writes it
                    "reset the journal entry to draft before deleting it."
                )

    @remote()
    def action_post(self, env: Env, ids: Sequence[int]) -> bool:
        env.flush()
        for row in env.rows(self.model, ids):
            self._check_postable(env, row)
            changes: dict[str, Any] = {"state": "posted"}
            if row["move_type"] in _OUT and not row.get("invoice_date"):
                changes["invoice_date"] = env.today
            dated = {**row, **changes}
            changes["date"] = dated.get("invoice_date") or row["date"]
            if not row.get("name"):
                changes["name"] = _number(env, dated)
            if row["move_type"] == "out_invoice" and not row.get("payment_reference"):
                changes["payment_reference"] = changes.get("name") or row["name"]
            env.set(self.model, row, changes)
            _settle_by_credit(env, row)
        return False

    @staticmethod
    def _check_postable(env: Env, row: Row) -> None:
        if row["state"] != "draft":
            raise UserError(f"The entry {row['name']} (id {row['id']}) must be in draft.")
        if not invoice_lines(env, row) and row["move_type"] != "entry":
            raise UserError("Even magicians can't post nothing!")
        if row["move_type"] in {"in_invoice", "in_refund"} and not row.get("invoice_date"):
            raise UserError("The Bill/Refund date is required to validate this document.")

    @remote()
    def js_assign_outstanding_line(self, env: Env, ids: Sequence[int], line_id: int) -> None:
        # Imported here: payments stand on invoices.
        from crossdock.connectors.odoo.simulator.models.payments import assign

        for row in env.rows(self.model, ids):
            assign(env, row, env.row("account.move.line", line_id))

    @remote()
    def button_draft(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            if row["state"] not in {"posted", "cancel"}:
                raise UserError("Only posted/cancelled journal entries can be reset to draft.")
            env.set(self.model, row, {"state": "draft"})

    @remote()
    def button_cancel(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            env.set(self.model, row, {"state": "cancel"})


def _sign(move: Row) -> int:
    return -1 if move["move_type"] in {"out_refund", "in_invoice"} else 1


def _number(env: Env, move: Row) -> str:
    code = _KIND[move["move_type"]][1]
    day = str(move.get("invoice_date") or move["date"])
    # Bills are numbered month by month, invoices year by year.
    period = f"{day[:4]}/{day[5:7]}" if move["move_type"].startswith("in_") else day[:4]
    width = 4 if move["move_type"].startswith("in_") else 5
    start = f"{code}/{period}/"
    names = (str(row.get("name")) for row in env.table("account.move").rows.values())
    last = max((int(name.rsplit("/", 1)[1]) for name in names if name.startswith(start)), default=0)
    return f"{start}{last + 1:0{width}d}"


class AccountLine(Records):
    """A line of an invoice."""

    name = "account.move.line"
    indexed = ("product_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "account_type": lambda env, row: (
            env.row("account.account", row["account_id"])["account_type"] if row.get("account_id") else False
        ),
        "reconciled": lambda env, row: (
            env.value("account.move.line", row, "account_type") in {"asset_receivable", "liability_payable"}
            and not row.get("amount_residual")
        ),
        "move_name": lambda env, row: env.row("account.move", row["move_id"])["name"],
        "date": lambda env, row: env.row("account.move", row["move_id"])["date"],
        "move_type": lambda env, row: env.row("account.move", row["move_id"])["move_type"],
        "parent_state": lambda env, row: env.row("account.move", row["move_id"])["state"],
        "partner_id": lambda env, row: env.row("account.move", row["move_id"])["partner_id"],
        "company_id": lambda env, row: env.row("account.move", row["move_id"])["company_id"],
        "currency_id": lambda env, row: env.row("account.move", row["move_id"])["currency_id"],
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("display_type", "product")
        vals.setdefault("quantity", 1)
        vals.setdefault("sequence", 10)
        if vals.get("product_id"):
            product = env.row("product.product", vals["product_id"])
            vals.setdefault("name", env.display_name("product.product", product["id"]))
            vals.setdefault("price_unit", product["list_price"])
            vals.setdefault("product_uom_id", product["uom_id"])
            vals.setdefault("tax_ids", [[6, 0, product.get("taxes_id") or []]])
        vals.setdefault("price_unit", 0)
        vals.setdefault("discount", 0)

    def display_name(self, env: Env, row: Row) -> str:
        move = env.row("account.move", row["move_id"])
        shown = " ".join(
            str(part) for part in (move.get("name"), f"({move['ref']})" if move.get("ref") else "") if part
        )
        return f"{shown} {row.get('name') or ''}".strip()

    def created(self, env: Env, row: Row) -> None:
        behind = [("sale.order.line", key) for key in row.get("sale_line_ids") or []]
        if row.get("purchase_line_id"):
            behind.append(("purchase.order.line", row["purchase_line_id"]))
        for model, key in behind:
            source = env.row(model, key)
            env.set(model, source, {"invoice_lines": [*(source.get("invoice_lines") or []), row["id"]]})

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        amounts = line_amounts(env, row, "quantity", "tax_ids")
        return {"price_subtotal": amounts["price_subtotal"], "price_total": amounts["price_total"]}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        del env
        yield "account.move", row.get("move_id")
        for key in row.get("sale_line_ids") or []:
            yield "sale.order.line", key
        if row.get("purchase_line_id"):
            yield "purchase.order.line", row["purchase_line_id"]


MODELS: tuple[Records, ...] = (AccountMove(), AccountLine())
