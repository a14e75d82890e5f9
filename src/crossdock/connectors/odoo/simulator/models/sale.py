"""Sales orders: quotation, confirmation with its delivery, changes afterwards, cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import MANDATORY, PREFIX, Env
from crossdock.connectors.odoo.simulator.faults import UserError, ValidationError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.amounts import line_amounts, totals
from crossdock.connectors.odoo.simulator.models.deliveries import deliver, line_moves, order_pickings
from crossdock.connectors.odoo.simulator.models.moves import cancel_move
from crossdock.connectors.odoo.simulator.models.product import levels
from crossdock.connectors.odoo.simulator.models.transfers import moves_of
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "invoiced_quantity"]

_ZERO = Decimal(0)
_LOCKED_FIELDS = ("product_id", "name", "price_unit", "product_uom_id", "product_uom_qty", "tax_ids")


def order_lines(env: Env, order: Row) -> list[Row]:
    """Lines of a sales order."""
    return env.children("sale.order.line", "order_id", order["id"])


def invoices_of(env: Env, order: Row) -> list[int]:
    """Invoices and credit notes of a sales order, the newest first."""
    found: dict[int, None] = {}
    for line in order_lines(env, order):
        for key in line.get("invoice_lines") or []:
            item = env.table("account.move.line").rows.get(key)
            if item is not None:
                found[item["move_id"]] = None
    return sorted(found, reverse=True)


def invoiced_quantity(env: Env, line: Row, *, bill: bool = False) -> Decimal:
    """Invoiced less credited quantity of an order line; drafts count, cancelled ones don't."""
    total = _ZERO
    kinds = ("in_invoice", "in_refund") if bill else ("out_invoice", "out_refund")
    for key in line.get("invoice_lines") or []:
        item = env.table("account.move.line").rows.get(key)
        if item is None:
            continue
        move = env.row("account.move", item["move_id"])
        if move["state"] == "cancel":
            continue
        total += item["quantity"] if move["move_type"] == kinds[0] else -item["quantity"]
    return total


