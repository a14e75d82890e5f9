"""Inventory counts: the absolute quantity of a product at a location, in the one call that cannot wipe stock.

The two-step form (a count, then action_apply_inventory) is not used: applied again after a lost answer it
counts zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crossdock.connectors.odoo.external_ids import marker
from crossdock.connectors.odoo.operations.desk import Desk
from crossdock.connectors.odoo.values import as_id, as_moment, as_number, as_text, number
from crossdock.core.clock import parse_utc
from crossdock.core.errors import RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["count_inventory", "look_up_count"]


async def count_inventory(desk: Desk, delivery: Delivery) -> Receipt:
    """Set what was counted, unless it was counted too long ago or was applied already."""
    found = await look_up_count(desk, delivery)
    if found.receipt is not None:
        return found.receipt
    _refuse_old(desk, delivery.payload)
    product_id, location_id, lot_id = await _where(desk, delivery)
    vals: dict[str, Any] = {
        "product_id": product_id,
        "location_id": location_id,
        "inventory_quantity_auto_apply": as_number(delivery.payload, "quantity"),
    }
    if lot_id:
        vals["lot_id"] = lot_id
    await desk.client.call(
        "stock.quant",
        "create",
        vals_list=[vals],
        context={"inventory_mode": True, "inventory_name": _marker(delivery)},
    )
    return await _receipt(desk, product_id, location_id, lot_id)


async def look_up_count(desk: Desk, delivery: Delivery) -> Found:
    """Whether the count was applied (its move bears our marker), or changes nothing."""
    product_id, location_id, lot_id = await _where(desk, delivery)
    moves = await desk.client.search_read(
        "stock.move",
        [["product_id", "=", product_id], ["is_inventory", "=", True], ["reference", "=", _marker(delivery)]],
        ("state",),
        limit=1,
    )
    receipt = await _receipt(desk, product_id, location_id, lot_id)
    wanted = as_number(delivery.payload, "quantity")
    if moves or (receipt.answer["known"] and number(receipt.answer["quantity"]) == wanted):
        return Found("done", receipt)
    return Found("absent", text=f"{receipt.answer['quantity']} are there, {wanted} were counted")


def _marker(delivery: Delivery) -> str:
    return as_text(delivery.payload, "marker") or marker("count", delivery.company, delivery.effect_key)


def _refuse_old(desk: Desk, payload: Mapping[str, Any]) -> None:
    """An absolute count overwrites every move made since it was taken."""
    counted = as_moment(payload, "counted_at")
    if not counted:
        return
    age = desk.clock.now() - parse_utc(counted.replace(" ", "T") + "Z")
    if age > dt.timedelta(seconds=desk.settings.count_max_age_s):
        raise RejectedError(
            f"the count is {int(age.total_seconds())} s old; {desk.settings.count_max_age_s} s are allowed",
            code="B-STK-VAR",
            mend="count again: what moved since would be undone",
        )


async def _where(desk: Desk, delivery: Delivery) -> tuple[int, int, int]:
    """Product, location and lot."""
    payload = delivery.payload
    product_id = as_id(payload, "product_id")
    location_id = as_id(payload, "location_id", required=False)
    if not location_id:
        location_id = await _stock_location(desk, as_id(payload, "warehouse_id"))
    name = as_text(payload, "lot")
    if not name:
        return product_id, location_id, 0
    rows = await desk.client.search_read(
        "stock.lot", [["product_id", "=", product_id], ["name", "=", name]], ("name",), limit=1
    )
    if not rows:
        raise RejectedError(f"lot {name} is not known in Odoo", code="B-LOT-MISM")
    return product_id, location_id, int(rows[0]["id"])


async def _stock_location(desk: Desk, warehouse_id: int) -> int:
    rows = await desk.client.read("stock.warehouse", [warehouse_id], ("lot_stock_id",))
    if warehouse_id not in rows:
        raise RejectedError(f"warehouse {warehouse_id} is not in Odoo", code="T-ODOO-MISSING")
    return int(rows[warehouse_id]["lot_stock_id"][0])


async def _receipt(desk: Desk, product_id: int, location_id: int, lot_id: int) -> Receipt:
    """What is there: the sum of the quants (Odoo may hold several for one place)."""
    quants = await desk.client.search_read(
        "stock.quant",
        [
            ["product_id", "=", product_id],
            ["location_id", "=", location_id],
            ["lot_id", "=", lot_id or False],
            ["package_id", "=", False],
            ["owner_id", "=", False],
        ],
        ("quantity",),
    )
    total = sum((number(quant["quantity"]) for quant in quants), start=number(0))
    return Receipt(
        # Quants are merged and deleted by Odoo: what names the place is the place itself.
        external_id=f"{product_id}/{location_id}" + (f"/{lot_id}" if lot_id else ""),
        answer={"quantity": total, "known": bool(quants)},
    )
