"""Products: a SKU's product is created or brought up to date; other variants of a shared product are left alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.admin_api import AdminApi, refused, user_faults
from crossdock.connectors.shopify.queries import (
    FIND_VARIANTS,
    PRODUCT_BY_HANDLE,
    PRODUCT_SET,
    VARIANTS_UPDATE,
    search_term,
)
from crossdock.core.errors import ConflictError, Place, RejectedError, RetryableError
from crossdock.kit import Delivery, Receipt, XrefClaim

__all__ = ["find_variants", "handle_of", "upsert_product"]

_SKUS_AT_ONCE = 50
_DEFAULT_OPTION = [{"name": "Title", "value": "Default Title"}]
_PRODUCT_FIELDS = {
    "title": "title",
    "description_html": "descriptionHtml",
    "vendor": "vendor",
    "product_type": "productType",
    "status": "status",
    "tags": "tags",
}
_VARIANT_FIELDS = {
    "price": "price",
    "compare_at_price": "compareAtPrice",
    "barcode": "barcode",
    "taxable": "taxable",
}
_ITEM_FIELDS = {
    "cost": "cost",
    "tracked": "tracked",
    "hs_code": "harmonizedSystemCode",
    "requires_shipping": "requiresShipping",
}


async def find_variants(api: AdminApi, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Variants by SKU, with their product. A SKU that two variants bear is left out: it names neither."""
    found: dict[str, list[dict[str, Any]]] = {}
    wanted = sorted({sku for sku in skus if sku})
    for start in range(0, len(wanted), _SKUS_AT_ONCE):
        some = wanted[start : start + _SKUS_AT_ONCE]
        query = " OR ".join(search_term("sku", sku) for sku in some)
        data = await api.call(FIND_VARIANTS, query=query, first=min(250, 4 * len(some)))
        for node in data["productVariants"]["nodes"]:
            found.setdefault(node["sku"] or "", []).append(node)
    return {sku: found[sku][0] for sku in wanted if len(found.get(sku, ())) == 1}


def handle_of(sku: str) -> str:
    """The handle of a product that we create: the same for the same SKU, so that creating twice makes one."""
    plain = unicodedata.normalize("NFKD", sku).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    # What the slug drops ('A/1' and 'A-1' look alike) comes back as code points.
    dropped = "".join(f"{ord(sign):x}" for sign in sku if not re.fullmatch(r"[a-z0-9-]", sign.lower()))
    return "sku-" + "-".join(part for part in (slug, dropped) if part)


async def upsert_product(api: AdminApi, delivery: Delivery) -> Receipt:
    """Bring the product of a SKU up to date, or create it. Only what the payload gives is set.

    A product with several variants keeps its title and text: they belong to all of them; `productSet` would also
    delete the variants that it is not given.
    """
    payload = delivery.payload
    sku = str(payload.get("sku") or "")
    if not sku:
        raise RejectedError("sku is missing", code="T-SCHEMA", place=Place(path="sku"), mend="map sku")
    variant = (await find_variants(api, [sku])).get(sku)
    if variant is None:
        return await _create(api, payload, sku)
    if variant["product"]["variantsCount"]["count"] > 1:
        return await _update_variant(api, payload, sku, variant)
    return await _set(api, payload, sku, identifier={"id": variant["product"]["id"]}, variant=variant)


async def _create(api: AdminApi, payload: Mapping[str, Any], sku: str) -> Receipt:
    """Create under a handle made of the SKU. Shopify's search lags: the product may be there already."""
    handle = handle_of(sku)
    data = await api.call(PRODUCT_BY_HANDLE, handle=handle)
    product = data["productByIdentifier"]
    if product is None:
        if not payload.get("title"):
            raise RejectedError(
                f"SKU {sku} is new in Shopify and has no title",
                code="T-SCHEMA",
                place=Place(path="title"),
                mend="map title",
            )
        return await _set(
            api, {"tracked": True, **payload}, sku, identifier={"handle": handle}, variant=None, handle=handle
        )
    variants = product["variants"]["nodes"]
    if product["variantsCount"]["count"] != 1 or variants[0]["sku"] != sku:
        raise ConflictError(
            f"the handle {handle} belongs to a product whose SKU is not {sku}",
            code="T-API-CONFLICT",
            mend="change that product's handle or SKU in Shopify",
        )
    return await _set(api, payload, sku, identifier={"handle": handle}, variant=variants[0], handle=handle)


async def _set(
    api: AdminApi,
    payload: Mapping[str, Any],
    sku: str,
    *,
    identifier: dict[str, Any],
    variant: Mapping[str, Any] | None,
    handle: str = "",
) -> Receipt:
    options = variant["selectedOptions"] if variant else _DEFAULT_OPTION
    one = _variant_input(payload, sku)
    one["optionValues"] = [{"optionName": option["name"], "name": option["value"]} for option in options]
    if variant:
        one["id"] = variant["id"]
    content: dict[str, Any] = _picked(payload, _PRODUCT_FIELDS)
    content["productOptions"] = [
        {"name": option["name"], "position": place, "values": [{"name": option["value"]}]}
        for place, option in enumerate(options, start=1)
    ]
    content["variants"] = [one]
    if handle:
        content["handle"] = handle
    answer = (await api.call(PRODUCT_SET, identifier=identifier, input=content))["productSet"]
    faults = user_faults(answer)
    if faults and any(fault.code == "HANDLE_NOT_UNIQUE" for fault in faults):
        raise RetryableError(
            f"the handle {handle} was taken while SKU {sku} was being created",
            code="T-API-CONFLICT",
            mend="nothing: it will be found when this is tried again",
        )
    if faults:
        raise refused(f"the product of SKU {sku}", faults)
    product = answer["product"]
    return _receipt(sku, product["variants"]["nodes"][0], product["id"])


async def _update_variant(
    api: AdminApi, payload: Mapping[str, Any], sku: str, variant: Mapping[str, Any]
) -> Receipt:
    product_id = variant["product"]["id"]
    one = {**_variant_input(payload, ""), "id": variant["id"]}
    data = await api.call(VARIANTS_UPDATE, productId=product_id, variants=[one])
    answer = data["productVariantsBulkUpdate"]
    faults = user_faults(answer)
    if faults:
        raise refused(f"the variant of SKU {sku}", faults)
    return _receipt(sku, answer["productVariants"][0], product_id)


def _variant_input(payload: Mapping[str, Any], sku: str) -> dict[str, Any]:
    given = _picked(payload, _VARIANT_FIELDS)
    item = _picked(payload, _ITEM_FIELDS)
    if sku:
        given["sku"] = sku
    if item:
        given["inventoryItem"] = item
    return given


def _picked(payload: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What the payload gives of `names`, under Shopify's names; amounts as text."""
    return {
        theirs: str(payload[ours]) if isinstance(payload[ours], Decimal) else payload[ours]
        for ours, theirs in names.items()
        if payload.get(ours) is not None
    }


def _receipt(sku: str, variant: Mapping[str, Any], product_id: str) -> Receipt:
    return Receipt(
        external_id=variant["id"],
        xrefs=(
            XrefClaim("inventory_item", sku, variant["inventoryItem"]["id"]),
            XrefClaim("product_template", sku, product_id),
        ),
    )
