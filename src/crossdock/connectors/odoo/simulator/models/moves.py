"""Moves of goods and their lines: reserving, changing what is picked, and doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live
from crossdock.connectors.odoo.simulator.models.stock import find_quant, free_quants, shift
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "cancel_move", "do_move", "lines_of", "release", "reserve", "set_quantity"]

_ZERO = Decimal(0)
_FINAL = {"done", "cancel"}


def lines_of(env: Env, move: Row) -> list[Row]:
    """Lines of a move: what was reserved or picked, place by place and lot by lot."""
    return env.children("stock.move.line", "move_id", move["id"])


def _stocked(env: Env, move: Row) -> bool:
    """Whether the move takes from stock, so that it must be reserved."""
    usage = env.row("stock.location", move["location_id"])["usage"]
    return usage in {"internal", "transit"} and bool(
        env.row("product.product", move["product_id"]).get("is_storable")
    )


def reserve(env: Env, move: Row) -> None:
    """Reserve what the move still needs, as far as there is any."""
    need = move["product_uom_qty"] - move["quantity"]
    if move["state"] in _FINAL or need <= 0:
        return
    if not _stocked(env, move):
        _add_line(env, move, move["location_id"], False, need)
        return
    for quant, free in free_quants(env, move["product_id"], move["location_id"]):
        part = min(need, free)
        _add_line(env, move, quant["location_id"], quant.get("lot_id") or False, part)
        need -= part
        if need <= 0:
            break


def _add_line(env: Env, move: Row, place: int, lot: Any, quantity: Decimal) -> None:
    vals = {
        "move_id": move["id"],
        "picking_id": move.get("picking_id") or False,
        "product_id": move["product_id"],
        "product_uom_id": move.get("product_uom") or 1,
        "location_id": place,
        "location_dest_id": move["location_dest_id"],
        "lot_id": lot,
        "quantity": quantity,
        "company_id": move.get("company_id") or False,
    }
    env.create("stock.move.line", vals)


def _count(env: Env, move: Row) -> None:
    total = sum((line["quantity"] for line in lines_of(env, move)), _ZERO)
    if move["quantity"] != total:
        env.set("stock.move", move, {"quantity": total})


def _hold(env: Env, line: Row) -> None:
    """Reserve for the line what is free; `held`, its part of the reservation, is the simulator's own field."""
    held = _ZERO
    quant = find_quant(env, line["product_id"], line["location_id"], line.get("lot_id"))
    if quant is not None and env.row("stock.location", line["location_id"])["usage"] == "internal":
        held = max(_ZERO, min(line["quantity"], quant["quantity"] - quant["reserved_quantity"]))
    if quant is not None and held:
        env.set("stock.quant", quant, {"reserved_quantity": quant["reserved_quantity"] + held})
    env.set("stock.move.line", line, {"held": held})


def _let_go(env: Env, line: Row, quantity: Decimal) -> None:
    quantity = min(quantity, line.get("held", _ZERO))
    if quantity <= 0:
        return
    quant = find_quant(env, line["product_id"], line["location_id"], line.get("lot_id"))
    if quant is not None:
        env.set("stock.quant", quant, {"reserved_quantity": quant["reserved_quantity"] - quantity})
    env.set("stock.move.line", line, {"held": line["held"] - quantity})


def release(env: Env, move: Row) -> None:
    """Give back all that the move reserved."""
    for line in lines_of(env, move):
        _let_go(env, line, line.get("held", _ZERO))
        env.unlink("stock.move.line", [line["id"]])
    _count(env, move)


