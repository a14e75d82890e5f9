"""What GraphQL shows of the shop: objects whose connections and arguments answer as the Admin API's do."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossdock.connectors.shopify.gids import parse_gid
from crossdock.connectors.shopify.simulated.graph_parts import (
    address_node,
    customer_node,
    line_node,
    money_bag,
    shipping_line_node,
    tax_line_nodes,
)
from crossdock.connectors.shopify.simulated.graphql import GraphqlError
from crossdock.connectors.shopify.simulated.shop import Shop
from crossdock.core.clock import format_utc

__all__ = ["connection", "fulfillment_node", "product_node", "query_root", "variant_node"]

Args = Mapping[str, Any]
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?'((?:[^'\\]|\\.)*)'")
_FULFILLMENT = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}
_MAX_FIRST = 250


def query_root(shop: Shop) -> dict[str, Any]:
    """The fields of `QueryRoot`."""
    return {
        "__typename": "QueryRoot",
        "shop": {
            "__typename": "Shop",
            "id": f"gid://shopify/Shop/{shop.shop_id}",
            "name": "Crossdock demo shop",
            "myshopifyDomain": "crossdock-demo.myshopify.com",
            "currencyCode": shop.currency,
        },
        "location": lambda args: _location(shop, parse_gid(args["id"])),
        "orders": lambda args: _searched(
            args, shop.orders.values(), _order_matches, _order_sort, lambda o: _order(shop, o)
        ),
        "order": lambda args: _one(shop.orders, args["id"], lambda order: _order(shop, order)),
        "fulfillmentOrder": lambda args: _one(
            shop.fulfillment_orders, args["id"], lambda fo: _fulfillment_order(shop, fo)
        ),
        "products": lambda args: _searched(
            args, shop.products.values(), _product_matches, _product_sort, lambda p: product_node(shop, p)
        ),
        "product": lambda args: _one(shop.products, args["id"], lambda product: product_node(shop, product)),
        "productByIdentifier": lambda args: next(
            (
                product_node(shop, p)
                for p in shop.products.values()
                if p["handle"] == args["identifier"]["handle"]
            ),
            None,
        ),
        "productVariants": lambda args: _searched(
            args,
            list(shop.variants()),
            _variant_matches,
            _variant_sort,
            lambda pair: variant_node(shop, *pair),
        ),
        "inventoryItems": lambda args: _searched(
            args,
            list(shop.variants()),
            _variant_matches,
            _variant_sort,
            lambda pair: _inventory_item(shop, pair[1]),
        ),
        "nodes": lambda args: [_node(shop, gid) for gid in args["ids"]],
    }


def connection(
    args: Args, objects: Sequence[Any], show: Callable[[Any], Any], place: Callable[[Any], str]
) -> dict[str, Any]:
    """A page of `objects`, which are sorted by `place`. A cursor names a place, so that it survives changes."""
    first = args.get("first")
    if not isinstance(first, int) or first < 1:
        raise GraphqlError("you must provide one of first or last", "BAD_REQUEST")
    if first > _MAX_FIRST:
        raise GraphqlError(f"first cannot exceed {_MAX_FIRST}", "argumentLiteralsIncompatible")
    after = base64.b64decode(args["after"]).decode() if args.get("after") else ""
    rest = [one for one in objects if place(one) > after] if after else list(objects)
    page = rest[:first]
    return {
        "__typename": "Connection",
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": len(rest) > first,
            "endCursor": base64.b64encode(place(page[-1]).encode()).decode() if page else None,
        },
        "nodes": [show(one) for one in page],
    }


def product_node(shop: Shop, product: dict[str, Any]) -> dict[str, Any]:
    """A Product."""
    variants = product["variants"]
    return {
        "__typename": "Product",
        "id": product["admin_graphql_api_id"],
        "title": product["title"],
        "handle": product["handle"],
        "descriptionHtml": product["body_html"],
        "vendor": product["vendor"],
        "productType": product["product_type"],
        "status": product["status"].upper(),
        "tags": [tag for tag in product["tags"].split(", ") if tag],
        "createdAt": _utc(product["created_at"]),
        "updatedAt": _utc(product["updated_at"]),
        "options": [
            {
                "__typename": "ProductOption",
                "id": f"gid://shopify/ProductOption/{option['id']}",
                "name": option["name"],
                "position": option["position"],
                "values": option["values"],
            }
            for option in product["options"]
        ],
        "variantsCount": {"__typename": "Count", "count": len(variants)},
        "variants": lambda args: connection(
            args, variants, lambda v: variant_node(shop, product, v), lambda v: f"{v['id']:020}"
        ),
    }


def variant_node(shop: Shop, product: dict[str, Any], variant: dict[str, Any]) -> dict[str, Any]:
    """A ProductVariant."""
    return {
        "__typename": "ProductVariant",
        "id": variant["admin_graphql_api_id"],
        "title": variant["title"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": variant["price"],
        "compareAtPrice": variant["compare_at_price"],
        "position": variant["position"],
        "createdAt": _utc(variant["created_at"]),
        "updatedAt": _utc(variant["updated_at"]),
        "selectedOptions": [
            {"__typename": "SelectedOption", "name": product["options"][0]["name"], "value": variant["title"]}
        ],
        "inventoryItem": lambda _: _inventory_item(shop, variant),
        "product": lambda _: product_node(shop, product),
    }


def fulfillment_node(shop: Shop, fulfillment: dict[str, Any]) -> dict[str, Any]:
    """A Fulfillment."""
    tracking = fulfillment["tracking"]
    urls = tracking.get("urls") or []
    lines = sorted(fulfillment["lines"].items())
    return {
        "__typename": "Fulfillment",
        "id": f"gid://shopify/Fulfillment/{fulfillment['id']}",
        "name": fulfillment["name"],
        "status": fulfillment["status"],
        "createdAt": _utc(fulfillment["created_at"]),
        "trackingInfo": lambda args: [
            {
                "__typename": "FulfillmentTrackingInfo",
                "number": number,
                "company": tracking.get("company"),
                "url": urls[index] if index < len(urls) else None,
            }
            for index, number in enumerate(tracking.get("numbers") or [])
        ][: args["first"]],
        "fulfillmentLineItems": lambda args: connection(
            args,
            lines,
            lambda pair: {
                "__typename": "FulfillmentLineItem",
                "quantity": pair[1],
                "lineItem": line_node(
                    shop.line_of(shop.orders[fulfillment["order_id"]], pair[0]), shop.currency
                ),
            },
            lambda pair: f"{pair[0]:020}",
        ),
    }


def _order(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    money = {
        f"{theirs}Set": money_bag(order[ours], shop.currency)
        for theirs, ours in {
            "subtotalPrice": "subtotal_price",
            "totalPrice": "total_price",
            "totalTax": "total_tax",
            "totalDiscounts": "total_discounts",
            "currentSubtotalPrice": "current_subtotal_price",
            "currentTotalPrice": "current_total_price",
            "currentTotalTax": "current_total_tax",
            "currentTotalDiscounts": "current_total_discounts",
        }.items()
    }
    reason = order["cancel_reason"]
    return {
        "__typename": "Order",
        "id": order["admin_graphql_api_id"],
        "name": order["name"],
        "number": order["order_number"],
        "email": order["email"],
        "phone": order["phone"],
        "note": order["note"],
        "tags": [tag for tag in order["tags"].split(", ") if tag],
        "poNumber": order["po_number"],
        "sourceName": order["source_name"],
        "test": order["test"],
        "taxesIncluded": order["taxes_included"],
        "currencyCode": order["currency"],
        "createdAt": _utc(order["created_at"]),
        "updatedAt": _utc(order["updated_at"]),
        "processedAt": _utc(order["processed_at"]),
        "cancelledAt": _utc(order["cancelled_at"]),
        "cancelReason": reason.upper() if reason else None,
        "closedAt": _utc(order["closed_at"]),
        "displayFinancialStatus": order["financial_status"].upper(),
        "displayFulfillmentStatus": _FULFILLMENT[order["fulfillment_status"]],
        "customer": customer_node(order["customer"]),
        "shippingAddress": address_node(order["shipping_address"]),
        "billingAddress": address_node(order["billing_address"]),
        **money,
        "taxLines": tax_line_nodes(order["tax_lines"], shop.currency),
        "shippingLines": lambda args: connection(
            args,
            order["shipping_lines"],
            lambda line: shipping_line_node(line, shop.currency),
            lambda line: f"{line['id']:020}",
        ),
        "lineItems": lambda args: connection(
            args,
            order["line_items"],
            lambda line: line_node(line, shop.currency),
            lambda line: f"{line['id']:020}",
        ),
        "fulfillments": lambda args: [fulfillment_node(shop, f) for f in shop.fulfillments_of(order)][
            : args["first"]
        ],
        "fulfillmentOrders": lambda args: connection(
            args,
            shop.fulfillment_orders_of(order),
            lambda fo: _fulfillment_order(shop, fo),
            lambda fo: f"{fo['id']:020}",
        ),
    }


def _fulfillment_order(shop: Shop, fo: dict[str, Any]) -> dict[str, Any]:
    order = shop.orders[fo["order_id"]]
    return {
        "__typename": "FulfillmentOrder",
        "id": f"gid://shopify/FulfillmentOrder/{fo['id']}",
        "status": fo["status"],
        "assignedLocation": {
            "__typename": "FulfillmentOrderAssignedLocation",
            "location": _location(shop, fo["location_id"]),
        },
        "lineItems": lambda args: connection(
            args,
            fo["lines"],
            lambda line: {
                "__typename": "FulfillmentOrderLineItem",
                "id": f"gid://shopify/FulfillmentOrderLineItem/{line['id']}",
                "totalQuantity": line["total"],
                "remainingQuantity": line["remaining"],
                "lineItem": line_node(shop.line_of(order, line["line_item_id"]), shop.currency),
            },
            lambda line: f"{line['id']:020}",
        ),
    }


def _inventory_item(shop: Shop, variant: dict[str, Any]) -> dict[str, Any]:
    item = variant["inventory_item_id"]
    return {
        "__typename": "InventoryItem",
        "id": f"gid://shopify/InventoryItem/{item}",
        "sku": variant["sku"],
        "tracked": True,
        "inventoryLevel": lambda args: _level(shop, item, parse_gid(args["locationId"])),
    }


def _level(shop: Shop, item: int, location: int) -> dict[str, Any] | None:
    level = shop.levels.get((item, location))
    if level is None:
        return None
    return {
        "__typename": "InventoryLevel",
        "id": f"gid://shopify/InventoryLevel/{level['id']}?inventory_item_id={item}",
        "quantities": lambda args: [
            {"__typename": "InventoryQuantity", "name": name, "quantity": level[name]}
            for name in args["names"]
        ],
    }


def _node(shop: Shop, gid: str) -> dict[str, Any] | None:
    number = parse_gid(gid)
    found = next((v for _, v in shop.variants() if v["inventory_item_id"] == number), None)
    return _inventory_item(shop, found) if found and "/InventoryItem/" in gid else None


def _location(shop: Shop, number: int) -> dict[str, Any] | None:
    location = shop.locations.get(number)
    if location is None:
        return None
    return {
        "__typename": "Location",
        "id": f"gid://shopify/Location/{number}",
        "name": location["name"],
        "isActive": location["active"],
    }


def _one(
    objects: dict[int, dict[str, Any]], gid: str, show: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any] | None:
    found = objects.get(parse_gid(gid))
    return show(found) if found else None


def _searched(
    args: Args,
    objects: Any,
    matches: Callable[[Any, str, str, str], bool],
    sort: Callable[[Any, str], str],
    show: Callable[[Any], Any],
) -> dict[str, Any]:
    """A connection of what a search finds: terms joined by OR."""
    terms = [
        (field, sign, re.sub(r"\\(.)", r"\1", value))
        for field, sign, value in _TERM.findall(args.get("query") or "")
    ]
    key = args.get("sortKey") or "ID"
    found = [one for one in objects if not terms or any(matches(one, *term) for term in terms)]
    return connection(args, sorted(found, key=lambda one: sort(one, key)), show, lambda one: sort(one, key))


def _order_matches(order: dict[str, Any], field: str, sign: str, value: str) -> bool:
    if field == "updated_at":
        return sign == ">=" and _moment(order["updated_at"]) >= _moment(value)
    return field == "name" and value.removeprefix("#") == order["name"].removeprefix("#")


def _product_matches(product: dict[str, Any], field: str, sign: str, value: str) -> bool:
    return field == "updated_at" and sign == ">=" and _moment(product["updated_at"]) >= _moment(value)


def _variant_matches(pair: tuple[dict[str, Any], dict[str, Any]], field: str, _: str, value: str) -> bool:
    # Shopify's search knows no capitals, so it finds more than was asked for.
    return field == "sku" and (pair[1]["sku"] or "").lower() == value.lower()


def _order_sort(order: dict[str, Any], key: str) -> str:
    return _change_sort(order) if key == "UPDATED_AT" else f"{order['id']:020}"


def _product_sort(product: dict[str, Any], key: str) -> str:
    return _change_sort(product) if key == "UPDATED_AT" else f"{product['id']:020}"


def _variant_sort(pair: tuple[dict[str, Any], dict[str, Any]], _: str) -> str:
    return f"{pair[1]['id']:020}"


def _change_sort(one: dict[str, Any]) -> str:
    return f"{format_utc(_moment(one['updated_at']))} {one['id']:020}"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _utc(text: str | None) -> str | None:
    return None if text is None else format_utc(_moment(text))
