"""What GraphQL changes in the shop, with the userErrors that the Admin API answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.connectors.shopify.gids import parse_gid
from crossdock.connectors.shopify.simulated.graph import fulfillment_node, product_node, variant_node
from crossdock.connectors.shopify.simulated.graphql import GraphqlError
from crossdock.connectors.shopify.simulated.shop import Shop

__all__ = ["Mutations"]

Args = Mapping[str, Any]
_URI = re.compile(r"(gid://[^/]+/[^/]+/.+|[a-z][a-z0-9+.-]*:(?!//[^/]*$).+)", re.IGNORECASE)
_REASONS = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_created",
        "other",
        "received",
        "restock",
        "shrinkage",
    }
)


class Mutations:
    """The fields of `Mutation`.

    Args:
        changed: told of orders and products after a change: topic, body.
    """

    def __init__(self, shop: Shop, changed: Callable[[str, dict[str, Any]], None]) -> None:
        self._shop = shop
        self._changed = changed
        self._answers: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def root(self) -> dict[str, Any]:
        return {
            "__typename": "Mutation",
            "fulfillmentCreate": self._fulfillment_create,
            "inventorySetQuantities": self._inventory_set,
            "productSet": self._product_set,
            "productVariantsBulkUpdate": self._variants_update,
            "orderCancel": self._order_cancel,
        }

    # Fulfilment.

    def _fulfillment_create(self, args: Args) -> dict[str, Any]:
        wish = args["fulfillment"]
        taken: dict[int, dict[int, int]] = {}
        orders = set()
        for group in wish["lineItemsByFulfillmentOrder"]:
            fo = self._shop.fulfillment_orders.get(parse_gid(group["fulfillmentOrderId"]))
            if fo is None:
                return _fulfillment_fault("Fulfillment order does not exist.")
            if fo["status"] not in {"OPEN", "IN_PROGRESS"}:
                return _fulfillment_fault(
                    f"Fulfillment order {fo['id']} has an unfulfillable status= {fo['status'].lower()}."
                )
            orders.add(fo["order_id"])
            asked = group.get("fulfillmentOrderLineItems")
            rest = {line["id"]: line["remaining"] for line in fo["lines"]}
            lines = {parse_gid(one["id"]): one["quantity"] for one in asked} if asked else rest
            if any(
                line not in rest or not 0 < count <= rest[line]
                for line, count in lines.items()
                if asked or count
            ):
                return _fulfillment_fault("Invalid fulfillment order line item quantity requested.")
            taken[fo["id"]] = lines
        if len(orders) != 1:
            return _fulfillment_fault("All fulfillment orders must belong to the same order.")
        order = self._shop.orders[orders.pop()]
        tracking = dict(wish.get("trackingInfo") or {})
        if tracking.get("number"):
            tracking["numbers"] = [tracking["number"]]
        made = self._shop.fulfil(order, taken, tracking)
        self._changed("orders/updated", order)
        return {
            "__typename": "FulfillmentCreatePayload",
            "fulfillment": fulfillment_node(self._shop, made),
            "userErrors": [],
        }

    # Stock.

    def _inventory_set(self, args: Args) -> dict[str, Any]:
        key = (args.get("@idempotent") or {}).get("key", "")
        if not key.strip():
            raise GraphqlError(
                "The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST"
            )
        digest = hashlib.sha256(msgspec.json.encode(args["input"])).digest()
        if key in self._answers:
            before, answer = self._answers[key]
            if before != digest:
                text = "The same idempotency key cannot be used with different operation parameters."
                return _inventory_answer([_fault((), text, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")])
            return answer
        answer = self._set_levels(args["input"])
        self._answers[key] = (digest, answer)
        return answer

    def _set_levels(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        faults = list(self._head_faults(wish))
        seen: set[tuple[int, int]] = set()
        for index, one in enumerate(wish["quantities"]):
            faults += self._level_faults(wish["name"], one, ("input", "quantities", str(index)), seen)
        if faults:
            return _inventory_answer(faults)
        group = {
            "id": self._shop.new_id(),
            "created_at": self._shop.now(),
            "reason": wish["reason"],
            "reference": wish.get("referenceDocumentUri"),
            "name": wish["name"],
            "changes": [],
        }
        for one in wish["quantities"]:
            item, location = parse_gid(one["inventoryItemId"]), parse_gid(one["locationId"])
            level = self._shop.levels[item, location]
            change = one["quantity"] - level[wish["name"]]
            group["changes"].append(
                {"item": item, "location": location, "from": level[wish["name"]], "to": one["quantity"]}
            )
            level["available"] += change
            level["on_hand"] += change
        self._shop.adjustments.append(group)
        return _inventory_answer([], group)

    @staticmethod
    def _head_faults(wish: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
        if wish["name"] not in {"available", "on_hand"}:
            text = "The quantity name must be either 'available' or 'on_hand'."
            return [_fault(("input", "name"), text, "INVALID_NAME")]
        if wish["reason"] not in _REASONS:
            return [_fault(("input", "reason"), "The specified reason is invalid.", "INVALID_REASON")]
        if wish.get("referenceDocumentUri") and not _URI.fullmatch(wish["referenceDocumentUri"]):
            text = "The specified reference document is invalid."
            return [_fault(("input", "referenceDocumentUri"), text, "INVALID_REFERENCE_DOCUMENT")]
        return []

    def _level_faults(
        self, name: str, one: Mapping[str, Any], path: tuple[str, ...], seen: set[tuple[int, int]]
    ) -> list[dict[str, Any]]:
        item, location = parse_gid(one["inventoryItemId"]), parse_gid(one["locationId"])
        level = self._shop.levels.get((item, location))
        if location not in self._shop.locations:
            return [
                _fault(
                    (*path, "locationId"), "The specified location could not be found.", "INVALID_LOCATION"
                )
            ]
        if level is None:
            text = "The specified inventory item could not be found."
            return [_fault((*path, "inventoryItemId"), text, "INVALID_INVENTORY_ITEM")]
        if (item, location) in seen:
            text = "The combination of inventoryItemId and locationId must be unique."
            return [_fault((*path, "inventoryItemId"), text, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR")]
        seen.add((item, location))
        if "changeFromQuantity" not in one:
            raise GraphqlError("changeFromQuantity must be given, null to skip the check", "BAD_REQUEST")
        fault = _quantity_fault(one["quantity"], path)
        if not fault and one["changeFromQuantity"] not in {None, level[name]}:
            text = "The changeFromQuantity argument no longer matches the persisted quantity."
            fault = _fault((*path, "changeFromQuantity"), text, "CHANGE_FROM_QUANTITY_STALE")
        return [fault] if fault else []

    # Products.

    def _product_set(self, args: Args) -> dict[str, Any]:
        content, identifier = args["input"], args.get("identifier") or {}
        fault = self._product_fault(content, identifier)
        if fault:
            return _product_answer(None, [fault])
        product = self._identified(identifier)
        topic = "products/update" if product else "products/create"
        if product is None:
            one = content["variants"][0]
            product = self._shop.add_product(
                one.get("sku", ""),
                title=content["title"],
                price=one.get("price", "0.00"),
                stock=0,
                handle=content.get("handle", ""),
            )
        for ours, theirs in (
            ("title", "title"),
            ("body_html", "descriptionHtml"),
            ("vendor", "vendor"),
            ("product_type", "productType"),
        ):
            product[ours] = content.get(theirs, product[ours])
        product["status"] = content.get("status", product["status"]).lower()
        if "tags" in content:
            product["tags"] = ", ".join(content["tags"])
        # A list field is replaced: variants that are not given are deleted.
        given = [parse_gid(one["id"]) for one in content["variants"] if one.get("id")]
        if given:
            product["variants"] = [v for v in product["variants"] if v["id"] in given]
        for variant, one in zip(product["variants"], content["variants"], strict=False):
            self._apply(variant, one)
        product["updated_at"] = self._shop.now()
        self._changed(topic, product)
        return _product_answer(product_node(self._shop, product), [])

    def _identified(self, identifier: Mapping[str, Any]) -> dict[str, Any] | None:
        if identifier.get("id"):
            return self._shop.products.get(parse_gid(identifier["id"]))
        return next(
            (p for p in self._shop.products.values() if p["handle"] == identifier.get("handle")), None
        )

    def _product_fault(
        self, content: Mapping[str, Any], identifier: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        product = self._identified(identifier)
        if identifier.get("id") and product is None:
            return _fault(("identifier", "id"), "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        if identifier.get("handle") and content.get("handle") != identifier["handle"]:
            text = "The identifier value does not match the value of the corresponding field in the input."
            return _fault(("identifier",), text, "INPUT_MISMATCH")
        if product is None and not content.get("title"):
            return _fault(("input", "title"), "Title can't be blank", "INVALID_PRODUCT")
        if len(content.get("title") or "") > 255:
            return _fault(
                ("input", "title"), "Title is too long (maximum is 255 characters)", "INVALID_PRODUCT"
            )
        if content.get("variants") and not content.get("productOptions"):
            text = "Must specify product options when updating variants."
            return _fault(("input", "productOptions"), text, "PRODUCT_OPTIONS_INPUT_MISSING")
        return next(filter(None, map(_variant_fault, content.get("variants") or ())), None)

    def _variants_update(self, args: Args) -> dict[str, Any]:
        product = self._shop.products.get(parse_gid(args["productId"]))
        faults: list[dict[str, Any]] = []
        changed = []
        for index, one in enumerate(args["variants"]):
            variant = (
                next((v for v in product["variants"] if v["id"] == parse_gid(one["id"])), None)
                if product
                else None
            )
            if variant is None:
                text = "Product variant does not exist"
                faults.append(_fault(("variants", str(index), "id"), text, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
            elif (fault := _variant_fault(one)) is not None:
                faults.append(fault)
            else:
                changed.append((variant, one))
        if product and not faults:
            for variant, one in changed:
                self._apply(variant, one)
            product["updated_at"] = self._shop.now()
            self._changed("products/update", product)
        return {
            "__typename": "ProductVariantsBulkUpdatePayload",
            "productVariants": None
            if faults or not product
            else [variant_node(self._shop, product, v) for v, _ in changed],
            "userErrors": faults,
        }

    def _apply(self, variant: dict[str, Any], one: Mapping[str, Any]) -> None:
        for ours, theirs in (
            ("price", "price"),
            ("compare_at_price", "compareAtPrice"),
            ("barcode", "barcode"),
            ("taxable", "taxable"),
        ):
            variant[ours] = one.get(theirs, variant[ours])
        variant["updated_at"] = self._shop.now()

    # Cancelling.

    def _order_cancel(self, args: Args) -> dict[str, Any]:
        order = self._shop.orders.get(parse_gid(args["orderId"]))
        fault = None
        if order is None:
            fault = _fault(("orderId",), "Order does not exist", "NOT_FOUND")
        elif order["cancelled_at"]:
            fault = _fault(("orderId",), "Order has already been cancelled", "INVALID")
        elif order["fulfillment_status"]:
            fault = _fault(("orderId",), "Cannot cancel order with outstanding fulfillments", "INVALID")
        if fault is None and order is not None:
            method = args.get("refundMethod") or {}
            self._shop.cancel_order(
                order,
                reason=args["reason"].lower(),
                restock=args["restock"],
                refund=bool(method.get("originalPaymentMethodsRefund")),
            )
            self._changed("orders/cancelled", order)
        job = None
        if fault is None:
            job = {"__typename": "Job", "id": f"gid://shopify/Job/{self._shop.new_id()}", "done": False}
        return {
            "__typename": "OrderCancelPayload",
            "job": job,
            "orderCancelUserErrors": [fault] if fault else [],
        }


def _quantity_fault(quantity: int, path: tuple[str, ...]) -> dict[str, Any] | None:
    if quantity < 0:
        return _fault((*path, "quantity"), "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")
    if quantity > 1_000_000_000:
        text = "The total quantity can't be higher than 1,000,000,000."
        return _fault((*path, "quantity"), text, "INVALID_QUANTITY_TOO_HIGH")
    return None


def _variant_fault(one: Mapping[str, Any]) -> dict[str, Any] | None:
    if str(one.get("price", "0")).startswith("-"):
        return _fault(
            ("input", "variants", "price"), "Price must be greater than or equal to 0", "INVALID_VARIANT"
        )
    return None


def _fault(field: tuple[str, ...], message: str, code: str) -> dict[str, Any]:
    return {"__typename": "UserError", "field": list(field) or None, "message": message, "code": code}


def _fulfillment_fault(message: str) -> dict[str, Any]:
    return {
        "__typename": "FulfillmentCreatePayload",
        "fulfillment": None,
        "userErrors": [{"__typename": "UserError", "field": ["fulfillment"], "message": message}],
    }


def _inventory_answer(faults: list[dict[str, Any]], group: dict[str, Any] | None = None) -> dict[str, Any]:
    shown = None
    if group:
        shown = {
            "__typename": "InventoryAdjustmentGroup",
            "id": f"gid://shopify/InventoryAdjustmentGroup/{group['id']}",
            "createdAt": group["created_at"],
            "referenceDocumentUri": group["reference"],
        }
    return {
        "__typename": "InventorySetQuantitiesPayload",
        "inventoryAdjustmentGroup": shown,
        "userErrors": faults,
    }


def _product_answer(product: dict[str, Any] | None, faults: list[dict[str, Any]]) -> dict[str, Any]:
    return {"__typename": "ProductSetPayload", "product": product, "userErrors": faults}