def set_quantity(env: Env, move: Row, quantity: Decimal) -> None:
    """A person or a system says how much is picked: more than was asked, too."""
    excess = sum((line["quantity"] for line in lines_of(env, move)), _ZERO) - quantity
    for line in reversed(lines_of(env, move)):
        if excess <= 0:
            break
        part = min(excess, line["quantity"])
        _let_go(env, line, line.get("held", _ZERO) - (line["quantity"] - part))
        if part == line["quantity"]:
            env.unlink("stock.move.line", [line["id"]])
        else:
            env.set("stock.move.line", line, {"quantity": line["quantity"] - part})
        excess -= part
    if excess < 0:
        lines = lines_of(env, move)
        if lines:
            env.set("stock.move.line", lines[0], {"quantity": lines[0]["quantity"] - excess})
        else:
            _add_line(env, move, move["location_id"], False, -excess)
    _count(env, move)


def cancel_move(env: Env, move: Row) -> None:
    """The move will not happen.

    Raises:
        UserError: it has happened.
    """
    if move["state"] == "done":
        raise UserError(
            "You cannot cancel a stock move that has been set to 'Done'. "
            "Create a return in order to reverse the moves which took place."
        )
    release(env, move)
    env.set("stock.move", move, {"state": "cancel"})


def do_move(env: Env, move: Row) -> None:
    """The goods go where they belong."""
    product = env.row("product.product", move["product_id"])
    for line in lines_of(env, move):
        lot = line.get("lot_id") or _named_lot(env, line)
        if product.get("tracking", "none") != "none" and not lot:
            name = env.display_name("product.product", product["id"])
            raise UserError(f"You need to supply a Lot/Serial Number for product:\n{name}")
        _let_go(env, line, line.get("held", _ZERO))
        if product.get("is_storable"):
            shift(env, product["id"], line["location_id"], lot, -line["quantity"])
            shift(env, product["id"], line["location_dest_id"], lot, line["quantity"])
        env.set("stock.move.line", line, {"state": "done", "picked": True, "date": env.moment})
    env.set("stock.move", move, {"state": "done", "picked": True, "date": env.moment})


def _named_lot(env: Env, line: Row) -> Any:
    """A receipt may name a lot that does not exist yet."""
    name = line.get("lot_name")
    if not name:
        return False
    lots = env.table("stock.lot").rows.values()
    known = (lot["id"] for lot in lots if lot["name"] == name and lot["product_id"] == line["product_id"])
    lot = next(known, None) or env.create("stock.lot", {"name": name, "product_id": line["product_id"]})
    env.set("stock.move.line", line, {"lot_id": lot})
    return lot


