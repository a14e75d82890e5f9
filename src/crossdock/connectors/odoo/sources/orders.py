"""Sales orders and what the warehouse is to do for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from crossdock.connectors.odoo.sources.changes import Changes, Child
from crossdock.connectors.odoo.values import number
from crossdock.kit import Cursor, Record

__all__ = ["read_fulfilment_orders", "read_sales_orders"]

_ORDER = (
    "name", "client_order_ref", "origin", "state", "date_order", "commitment_date", "partner_id", "partner_invoice_id",
    "partner_shipping_id", "currency_id", "amount_untaxed", "amount_tax", "amount_total", "invoice_status",
    "delivery_status", "company_id", "warehouse_id", "user_id", "locked",
)  # fmt: skip
_LINE = (
    "order_id", "sequence", "product_id", "name", "product_uom_qty", "qty_delivered", "qty_invoiced", "price_unit",
    "discount", "price_subtotal", "price_tax", "display_type",
)  # fmt: skip
_PICKING = (
    "name", "state", "origin", "sale_id", "partner_id", "scheduled_date", "date_deadline", "carrier_id", "backorder_id",
    "picking_type_id", "company_id", "move_type", "write_date",
)  # fmt: skip
_MOVE = ("picking_id", "product_id", "product_uom_qty", "quantity", "state", "sale_line_id")
_SHIP_TO = (
    "name",
    "street",
    "street2",
    "city",
    "zip",
    "country_id",
    "state_id",
    "phone",
    "email",
    "commercial_company_name",
)
_READY = ("assigned", "confirmed")
_OPEN = [["picking_type_code", "=", "outgoing"]]


async def read_sales_orders(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Orders with their lines. Editing a line's text leaves the order's own change time as it was: lines are watched."""
    children = (Child("sale.order.line", "order_id"),)
    async for page in changes.pages("sale.order", [], since, children):
        orders = await changes.client.read("sale.order", [key for _, key in page], _ORDER)
        lines = await changes.client.search_read(
            "sale.order.line", [["order_id", "in", sorted(orders)]], _LINE, order="order_id,sequence,id"
        )
        skus = await read_skus(changes, (row["product_id"] for row in lines))
        for time, key in page:
            if key in orders:
                own = [
                    _line(row, skus) for row in lines if row["order_id"][0] == key and not row["display_type"]
                ]
                yield Record(str(key), {**_order(changes, orders[key]), "lines": own}, Cursor(time))


