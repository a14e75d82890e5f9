"""A day at the distributor: what its customers and people do, with everything that goes wrong on such a day."""

from __future__ import annotations

import csv
import dataclasses
import io
from decimal import Decimal
from typing import Any

from crossdock.apps.demo.odoo_view import Product
from crossdock.apps.demo.world import World

__all__ = ["Day", "Plan"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much happens.

    Attributes:
        shop_orders, file_orders: good orders by webhook and by file.
        lines: most lines of an order.
    """

    shop_orders: int = 160
    file_orders: int = 40
    lines: int = 8


class Day:
    """Acts, and remembers what should come of them.

    Attributes:
        files: what each wholesale order asked for: order number → SKU → quantity.
        refused: order key → why it must not be confirmed in Odoo.
        cancelled: keys of orders that were cancelled; `late`: those where the warehouse had picked already.
        returned: order key → SKU → quantity that came back.
        doubled: webhooks that were sent again; `doubled_files`: orders whose file came again.
    """

    def __init__(
        self, world: World, products: list[Product], customers: list[str], plan: Plan, *, run: str
    ) -> None:
        self.world = world
        self.products = products
        self.customers = customers
        self.plan = plan
        self.run = run
        self.files: dict[str, dict[str, Decimal]] = {}
        self.file_totals: dict[str, Decimal] = {}
        self.refused: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.late: set[str] = set()
        self.returned: dict[str, dict[str, Decimal]] = {}
        self.doubled = 0
        self.doubled_files = 0
        self._newest_file = ""
        self._newest_count = 0
        self._random = world.random

    def basket(self) -> list[tuple[str, int]]:
        """Some SKUs with quantities."""
        count = self._random.randint(1, self.plan.lines)
        return [(p.sku, self._random.randint(1, 24)) for p in self._random.sample(self.products, count)]

    async def order_in_shop(self, count: int, *, paid: bool = True) -> list[dict[str, Any]]:
        """Customers order; every tenth webhook comes twice."""
        orders = []
        for number in range(count):
            order = await self.world.shop.place_order(self.basket(), paid=paid)
            orders.append(order)
            if number % 10 == 3:
                self._send_again()
        return orders

    async def pay_before_create(self, count: int) -> None:
        """`orders/paid` overtakes `orders/create`."""
        for _ in range(count):
            await self.world.shop.place_paid_before_create(self.basket())

    async def edit(self, orders: list[dict[str, Any]]) -> None:
        """People change how much is ordered."""
        for order in orders:
            sku = order["line_items"][0]["sku"]
            await self.world.shop.edit_order(order["name"], {sku: self._random.randint(1, 30)})

    async def cancel(self, orders: list[dict[str, Any]], *, late: bool = False) -> None:
        """People cancel; `late` ones the warehouse has picked already."""
        for order in orders:
            key = str(order["order_number"])
            if late:
                self.late.add(key)
            else:
                self.cancelled.add(key)
            await self.world.shop.cancel_order(order["name"])

    async def refund(self, orders: list[dict[str, Any]]) -> None:
        """Customers send goods back."""
        for order in orders:
            line = order["line_items"][0]
            quantity = 1
            self.returned.setdefault(str(order["order_number"]), {})[line["sku"]] = Decimal(quantity)
            await self.world.shop.refund_order(order["name"], {line["sku"]: quantity})

    async def mishaps(self) -> None:
        """An unknown SKU, a tax that Odoo computes otherwise, a malformed body, a bad signature."""
        shop = self.world.shop
        terms = shop.shop.terms
        shop.shop.terms = dataclasses.replace(terms, tax_rate=Decimal("0.08"))
        order = await shop.place_order(self.basket(), paid=True)
        shop.shop.terms = terms
        self.refused[str(order["order_number"])] = "another tax than Odoo's"
        shop.shop.add_product(f"GHOST-{self.run}", title="Not in Odoo", price="9.90")
        order = await shop.place_order([(f"GHOST-{self.run}", 2), self.basket()[0]], paid=True)
        self.refused[str(order["order_number"])] = "unknown SKU"
        await shop.send_malformed("orders/create")
        forged = dict(order, id=1, order_number=999_999_999, name="#999999999")
        await shop.send_badly_signed("orders/create", forged)

    def wholesale_file(self, count: int, *, name: str) -> None:
        """A file of orders, a row for each line."""
        rows: list[list[str]] = []
        for number in range(count):
            order_no = f"W{self.run}-{name}-{number + 1}"
            rows += self._wholesale_rows(order_no, self.basket())
        self._drop(f"orders-{name}.csv", rows)

    def wholesale_mishaps(self) -> None:
        """A file of orders comes again under another name, and another has a number that is none."""
        self._put("orders-again.csv", self._newest_file)
        self.doubled_files += self._newest_count
        order_no = f"W{self.run}-bad-1"
        rows = self._wholesale_rows(order_no, self.basket()[:1])
        rows[0][6] = "twelve"
        self.files.pop(order_no)
        self.refused[order_no] = "malformed quantity"
        self._drop("orders-bad.csv", rows)

    def _wholesale_rows(self, order_no: str, basket: list[tuple[str, int]]) -> list[list[str]]:
        customer = self._random.choice(self.customers)
        prices = {product.sku: product.price for product in self.products}
        self.files[order_no] = {sku: Decimal(quantity) for sku, quantity in basket}
        today = self.world.clock.now().date().isoformat()
        return [
            [
                order_no,
                f"PO-{order_no}",
                customer,
                today,
                str(line),
                sku,
                str(quantity),
                str(prices[sku]),
                "USD",
            ]
            for line, (sku, quantity) in enumerate(basket, 1)
        ]

    def _drop(self, name: str, rows: list[list[str]]) -> None:
        """Write a file as careful partners do: under another name first."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            [
                "order_no",
                "customer_po",
                "customer",
                "order_date",
                "line_no",
                "sku",
                "quantity",
                "price",
                "currency",
            ]
        )
        writer.writerows(rows)
        self._put(name, text.getvalue())
        self._newest_file, self._newest_count = text.getvalue(), len({row[0] for row in rows})

    def _put(self, name: str, text: str) -> None:
        temporary = self.world.inbox / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        temporary.rename(self.world.inbox / name)

    def planned(self) -> dict[str, int]:
        """How many exceptions of each code the day's mishaps make. A late cancel is told by the warehouse, and by
        the ledger, which sees more shipped and cancelled than was ordered.
        """
        lines = sum(len(self.world.shop.shop.order_named(key)["line_items"]) for key in self.late)
        return {
            "B-UNK-ITEM": 1,
            "B-TAX-MISM": 1,
            "T-FORMAT": 1,
            "T-ELE-CHAR": 1,
            "B-CXL-LATE": len(self.late) + lines,
        }

    def _send_again(self) -> None:
        """The shop sends its newest webhook once more, as it does when it missed the answer."""
        self.world.shop.hooks.send_again()
        self.doubled += 1
