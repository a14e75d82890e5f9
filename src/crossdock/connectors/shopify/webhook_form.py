"""Orders and products from GraphQL in the form of Shopify's webhooks, so that one mapping reads both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.gids import parse_gid

__all__ = ["order_form", "product_form"]

_CENT = Decimal("0.01")
_FINANCIAL = {"EXPIRED": "voided"}


def order_form(order: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An order as `orders/create` shows it: numeric ids, amounts as text, in the shop's currency.

    Args:
        order: a node of the `Orders` document.
        lines: all its lines, of all pages.
    """
    name = order["name"]
    cancelled, closed = order["cancelledAt"], order["closedAt"]
    return {
        "id": parse_gid(order["id"]),
        "admin_graphql_api_id": order["id"],
        "name": name,
        "order_number": order["number"],
        "email": order["email"],
        "phone": order["phone"],
        "note": order["note"],
        "tags": ", ".join(order["tags"]),
        "po_number": order["poNumber"],
        "source_name": order["sourceName"],
        "test": order["test"],
        "taxes_included": order["taxesIncluded"],
        "currency": order["currencyCode"],
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "cancelled_at": cancelled,
        "cancel_reason": order["cancelReason"].lower() if order["cancelReason"] else None,
        "closed_at": closed,
        "financial_status": _financial_status(order["displayFinancialStatus"]),
        "fulfillment_status": _fulfillment_status(order["displayFulfillmentStatus"]),
        "customer": _customer(order["customer"]),
        "shipping_address": _address(order["shippingAddress"]),
        "billing_address": _address(order["billingAddress"]),
        "subtotal_price": _amount(order["subtotalPriceSet"]),
        "total_price": _amount(order["totalPriceSet"]),
        "total_tax": _amount(order["totalTaxSet"]),
        "total_discounts": _amount(order["totalDiscountsSet"]),
        "current_subtotal_price": _amount(order["currentSubtotalPriceSet"]),
        "current_total_price": _amount(order["currentTotalPriceSet"]),
        "current_total_tax": _amount(order["currentTotalTaxSet"]),
        "current_total_discounts": _amount(order["currentTotalDiscountsSet"]),
        "tax_lines": _tax_lines(order["taxLines"]),
        "shipping_lines": [_shipping_line(line) for line in order["shippingLines"]["nodes"]],
        "line_items": [_order_line(line) for line in lines],
    }


def product_form(product: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A product as `products/update` shows it.

    Args:
        product: a node of the `Products` document.
        variants: all its variants, of all pages.
    """
    number = parse_gid(product["id"])
    return {
        "id": number,
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "handle": product["handle"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "created_at": product["createdAt"],
        "updated_at": product["updatedAt"],
        "options": [
            {
                "id": parse_gid(option["id"]),
                "product_id": number,
                "name": option["name"],
                "position": option["position"],
                "values": option["values"],
            }
            for option in product["options"]
        ],
        "variants": [_variant(variant, number) for variant in variants],
    }


def _variant(variant: Mapping[str, Any], product_id: int) -> dict[str, Any]:
    compared = variant["compareAtPrice"]
    return {
        "id": parse_gid(variant["id"]),
        "product_id": product_id,
        "title": variant["title"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": _text(variant["price"]),
        "compare_at_price": None if compared is None else _text(compared),
        "position": variant["position"],
        "inventory_item_id": parse_gid(variant["inventoryItem"]["id"]),
        "created_at": variant["createdAt"],
        "updated_at": variant["updatedAt"],
        "admin_graphql_api_id": variant["id"],
    }


def _order_line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": parse_gid(line["id"]),
        "admin_graphql_api_id": line["id"],
        "name": line["name"],
        "title": line["title"],
        "variant_title": line["variantTitle"],
        "variant_id": parse_gid(line["variant"]["id"]) if line["variant"] else None,
        "product_id": parse_gid(line["product"]["id"]) if line["product"] else None,
        "sku": line["sku"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "requires_shipping": line["requiresShipping"],
        "taxable": line["taxable"],
        "price": _amount(line["originalUnitPriceSet"]),
        "total_discount": _amount(line["totalDiscountSet"]),
        "discount_allocations": [
            {"amount": _amount(part["allocatedAmountSet"])} for part in line["discountAllocations"]
        ],
        "tax_lines": _tax_lines(line["taxLines"]),
    }


def _shipping_line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": parse_gid(line["id"]) if line["id"] else None,
        "title": line["title"],
        "code": line["code"],
        "price": _amount(line["originalPriceSet"]),
        "discounted_price": _amount(line["discountedPriceSet"]),
        "tax_lines": _tax_lines(line["taxLines"]),
    }


def _tax_lines(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"title": line["title"], "rate": line["rate"], "price": _amount(line["priceSet"])} for line in lines
    ]


def _customer(customer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if customer is None:
        return None
    address = customer["defaultEmailAddress"]
    return {
        "id": parse_gid(customer["id"]),
        "email": address["emailAddress"] if address else None,
        "first_name": customer["firstName"],
        "last_name": customer["lastName"],
        "admin_graphql_api_id": customer["id"],
    }


def _address(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {
        "name": address["name"],
        "first_name": address["firstName"],
        "last_name": address["lastName"],
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "zip": address["zip"],
        "country": address["country"],
        "country_code": address["countryCodeV2"],
        "phone": address["phone"],
    }


def _financial_status(status: str | None) -> str | None:
    return None if status is None else _FINANCIAL.get(status, status.lower())


def _fulfillment_status(status: str) -> str | None:
    """Webhooks know `null`, `partial`, `fulfilled` and `restocked`; GraphQL knows more."""
    return {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}.get(status)


def _amount(bag: Mapping[str, Any] | None) -> str:
    return "0.00" if bag is None else _text(bag["shopMoney"]["amount"])


def _text(amount: str) -> str:
    """GraphQL writes 19.9 where a webhook writes 19.90; more than two decimals stay."""
    number = Decimal(amount)
    return str(number.quantize(_CENT) if number == number.quantize(_CENT) else number)
