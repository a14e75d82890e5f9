"""What a demo and a reconciliation need: a filled database, and all that matters of it in one answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import python_fault
from crossdock.connectors.odoo.simulator.setup import add_company

__all__ = ["DemoSize", "seed_demo", "state_of"]

_FIRST = 1001
_COMPANY_PREFIX = "0614141"
_GOODS = (
    "Pallet Wrap",
    "Carton Tape",
    "Stretch Film",
    "Corner Guard",
    "Shipping Label",
    "Bubble Roll",
    "Strapping",
)
_PLACES = (
    ("Seattle", "98101"),
    ("Tacoma", "98402"),
    ("Portland", "97201"),
    ("Oakland", "94601"),
    ("Chicago", "60601"),
)
_STREETS = ("Dock St", "Pier Ave", "Harbor Way", "Depot Rd", "Canal St")


class DemoSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much there is to be.

    Attributes:
        companies: in all; each has a warehouse.
        stock: units of each product in the first warehouse; each varies around it.
        seed: the same seed makes the same database.
    """

    customers: int = 20
    products: int = 20
    companies: int = 1
    suppliers: int = 2
    stock: int = 500
    seed: int = 1

    @classmethod
    def from_json(cls, raw: bytes) -> DemoSize:
        """A size from a request's body; empty = the defaults.

        Raises:
            ServerError: the body is no size.
        """
        try:
            return msgspec.json.decode(raw or b"{}", type=cls)
        except msgspec.DecodeError as error:
            raise python_fault("ValueError", str(error)) from error


def seed_demo(env: Env, size: DemoSize) -> dict[str, Any]:
    """Customers CUST-1001…, products CD-1001…, suppliers SUP-1001…, and stock by a count; ids by reference."""
    dice = random.Random(size.seed)  # noqa: S311 - a demo's numbers guard nothing
    while len(env.table("res.company").rows) < size.companies:
        number = len(env.table("res.company").rows) + 1
        add_company(env, f"My Company {number}", f"WH{number}", f"Warehouse {number}")
    # What is there already stays as it is: seeding twice, or more, adds only what is missing.
    before = set(env.table("product.product").rows)
    partner, product = ("res.partner", "ref"), ("product.product", "default_code")
    customers = _ensured(env, *partner, "CUST", size.customers, lambda n: _customer(n, dice))
    products = _ensured(env, *product, "CD", size.products, lambda n: _product(n, dice))
    suppliers = _ensured(env, *partner, "SUP", size.suppliers, _supplier)
    env.flush()
    _count_stock(env, [key for key in products.values() if key not in before], size.stock, dice)
    return {"customers": customers, "products": products, "suppliers": suppliers}


def _ensured(
    env: Env, model: str, field: str, prefix: str, count: int, build: Callable[[int], dict[str, Any]]
) -> dict[str, int]:
    made = {}
    for number in range(count):
        ref = f"{prefix}-{_FIRST + number}"
        vals = build(number)
        known = env.table(model).ids_where(field, ref)
        made[ref] = known[0] if known else env.create(model, vals)
    return made


def _supplier(number: int) -> dict[str, Any]:
    name = f"Supplier {_FIRST + number}"
    return {"name": name, "ref": f"SUP-{_FIRST + number}", "is_company": True, "supplier_rank": 1}


def _customer(number: int, dice: random.Random) -> dict[str, Any]:
    ref = f"CUST-{_FIRST + number}"
    city, code = dice.choice(_PLACES)
    street = f"{dice.randint(1, 400)} {dice.choice(_STREETS)}"
    address = {"street": street, "city": city, "zip": code, "country_id": 233}
    delivery = {"type": "delivery", "name": f"Customer {_FIRST + number} DC", "ref": f"{ref}-DC", **address}
    return {
        "name": f"Customer {_FIRST + number}",
        "ref": ref,
        "is_company": True,
        "customer_rank": 1,
        "email": f"orders@customer{_FIRST + number}.example",
        "phone": f"+1 206 555 {number % 10000:04d}",
        "child_ids": [[0, 0, delivery]],
        **address,
    }


def _product(number: int, dice: random.Random) -> dict[str, Any]:
    # Every fourth is invoiced when delivered; the third is tracked by lots.
    return {
        "name": f"{_GOODS[number % len(_GOODS)]} {10 * (number + 1)}",
        "default_code": f"CD-{_FIRST + number}",
        "barcode": _gtin(number + 1),
        "type": "consu",
        "is_storable": True,
        "list_price": Decimal(dice.randint(99, 9999)) / 100,
        "standard_price": Decimal(dice.randint(50, 90)) / 100,
        "weight": Decimal(dice.randint(10, 900)) / 100,
        "invoice_policy": "delivery" if number % 4 == 3 else "order",
        "tracking": "lot" if number == 2 else "none",
    }


