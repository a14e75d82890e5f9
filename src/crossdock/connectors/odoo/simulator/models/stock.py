"""Where goods lie: locations, quants, counts and reservations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.model import Live, remote, remote_for_model
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "free_quants", "shift"]

_ZERO = Decimal(0)


def find_quant(env: Env, product: int, location: int, lot: Any) -> Row | None:
    """The quant of a product (and lot) at a place."""
    table = env.table("stock.quant")
    for key in table.ids_where("product_id", product):
        row = table.rows[key]
        if row["location_id"] == location and (row.get("lot_id") or False) == (lot or False):
            return row
    return None


def shift(env: Env, product: int, location: int, lot: Any, quantity: Decimal) -> None:
    """Goods come to a place, or leave it when `quantity` is negative; a place may go below zero."""
    quant = find_quant(env, product, location, lot)
    if quant is None:
        vals = {"product_id": product, "location_id": location, "lot_id": lot, "quantity": quantity}
        env.create("stock.quant", vals)
        return
    env.set("stock.quant", quant, {"quantity": quant["quantity"] + quantity})


def free_quants(env: Env, product: int, location: int) -> list[tuple[Row, Decimal]]:
    """Quants at a place and below it that are not all reserved, oldest first, with what is free."""
    table, places = env.table("stock.quant"), env.table("stock.location").rows
    found = []
    for key in table.ids_where("product_id", product):
        row = table.rows[key]
        at: Any = row["location_id"]
        while at and at != location:
            at = places[at].get("location_id")
        free = row["quantity"] - row["reserved_quantity"]
        if at and free > 0:
            found.append((row, free))
    return sorted(found, key=lambda pair: (str(pair[0].get("in_date")), pair[0]["id"]))


class Location(Records):
    """A place: a warehouse's, a customer's, a supplier's, or none at all."""

    name = "stock.location"
    archives = True

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        parent = row.get("location_id")
        if not parent or row["usage"] == "view":
            return {"complete_name": row["name"]}
        return {"complete_name": f"{env.display_name(self.model, parent)}/{row['name']}"}

    def display_name(self, env: Env, row: Row) -> str:
        del env
        return str(row.get("complete_name") or row["name"])


class PickingType(Records):
    """Kinds of transfers of a warehouse."""

    name = "stock.picking.type"

    def display_name(self, env: Env, row: Row) -> str:
        return f"{env.display_name('stock.warehouse', row['warehouse_id'])}: {row['name']}"


class Quant(Records):
    """How much of a product lies at a place. Counting writes `inventory_quantity` and applies it."""

    name = "stock.quant"
    indexed = ("product_id",)
    live: ClassVar[Mapping[str, Live]] = {
        "available_quantity": lambda _env, row: row["quantity"] - row["reserved_quantity"],
        "inventory_diff_quantity": lambda _env, row: row["inventory_quantity"] - row["quantity"],
        "warehouse_id": lambda env, row: env.row("stock.location", row["location_id"]).get(
            "warehouse_id", False
        ),
        "product_uom_id": lambda env, row: env.row("product.product", row["product_id"])["uom_id"],
        "inventory_quantity_auto_apply": lambda _env, row: row["quantity"],
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        for name in ("quantity", "reserved_quantity", "inventory_quantity"):
            vals.setdefault(name, _ZERO)
        vals.setdefault("in_date", env.moment)
        if vals.get("location_id"):
            vals.setdefault(
                "company_id", env.row("stock.location", vals["location_id"]).get("company_id", False)
            )

    def display_name(self, env: Env, row: Row) -> str:
        return env.display_name("stock.location", row["location_id"])

    @remote_for_model("c")
    def create(self, env: Env, vals_list: Any) -> list[int]:
        ids = []
        for vals in vals_list if isinstance(vals_list, list) else [vals_list]:
            given = dict(vals)
            at_once = given.pop("inventory_quantity_auto_apply", None)
            count = given.get("inventory_quantity", at_once)
            known = find_quant(env, vals.get("product_id", 0), vals.get("location_id", 0), vals.get("lot_id"))
            key = env.create(self.model, given) if count is None or known is None else known["id"]
            if count is not None:
                env.write(self.model, [key], {"inventory_quantity": count})
                env.set(self.model, env.row(self.model, key), {"inventory_quantity_set": True})
            if at_once is not None:
                self.action_apply_inventory(env, [key])
            ids.append(key)
        return ids

    @remote("r")
    def action_apply_inventory(self, env: Env, ids: Sequence[int]) -> None:
        for row in env.rows(self.model, ids):
            change = row["inventory_quantity"] - row["quantity"]
            if change:
                self._count_move(env, row, change)
            cleared = {"inventory_quantity": _ZERO, "inventory_quantity_set": False}
            env.set(self.model, row, {**cleared, "quantity": row["quantity"] + change})

    @staticmethod
    def _count_move(env: Env, quant: Row, change: Decimal) -> None:
        loss = next(
            row["id"]
            for row in env.table("stock.location").rows.values()
            if row["usage"] == "inventory" and row.get("company_id") in (quant.get("company_id"), False)
        )
        product, lot = quant["product_id"], quant.get("lot_id") or False
        start, end = (loss, quant["location_id"]) if change > 0 else (quant["location_id"], loss)
        shift(env, product, loss, lot, -change)
        move = {
            "product_id": product,
            "location_id": start,
            "location_dest_id": end,
            "product_uom_qty": abs(change),
            "company_id": quant.get("company_id"),
            "origin": False,
        }
        key = env.create("stock.move", move)
        done = {"state": "done", "quantity": abs(change), "picked": True, "is_inventory": True}
        env.set(
            "stock.move",
            env.row("stock.move", key),
            {**done, "reference": env.context.get("inventory_name") or "Product Quantity Updated"},
        )
        line = {
            "move_id": key,
            "product_id": product,
            "location_id": start,
            "location_dest_id": end,
            "quantity": abs(change),
            "lot_id": lot,
        }
        made = env.create("stock.move.line", line)
        env.set("stock.move.line", env.row("stock.move.line", made), {"state": "done", "picked": True})


class Warehouse(Records):
    """A warehouse with its places and kinds of transfers."""

    name = "stock.warehouse"
    archives = True


MODELS: tuple[Records, ...] = (Location(), PickingType(), Quant(), Warehouse())
