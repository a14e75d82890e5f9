"""Purchase orders: confirmation with its receipt, and the bill for what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env, mandatory
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.account import invoice_action, new_invoice
from crossdock.connectors.odoo.simulator.models.amounts import line_amounts, totals
from crossdock.connectors.odoo.simulator.models.moves import cancel_move
from crossdock.connectors.odoo.simulator.models.sale import invoiced_quantity
from crossdock.connectors.odoo.simulator.models.transfers import new_picking, start_moves
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS"]

_ZERO = Decimal(0)


def order_lines(env: Env, order: Row) -> list[Row]:
    """Lines of a purchase order."""
    return env.children("purchase.order.line", "order_id", order["id"])


def receipts(env: Env, order: Row) -> list[Row]:
    """Transfers of a purchase order."""
    found = {
        move["picking_id"]: None
        for line in order_lines(env, order)
        for move in env.children("stock.move", "purchase_line_id", line["id"])
        if move.get("picking_id")
    }
    return env.sorted("stock.picking", env.rows("stock.picking", found))


def bills(env: Env, order: Row) -> list[int]:
    """Bills of a purchase order."""
    items = env.table("account.move.line").rows
    ids = {
        items[key]["move_id"]
        for line in order_lines(env, order)
        for key in line.get("invoice_lines") or []
        if key in items
    }
    return sorted(ids, reverse=True)


class PurchaseOrder(Records):
    """A request for quotation or purchase order."""

    name = "purchase.order"
    indexed = ("name", "partner_ref", "origin", "partner_id", "state")
    must = ("partner_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "picking_ids": lambda env, row: [one["id"] for one in receipts(env, row)],
        "invoice_ids": bills,
        "invoice_count": lambda env, row: len(bills(env, row)),
        "incoming_picking_count": lambda env, row: len(receipts(env, row)),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        if not vals.get("partner_id"):
            raise mandatory(self, "partner_id")
        vals.setdefault("state", "draft")
        vals.setdefault("company_id", env.company())
        vals.setdefault("currency_id", env.row("res.company", vals["company_id"])["currency_id"])
        vals.setdefault("date_order", env.moment)
        vals.setdefault("date_planned", env.moment)
        vals.setdefault("user_id", env.uid)
        vals.setdefault("locked", False)
        vals.setdefault("priority", "0")
        kinds = env.table("stock.picking.type").rows.values()
        fitting = (
            row["id"]
            for row in kinds
            if row["code"] == "incoming" and row["company_id"] == vals["company_id"]
        )
        vals.setdefault("picking_type_id", next(fitting, False))
        if not vals.get("name"):
            vals["name"] = f"P{env.database.next_number('purchase.order'):05d}"

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        lines = order_lines(env, row)
        alive = [one for one in receipts(env, row) if one["state"] != "cancel"]
        receipt: Any = False
        if alive:
            done = [one for one in alive if one["state"] == "done"]
            receipt = "full" if len(done) == len(alive) else "partial" if done else "pending"
        invoice = "no"
        if row["state"] == "purchase":
            if any(line.get("qty_to_invoice") for line in lines):
                invoice = "to invoice"
            elif bills(env, row):
                invoice = "invoiced"
        return {**totals(lines), "receipt_status": receipt, "invoice_status": invoice}

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        del vals
        for row in rows:
            for line in order_lines(env, row):
                env.mark("purchase.order.line", line)

    def deleting(self, env: Env, rows: list[Row]) -> None:
        del env
        for row in rows:
            if row["state"] != "cancel":
                raise UserError("In order to delete a purchase order, you must cancel it first.")

    @remote()
    def button_confirm(self, env: Env, ids: Sequence[int]) -> bool:
        for row in env.rows(self.model, ids):
            if row["state"] not in {"draft", "sent"}:
                continue
            env.set(self.model, row, {"state": "purchase", "date_approve": env.moment})
            _order_goods(env, row)
            self.written(env, [row], {})
        return True

    @remote()
    def button_cancel(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            if any(one["state"] == "done" for one in receipts(env, row)):
                raise UserError(
                    f"Unable to cancel purchase order(s): {row['name']} since they have receipts that are already done."
                )
            for line in order_lines(env, row):
                for move in env.children("stock.move", "purchase_line_id", line["id"]):
                    cancel_move(env, move)
            env.set(self.model, row, {"state": "cancel"})
            self.written(env, [row], {})

    @remote()
    def button_draft(self, env: Env, ids: Sequence[int]) -> dict[str, Any]:
        for row in env.rows(self.model, ids):
            env.set(self.model, row, {"state": "draft"})
        return {}

    @remote()
    def action_create_invoice(self, env: Env, ids: Sequence[int]) -> dict[str, Any]:
        env.flush()
        made = []
        for row in env.rows(self.model, ids):
            lines = [line for line in order_lines(env, row) if line.get("qty_to_invoice")]
            if not lines:
                raise UserError(
                    "There is no invoiceable line. If a product has a control policy based on received quantity, "
                    "please make sure that a quantity has been received."
                )
            items = [(line, line["qty_to_invoice"]) for line in lines]
            made.append(new_invoice(env, "in_invoice", row, items))
        return invoice_action(env, "in_invoice", made)


def _order_goods(env: Env, order: Row) -> None:
    lines = [
        line
        for line in order_lines(env, order)
        if line.get("product_id") and env.row("product.product", line["product_id"])["type"] != "service"
    ]
    if not lines:
        return
    vals = {"partner_id": order["partner_id"], "origin": order["name"]}
    picking = new_picking(env, order["picking_type_id"], {**vals, "scheduled_date": order["date_planned"]})
    moves = []
    for line in lines:
        move = {
            "picking_id": picking["id"],
            "product_id": line["product_id"],
            "product_uom_qty": line["product_qty"],
            "location_id": picking["location_id"],
            "location_dest_id": picking["location_dest_id"],
            "origin": order["name"],
            "purchase_line_id": line["id"],
            "date": line["date_planned"],
            "company_id": order["company_id"],
        }
        moves.append(env.create("stock.move", move))
    start_moves(env, env.rows("stock.move", moves))


class PurchaseLine(Records):
    """A line of a purchase order."""

    name = "purchase.order.line"
    must = ("order_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "partner_id": lambda env, row: env.row("purchase.order", row["order_id"])["partner_id"],
        "company_id": lambda env, row: env.row("purchase.order", row["order_id"])["company_id"],
        "currency_id": lambda env, row: env.row("purchase.order", row["order_id"])["currency_id"],
        "state": lambda env, row: env.row("purchase.order", row["order_id"])["state"],
        "product_uom_qty": lambda _env, row: row["product_qty"],
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        if vals.get("product_id"):
            product = env.row("product.product", vals["product_id"])
            vals.setdefault("name", env.display_name("product.product", product["id"]))
            vals.setdefault("price_unit", product.get("standard_price", _ZERO))
            vals.setdefault("product_uom_id", product["uom_id"])
            vals.setdefault("tax_ids", [[6, 0, product.get("supplier_taxes_id") or []]])
        vals.setdefault("product_qty", 1)
        vals.setdefault("price_unit", 0)
        vals.setdefault("sequence", 10)
        vals.setdefault("qty_received", 0)
        if vals.get("order_id"):
            vals.setdefault("date_planned", env.row("purchase.order", vals["order_id"])["date_planned"])

    def display_name(self, env: Env, row: Row) -> str:
        return f"{env.display_name('purchase.order', row['order_id'])} - {row['name']}"

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        order = env.row("purchase.order", row["order_id"])
        received = sum(
            (
                -move["quantity"] if move.get("origin_returned_move_id") else move["quantity"]
                for move in env.children("stock.move", "purchase_line_id", row["id"])
                if move["state"] == "done"
            ),
            _ZERO,
        )
        invoiced = invoiced_quantity(env, row, bill=True)
        by_order = bool(row.get("product_id")) and (
            env.row("product.product", row["product_id"]).get("purchase_method") == "purchase"
        )
        waiting = (row["product_qty"] if by_order else received) - invoiced
        return {
            **line_amounts(env, row, "product_qty", "tax_ids"),
            "qty_received": received,
            "qty_invoiced": invoiced,
            "qty_to_invoice": waiting if order["state"] == "purchase" else _ZERO,
        }

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        del env
        return (("purchase.order", row.get("order_id")),)


MODELS: tuple[Records, ...] = (PurchaseOrder(), PurchaseLine())