async def read_fulfilment_orders(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Outgoing transfers that are to be done, in full or in part reserved, with order, lines and address.

    A transfer that is done or cancelled is given once more, so that who was told of it hears its end.
    """
    domain = [*_OPEN, ["state", "in", list(_READY)]] if since is None else [*_OPEN, ["state", "!=", "draft"]]
    children = (Child("stock.move", "picking_id", (["picking_code", "=", "outgoing"],)),)
    codes = {row["id"]: row["code"] for row in await changes.client.search_read("res.country", [], ("code",))}
    async for page in changes.pages("stock.picking", domain, since, children):
        found = await changes.client.search_read(
            "stock.picking", [["id", "in", [key for _, key in page]], *domain], _PICKING
        )
        context = await _Surroundings.read(changes, found)
        pickings = await _unchanged(changes, found)
        for time, key in page:
            if key in pickings:
                yield Record(str(key), context.payload(pickings[key], codes), Cursor(time))


async def _unchanged(changes: Changes, found: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Transfers by id, without those that somebody changed while their moves were read.

    Each call sees its own moment: a transfer of before its validation with the moves of after it would be a
    release that never was. Its change gives it again, whole.
    """
    now = await changes.client.read("stock.picking", [row["id"] for row in found], ("state", "write_date"))
    return {
        row["id"]: row
        for row in found
        if (then := now.get(row["id"])) is not None
        and (then["state"], then["write_date"]) == (row["state"], row["write_date"])
    }


async def read_skus(changes: Changes, products: Iterable[Any]) -> dict[int, str]:
    """default_code by product id."""
    ids = {value[0] for value in products if value}
    rows = await changes.client.read("product.product", ids, ("default_code",))
    return {key: row["default_code"] or "" for key, row in rows.items()}


class _Surroundings:
    """What stands around a page of pickings: moves, orders, addresses, warehouses, SKUs."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._moves: dict[int, list[dict[str, Any]]] = {}
        self._orders: dict[int, dict[str, Any]] = {}
        self._partners: dict[int, dict[str, Any]] = {}
        self._warehouses: dict[int, Any] = {}
        self._skus: dict[int, str] = {}

    @classmethod
    async def read(cls, changes: Changes, pickings: list[dict[str, Any]]) -> _Surroundings:
        self, client = cls(changes), changes.client
        rows = await client.search_read(
            "stock.move",
            [["picking_id", "in", [row["id"] for row in pickings]], ["state", "!=", "cancel"]],
            _MOVE,
        )
        for row in rows:
            self._moves.setdefault(row["picking_id"][0], []).append(row)
        self._skus = await read_skus(changes, (row["product_id"] for row in rows))
        self._orders = await client.read(
            "sale.order", _ids(pickings, "sale_id"), ("name", "client_order_ref", "origin", "partner_id")
        )
        self._partners = await client.read("res.partner", _ids(pickings, "partner_id"), _SHIP_TO)
        kinds = await client.read("stock.picking.type", _ids(pickings, "picking_type_id"), ("warehouse_id",))
        codes = await client.read("stock.warehouse", _ids(kinds.values(), "warehouse_id"), ("code",))
        self._warehouses = {
            key: {"id": row["warehouse_id"][0], "code": codes[row["warehouse_id"][0]]["code"]}
            for key, row in kinds.items()
            if row["warehouse_id"] and row["warehouse_id"][0] in codes
        }
        return self

    def payload(self, picking: Mapping[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
        """One picking as a fulfilment order."""
        order = self._orders.get(picking["sale_id"][0], {}) if picking["sale_id"] else {}
        partner = self._partners.get(picking["partner_id"][0], {}) if picking["partner_id"] else {}
        warehouse = self._warehouses.get(picking["picking_type_id"][0], {})
        return {
            "id": picking["id"],
            "name": picking["name"],
            "state": picking["state"],
            "order_id": order.get("id"),
            "order_name": order.get("name", ""),
            "client_order_ref": order.get("client_order_ref") or "",
            "order_origin": order.get("origin") or "",
            "origin": picking["origin"] or "",
            "backorder_of": picking["backorder_id"][1] if picking["backorder_id"] else "",
            "ship_complete": picking["move_type"] == "one",
            "scheduled_date": utc(picking["scheduled_date"]),
            "deadline": utc(picking["date_deadline"]),
            "carrier": picking["carrier_id"][1] if picking["carrier_id"] else "",
            "warehouse_id": warehouse.get("id"),
            "warehouse": warehouse.get("code", ""),
            "company": self._changes.settings.company_code(picking["company_id"][0]),
            "partner_id": partner.get("id"),
            "ship_to": _address(partner, codes),
            "lines": [self._move(move) for move in self._moves.get(picking["id"], [])],
        }

    def _move(self, move: Mapping[str, Any]) -> dict[str, Any]:
        """One move. What is reserved is left out: it changes by itself all day, and nobody ships by it."""
        done = number(move["quantity"]) if move["state"] == "done" else None
        return {
            "move_id": move["id"],
            "line_id": move["sale_line_id"][0] if move["sale_line_id"] else None,
            "product_id": move["product_id"][0],
            "sku": self._skus.get(move["product_id"][0], ""),
            "quantity": number(move["product_uom_qty"]),
            "done": done,
        }


def _ids(rows: Iterable[Mapping[str, Any]], name: str) -> set[int]:
    return {row[name][0] for row in rows if row[name]}


def _address(partner: Mapping[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
    if not partner:
        return {}
    texts = ("name", "street", "street2", "city", "zip", "phone", "email")
    return {
        **{name: partner[name] or "" for name in texts},
        "company_name": partner["commercial_company_name"] or "",
        "country_code": codes.get(partner["country_id"][0], "") if partner["country_id"] else "",
        "state": partner["state_id"][1] if partner["state_id"] else "",
    }


def utc(value: Any) -> str:
    """A time of Odoo as RFC 3339; '' for none."""
    return f"{str(value).replace(' ', 'T')}Z" if value else ""


def _order(changes: Changes, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "client_order_ref": row["client_order_ref"] or "",
        "origin": row["origin"] or "",
        "state": row["state"],
        "locked": row["locked"],
        "date_order": utc(row["date_order"]),
        "commitment_date": utc(row["commitment_date"]),
        "partner_id": row["partner_id"][0],
        "partner_invoice_id": row["partner_invoice_id"][0] if row["partner_invoice_id"] else None,
        "partner_shipping_id": row["partner_shipping_id"][0] if row["partner_shipping_id"] else None,
        "currency": row["currency_id"][1] if row["currency_id"] else "",
        "amount_untaxed": number(row["amount_untaxed"]),
        "amount_tax": number(row["amount_tax"]),
        "amount_total": number(row["amount_total"]),
        "invoice_status": row["invoice_status"] or "",
        "delivery_status": row["delivery_status"] or "",
        "warehouse_id": row["warehouse_id"][0] if row["warehouse_id"] else None,
        "company": changes.settings.company_code(row["company_id"][0]),
    }


def _line(row: Mapping[str, Any], skus: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "product_id": row["product_id"][0] if row["product_id"] else None,
        "sku": skus.get(row["product_id"][0], "") if row["product_id"] else "",
        "name": row["name"],
        "quantity": number(row["product_uom_qty"]),
        "qty_delivered": number(row["qty_delivered"]),
        "qty_invoiced": number(row["qty_invoiced"]),
        "price_unit": number(row["price_unit"]),
        "discount": number(row["discount"]),
        "subtotal": number(row["price_subtotal"]),
        "tax": number(row["price_tax"]),
    }
