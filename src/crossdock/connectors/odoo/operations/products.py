"""Products: one variant per SKU, made or brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.batches import Batch, Result
from crossdock.connectors.odoo.external_ids import external_name, resolve_name
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk
from crossdock.connectors.odoo.operations.masters import (
    as_cells,
    differing,
    ensure_records,
    known_by,
    shown,
    update,
)
from crossdock.connectors.odoo.values import as_id
from crossdock.core.errors import Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["look_up_product", "upsert_products"]

_TEXTS = ("name", "default_code", "barcode", "type", "tracking", "description_sale", "invoice_policy")
_NUMBERS = ("list_price", "standard_price", "weight", "volume")
_FLAGS = ("is_storable", "sale_ok", "purchase_ok", "active")
_RELATIONS = ("categ_id", "uom_id")


async def upsert_products(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Products, made or brought up to date; see the verb for the payload's form.

    Odoo lets two products have one default_code, and its check of barcodes loses races: what keeps them single
    is our external id, and one writer per SKU (the ordering key).
    """
    batch = Batch(deliveries)
    wanted = batch.each(lambda one: _values(one.payload))
    ids = await ensure_records(desk, batch, "product.product", wanted, reference="default_code", new=_new)
    await update(desk, batch, "product.product", wanted, ids)
    for place, product_id in ids.items():
        if place not in batch.results:
            batch.results[place] = Receipt(
                str(product_id), answer={"default_code": wanted[place].get("default_code", "")}
            )
    return batch.in_order()


async def look_up_product(desk: Desk, delivery: Delivery) -> Found:
    """Whether the product is there with the payload's values."""
    wanted = _values(delivery.payload)
    product_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not product_id:
        sku = str(wanted.get("default_code") or "")
        product_id = (await known_by(desk, "product.product", "default_code", [sku])).get(sku)
    if not product_id:
        return Found("absent")
    stored = (await desk.client.read("product.product", [product_id], sorted(wanted))).get(product_id)
    if stored is None or differing(wanted, stored):
        return Found("absent", text=f"product.product {product_id} has other values")
    return Found("done", Receipt(str(product_id)))


def _name(delivery: Delivery) -> str:
    return external_name("product", delivery.company, delivery.document_key)


def _values(payload: Mapping[str, Any]) -> dict[str, Any]:
    values = shown(payload, _TEXTS, _NUMBERS, _FLAGS)
    for name in _RELATIONS:
        if relation := as_id(payload, name, required=False):
            values[name] = relation
    if not values.get("default_code"):
        raise RejectedError(
            "default_code is missing: the SKU is how we know a product",
            code="T-SCHEMA",
            place=Place(path="default_code"),
        )
    return values


def _new(delivery: Delivery, values: Mapping[str, Any]) -> NewRecord:
    named: dict[str, Any] = {"name": values["default_code"], **values}
    return NewRecord(_name(delivery), as_cells(named, _RELATIONS))
