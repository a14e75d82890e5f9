"""Pickings: deliveries, receipts, back-orders and returns, with the wizards that ask about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import UserError
from crossdock.connectors.odoo.simulator.model import Live, remote
from crossdock.connectors.odoo.simulator.models.moves import cancel_move, do_move, lines_of, release, reserve
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "moves_of", "new_picking", "number_picking", "start_moves"]

_ZERO = Decimal(0)
_OPEN = {"waiting", "confirmed", "assigned", "partially_available"}
_BACKORDER_VIEW = 943
_NOTHING_SET = (
    "Transfer trouble alert! Validating a zero quantity transfer? You're not moving invisible goods around are you?\n"
    "Set some quantities and let's get moving!"
)


def moves_of(env: Env, picking: Row) -> list[Row]:
    """The moves of a picking."""
    return env.children("stock.move", "picking_id", picking["id"])


def number_picking(env: Env, kind: Row) -> str:
    """The next name of a kind of transfer: `WH/OUT/00001`."""
    warehouse = env.row("stock.warehouse", kind["warehouse_id"])["code"]
    number = env.database.next_number(f"stock.picking.type,{kind['id']}")
    return f"{warehouse}/{kind['sequence_code']}/{number:05d}"


def new_picking(env: Env, kind: int, vals: Mapping[str, Any]) -> Row:
    """A picking of a kind, without moves yet."""
    return env.row("stock.picking", env.create("stock.picking", {"picking_type_id": kind, **vals}))


def start_moves(env: Env, moves: Iterable[Row]) -> None:
    """Draft moves become real, and reserve what they can."""
    for move in moves:
        if move["state"] == "draft":
            env.set("stock.move", move, {"state": "confirmed"})
        if move["state"] in _OPEN:
            reserve(env, move)


def _counted(move: Row, *, picked_only: bool) -> Decimal:
    return move["quantity"] if move["picked"] or not picked_only else _ZERO


class Picking(Records):
    """A transfer of goods: what a warehouse does in one go."""

    name = "stock.picking"
    indexed = ("name", "origin", "sale_id", "state", "carrier_tracking_ref", "return_id")
    live: ClassVar[Mapping[str, Live]] = {
        "move_ids": lambda env, row: [move["id"] for move in moves_of(env, row)],
        "products_availability": lambda env, row: _availability(env, row)[0],
        "products_availability_state": lambda env, row: _availability(env, row)[1],
        "purchase_id": lambda env, row: next(
            (
                env.row("purchase.order.line", move["purchase_line_id"])["order_id"]
                for move in moves_of(env, row)
                if move.get("purchase_line_id")
            ),
            False,
        ),
        "picking_type_code": lambda env, row: env.row("stock.picking.type", row["picking_type_id"])["code"],
        "product_id": lambda env, row: next((move["product_id"] for move in moves_of(env, row)), False),
        "show_check_availability": lambda env, row: any(
            move["state"] in {"waiting", "confirmed", "partially_available"} for move in moves_of(env, row)
        ),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        if not vals.get("picking_type_id"):
            return
        kind = env.row("stock.picking.type", vals["picking_type_id"])
        if not vals.get("name"):
            vals["name"] = number_picking(env, kind)
        vals.setdefault("location_id", kind["default_location_src_id"])
        vals.setdefault("location_dest_id", kind["default_location_dest_id"])
        vals.setdefault("company_id", kind["company_id"])
        vals.setdefault("state", "draft")
        vals.setdefault("move_type", "direct")
        vals.setdefault("priority", "0")
        vals.setdefault("scheduled_date", env.moment)
        vals.setdefault("carrier_tracking_ref", False)

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        if "scheduled_date" in vals:
            for row in rows:
                for move in moves_of(env, row):
                    if move["state"] in _OPEN:
                        env.set("stock.move", move, {"date": row["scheduled_date"]})

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        states = {move["state"] for move in moves_of(env, row)}
        if not states or states == {"draft"}:
            return {"state": "cancel" if row["state"] == "cancel" else "draft"}
        if states == {"cancel"}:
            return {"state": "cancel"}
        if states <= {"done", "cancel"}:
            return {"state": "done", "date_done": row.get("date_done") or env.moment}
        return {"state": "assigned" if states & {"assigned", "partially_available"} else "confirmed"}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        orders = {
            env.row("purchase.order.line", move["purchase_line_id"])["order_id"]
            for move in moves_of(env, row)
            if move.get("purchase_line_id")
        }
        return [("sale.order", row.get("sale_id")), *(("purchase.order", key) for key in orders)]

    def deleting(self, env: Env, rows: list[Row]) -> None:
        for row in rows:
            for move in moves_of(env, row):
                cancel_move(env, move)

    @remote()
    def action_confirm(self, env: Env, ids: Sequence[int]) -> bool:
        for row in env.rows(self.model, ids):
            start_moves(env, moves_of(env, row))
        return True

    @remote()
    def action_assign(self, env: Env, ids: Sequence[int]) -> bool:
        moves = [move for row in env.rows(self.model, ids) for move in moves_of(env, row)]
        waiting = [move for move in moves if move["state"] in _OPEN | {"draft"}]
        if not waiting:
            raise UserError("Nothing to check the availability for.")
        start_moves(env, waiting)
        return True

    @remote()
    def do_unreserve(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            for move in moves_of(env, row):
                if move["state"] in _OPEN and not move["picked"]:
                    release(env, move)

    @remote()
    def action_cancel(self, env: Env, ids: Sequence[int]) -> bool:
        for row in env.rows(self.model, ids):
            moves = moves_of(env, row)
            for move in moves:
                if move["state"] != "cancel":
                    cancel_move(env, move)
            if not moves:
                env.set(self.model, row, {"state": "cancel"})
        return True

    @remote()
    def button_validate(self, env: Env, ids: Sequence[int]) -> Any:
        open_ones = [row for row in env.rows(self.model, ids) if row["state"] != "done"]
        for row in open_ones:
            if row["state"] == "draft":
                start_moves(env, moves_of(env, row))
        env.flush()
        for row in open_ones:
            _check_quantities(env, row)
        context = dict(env.context)
        context.setdefault("button_validate_picking_ids", [row["id"] for row in open_ones])
        incomplete = [row for row in open_ones if _incomplete(env, row)]
        if incomplete and not context.get("skip_backorder"):
            return _backorder_question(context, incomplete)
        refused = set(env.context.get("picking_ids_not_to_backorder") or ())
        for row in open_ones:
            finish(env, row, with_backorder=row["id"] not in refused)
        return True


def _availability(env: Env, picking: Row) -> tuple[Any, Any]:
    kind = env.row("stock.picking.type", picking["picking_type_id"])
    if kind["code"] != "outgoing" or picking["state"] not in _OPEN:
        return False, False
    moves = [move for move in moves_of(env, picking) if move["state"] in _OPEN]
    if all(move["quantity"] >= move["product_uom_qty"] for move in moves):
        return "Available", "available"
    return "Not Available", "late"


def _check_quantities(env: Env, picking: Row) -> None:
    if picking["state"] == "cancel" or not any(move["quantity"] for move in moves_of(env, picking)):
        raise UserError(_NOTHING_SET)


def _incomplete(env: Env, picking: Row) -> bool:
    moves = [move for move in moves_of(env, picking) if move["state"] not in {"cancel", "done"}]
    picked_only = any(move["picked"] for move in moves)
    return any(_counted(move, picked_only=picked_only) < move["product_uom_qty"] for move in moves)


def _backorder_question(context: Mapping[str, Any], pickings: Sequence[Row]) -> dict[str, Any]:
    several = len(pickings) > 1
    asked = [[4, row["id"]] for row in pickings]
    return {
        "name": "Create Backorder?",
        "type": "ir.actions.act_window",
        "view_mode": "form",
        "res_model": "stock.backorder.confirmation",
        "views": [[_BACKORDER_VIEW, "form"]],
        "view_id": _BACKORDER_VIEW,
        "target": "new",
        "context": {**context, "default_show_transfers": several, "default_pick_ids": asked},
    }


def finish(env: Env, picking: Row, *, with_backorder: bool) -> None:
    """Do what is picked; the rest goes to a back-order, or is given up."""
    moves = [move for move in moves_of(env, picking) if move["state"] not in {"cancel", "done"}]
    picked_only = any(move["picked"] for move in moves)
    rest: list[Row] = []
    done: list[Row] = []
    for move in moves:
        quantity = _counted(move, picked_only=picked_only)
        if quantity <= 0:
            rest.append(move)
            continue
        if quantity < move["product_uom_qty"]:
            rest.append(_split(env, move, move["product_uom_qty"] - quantity))
            env.set("stock.move", move, {"product_uom_qty": quantity})
        done.append(move)
    for move in done:
        do_move(env, move)
    env.set("stock.picking", picking, {"date_done": env.moment})
    if rest and with_backorder:
        _backorder(env, picking, rest)
    else:
        for move in rest:
            cancel_move(env, move)
    env.flush()


def _split(env: Env, move: Row, quantity: Decimal) -> Row:
    kept = (
        "product_id",
        "product_uom",
        "location_id",
        "location_dest_id",
        "company_id",
        "origin",
        "sale_line_id",
        "purchase_line_id",
        "picking_id",
        "date",
        "date_deadline",
        "warehouse_id",
        "sequence",
        "origin_returned_move_id",
        "to_refund",
        "price_unit",
    )
    vals = {name: move[name] for name in kept if name in move}
    key = env.create("stock.move", {**vals, "product_uom_qty": quantity, "state": "confirmed"})
    return env.row("stock.move", key)


def _backorder(env: Env, picking: Row, moves: Sequence[Row]) -> None:
    # Number and date go over; the carrier's tracking number does not.
    kept = (
        "partner_id",
        "origin",
        "scheduled_date",
        "date_deadline",
        "location_id",
        "location_dest_id",
        "sale_id",
    )
    vals = {name: picking[name] for name in kept if picking.get(name)}
    later = new_picking(env, picking["picking_type_id"], {**vals, "backorder_id": picking["id"]})
    for move in moves:
        env.set("stock.move", move, {"picking_id": later["id"], "picked": False})
        for line in lines_of(env, move):
            env.set("stock.move.line", line, {"picking_id": later["id"], "picked": False})
        reserve(env, move)


class BackorderQuestion(Records):
    """The wizard that asks whether a back-order is wanted."""

    name = "stock.backorder.confirmation"

    @remote()
    def process(self, env: Env, ids: Sequence[int]) -> bool:
        for row in env.rows(self.model, ids):
            lines = env.children("stock.backorder.confirmation.line", "backorder_confirmation_id", row["id"])
            refused = {line["picking_id"] for line in lines if not line.get("to_backorder")}
            self._finish_all(env, row, refused)
        return True

    @remote()
    def process_cancel_backorder(self, env: Env, ids: Sequence[int]) -> bool:
        for row in env.rows(self.model, ids):
            self._finish_all(env, row, set(row.get("pick_ids") or []))
        return True

    @staticmethod
    def _finish_all(env: Env, row: Row, refused: set[int]) -> None:
        asked = env.context.get("button_validate_picking_ids") or row.get("pick_ids") or []
        for picking in env.rows("stock.picking", asked):
            if picking["state"] != "done":
                _check_quantities(env, picking)
                finish(env, picking, with_backorder=picking["id"] not in refused)


class ReturnWizard(Records):
    """The wizard that makes a return of a done picking. Called twice it makes two."""

    name = "stock.return.picking"

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("picking_id", env.context.get("active_id") or False)

    def created(self, env: Env, row: Row) -> None:
        if not row.get("picking_id") or self.fields_given(env, row):
            return
        picking = env.row("stock.picking", row["picking_id"])
        if picking["state"] != "done":
            raise UserError("You may only return Done pickings.")
        for move in moves_of(env, picking):
            if move["state"] == "done":
                line = {"wizard_id": row["id"], "move_id": move["id"], "product_id": move["product_id"]}
                env.create("stock.return.picking.line", {**line, "quantity": _ZERO})

    @staticmethod
    def fields_given(env: Env, row: Row) -> bool:
        """Whether the caller brought lines of its own."""
        return bool(env.table("stock.return.picking.line").ids_where("wizard_id", row["id"]))

    @remote()
    def action_create_returns(self, env: Env, ids: Sequence[int]) -> dict[str, Any]:
        (row,) = env.rows(self.model, ids)
        lines = env.children("stock.return.picking.line", "wizard_id", row["id"])
        wanted = [line for line in lines if line["quantity"] > 0]
        if not wanted:
            raise UserError("Please specify at least one non-zero quantity.")
        made = _return(env, env.row("stock.picking", row["picking_id"]), wanted)
        return {
            "name": "Returned Picking",
            "view_mode": "form",
            "res_model": "stock.picking",
            "res_id": made["id"],
            "type": "ir.actions.act_window",
            "context": dict(env.context),
        }


def _return(env: Env, picking: Row, lines: Sequence[Row]) -> Row:
    kind = env.row("stock.picking.type", picking["picking_type_id"])
    back = kind.get("return_picking_type_id") or kind["id"]
    origin = f"Return of {picking['name']}"
    vals = {
        "partner_id": picking.get("partner_id") or False,
        "origin": origin,
        "return_id": picking["id"],
        "sale_id": picking.get("sale_id") or False,
        "location_id": picking["location_dest_id"],
        "location_dest_id": picking["location_id"],
    }
    made = new_picking(env, back, vals)
    for line in lines:
        first = env.row("stock.move", line["move_id"])
        move = {
            "picking_id": made["id"],
            "product_id": first["product_id"],
            "product_uom_qty": line["quantity"],
            "location_id": first["location_dest_id"],
            "location_dest_id": first["location_id"],
            "origin": origin,
            "origin_returned_move_id": first["id"],
            "to_refund": True,
            "sale_line_id": first.get("sale_line_id") or False,
            "purchase_line_id": first.get("purchase_line_id") or False,
            "company_id": first.get("company_id") or False,
        }
        start_moves(env, env.rows("stock.move", [env.create("stock.move", move)]))
    env.flush()
    return made


MODELS: tuple[Records, ...] = (
    Picking(),
    BackorderQuestion(),
    Records("stock.backorder.confirmation.line"),
    ReturnWizard(),
    Records("stock.return.picking.line"),
)
