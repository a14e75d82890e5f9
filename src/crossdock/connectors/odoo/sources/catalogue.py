"""Products, contacts: master data as Odoo shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from crossdock.connectors.odoo.sources.changes import Changes
from crossdock.connectors.odoo.values import number
from crossdock.kit import Cursor, Record

__all__ = ["read_parties", "read_products"]

_PRODUCT = (
    "default_code", "name", "barcode", "active", "type", "is_storable", "tracking", "list_price", "standard_price",
    "weight", "volume", "uom_id", "categ_id", "sale_ok", "purchase_ok", "description_sale", "product_tmpl_id",
    "company_id",
)  # fmt: skip
_NEW_PRODUCT = frozenset({"is_storable"})
_PARTNER = (
    "name", "ref", "email", "phone", "vat", "is_company", "active", "type", "parent_id", "commercial_partner_id",
    "street", "street2", "city", "zip", "country_id", "state_id", "lang", "comment", "company_id", "customer_rank",
    "supplier_rank",
)  # fmt: skip


async def read_products(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Variants, archived ones too; a change of the template is a change of all its variants."""
    templates = await _templates(changes, since)
    fields = await _known(changes, _PRODUCT)
    async for page in changes.pages("product.product", [], since, also=templates):
        rows = await changes.client.read("product.product", [key for _, key in page], fields)
        for time, key in page:
            if key in rows:
                yield Record(str(key), _product(changes, rows[key]), Cursor(time))


async def read_parties(changes: Changes, since: Cursor | None) -> AsyncIterator[Record]:
    """Contacts and their addresses, archived ones too."""
    codes = await _country_codes(changes)
    async for page in changes.pages("res.partner", [], since):
        rows = await changes.client.read("res.partner", [key for _, key in page], _PARTNER)
        for time, key in page:
            if key in rows:
                yield Record(str(key), _party(changes, rows[key], codes), Cursor(time))


async def _templates(changes: Changes, since: Cursor | None) -> dict[int, str]:
    """Variants of templates that changed since: the template's time counts for them."""
    if since is None:
        return {}
    start = changes.start_of(since)
    rows = await changes.client.search_read(
        "product.template", [["write_date", ">=", start]], ("write_date", "product_variant_ids")
    )
    return {key: row["write_date"] for row in rows for key in row["product_variant_ids"]}


async def _known(changes: Changes, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Without the fields that came with Odoo 18."""
    if await changes.client.version() >= 18:
        return fields
    return tuple(name for name in fields if name not in _NEW_PRODUCT)


def _product(changes: Changes, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "default_code": row["default_code"] or "",
        "name": row["name"],
        "barcode": row["barcode"] or "",
        "active": row["active"],
        "type": row["type"],
        "is_storable": row.get("is_storable", row["type"] == "product"),
        "tracking": row["tracking"],
        "list_price": number(row["list_price"]),
        "standard_price": number(row["standard_price"]),
        "weight": number(row["weight"]),
        "volume": number(row["volume"]),
        "uom": row["uom_id"][1] if row["uom_id"] else "",
        "category": row["categ_id"][1] if row["categ_id"] else "",
        "sale_ok": row["sale_ok"],
        "purchase_ok": row["purchase_ok"],
        "description": row["description_sale"] or "",
        "template_id": row["product_tmpl_id"][0],
        "company": changes.settings.company_code(row["company_id"][0]) if row["company_id"] else "",
    }


def _party(changes: Changes, row: Mapping[str, Any], codes: Mapping[int, str]) -> dict[str, Any]:
    texts = ("name", "ref", "email", "phone", "vat", "type", "street", "street2", "city", "zip", "lang")
    return {
        "id": row["id"],
        **{name: row[name] or "" for name in texts},
        "is_company": row["is_company"],
        "active": row["active"],
        "parent_id": row["parent_id"][0] if row["parent_id"] else None,
        "commercial_partner_id": row["commercial_partner_id"][0] if row["commercial_partner_id"] else None,
        "country_code": codes.get(row["country_id"][0], "") if row["country_id"] else "",
        "state": row["state_id"][1] if row["state_id"] else "",
        "customer": row["customer_rank"] > 0,
        "supplier": row["supplier_rank"] > 0,
        "company": changes.settings.company_code(row["company_id"][0]) if row["company_id"] else "",
    }


async def _country_codes(changes: Changes) -> dict[int, str]:
    rows = await changes.client.search_read("res.country", [], ("code",))
    return {row["id"]: row["code"] or "" for row in rows}
