"""Availability: the products that moved, were reserved or counted since, then their stock per warehouse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.sources.changes import Changes
from crossdock.connectors.odoo.values import number
from crossdock.kit import Cursor, Record

__all__ = ["read_inventory_positions"]

_MOVED = ("stock.move", "stock.move.line", "stock.quant")
_FIELDS = (
    "default_code",
    "uom_id",
    "qty_available",
    "free_qty",
    "virtual_available",
    "incoming_qty",
    "outgoing_qty",
)


async def read_inventory_positions(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """One record per product and warehouse.

    A product's own change time says nothing of its stock, and quants are merged and deleted: products are found
    by what moved. A stock that fell because a quant was deleted has a move that tells it.
    """
    warehouses = await changes.client.search_read(
        "stock.warehouse",
        [["company_id", "in", changes.settings.company_ids], ["active", "=", True]],
        ("code", "company_id"),
    )
    async for page in _moved(changes, since):
        ids = [key for _, key in page]
        for warehouse in warehouses:
            rows = await _levels(changes, warehouse, ids)
            for time, key in page:
                if key in rows:
                    # The cursor moves on only when the page's last warehouse is read: see the last loop.
                    last = warehouse is warehouses[-1]
                    payload = _position(changes, rows[key], warehouse)
                    yield Record(f"{key}@{warehouse['code']}", payload, Cursor(time) if last else None)


async def _moved(changes: Changes, since: Cursor | None) -> AsyncIterator[list[tuple[str, int]]]:
    """Pages of products and when their stock changed last; all products that are kept in stock without `since`."""
    kept: list[Any] = (
        [["is_storable", "=", True]] if await changes.client.version() >= 18 else [["type", "=", "product"]]
    )
    start = changes.start_of(since) if since is not None else ""
    times: dict[int, str] = {}
    for model in _MOVED:
        since_start = [["write_date", ">=", start]] if start else []
        for key, time in (await changes.client.latest_changes(model, since_start, "product_id")).items():
            times[key] = max(times.get(key, ""), time)
    if not times and since is not None:
        return
    domain = [*kept, ["id", "in", sorted(times)]] if since is not None else kept
    rows = await changes.client.search_read("product.product", domain, ("create_date",))
    ordered = sorted((times.get(row["id"]) or row["create_date"], row["id"]) for row in rows)
    size = changes.settings.page_size
    for place in range(0, len(ordered), size):
        yield ordered[place : place + size]


async def _levels(
    changes: Changes, warehouse: Mapping[str, Any], ids: Sequence[int]
) -> dict[int, dict[str, Any]]:
    company = [warehouse["company_id"][0]]
    # `warehouse_id` since 17, `warehouse` before; a warehouse that is gone would answer no row at all.
    context = {"warehouse_id": warehouse["id"], "warehouse": warehouse["id"], "allowed_company_ids": company}
    return await changes.client.read("product.product", ids, _FIELDS, context=context)


def _position(changes: Changes, row: Mapping[str, Any], warehouse: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "product_id": row["id"],
        "sku": row["default_code"] or "",
        "uom": row["uom_id"][1] if row["uom_id"] else "",
        "warehouse_id": warehouse["id"],
        "warehouse": warehouse["code"],
        "company": changes.settings.company_code(warehouse["company_id"][0]),
        "on_hand": number(row["qty_available"]),
        "free": number(row["free_qty"]),
        "forecast": number(row["virtual_available"]),
        "incoming": number(row["incoming_qty"]),
        "outgoing": number(row["outgoing_qty"]),
    }
