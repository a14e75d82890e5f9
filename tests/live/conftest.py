"""A real Odoo to test on, with a person who interferes and a wire that loses answers. Skips where none is named."""

from __future__ import annotations

import asyncio
import os
import random
import re
import uuid

import aiohttp
import pytest
from aiohttp import web

from crossdock.connectors.odoo import Odoo, OdooSettings
from crossdock.core.clock import SystemClock
from crossdock.core.errors import CrossdockError, OutcomeUnknownError, RetryableError
from crossdock.kit import Context, Delivery, Receipt, Secret

NEEDED = ("CROSSDOCK_TEST_ODOO_URL", "CROSSDOCK_TEST_ODOO_DB", "CROSSDOCK_TEST_ODOO_KEY")


class LossyWire:
    """Forwards to Odoo; a matching call is done over there and its answer thrown away, or somebody is quicker."""

    def __init__(self, target):
        self.target = target
        self.url = ""
        self.lose = []
        self.lost = 0
        self.before = None
        self.calls = []

    async def start(self):
        self.session = aiohttp.ClientSession()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self.forward)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self):
        await self.session.close()
        await self.runner.cleanup()

    async def forward(self, request):
        body = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower() not in {"host", "content-length"}}
        self.calls.append(request.path)
        if self.before and re.search(self.before[0], request.path):
            _, interfere = self.before
            self.before = None
            await interfere()
        async with self.session.request(
            request.method, self.target + request.path_qs, data=body, headers=headers
        ) as answer:
            content = await answer.read()
            if self.lose and re.search(self.lose[0], request.path):
                self.lose.pop(0)
                self.lost += 1
                request.transport.abort()
                return web.Response()
            return web.Response(
                status=answer.status,
                body=content,
                headers={"Content-Type": answer.headers.get("Content-Type", "")},
            )


