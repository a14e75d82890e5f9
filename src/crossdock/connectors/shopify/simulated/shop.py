"""The simulated shop's state: products, stock, orders, fulfilment orders and fulfilments. No I/O.

Orders and products are kept as the JSON that webhooks show; what GraphQL shows is made from them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.simulated.customers import customer as customer_of
from crossdock.connectors.shopify.simulated.money import TAX_RATE, cents, set_totals
from crossdock.core.clock import Clock

__all__ = ["Shop", "ShopTerms", "stamp"]

LOCATION = 71_000_001
_ZONE = dt.timezone(dt.timedelta(hours=1))


def stamp(moment: dt.datetime) -> str:
    """A time as webhooks write it: the shop's zone, whole seconds."""
    return moment.astimezone(_ZONE).replace(microsecond=0).isoformat()


@dataclasses.dataclass(frozen=True)
class ShopTerms:
    """What a merchant sets up.

    Attributes:
        first_number: of its orders.
        discounts: whether some lines and orders cost less.
        shipping: prices of shipping, one of which an order has.
    """

    currency: str = "EUR"
    tax_rate: Decimal = TAX_RATE
    first_number: int = 10_001
    discounts: bool = True
    shipping: tuple[str, ...] = ("0.00", "4.90", "12.50")


class Shop:
    """What the shop knows, and what a person in its admin or a customer can do to it."""

    def __init__(self, clock: Clock, randomness: random.Random, terms: ShopTerms | None = None) -> None:
        self.clock = clock
        self.randomness = randomness
        self.terms = terms or ShopTerms()
        self.currency = self.terms.currency
        self.shop_id = 51_000_001
        self.locations = {LOCATION: {"id": LOCATION, "name": "Main warehouse", "active": True}}
        self.products: dict[int, dict[str, Any]] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.fulfillment_orders: dict[int, dict[str, Any]] = {}
        self.fulfillments: dict[int, dict[str, Any]] = {}
        self.refunds: dict[int, dict[str, Any]] = {}
        self.levels: dict[tuple[int, int], dict[str, Any]] = {}
        self.adjustments: list[dict[str, Any]] = []
        self._ids = itertools.count(self.terms.first_number * 100)
        self._by_sku: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._by_name: dict[str, dict[str, Any]] = {}
        self._expected: dict[int, list[dict[str, Any]]] = {}
        self._shipped: dict[int, list[dict[str, Any]]] = {}
        self._numbers = itertools.count(self.terms.first_number)

    def new_id(self) -> int:
        return next(self._ids)

    def now(self) -> str:
        return stamp(self.clock.now())

    # Products and stock.

    def add_product(
        self,
        sku: str,
        *,
        title: str = "",
        price: str = "",
        barcode: str = "",
        stock: int = 100,
        handle: str = "",
    ) -> dict[str, Any]:
        """Put a product with one variant on sale, stocked at the first location."""
        now, number = self.now(), self.new_id()
        product: dict[str, Any] = {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/Product/{number}",
            "title": title or f"Article {sku}",
            "handle": handle or f"article-{number}",
            "body_html": "",
            "vendor": "",
            "product_type": "",
            "status": "active",
            "tags": "",
            "created_at": now,
            "updated_at": now,
            "options": [
                {
                    "id": self.new_id(),
                    "product_id": number,
                    "name": "Title",
                    "position": 1,
                    "values": ["Default Title"],
                }
            ],
            "variants": [],
        }
        self.products[number] = product
        self.add_variant(product, sku, price=price, barcode=barcode, stock=stock)
        return product

    def clear_products(self) -> None:
        """An empty shop, for a demo that brings its own products."""
        self.products.clear()
        self._by_sku.clear()
        self.levels.clear()

    def add_variant(
        self,
        product: dict[str, Any],
        sku: str,
        *,
        price: str = "",
        barcode: str = "",
        title: str = "Default Title",
        stock: int = 100,
    ) -> dict[str, Any]:
        """One more variant of a product."""
        now, number, item = self.now(), self.new_id(), self.new_id()
        variant = {
            "id": number,
            "product_id": product["id"],
            "title": title,
            "sku": sku,
            "barcode": barcode or None,
            "price": price or cents(Decimal(self.randomness.randrange(150, 25_000)) / 100),
            "compare_at_price": None,
            "position": len(product["variants"]) + 1,
            "inventory_item_id": item,
            "inventory_management": "shopify",
            "taxable": True,
            "created_at": now,
            "updated_at": now,
            "admin_graphql_api_id": f"gid://shopify/ProductVariant/{number}",
        }
        product["variants"].append(variant)
        self._by_sku.setdefault(sku, (product, variant))
        for location in self.locations:
            self.levels[item, location] = {"id": self.new_id(), "available": stock, "on_hand": stock}
        return variant

    def variants(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """(product, variant) of all."""
        for product in self.products.values():
            for variant in product["variants"]:
                yield product, variant

    def variant_of(self, sku: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The product and variant of a SKU.

        Raises:
            KeyError: no product has it.
        """
        found = self._by_sku.get(sku)
        if found is None:
            raise KeyError(f"the shop has no SKU {sku!r}")
        return found

    # Orders.

    def order_named(self, name: str) -> dict[str, Any]:
        """The order `#10001` or `10001`.

        Raises:
            KeyError: there is none.
        """
        found = self._by_name.get(f"#{name.removeprefix('#')}")
        if found is None:
            raise KeyError(f"the shop has no order {name!r}")
        return found

    def place_order(
        self, lines: Sequence[tuple[str, int]] = (), *, paid: bool = True, customer: int | None = None
    ) -> dict[str, Any]:
        """A customer orders: `lines` of (SKU, quantity), or a random handful."""
        number, now = next(self._numbers), self.now()
        order_id = self.new_id()
        chosen = list(lines) or self._basket()
        who = customer_of(self.randomness.randrange(1, 200) if customer is None else customer)
        address = who.pop("address")
        order: dict[str, Any] = {
            "id": order_id,
            "admin_graphql_api_id": f"gid://shopify/Order/{order_id}",
            "name": f"#{number}",
            "number": number - 1_000,
            "order_number": number,
            "app_id": 580_111,
            "email": who["email"],
            "phone": None,
            "note": None,
            "tags": "",
            "po_number": None,
            "source_name": "web",
            "test": False,
            "confirmed": True,
            "taxes_included": False,
            "currency": self.currency,
            "presentment_currency": self.currency,
            "created_at": now,
            "updated_at": now,
            "processed_at": now,
            "cancelled_at": None,
            "cancel_reason": None,
            "closed_at": None,
            "financial_status": "paid" if paid else "pending",
            "fulfillment_status": None,
            "customer": who,
            "shipping_address": address,
            "billing_address": dict(address),
            "shipping_lines": [self._shipping_line()],
            "discount_codes": [],
            "fulfillments": [],
            "refunds": [],
            "line_items": [self._line(sku, quantity) for sku, quantity in chosen],
        }
        if self.terms.discounts:
            self._discount(order)
        set_totals(order, first=True, rate=self.terms.tax_rate)
        self.orders[order_id] = order
        self._by_name[order["name"]] = order
        self._make_fulfillment_order(order)
        for line in order["line_items"]:
            self._move_stock(line, available=-line["quantity"])
        return order

    def pay_order(self, order: dict[str, Any]) -> None:
        """The customer pays."""
        order["financial_status"] = "paid"
        self.touch_order(order)

    def touch_order(self, order: dict[str, Any]) -> None:
        """A change; the time of change is that of the clock, in whole seconds."""
        order["updated_at"] = self.now()

    def edit_order(self, order: dict[str, Any], quantities: dict[str, int]) -> None:
        """A person changes how much is ordered of SKUs; a new SKU adds a line.

        As in Shopify: what is taken away lowers `current_quantity` alone, what is added raises both.
        """
        for sku, wanted in quantities.items():
            line = next((one for one in order["line_items"] if one["sku"] == sku), None)
            if line is None:
                line = self._line(sku, wanted)
                order["line_items"].append(line)
                self._expect_more(order, line, wanted)
                self._move_stock(line, available=-wanted)
                continue
            change = wanted - line["current_quantity"]
            line["current_quantity"] = wanted
            line["quantity"] = max(line["quantity"], wanted)
            self._expect_more(order, line, change)
            self._move_stock(line, available=-change)
        set_totals(order, rate=self.terms.tax_rate)
        self.touch_order(order)

    def cancel_order(
        self, order: dict[str, Any], *, reason: str = "customer", restock: bool = True, refund: bool = False
    ) -> None:
        """Cancel what was not shipped."""
        order["cancelled_at"] = self.now()
        order["cancel_reason"] = reason
        paid = order["financial_status"] == "paid"
        order["financial_status"] = (
            "refunded" if refund and paid else order["financial_status"] if paid else "voided"
        )
        for fo in self.fulfillment_orders_of(order):
            for line in fo["lines"]:
                if restock:
                    self._move_stock(self.line_of(order, line["line_item_id"]), available=line["remaining"])
                line["remaining"] = 0
            fo["status"] = "CANCELLED" if fo["status"] in {"OPEN", "ON_HOLD"} else "CLOSED"
        for line in order["line_items"]:
            line["current_quantity"] = self.shipped_of(order, line["id"])
        set_totals(order, rate=self.terms.tax_rate)
        self.touch_order(order)

    def refund_order(
        self, order: dict[str, Any], quantities: dict[str, int], *, restock: bool = True
    ) -> dict[str, Any]:
        """Pay back units of SKUs; restocked ones come back into stock. The refund as `refunds/create` shows it."""
        items = []
        for sku, count in quantities.items():
            line = next(one for one in order["line_items"] if one["sku"] == sku)
            unshipped = line["current_quantity"] - self.shipped_of(order, line["id"])
            line["current_quantity"] -= count
            kind = ("cancel" if unshipped >= count else "return") if restock else "no_restock"
            if kind == "cancel":
                self._expect_more(order, line, -count)
            if restock:
                self._move_stock(line, available=count, on_hand=count if kind == "return" else 0)
            subtotal = Decimal(line["price"]) * count
            items.append(
                {
                    "id": self.new_id(),
                    "line_item_id": line["id"],
                    "location_id": LOCATION if restock else None,
                    "quantity": count,
                    "restock_type": kind,
                    "subtotal": cents(subtotal),
                    "total_tax": cents(subtotal * Decimal(line["tax_lines"][0]["rate"])),
                }
            )
        refund = {
            "id": self.new_id(),
            "order_id": order["id"],
            "created_at": self.now(),
            "processed_at": self.now(),
            "note": None,
            "restock": restock,
            "refund_line_items": items,
            "transactions": [],
            "order_adjustments": [],
        }
        refund["admin_graphql_api_id"] = f"gid://shopify/Refund/{refund['id']}"
        self.refunds[refund["id"]] = refund
        order["refunds"].append(refund)
        left = any(line["current_quantity"] for line in order["line_items"])
        order["financial_status"] = "partially_refunded" if left else "refunded"
        set_totals(order, rate=self.terms.tax_rate)
        self.touch_order(order)
        return refund

    # Fulfilment.

    def fulfillment_orders_of(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        return self._expected.get(order["id"], [])

    def fulfillments_of(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        return self._shipped.get(order["id"], [])

    def shipped_of(self, order: dict[str, Any], line_id: int) -> int:
        return sum(
            f["lines"].get(line_id, 0) for f in self.fulfillments_of(order) if f["status"] == "SUCCESS"
        )

    def fulfil(
        self, order: dict[str, Any], taken: dict[int, dict[int, int]], tracking: dict[str, Any]
    ) -> dict[str, Any]:
        """Ship: fulfilment order id → its line id → quantity. The caller has checked that it remains."""
        number = self.new_id()
        shipped: dict[int, int] = {}
        for fo_id, lines in taken.items():
            fo = self.fulfillment_orders[fo_id]
            for line in fo["lines"]:
                count = lines.get(line["id"], 0)
                line["remaining"] -= count
                if count:
                    shipped[line["line_item_id"]] = shipped.get(line["line_item_id"], 0) + count
                    self._move_stock(self.line_of(order, line["line_item_id"]), on_hand=-count)
            fo["status"] = "IN_PROGRESS" if any(line["remaining"] for line in fo["lines"]) else "CLOSED"
        fulfillment = {
            "id": number,
            "order_id": order["id"],
            "name": f"{order['name']}.{len(self.fulfillments_of(order)) + 1}",
            "status": "SUCCESS",
            "created_at": self.now(),
            "tracking": tracking,
            "lines": shipped,
        }
        self.fulfillments[number] = fulfillment
        self._shipped.setdefault(order["id"], []).append(fulfillment)
        open_lines = any(
            line["remaining"] for fo in self.fulfillment_orders_of(order) for line in fo["lines"]
        )
        order["fulfillment_status"] = "partial" if open_lines else "fulfilled"
        self.touch_order(order)
        return fulfillment

    @staticmethod
    def line_of(order: dict[str, Any], line_id: int) -> dict[str, Any]:
        found: dict[str, Any] = next(line for line in order["line_items"] if line["id"] == line_id)
        return found

    # Parts.

    def _basket(self) -> list[tuple[str, int]]:
        skus = [variant["sku"] for _, variant in self.variants()]
        if not skus:
            raise KeyError("the shop has no products: add some before orders are placed")
        chosen = self.randomness.sample(skus, min(len(skus), self.randomness.randint(1, 5)))
        return [(sku, self.randomness.randint(1, 12)) for sku in chosen]

    def _line(self, sku: str, quantity: int) -> dict[str, Any]:
        product, variant = self.variant_of(sku)
        number = self.new_id()
        return {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{number}",
            "name": product["title"],
            "title": product["title"],
            "variant_title": None if variant["title"] == "Default Title" else variant["title"],
            "variant_id": variant["id"],
            "product_id": product["id"],
            "sku": sku,
            "quantity": quantity,
            "current_quantity": quantity,
            "requires_shipping": True,
            "taxable": True,
            "price": variant["price"],
            "total_discount": "0.00",
            "discount_allocations": [],
            "tax_lines": [],
        }

    def _discount(self, order: dict[str, Any]) -> None:
        """Some lines cost less, and some orders have a code whose amount is shared out over the lines."""
        for line in order["line_items"]:
            if self.randomness.random() < 0.2:
                amount = cents(Decimal(line["price"]) * line["quantity"] * Decimal("0.10"))
                line["total_discount"] = amount
                line["discount_allocations"].append({"amount": amount, "discount_application_index": 0})
        if self.randomness.random() < 0.1:
            order["discount_codes"].append({"code": "TRADE5", "amount": "5", "type": "percentage"})
            for line in order["line_items"]:
                net = Decimal(line["price"]) * line["quantity"] - Decimal(line["total_discount"])
                amount = cents(net * Decimal("0.05"))
                line["discount_allocations"].append({"amount": amount, "discount_application_index": 1})

    def _shipping_line(self) -> dict[str, Any]:
        price = self.randomness.choice(self.terms.shipping)
        return {
            "id": self.new_id(),
            "title": "Standard",
            "code": "standard",
            "price": price,
            "discounted_price": price,
            "tax_lines": [],
        }

    def _make_fulfillment_order(self, order: dict[str, Any]) -> None:
        number = self.new_id()
        fo = self.fulfillment_orders[number] = {
            "id": number,
            "order_id": order["id"],
            "status": "OPEN",
            "location_id": LOCATION,
            "lines": [],
        }
        self._expected.setdefault(order["id"], []).append(fo)
        for line in order["line_items"]:
            self._expect_more(order, line, line["quantity"])

    def _expect_more(self, order: dict[str, Any], line: dict[str, Any], count: int) -> None:
        """Raise or lower what the order's fulfilment orders still expect of a line."""
        for fo in self.fulfillment_orders_of(order):
            for expected in fo["lines"]:
                if expected["line_item_id"] == line["id"]:
                    expected["total"] += count
                    expected["remaining"] = max(0, expected["remaining"] + count)
                    return
        fo = self.fulfillment_orders_of(order)[0]
        fo["status"] = "OPEN" if fo["status"] == "CLOSED" else fo["status"]
        fo["lines"].append(
            {"id": self.new_id(), "line_item_id": line["id"], "total": count, "remaining": count}
        )

    def _move_stock(self, line: dict[str, Any], *, available: int = 0, on_hand: int = 0) -> None:
        _, variant = self.variant_of(line["sku"])
        level = self.levels[variant["inventory_item_id"], LOCATION]
        level["available"] += available
        level["on_hand"] += on_hand
