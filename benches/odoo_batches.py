"""Orders created and confirmed in Odoo by the connector's batches, against one JSON call after the other."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import time
import uuid
from collections.abc import Mapping
from typing import Any

from crossdock.core.clock import SystemClock
from crossdock.kit import (
    Connector,
    Context,
    Delivery,
    Http,
    Receipt,
    Secret,
    find_manifests,
    load_connector,
    load_entry,
)

__all__ = ["run"]

_LINES = 5
_BATCHED = 100
_CONFIRMED_AT_ONCE = 50
_ONE_BY_ONE = 10
_ROUNDS = 3


def run() -> dict[str, dict[str, float]]:
    """Milliseconds an order, both ways, and their ratio: on the simulator, and on a real Odoo where one is named."""
    found = {"Odoo as simulated with measured costs": asyncio.run(_on_simulator())}
    names = ("CROSSDOCK_TEST_ODOO_URL", "CROSSDOCK_TEST_ODOO_DB", "CROSSDOCK_TEST_ODOO_KEY")
    url, database, key = (os.environ.get(name, "") for name in names)
    if url and database and key:
        values = {"base_url": url, "database": database, "api_key": Secret(key, origin=names[2])}
        found["a real Odoo"] = asyncio.run(_measure(values))
    return found


async def _on_simulator() -> dict[str, float]:
    folder = find_manifests()["odoo"].entry.rpartition(".")[0]
    latency = load_entry(f"{folder}.simulator:LatencyModel", "odoo")()
    kind = load_entry(find_manifests()["odoo"].simulator, "odoo")
    simulator = kind(clock=SystemClock(), randomness=random.Random(1), latency=latency)
    await simulator.start()
    try:
        return await _measure(simulator.settings())
    finally:
        await simulator.stop()


async def _measure(values: Mapping[str, Any]) -> dict[str, float]:
    clock = SystemClock()
    kind = load_connector(find_manifests()["odoo"])
    settings = kind.settings_class.load(dict(values), source="benches")
    connector = kind(settings, Context(system="odoo", clock=clock, random=random.Random(1)))
    headers = {
        "Authorization": f"Bearer {values['api_key'].reveal()}",
        "X-Odoo-Database": values["database"],
    }
    http = Http(clock=clock, base_url=f"{values['base_url']}/json/2", headers=headers, timeout_s=120.0)
    try:
        bench = _Bench(connector, http)
        await bench.make_master_data()
        await bench.one_by_one(2)
        await bench.batched(2)
        singles, batches = [], []
        for _ in range(_ROUNDS):  # in turns, since what else the machine does changes
            singles.append(await bench.one_by_one(_ONE_BY_ONE) / _ONE_BY_ONE)
            batches.append(await bench.batched(_BATCHED) / _BATCHED)
    finally:
        await connector.close()
        await http.close()
    each, together = statistics.median(singles), statistics.median(batches)
    return {"one_by_one_ms": each * 1e3, "batched_ms": together * 1e3, "ratio": each / together}


class _Bench:
    """Both ways on one database, with orders of the same form."""

    def __init__(self, connector: Connector[Any], http: Http) -> None:
        self._connector = connector
        self._http = http
        self._run = uuid.uuid4().hex[:8]
        self._made = 0

    async def make_master_data(self) -> None:
        name = f"Bench {self._run}"
        partners = await self._call("res.partner", "create", vals_list=[{"name": name, "ref": name}])
        goods = [{"name": f"{name} {n}", "default_code": f"{name}-{n}"} for n in range(_LINES)]
        self._partner = partners[0]
        self._products = await self._call("product.product", "create", vals_list=goods)

    async def one_by_one(self, count: int) -> float:
        """Seconds for `count` orders: two calls each."""
        started = time.perf_counter()
        for _ in range(count):
            lines = [
                [0, 0, {"product_id": product, "product_uom_qty": 2, "price_unit": 10}]
                for product in self._products
            ]
            order = {"partner_id": self._partner, "client_order_ref": self._ref(), "order_line": lines}
            ids = await self._call("sale.order", "create", vals_list=[order])
            await self._call("sale.order", "action_confirm", ids=ids)
        return time.perf_counter() - started

    async def batched(self, count: int) -> float:
        """Seconds for `count` orders by the connector: created, compared with what was promised, confirmed."""
        started = time.perf_counter()
        deliveries = [self._order() for _ in range(count)]
        receipts = await self._write("sales_order.create", deliveries)
        confirming = [
            self._delivery("sales_order.confirm", made.object_key, {"order_id": int(receipt.external_id)})
            for made, receipt in zip(deliveries, receipts, strict=True)
        ]
        for first in range(0, count, _CONFIRMED_AT_ONCE):
            await self._write("sales_order.confirm", confirming[first : first + _CONFIRMED_AT_ONCE])
        return time.perf_counter() - started

    async def _write(self, operation: str, deliveries: list[Delivery]) -> list[Receipt]:
        receipts = []
        for result in await self._connector.write(operation, deliveries):
            if not isinstance(result, Receipt):
                raise result
            receipts.append(result)
        return receipts

    def _order(self) -> Delivery:
        ref = self._ref()
        lines = [
            {"key": str(n), "product_id": product, "quantity": "2", "price_unit": "10.00"}
            for n, product in enumerate(self._products, 1)
        ]
        payload = {"partner_id": self._partner, "client_order_ref": ref, "lines": lines}
        return self._delivery("sales_order.create", ref, payload)

    def _delivery(self, operation: str, key: str, payload: dict[str, Any]) -> Delivery:
        return Delivery(
            operation=operation,
            payload=payload,
            effect_key=f"odoo|1|sales_order:{key}|{operation}|1",
            ordering_key=f"odoo|1|order:{key}",
            company="1",
            object_kind="order",
            object_key=key,
            document_kind="sales_order",
            document_key=key,
        )

    def _ref(self) -> str:
        self._made += 1
        return f"{self._run}-{self._made}"

    async def _call(self, model: str, method: str, **arguments: Any) -> Any:
        return (await self._http.post(f"/{model}/{method}", arguments)).json()


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
