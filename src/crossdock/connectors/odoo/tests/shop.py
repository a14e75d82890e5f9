"""A small shop in a simulated Odoo, with short ways to act in it."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from crossdock.connectors.odoo.simulator import (
    ADMIN_KEY,
    SERVICE_KEY,
    DemoSize,
    OdooSimulator,
)
from crossdock.core.clock import ManualClock

START = dt.datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=dt.UTC)
FIELDS = [
    "id",
    "partner_id/.id",
    "client_order_ref",
    "date_order",
    "order_line/id",
    "order_line/product_id/.id",
    "order_line/product_uom_qty",
    "order_line/price_unit",
]


class Shop:
    """A simulator with a few customers and products, and short ways to act in it."""

    def __init__(self, **arguments: Any) -> None:
        self.clock = arguments.pop("clock", None) or ManualClock(START)
        self.odoo = OdooSimulator(clock=self.clock, randomness=random.Random(1), **arguments)
        self.ids = self.odoo.seed_demo(DemoSize(customers=2, products=4))

    @property
    def customer(self) -> int:
        return self.ids["customers"]["CUST-1001"]

    def product(self, code: str = "CD-1001") -> int:
        return self.ids["products"][code]

    async def call(self, model: str, method: str, *ids: int, by: str = SERVICE_KEY, **arguments: Any) -> Any:
        return await self.odoo.act(model, method, ids, by=by, **arguments)

    async def load(self, name: str, quantity: str = "1", *, by: str = SERVICE_KEY, **arguments: Any) -> Any:
        when = arguments.pop("when", "2026-11-23 17:00:00")
        row = [
            f"__t__.{name}",
            str(self.customer),
            name,
            when,
            f"__t__.{name}_1",
            str(self.product()),
            quantity,
            "2.5",
        ]
        return await self.call("sale.order", "load", by=by, fields=FIELDS, data=[row], **arguments)

    async def order(self, *wanted: tuple[str, float], **vals: Any) -> int:
        lines = [[0, 0, {"product_id": self.product(code), "product_uom_qty": n}] for code, n in wanted]
        made = await self.call(
            "sale.order", "create", vals_list=[{"partner_id": self.customer, "order_line": lines, **vals}]
        )
        return made[0]

    async def confirmed(self, *wanted: tuple[str, float]) -> dict[str, Any]:
        key = await self.order(*wanted)
        await self.call("sale.order", "action_confirm", key)
        return await self.read("sale.order", key, "name", "picking_ids", "order_line", "write_date")

    async def read(self, model: str, key: int, *fields: str) -> dict[str, Any]:
        return (await self.call(model, "read", key, by=ADMIN_KEY, fields=list(fields)))[0]
