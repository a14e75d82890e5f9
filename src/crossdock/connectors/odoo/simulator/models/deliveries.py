"""What a confirmed sales order asks of its warehouse: moves for what its lines order, more or fewer later."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.models.moves import cancel_move, release, reserve
from crossdock.connectors.odoo.simulator.models.transfers import new_picking, start_moves
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["deliver", "line_moves", "order_pickings"]

_ZERO = Decimal(0)


def order_pickings(env: Env, order: Row) -> list[Row]:
    """Transfers of a sales order, returns too, in the server's order."""
    return env.children("stock.picking", "sale_id", order["id"])


def deliver(env: Env, order: Row, lines: Sequence[Row]) -> None:
    """Make the order's deliveries ask for what its lines order: more moves, or smaller ones."""
    new: list[int] = []
    for line in lines:
        if line.get("display_type") or not line.get("product_id"):
            continue
        if env.row("product.product", line["product_id"])["type"] == "service":
            continue
        missing = line["product_uom_qty"] - _asked(env, line)
        if missing < 0:
            _ask_less(env, line, -missing)
        elif missing > 0 and not _ask_more(env, line, missing):
            new.append(_ask_new(env, order, line, missing))
    moves = env.rows("stock.move", new)
    start_moves(env, moves)


def line_moves(env: Env, line: Row) -> list[Row]:
    """Moves of an order line that are not cancelled."""
    return [
        move for move in env.children("stock.move", "sale_line_id", line["id"]) if move["state"] != "cancel"
    ]


def _asked(env: Env, line: Row) -> Decimal:
    total = _ZERO
    for move in line_moves(env, line):
        quantity = move["quantity"] if move["state"] == "done" else move["product_uom_qty"]
        total += -quantity if move.get("origin_returned_move_id") else quantity
    return total


def _ask_less(env: Env, line: Row, quantity: Decimal) -> None:
    for move in reversed(line_moves(env, line)):
        if move["state"] == "done" or quantity <= 0:
            continue
        part = min(quantity, move["product_uom_qty"])
        release(env, move)
        if part == move["product_uom_qty"]:
            cancel_move(env, move)
        else:
            env.set("stock.move", move, {"product_uom_qty": move["product_uom_qty"] - part})
            reserve(env, move)
        quantity -= part


def _ask_more(env: Env, line: Row, quantity: Decimal) -> bool:
    for move in line_moves(env, line):
        if move["state"] != "done" and not move.get("origin_returned_move_id"):
            env.set("stock.move", move, {"product_uom_qty": move["product_uom_qty"] + quantity})
            reserve(env, move)
            return True
    return False


def _ask_new(env: Env, order: Row, line: Row, quantity: Decimal) -> int:
    house = env.row("stock.warehouse", order["warehouse_id"])
    kind = env.row("stock.picking.type", house["out_type_id"])
    when = order.get("commitment_date") or order["date_order"]
    picking = next(
        (
            one
            for one in order_pickings(env, order)
            if one["state"] not in {"done", "cancel"} and one["picking_type_id"] == kind["id"]
        ),
        None,
    )
    if picking is None:
        vals = {"partner_id": order["partner_shipping_id"], "origin": order["name"], "sale_id": order["id"]}
        picking = new_picking(env, kind["id"], {**vals, "scheduled_date": when, "date_deadline": when})
    return env.create(
        "stock.move",
        {
            "picking_id": picking["id"],
            "product_id": line["product_id"],
            "product_uom_qty": quantity,
            "location_id": picking["location_id"],
            "location_dest_id": picking["location_dest_id"],
            "origin": order["name"],
            "sale_line_id": line["id"],
            "date": when,
            "date_deadline": when,
            "warehouse_id": house["id"],
            "company_id": order["company_id"],
        },
    )