class Move(Records):
    """A quantity of a product from one place to another."""

    name = "stock.move"
    indexed = ("product_id", "sale_line_id", "purchase_line_id", "origin_returned_move_id", "state")
    live: ClassVar[Mapping[str, Live]] = {
        "reference": lambda env, row: (
            row.get("reference")
            or (env.display_name("stock.picking", row["picking_id"]) if row.get("picking_id") else False)
        ),
        "picking_code": lambda env, row: (
            env.value("stock.picking", env.row("stock.picking", row["picking_id"]), "picking_type_code")
            if row.get("picking_id")
            else False
        ),
        "lot_ids": lambda env, row: sorted(
            {one["lot_id"] for one in lines_of(env, row) if one.get("lot_id")}
        ),
        "partner_id": lambda env, row: (
            env.row("stock.picking", row["picking_id"]).get("partner_id", False)
            if row.get("picking_id")
            else False
        ),
        "picking_type_id": lambda env, row: (
            env.row("stock.picking", row["picking_id"])["picking_type_id"] if row.get("picking_id") else False
        ),
        "product_qty": lambda _env, row: row["product_uom_qty"],
        "has_tracking": lambda env, row: env.row("product.product", row["product_id"])["tracking"],
        "forecast_availability": lambda _env, row: (
            row["quantity"]
            if row["quantity"] >= row["product_uom_qty"]
            else row["quantity"] - row["product_uom_qty"]
        ),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("state", "draft")
        vals.setdefault("quantity", _ZERO)
        vals.setdefault("product_uom_qty", _ZERO)
        vals.setdefault("picked", False)
        vals.setdefault("sequence", 10)
        vals.setdefault("date", env.moment)
        vals.setdefault("procure_method", "make_to_stock")
        vals.setdefault("company_id", env.company())
        if vals.get("product_id"):
            vals.setdefault("product_uom", env.row("product.product", vals["product_id"])["uom_id"])

    def created(self, env: Env, row: Row) -> None:
        picking = env.table("stock.picking").rows.get(row.get("picking_id") or 0)
        if picking is not None and row.get("sale_line_id") and not picking.get("sale_id"):
            order = env.row("sale.order.line", row["sale_line_id"])["order_id"]
            env.set("stock.picking", picking, {"sale_id": order})

    def display_name(self, env: Env, row: Row) -> str:
        product = env.row("product.product", row["product_id"])
        code = product.get("default_code") or product["name"]
        start = env.row("stock.location", row["location_id"])["name"]
        end = env.row("stock.location", row["location_dest_id"])["name"]
        origin = f"{row['origin']}/" if row.get("origin") else ""
        return f"{origin}{code}: {start}>{end}"

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        for row in rows:
            if "quantity" in vals:
                set_quantity(env, row, row["quantity"])
            if "picked" in vals:
                for line in lines_of(env, row):
                    env.set("stock.move.line", line, {"picked": row["picked"]})

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        del env
        if row["state"] in {"draft", *_FINAL}:
            return {}
        demand, quantity = row["product_uom_qty"], row["quantity"]
        state = "assigned" if quantity >= demand else "partially_available" if quantity > 0 else "confirmed"
        return {"state": state}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        del env
        return (
            ("stock.picking", row.get("picking_id")),
            ("sale.order.line", row.get("sale_line_id")),
            ("purchase.order.line", row.get("purchase_line_id")),
        )


class MoveLine(Records):
    """A part of a move: one place, one lot."""

    name = "stock.move.line"
    indexed = ("product_id", "lot_id")
    live: ClassVar[Mapping[str, Live]] = {
        "reference": lambda env, row: env.value(
            "stock.move", env.row("stock.move", row["move_id"]), "reference"
        ),
        "origin": lambda env, row: env.row("stock.move", row["move_id"]).get("origin", False),
        "quantity_product_uom": lambda _env, row: row["quantity"],
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("quantity", _ZERO)
        vals.setdefault("picked", False)
        vals.setdefault("date", env.moment)
        if vals.get("move_id"):
            move = env.row("stock.move", vals["move_id"])
            for name in ("picking_id", "product_id", "location_id", "location_dest_id", "company_id"):
                vals.setdefault(name, move.get(name) or False)

    def display_name(self, env: Env, row: Row) -> str:
        return env.display_name("product.product", row["product_id"])

    def created(self, env: Env, row: Row) -> None:
        move = env.table("stock.move").rows.get(row.get("move_id") or 0)
        if move is None:
            return
        if move["state"] not in _FINAL:
            _hold(env, row)
        _count(env, move)
        if row["picked"]:
            env.set("stock.move", move, {"picked": True})

    def deleting(self, env: Env, rows: list[Row]) -> None:
        for row in rows:
            _let_go(env, row, row.get("held", _ZERO))
            move = env.table("stock.move").rows.get(row.get("move_id") or 0)
            if move is not None and move["state"] not in _FINAL:
                env.set("stock.move", move, {"quantity": move["quantity"] - row["quantity"]})

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        for row in rows:
            if not row.get("move_id"):
                continue
            if "quantity" in vals:
                _let_go(env, row, row.get("held", _ZERO) - row["quantity"])
                _count(env, env.row("stock.move", row["move_id"]))
            if vals.get("picked"):
                env.set("stock.move", env.row("stock.move", row["move_id"]), {"picked": True})

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        move = env.table("stock.move").rows.get(row.get("move_id", 0))
        return {"state": move["state"]} if move is not None else {}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        del env
        return (("stock.move", row.get("move_id")),)


MODELS: tuple[Records, ...] = (Move(), MoveLine())