def _gtin(number: int) -> str:
    """A GTIN-14 of the example company prefix, with its check digit."""
    body = f"0{_COMPANY_PREFIX}{number:05d}"
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _count_stock(env: Env, products: Iterable[int], about: int, dice: random.Random) -> None:
    quants = env.model("stock.quant")
    place = env.row("stock.warehouse", 1)["lot_stock_id"]
    counts = []
    for product in products:
        vals: dict[str, Any] = {"product_id": product, "location_id": place}
        if env.row("product.product", product)["tracking"] == "lot":
            vals["lot_id"] = env.create(
                "stock.lot", {"name": f"LOT-{product}", "product_id": product, "company_id": 1}
            )
        counts.append({**vals, "inventory_quantity": dice.randint(about // 2, about * 3 // 2)})
    ids = quants.create(env, counts)  # type: ignore[attr-defined]
    quants.action_apply_inventory(env, ids)  # type: ignore[attr-defined]


def state_of(env: Env) -> dict[str, Any]:
    """Orders with lines, deliveries, invoices, payments and stock; money and quantities as text."""
    env.flush()
    return {
        "orders": [
            {
                **_picked(env, "sale.order", key, _ORDER),
                "lines": _many(env, "sale.order.line", "order_id", key, _LINE),
                "external_ids": _external_ids(env, "sale.order", key),
            }
            for key in env.table("sale.order").rows
        ],
        "purchases": [
            {
                **_picked(env, "purchase.order", key, _PURCHASE),
                "lines": _many(env, "purchase.order.line", "order_id", key, _PURCHASE_LINE),
            }
            for key in env.table("purchase.order").rows
        ],
        "deliveries": [
            {
                **_picked(env, "stock.picking", key, _PICKING),
                "moves": _many(env, "stock.move", "picking_id", key, _MOVE),
            }
            for key in env.table("stock.picking").rows
        ],
        "invoices": [
            {
                **_picked(env, "account.move", key, _INVOICE),
                "lines": _many(env, "account.move.line", "move_id", key, _ITEM),
            }
            for key in env.table("account.move").rows
        ],
        "payments": [
            _picked(env, "account.payment", key, _PAYMENT) for key in env.table("account.payment").rows
        ],
        "stock": [
            {
                **_picked(env, "stock.quant", key, _QUANT),
                "product": env.row("product.product", row["product_id"]).get("default_code", False),
                "location": env.display_name("stock.location", row["location_id"]),
            }
            for key, row in env.table("stock.quant").rows.items()
        ],
    }


_ORDER = (
    "name",
    "state",
    "client_order_ref",
    "origin",
    "partner_id",
    "partner_shipping_id",
    "amount_untaxed",
    "amount_total",
    "delivery_status",
    "invoice_status",
    "picking_ids",
    "invoice_ids",
    "date_order",
)
_LINE = (
    "product_id",
    "name",
    "product_uom_qty",
    "price_unit",
    "price_subtotal",
    "qty_delivered",
    "qty_invoiced",
    "qty_to_invoice",
)
_PURCHASE = (
    "name",
    "state",
    "partner_ref",
    "origin",
    "partner_id",
    "amount_total",
    "receipt_status",
    "invoice_status",
)
_PURCHASE_LINE = ("product_id", "product_qty", "price_unit", "qty_received", "qty_invoiced")
_PICKING = (
    "name",
    "state",
    "origin",
    "sale_id",
    "backorder_id",
    "return_id",
    "carrier_tracking_ref",
    "picking_type_code",
)
_MOVE = ("product_id", "product_uom_qty", "quantity", "picked", "state", "sale_line_id", "purchase_line_id")
_INVOICE = (
    "name",
    "move_type",
    "state",
    "payment_state",
    "ref",
    "invoice_origin",
    "partner_id",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "amount_residual",
    "reversed_entry_id",
)
_ITEM = ("product_id", "quantity", "price_unit", "price_subtotal")
_PAYMENT = ("name", "state", "amount", "memo", "partner_id", "invoice_ids")
_QUANT = ("product_id", "lot_id", "quantity", "reserved_quantity")


def _picked(env: Env, model: str, key: int, names: Iterable[str]) -> dict[str, Any]:
    row = env.row(model, key)
    values = {name: env.value(model, row, name) for name in names}
    return {"id": key, **{name: str(v) if isinstance(v, Decimal) else v for name, v in values.items()}}


def _many(env: Env, model: str, inverse: str, parent: int, names: Iterable[str]) -> list[dict[str, Any]]:
    return [_picked(env, model, row["id"], names) for row in env.children(model, inverse, parent)]


def _external_ids(env: Env, model: str, key: int) -> list[str]:
    table = env.table("ir.model.data")
    found = (table.rows[known] for known in table.ids_where("res_id", key))
    return [f"{row['module']}.{row['name']}" for row in found if row["model"] == model]
