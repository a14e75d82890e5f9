"""Products, and their availability in one warehouse or in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import ValidationError
from crossdock.connectors.odoo.simulator.model import Live
from crossdock.connectors.odoo.simulator.models.base import refuse_if_used
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.schema import model_info
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS"]

_OWN = {"id", "product_tmpl_id", "product_variant_ids", "product_variant_id", "create_date", "write_date"}
_OPEN = {"waiting", "confirmed", "assigned", "partially_available"}
_USERS = (
    ("account.move.line", "product_id"),
    ("stock.move", "product_id"),
    ("sale.order.line", "product_id"),
    ("purchase.order.line", "product_id"),
    ("stock.quant", "product_id"),
)


def _shared() -> frozenset[str]:
    product, template = model_info("product.product").fields, model_info("product.template").fields
    return frozenset(
        name
        for name, field in product.items()
        if name in template and name not in _OWN and field.type != "one2many" and not name.endswith("_uid")
    )


_SHARED = _shared()
"""Fields that a product and its template have in common: one variant per template is simulated."""

Levels = tuple[Decimal, Decimal, Decimal, Decimal]


def places(env: Env) -> set[int] | None:
    """Internal locations that the call's context asks for; None = every warehouse's."""
    context = env.context
    wanted = context.get("warehouse_id") or context.get("warehouse")
    roots = context.get("location")
    if not wanted and not roots:
        return None
    if wanted:
        several = wanted if isinstance(wanted, list) else [wanted]
        roots = [env.row("stock.warehouse", key)["view_location_id"] for key in several]
    under = set(roots if isinstance(roots, list) else [roots])
    for key, row in sorted(env.table("stock.location").rows.items()):
        if row.get("location_id") in under:
            under.add(key)
    return under


def levels(env: Env, product: int) -> Levels:
    """On hand, reserved, incoming and outgoing quantity of a product."""
    wanted = places(env)
    locations = env.table("stock.location").rows

    def inside(key: int) -> bool:
        return locations[key]["usage"] == "internal" and (wanted is None or key in wanted)

    hand = reserved = coming = going = Decimal(0)
    quants = env.table("stock.quant")
    for key in quants.ids_where("product_id", product):
        quant = quants.rows[key]
        if inside(quant["location_id"]):
            hand += quant["quantity"]
            reserved += quant["reserved_quantity"]
    moves = env.table("stock.move")
    for key in moves.ids_where("product_id", product):
        move = moves.rows[key]
        if move["state"] not in _OPEN:
            continue
        start, end = inside(move["location_id"]), inside(move["location_dest_id"])
        going += move["product_uom_qty"] if start and not end else 0
        coming += move["product_uom_qty"] if end and not start else 0
    return hand, reserved, coming, going


def _level(name: str, env: Env, product: int) -> Decimal:
    hand, reserved, coming, going = levels(env, product)
    found = {
        "qty_available": hand,
        "free_qty": hand - reserved,
        "incoming_qty": coming,
        "outgoing_qty": going,
        "virtual_available": hand + coming - going,
    }
    return found[name]


class Product(Records):
    """A product: what is stocked, sold and bought."""

    name = "product.product"
    indexed = ("default_code", "barcode", "product_tmpl_id")
    archives = True
    live: ClassVar[Mapping[str, Live]] = {
        "qty_available": lambda env, row: _level("qty_available", env, row["id"]),
        "free_qty": lambda env, row: _level("free_qty", env, row["id"]),
        "incoming_qty": lambda env, row: _level("incoming_qty", env, row["id"]),
        "outgoing_qty": lambda env, row: _level("outgoing_qty", env, row["id"]),
        "virtual_available": lambda env, row: _level("virtual_available", env, row["id"]),
        "lst_price": lambda _env, row: row.get("list_price", Decimal(0)),
        "code": lambda _env, row: row.get("default_code", False),
        "partner_ref": lambda env, row: env.display_name("product.product", row["id"]),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        product_defaults(env, vals)
        if not vals.get("product_tmpl_id"):
            shared = {name: value for name, value in vals.items() if name in _SHARED}
            env.context["simulated_variant"] = True
            vals["product_tmpl_id"] = env.create("product.template", shared)
            del env.context["simulated_variant"]

    def created(self, env: Env, row: Row) -> None:
        _refuse_double_barcode(env, row)

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        shared = {name: vals[name] for name in vals if name in _SHARED}
        for row in rows:
            if "barcode" in vals:
                _refuse_double_barcode(env, row)
            if shared:
                template = env.row("product.template", row["product_tmpl_id"])
                env.set("product.template", template, {name: row.get(name) for name in shared})

    def deleting(self, env: Env, rows: list[Row]) -> None:
        refuse_if_used(env, rows, _USERS)

    def display_name(self, env: Env, row: Row) -> str:
        del env
        code = row.get("default_code")
        return f"[{code}] {row['name']}" if code else str(row["name"])


class Template(Records):
    """A product template; its only variant is its product."""

    name = "product.template"
    indexed = ("default_code", "barcode")
    must = ("name",)
    archives = True
    live: ClassVar[Mapping[str, Live]] = {
        "product_variant_ids": lambda env, row: env.table("product.product").ids_where(
            "product_tmpl_id", row["id"]
        ),
        "product_variant_id": lambda env, row: next(
            iter(env.table("product.product").ids_where("product_tmpl_id", row["id"])), False
        ),
        "product_variant_count": lambda env, row: len(
            env.table("product.product").ids_where("product_tmpl_id", row["id"])
        ),
    }

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        product_defaults(env, vals)

    def created(self, env: Env, row: Row) -> None:
        if not env.context.get("simulated_variant"):
            shared = {name: row[name] for name in _SHARED if name in row and row[name] is not False}
            env.create("product.product", {**shared, "product_tmpl_id": row["id"]})

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        shared = [name for name in vals if name in _SHARED]
        for row in rows:
            for key in env.table("product.product").ids_where("product_tmpl_id", row["id"]):
                env.set("product.product", env.row("product.product", key), {n: row.get(n) for n in shared})

    def deleting(self, env: Env, rows: list[Row]) -> None:
        for row in rows:
            products = env.table("product.product").ids_where("product_tmpl_id", row["id"])
            refuse_if_used(env, env.rows("product.product", products), _USERS)

    def display_name(self, env: Env, row: Row) -> str:
        return env.model("product.product").display_name(env, row)


def product_defaults(env: Env, vals: dict[str, Any]) -> None:
    """What a product has that nobody gave it."""
    vals.setdefault("active", True)
    vals.setdefault("type", "consu")
    vals.setdefault("tracking", "none")
    vals.setdefault("uom_id", 1)
    vals.setdefault("sale_ok", True)
    vals.setdefault("purchase_ok", True)
    vals.setdefault("invoice_policy", "order")
    vals.setdefault("purchase_method", "receive")
    if "lst_price" in vals:
        vals.setdefault("list_price", vals["lst_price"])
    vals.setdefault("list_price", Decimal(1))
    if "taxes_id" not in vals:
        vals["taxes_id"] = [[6, 0, _taxes(env, "sale")]]
    if "supplier_taxes_id" not in vals:
        vals["supplier_taxes_id"] = [[6, 0, _taxes(env, "purchase")]]


def _taxes(env: Env, use: str) -> list[int]:
    company = env.company()
    taxes = env.table("account.tax").rows.values()
    return [row["id"] for row in taxes if row["type_tax_use"] == use and row["company_id"] == company][:1]


def _refuse_double_barcode(env: Env, row: Row) -> None:
    barcode = row.get("barcode")
    if not barcode:
        return
    ids: Iterable[int] = env.table("product.product").ids_where("barcode", barcode)
    names = [env.display_name("product.product", key) for key in sorted(ids)]
    if len(names) > 1:
        raise ValidationError(
            f'Barcode(s) already assigned:\n\n- Barcode "{barcode}" already assigned to product(s): '
            f"{' and '.join(names)}\n\n"
            "Note: products that you don't have access to will not be shown above."
        )


MODELS: tuple[Records, ...] = (Product(), Template())
