"""The parts of an order in GraphQL: lines, taxes, money, customer, addresses."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulated.money import graph_amount

__all__ = ["address_node", "customer_node", "line_node", "money_bag", "shipping_line_node", "tax_line_nodes"]


def line_node(line: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "__typename": "LineItem",
        "id": line["admin_graphql_api_id"],
        "name": line["name"],
        "title": line["title"],
        "variantTitle": line["variant_title"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "currentQuantity": line["current_quantity"],
        "requiresShipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "variant": {
            "__typename": "ProductVariant",
            "id": f"gid://shopify/ProductVariant/{line['variant_id']}",
        },
        "product": {"__typename": "Product", "id": f"gid://shopify/Product/{line['product_id']}"},
        "originalUnitPriceSet": money_bag(line["price"], currency),
        "totalDiscountSet": money_bag(line["total_discount"], currency),
        "discountAllocations": [
            {"__typename": "DiscountAllocation", "allocatedAmountSet": money_bag(part["amount"], currency)}
            for part in line["discount_allocations"]
        ],
        "taxLines": tax_line_nodes(line["tax_lines"], currency),
    }


def shipping_line_node(line: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "__typename": "ShippingLine",
        "id": f"gid://shopify/ShippingLine/{line['id']}",
        "title": line["title"],
        "code": line["code"],
        "originalPriceSet": money_bag(line["price"], currency),
        "discountedPriceSet": money_bag(line["discounted_price"], currency),
        "taxLines": tax_line_nodes(line["tax_lines"], currency),
    }


def tax_line_nodes(lines: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    return [
        {
            "__typename": "TaxLine",
            "title": line["title"],
            "rate": line["rate"],
            "priceSet": money_bag(line["price"], currency),
        }
        for line in lines
    ]


def money_bag(amount: str, currency: str) -> dict[str, Any]:
    money = {"__typename": "MoneyV2", "amount": graph_amount(amount), "currencyCode": currency}
    return {"__typename": "MoneyBag", "shopMoney": money}


def customer_node(customer: dict[str, Any]) -> dict[str, Any]:
    return {
        "__typename": "Customer",
        "id": customer["admin_graphql_api_id"],
        "firstName": customer["first_name"],
        "lastName": customer["last_name"],
        "defaultEmailAddress": {"__typename": "CustomerEmailAddress", "emailAddress": customer["email"]},
    }


def address_node(address: dict[str, Any]) -> dict[str, Any]:
    return {
        "__typename": "MailingAddress",
        "name": address["name"],
        "firstName": address["first_name"],
        "lastName": address["last_name"],
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["province"],
        "provinceCode": address["province_code"],
        "zip": address["zip"],
        "country": address["country"],
        "countryCodeV2": address["country_code"],
        "phone": address["phone"],
    }