class Order(Records):
    """A quotation or sales order."""

    name = "sale.order"
    indexed = ("name", "client_order_ref", "origin", "partner_id", "state")
    must = ("partner_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "picking_ids": lambda env, row: [one["id"] for one in order_pickings(env, row)],
        "invoice_ids": invoices_of,
        "invoice_count": lambda env, row: len(invoices_of(env, row)),
        "delivery_count": lambda env, row: len(order_pickings(env, row)),
        "access_url": lambda _env, row: f"/my/orders/{row['id']}",
        "expected_date": lambda env, row: (
            env.moment if row["state"] in {"draft", "sent"} else row["date_order"]
        ),
        "tax_country_id": lambda env, row: env.row("res.company", row["company_id"]).get("country_id", False),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        partner = vals.get("partner_id")
        vals.setdefault("state", "draft")
        vals.setdefault("company_id", env.company())
        vals.setdefault("locked", False)
        vals.setdefault("date_order", env.moment)
        vals.setdefault("user_id", env.uid)
        vals.setdefault("team_id", 1)
        vals.setdefault("currency_id", env.row("res.company", vals["company_id"])["currency_id"])
        if not partner:
            return
        env.row("res.partner", partner)
        addresses = env.children("res.partner", "parent_id", partner)
        for kind, field in (("invoice", "partner_invoice_id"), ("delivery", "partner_shipping_id")):
            fitting = [one["id"] for one in addresses if one.get("type") == kind]
            vals.setdefault(field, fitting[0] if fitting else partner)
        if not vals.get("name"):
            vals["name"] = f"S{env.database.next_number('sale.order'):05d}"
        houses = env.table("stock.warehouse").rows.values()
        own = (row["id"] for row in houses if row["company_id"] == vals["company_id"])
        vals.setdefault("warehouse_id", next(own, False))
        for name in ("commitment_date", "delivery_status", "client_order_ref", "origin"):
            vals.setdefault(name, False)

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        lines = order_lines(env, row)
        pickings = order_pickings(env, row)
        return {
            **totals(lines),
            "delivery_status": _delivery_status(pickings),
            "effective_date": _effective_date(env, pickings),
            "invoice_status": _invoice_status(row, lines),
        }

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        if "state" in vals:
            for row in rows:
                for line in order_lines(env, row):
                    env.mark("sale.order.line", line)
        if vals.get("commitment_date"):
            for row in rows:
                for picking in order_pickings(env, row):
                    if picking["state"] not in {"done", "cancel"}:
                        env.write(
                            "stock.picking", [picking["id"]], {"scheduled_date": row["commitment_date"]}
                        )

    def deleting(self, env: Env, rows: list[Row]) -> None:
        del env
        for row in rows:
            if row["state"] not in {"draft", "cancel"}:
                raise UserError(
                    "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."
                )

    def _states(self, env: Env, rows: Sequence[Row], changes: Mapping[str, Any]) -> None:
        for row in rows:
            env.set(self.model, row, changes)
            for line in order_lines(env, row):
                env.mark("sale.order.line", line)

    @remote()
    def action_confirm(self, env: Env, ids: Sequence[int]) -> bool:
        rows = env.rows(self.model, ids)
        if any(row["state"] not in {"draft", "sent"} for row in rows):
            raise UserError("Some orders are not in a state requiring confirmation.")
        for row in rows:
            for line in order_lines(env, row):
                if not line.get("display_type") and not line.get("product_id"):
                    raise UserError(
                        "Some order lines are missing a product, you need to correct them before going further."
                    )
        self._states(env, rows, {"state": "sale", "date_order": env.moment})
        for row in rows:
            deliver(env, row, order_lines(env, row))
        return True

    @remote()
    def action_quotation_sent(self, env: Env, ids: Sequence[int]) -> None:
        rows = env.rows(self.model, ids)
        if any(row["state"] != "draft" for row in rows):
            raise UserError("Only draft orders can be marked as sent directly.")
        self._states(env, rows, {"state": "sent"})

    @remote()
    def action_draft(self, env: Env, ids: Sequence[int]) -> bool:
        rows = [row for row in env.rows(self.model, ids) if row["state"] in {"cancel", "sent"}]
        self._states(env, rows, {"state": "draft"})
        return True

    @remote()
    def action_lock(self, env: Env, ids: Sequence[int]) -> None:
        self._states(env, env.rows(self.model, ids), {"locked": True})

    @remote()
    def action_unlock(self, env: Env, ids: Sequence[int]) -> None:
        self._states(env, env.rows(self.model, ids), {"locked": False})

    @remote()
    def action_cancel(self, env: Env, ids: Sequence[int]) -> bool:
        rows = env.rows(self.model, ids)
        if any(row["locked"] for row in rows):
            raise UserError("You cannot cancel a locked order. Please unlock it first.")
        for row in rows:
            for picking in order_pickings(env, row):
                for move in moves_of(env, picking):
                    if move["state"] not in {"done", "cancel"}:
                        cancel_move(env, move)
        self._states(env, rows, {"state": "cancel"})
        return True


def _delivery_status(pickings: Sequence[Row]) -> Any:
    alive = [one for one in pickings if one["state"] != "cancel"]
    if not alive:
        return False
    if all(one["state"] == "done" for one in alive):
        return "full"
    return "partial" if any(one["state"] == "done" for one in alive) else "pending"


def _effective_date(env: Env, pickings: Sequence[Row]) -> Any:
    done = [
        one["date_done"]
        for one in pickings
        if one["state"] == "done"
        and one.get("date_done")
        and env.row("stock.location", one["location_dest_id"])["usage"] == "customer"
    ]
    return min(done) if done else False


def _invoice_status(order: Row, lines: Sequence[Row]) -> str:
    if order["state"] != "sale":
        return "no"
    states = {line.get("invoice_status", "no") for line in lines if not line.get("display_type")}
    if "to invoice" in states:
        return "to invoice"
    if states == {"invoiced"}:
        return "invoiced"
    return "upselling" if states and states <= {"invoiced", "upselling"} else "no"


def _forecast(env: Env, line: Row, *, virtual: bool) -> Decimal:
    if not line.get("product_id"):
        return _ZERO
    if line.get("state") != "sale":
        hand, reserved, coming, going = levels(env, line["product_id"])
        return hand + coming - going if virtual else hand - reserved
    if virtual:
        return _ZERO
    open_moves = [move for move in line_moves(env, line) if move["state"] != "done"]
    return sum((env.value("stock.move", move, "forecast_availability") for move in open_moves), _ZERO)


class OrderLine(Records):
    """A line of a sales order."""

    name = "sale.order.line"
    must = ("order_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "free_qty_today": lambda env, row: _forecast(env, row, virtual=False),
        "virtual_available_at_date": lambda env, row: _forecast(env, row, virtual=True),
        "qty_to_deliver": lambda _env, row: row["product_uom_qty"] - row.get("qty_delivered", _ZERO),
        "scheduled_date": lambda env, row: (
            env.row("sale.order", row["order_id"]).get("commitment_date")
            or env.row("sale.order", row["order_id"])["date_order"]
        ),
        "order_partner_id": lambda env, row: env.row("sale.order", row["order_id"])["partner_id"],
        "currency_id": lambda env, row: env.row("sale.order", row["order_id"])["currency_id"],
        "company_id": lambda env, row: env.row("sale.order", row["order_id"])["company_id"],
        "warehouse_id": lambda env, row: env.row("sale.order", row["order_id"])["warehouse_id"],
        "salesman_id": lambda env, row: env.row("sale.order", row["order_id"])["user_id"],
        "product_template_id": lambda env, row: (
            env.row("product.product", row["product_id"])["product_tmpl_id"]
            if row.get("product_id")
            else False
        ),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        noted = bool(vals.get("display_type"))
        product = env.row("product.product", vals["product_id"]) if vals.get("product_id") else None
        if product is not None:
            if not vals.get("name"):
                vals["name"] = env.display_name("product.product", product["id"])
            vals.setdefault("price_unit", product["list_price"])
            vals.setdefault("product_uom_id", product["uom_id"])
            vals.setdefault("tax_ids", [[6, 0, product.get("taxes_id") or []]])
        elif not vals.get("name"):
            raise ValidationError(
                PREFIX + MANDATORY.format(label="Order Reference", name="name", model="Unknown")
            )
        vals.setdefault("product_uom_qty", 0 if noted else 1)
        vals.setdefault("price_unit", 0)
        vals.setdefault("discount", 0)
        vals.setdefault("sequence", 10)
        vals.setdefault("customer_lead", 0)
        vals.setdefault("qty_delivered_method", "stock_move" if product is not None else "manual")
        vals.setdefault("qty_delivered", 0)

    def display_name(self, env: Env, row: Row) -> str:
        order = env.row("sale.order", row["order_id"])
        partner = env.row("res.partner", order["partner_id"])
        shown = (
            env.display_name("product.product", row["product_id"]) if row.get("product_id") else row["name"]
        )
        ref = f" ({partner['ref']})" if partner.get("ref") else ""
        return f"{order['name']} - {shown}{ref}"

    def created(self, env: Env, row: Row) -> None:
        order = env.row("sale.order", row["order_id"])
        if order["state"] == "sale":
            deliver(env, order, [row])

    def writing(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        named = [name for name in _LOCKED_FIELDS if name in vals]
        for row in rows:
            if named and env.row("sale.order", row["order_id"])["locked"]:
                labels = "\n".join(self.fields[name].string for name in named)
                raise UserError(
                    f"It is forbidden to modify the following fields in a locked order:\n{labels}"
                )

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        if "product_uom_qty" not in vals:
            return
        for row in rows:
            # The line's own state: a line that only now moves to a confirmed order is not delivered.
            if row.get("state") == "sale":
                deliver(env, env.row("sale.order", row["order_id"]), [row])

    def deleting(self, env: Env, rows: list[Row]) -> None:
        for row in rows:
            order = env.table("sale.order").rows.get(row["order_id"])
            if order is not None and order["state"] == "sale" and not row.get("display_type"):
                raise UserError(
                    "Once a sales order is confirmed, you can't remove one of its lines (we need to track if "
                    "something gets invoiced or delivered).\n                Set the quantity to 0 instead."
                )

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        order = env.row("sale.order", row["order_id"])
        ordered = row["product_uom_qty"]
        delivered = row["qty_delivered"]
        if row.get("qty_delivered_method") == "stock_move":
            done = [move for move in line_moves(env, row) if move["state"] == "done"]
            delivered = sum(
                (
                    -move["quantity"] if move.get("origin_returned_move_id") else move["quantity"]
                    for move in done
                ),
                _ZERO,
            )
        invoiced = invoiced_quantity(env, row)
        derived = {
            **line_amounts(env, row, "product_uom_qty", "tax_ids"),
            "state": order["state"],
            "qty_delivered": delivered,
            "qty_invoiced": invoiced,
        }
        by_delivery = (
            bool(row.get("product_id"))
            and env.row("product.product", row["product_id"]).get("invoice_policy") == "delivery"
        )
        waiting = (delivered if by_delivery else ordered) - invoiced if order["state"] == "sale" else _ZERO
        status = "no"
        if order["state"] == "sale" and not row.get("display_type"):
            if waiting:
                status = "to invoice"
            elif not by_delivery and delivered > ordered:
                status = "upselling"
            elif invoiced >= ordered:
                status = "invoiced"
        return {**derived, "qty_to_invoice": waiting, "invoice_status": status}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        del env
        return (("sale.order", row.get("order_id")),)


MODELS: tuple[Records, ...] = (Order(), OrderLine())