class LiveOdoo:
    """Workers on one database, a lossy wire, and an administrator who does what people do."""

    def __init__(self, wire):
        self.wire = wire
        self.run = uuid.uuid4().hex[:8]
        self.made = []
        self.number = 0
        self.admin_key = os.environ.get("CROSSDOCK_TEST_ODOO_ADMIN_KEY", "")

    def connect(self, *, url="", key="", **more):
        values = {
            "base_url": url or os.environ["CROSSDOCK_TEST_ODOO_URL"],
            "database": os.environ["CROSSDOCK_TEST_ODOO_DB"],
            "api_key": Secret(key or os.environ["CROSSDOCK_TEST_ODOO_KEY"]),
            **more,
        }
        settings = OdooSettings.load(values, source="the environment")
        worker = Odoo(settings, Context(system="odoo", clock=SystemClock(), random=random.Random(1)))
        self.made.append(worker)
        return worker

    def person(self):
        """A client with an administrator's key."""
        if not self.admin_key:
            pytest.skip("CROSSDOCK_TEST_ODOO_ADMIN_KEY is not set: nobody can interfere")
        return self.connect(key=self.admin_key).client

    def key(self, prefix):
        self.number += 1
        return f"{prefix}-{self.run}-{self.number}"

    def delivery(self, operation, payload, *, key="", kind="", object_key="", external_id="", **context):
        key = key or self.key(operation.replace(".", "-"))
        kind = kind or operation.split(".")[0]
        object_key = object_key or key
        return Delivery(
            operation=operation,
            payload=payload,
            effect_key=f"odoo|1|{kind}:{object_key}|{operation}|{key}",
            ordering_key=f"odoo|1|{kind}:{object_key}",
            company="1",
            object_kind=kind,
            object_key=object_key,
            document_kind=kind,
            document_key=key,
            external_id=external_id,
            context=context,
        )

    async def write(self, delivery, worker=None):
        """One call: a receipt or an error."""
        try:
            return (await (worker or self.connect()).write(delivery.operation, [delivery]))[0]
        except CrossdockError as error:
            return error

    async def bring_home(self, delivery, worker=None):
        """As the engine does: look before what may have happened is repeated."""
        in_doubt = False
        for _ in range(12):
            using = worker or self.connect()
            if in_doubt:
                found = await using.look_up(delivery)
                if found.state == "done":
                    return found.receipt
            result = await self.write(delivery, using)
            if isinstance(result, Receipt):
                return result
            if isinstance(result, OutcomeUnknownError):
                in_doubt = True
            elif isinstance(result, RetryableError):
                await asyncio.sleep(0.1)
            else:
                raise result
        raise AssertionError(f"{delivery.operation} did not come home")

    async def eight_at_once(self, delivery):
        """Eight workers with one effect key; their results, and that of bringing it home afterwards."""
        workers = [self.connect() for _ in range(8)]
        results = await asyncio.gather(*(self.write(delivery, worker) for worker in workers))
        for result in results:
            assert isinstance(result, (Receipt, RetryableError, OutcomeUnknownError)), result
        home = await self.bring_home(delivery)
        ids = {result.external_id for result in results if isinstance(result, Receipt)}
        assert ids <= {home.external_id}
        return home

    async def with_lost_answer(self, delivery, pattern):
        """Send it over the lossy wire: the first call that fits `pattern` is done and not answered."""
        before = self.wire.lost
        self.wire.lose = [pattern]
        receipt = await self.bring_home(delivery, self.connect(url=self.wire.url))
        assert self.wire.lost == before + 1, f"no call fits {pattern}: {self.wire.calls[-8:]}"
        return receipt

    # What the tests stand on.

    async def customer(self):
        key = self.key("C")
        made = await self.write(
            self.delivery("party.upsert", {"name": f"Customer {key}", "ref": key}, kind="party")
        )
        return int(made.external_id)

    async def product(self, price="10.00", stock=1000, **more):
        sku = self.key("SKU")
        payload = {
            "default_code": sku, "name": f"Thing {sku}", "type": "consu", "is_storable": True, "list_price": price,
            "invoice_policy": "delivery", **more,
        }  # fmt: skip
        made = await self.bring_home(self.delivery("product.upsert", payload, key=sku, kind="product"))
        product_id = int(made.external_id)
        if stock and not more:
            count = {"product_id": product_id, "warehouse_id": 1, "quantity": str(stock)}
            await self.bring_home(self.delivery("inventory.count", count, kind="inventory_position"))
        return product_id

    async def order_payload(self, *quantities, price="10.00", product=None):
        product = product or await self.product(price)
        return {
            "partner_id": await self.customer(),
            "client_order_ref": self.key("REF"),
            "date_order": "2026-11-20T17:00:00+00:00",
            "lines": [
                {
                    "key": str(n),
                    "product_id": product,
                    "quantity": str(q),
                    "price_unit": price,
                    "name": f"line {n}",
                }
                for n, q in enumerate(quantities or (5,), start=1)
            ],
        }

    async def confirmed_order(self, *quantities, product=None):
        """(order id, [line ids], delivery of its creation)"""
        payload = await self.order_payload(*quantities, product=product)
        placing = self.delivery("sales_order.place", payload, kind="sales_order")
        receipt = await self.bring_home(placing)
        assert receipt.hold is None, receipt.hold
        return int(receipt.external_id), [int(x.external_id) for x in receipt.xrefs], placing

    def shipment(self, order_id, lines, **more):
        payload = {
            "order_id": order_id,
            "tracking": self.key("TRACK"),
            "lines": [{"line_id": line, "quantity": str(q)} for line, q in lines.items()],
            **more,
        }
        return self.delivery("delivery.validate", payload, kind="shipment", object_key=str(order_id))

    async def lines_of(self, order_id):
        rows = await self.connect().client.search_read(
            "sale.order.line", [["order_id", "=", order_id]],
            ("product_uom_qty", "qty_delivered", "qty_invoiced", "price_unit"),
        )  # fmt: skip
        return [(row["product_uom_qty"], row["qty_delivered"]) for row in rows]

    async def pickings_of(self, order_id):
        return await self.connect().client.search_read(
            "stock.picking",
            [["sale_id", "=", order_id]],
            ("name", "state", "carrier_tracking_ref", "picking_type_code"),
        )


@pytest.fixture
async def odoo():
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"needs a real Odoo: {', '.join(missing)} not set")
    wire = LossyWire(os.environ["CROSSDOCK_TEST_ODOO_URL"])
    await wire.start()
    live = LiveOdoo(wire)
    yield live
    for worker in live.made:
        await worker.close()
    await wire.stop()
