"""Lines of sales orders: from the payload's form to Odoo's columns, and back to our names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.external_ids import external_name, name_ids
from crossdock.connectors.odoo.values import as_id, as_number, as_text, plain
from crossdock.kit import Delivery, XrefClaim

__all__ = ["LINE_KIND", "line_columns", "line_name", "read_lines", "xrefs_of_lines"]

LINE_KIND = "sales_order.line"
_FIELDS = (
    "order_id", "product_id", "name", "product_uom_qty", "qty_delivered", "qty_invoiced", "price_unit", "discount",
    "display_type",
)  # fmt: skip


def line_name(delivery: Delivery, key: str) -> str:
    """The external id of an order line."""
    return external_name("sales_order", delivery.company, delivery.object_key, key)


def line_columns(delivery: Delivery, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Columns of `load` for each line: `{key, product_id, quantity, price_unit, discount?, name?, uom_id?}`.

    A column that not all lines fill is left to Odoo, which an empty cell would forbid: it writes its own text
    where one of ours is missing. A discount is the exception: none is 0.
    """
    texts = all(as_text(line, "name") for line in lines)
    units = all(as_text(line, "uom_id") for line in lines)
    discounts = any(as_text(line, "discount") for line in lines)
    rows = []
    for place, line in enumerate(lines):
        at = f"lines[{place}]"
        row = {
            "id": line_name(delivery, as_text(line, "key", at=at, required=True)),
            "product_id/.id": str(as_id(line, "product_id", at=at)),
            "product_uom_qty": plain(as_number(line, "quantity", at=at)),
        }
        if as_text(line, "price_unit"):
            row["price_unit"] = plain(as_number(line, "price_unit", at=at))
        if texts:
            row["name"] = as_text(line, "name", at=at)
        if units:
            row["product_uom_id/.id"] = str(as_id(line, "uom_id", at=at))
        if discounts:
            row["discount"] = plain(as_number(line, "discount", at=at, default="0"))
        rows.append(row)
    return rows


async def read_lines(client: OdooClient, order_ids: Iterable[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """Lines of orders as Odoo has them: order id → external id (or the line's id as text) → fields."""
    rows = await client.search_read("sale.order.line", [["order_id", "in", sorted(order_ids)]], _FIELDS)
    rows = [row for row in rows if not row["display_type"]]
    names = {
        key: name
        for name, key in (await name_ids(client, "sale.order.line", [r["id"] for r in rows])).items()
    }
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for row in rows:
        lines = found.setdefault(row["order_id"][0], {})
        lines[names.get(row["id"], str(row["id"]))] = row
    return found


def xrefs_of_lines(
    delivery: Delivery, keys: Iterable[str], stored: Mapping[str, Mapping[str, Any]]
) -> tuple[XrefClaim, ...]:
    """Cross-references of the lines `keys` that Odoo has."""
    claims = []
    for key in keys:
        row = stored.get(line_name(delivery, key))
        if row is not None:
            claims.append(XrefClaim(LINE_KIND, f"{delivery.object_key}/{key}", str(row["id"])))
    return tuple(claims)


def sent_quantities(lines: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Quantity by line key."""
    return {as_text(line, "key"): as_number(line, "quantity") for line in lines}
