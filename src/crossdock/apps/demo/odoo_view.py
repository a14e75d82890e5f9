"""What the demo sees and sets up in an Odoo, simulated or real: over its API, as any other client would."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError
from crossdock.kit import Http, Secret

__all__ = ["OdooAccess", "OdooView", "Product"]

_MODULE = "__crossdock_demo__"
_PAGE = 80


@dataclasses.dataclass(frozen=True)
class OdooAccess:
    """How an Odoo is reached."""

    url: str
    database: str
    key: Secret


@dataclasses.dataclass(frozen=True)
class Product:
    """A product of the demo."""

    sku: str
    name: str
    price: Decimal
    barcode: str
    id: int = 0


class OdooView:
    """Sets up products, customers and stock; reads orders, deliveries, invoices and stock for the report."""

    def __init__(self, access: OdooAccess, *, clock: Clock) -> None:
        self.access = access
        self._http = Http(
            clock=clock,
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.key.reveal()}", "X-Odoo-Database": access.database},
            timeout_s=120.0,
        )

    async def close(self) -> None:
        await self._http.close()

    async def call(self, model: str, method: str, **arguments: Any) -> Any:
        """One call of the JSON-2 API."""
        return (await self._http.post(f"/json/2/{model}/{method}", arguments)).json()

    async def ensure_products(self, products: Sequence[Product]) -> list[Product]:
        """Make the products that are not there; all with their ids."""
        rows = [
            [
                f"{_MODULE}.{p.sku.lower().replace('-', '_')}",
                p.name,
                p.sku,
                p.barcode,
                str(p.price),
                "consu",
                "1",
            ]
            for p in products
        ]
        fields = ["id", "name", "default_code", "barcode", "list_price", "type", "is_storable"]
        ids = await self._load("product.product", fields, rows)
        return [dataclasses.replace(product, id=int(i)) for product, i in zip(products, ids, strict=True)]

    async def ensure_customers(self, customers: Sequence[tuple[str, str]]) -> list[int]:
        """Make customers (number, name) that are not there; their ids."""
        rows = [
            [
                f"{_MODULE}.{number.lower().replace('-', '_')}",
                name,
                number,
                "1",
                "1 Dock Street",
                "Seattle",
                "98101",
            ]
            for number, name in customers
        ]
        fields = ["id", "name", "ref", "is_company", "street", "city", "zip"]
        return [int(i) for i in await self._load("res.partner", fields, rows)]

    async def set_stock(self, products: Sequence[Product], quantity: int) -> None:
        """Count every product to `quantity` in the first warehouse."""
        warehouse = await self.warehouse()
        location = warehouse["lot_stock_id"][0]
        values = [
            {"product_id": product.id, "location_id": location, "inventory_quantity_auto_apply": quantity}
            for product in products
        ]
        await self.call(
            "stock.quant", "create", vals_list=values, context={"inventory_mode": True, "tz": "UTC"}
        )

    async def warehouse(self) -> dict[str, Any]:
        """The first warehouse of the company."""
        found = await self.call(
            "stock.warehouse", "search_read", domain=[], fields=["name", "lot_stock_id"], order="id", limit=1
        )
        if not found:
            raise ConfigError("this Odoo has no warehouse", code="T-CONFIG", mend="install its Inventory app")
        row: dict[str, Any] = found[0]
        return row

    async def orders(self, references: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Orders with their lines, by customer reference: a list, for there should be one and could be two."""
        found: dict[str, list[dict[str, Any]]] = {}
        for start in range(0, len(references), _PAGE):
            part = list(references[start : start + _PAGE])
            orders = await self.call(
                "sale.order",
                "search_read",
                domain=[["client_order_ref", "in", part]],
                fields=[
                    "name", "state", "client_order_ref", "amount_untaxed", "amount_tax", "amount_total",
                    "order_line", "invoice_ids", "picking_ids", "invoice_status",
                ],
            )  # fmt: skip
            lines = await self._lines([line for order in orders for line in order["order_line"]])
            for order in orders:
                order["lines"] = [lines[i] for i in order["order_line"] if i in lines]
                found.setdefault(order["client_order_ref"], []).append(order)
        return found

    async def invoices(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Invoices and credit notes by id, those that reverse them included."""
        fields = [
            "name", "move_type", "state", "payment_state", "amount_total", "amount_residual", "invoice_origin",
            "reversed_entry_id", "ref",
        ]  # fmt: skip
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(ids), _PAGE):
            part = list(ids[start : start + _PAGE])
            rows = await self.call(
                "account.move",
                "search_read",
                domain=["|", ["id", "in", part], ["reversed_entry_id", "in", part]],
                fields=fields,
            )
            found |= {row["id"]: row for row in rows}
        return found

    async def stock(self, products: Sequence[Product]) -> dict[str, tuple[Decimal, Decimal]]:
        """(on hand, free) by SKU in the first warehouse."""
        warehouse = await self.warehouse()
        rows = await self.call(
            "product.product",
            "read",
            ids=[product.id for product in products],
            fields=["default_code", "qty_available", "free_qty"],
            context={"warehouse_id": warehouse["id"]},
        )
        return {
            row["default_code"]: (Decimal(str(row["qty_available"])), Decimal(str(row["free_qty"])))
            for row in rows
        }

    async def _lines(self, ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for start in range(0, len(ids), 500):
            rows += await self.call(
                "sale.order.line",
                "read",
                ids=list(ids[start : start + 500]),
                fields=["product_id", "product_uom_qty", "qty_delivered", "qty_invoiced", "price_unit"],
            )
        return {row["id"]: row for row in rows}

    async def _load(self, model: str, fields: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
        answer = await self.call(
            model,
            "load",
            fields=list(fields),
            data=[list(row) for row in rows],
            context={"tz": "UTC", "noupdate": True, "mode": "update"},
        )
        if not answer["ids"]:
            texts = "; ".join(message["message"] for message in answer["messages"][:3])
            raise ConfigError(
                f"{model} records of the demo cannot be made: {texts}",
                code="T-CONFIG",
                mend="give the key's user the rights listed in docs/explanation/odoo-rights.md",
            )
        ids: list[int] = answer["ids"]
        return ids
