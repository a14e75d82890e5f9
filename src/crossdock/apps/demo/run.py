"""The demo from first to last: set up, a day of orders in phases, quiet, and the report."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from crossdock.apps.demo.day import Day, Plan
from crossdock.apps.demo.odoo_view import OdooAccess, OdooView, Product
from crossdock.apps.demo.report import Report, make_report
from crossdock.apps.demo.world import World
from crossdock.core.clock import SystemClock
from crossdock.core.errors import RetryableError
from crossdock.core.identifiers import check_digit

__all__ = ["DemoOptions", "run_demo"]

_PRODUCTS = 40
_CUSTOMERS = 12
_STOCK = 100_000
_LOOKS = 3
_LOOK_AGAIN_S = 4.0


@dataclasses.dataclass(frozen=True)
class DemoOptions:
    """What a demo is made of.

    Attributes:
        folder: empty or not there yet; the project, the journal and the log stay in it.
        kills: how often the hub is killed with -9 while it works, and started again.
        patience_s: longest time until everything has come to its end.
    """

    folder: pathlib.Path
    plan: Plan = dataclasses.field(default_factory=Plan)
    seed: int = 7
    kills: int = 0
    odoo: OdooAccess | None = None
    patience_s: float = 900.0


async def run_demo(options: DemoOptions, console: Console) -> Report:
    """Run the demo; its report."""
    demo = _Demo(options, console)
    try:
        return await demo.run()
    finally:
        await demo.close()


class _Demo:
    def __init__(self, options: DemoOptions, console: Console) -> None:
        self.options = options
        self.console = console
        # A second run on the same Odoo is another set of orders: numbers start at the minute of the run.
        minutes = SystemClock().micros() // 60_000_000 % 1_000_000
        self.run_name = f"{minutes:06}"
        terms = {"first_number": minutes * 1_000 + 1, "tax_rate": Decimal("0.15"), "currency": "USD"}
        terms |= {"discounts": False, "shipping": ("0.00",)}
        self.world = World(
            options.folder, seed=options.seed, odoo=options.odoo, shop_terms=terms, run=self.run_name
        )
        self.view: OdooView | None = None
        self.killer: asyncio.Task[None] | None = None
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    async def close(self) -> None:
        if self.view is not None:
            await self.view.close()
        await self.world.stop()

    async def run(self) -> Report:
        world = self.world
        await world.start()
        assert world.access is not None
        self.view = view = OdooView(world.access, clock=world.clock)
        started_s = world.clock.monotonic_s()
        with self.progress:
            products, customers = await self._phase("master data in Odoo", 1, lambda _: self._set_up(view))
            await world.start_hub()
            self.killer = killer = asyncio.create_task(self._kill_now_and_then())
            self.day = day = Day(world, products, customers, self.options.plan, run=self.run_name)
            try:
                await self._phase("products to shop and warehouse", len(products), self._until_products)
                # The warehouse has what Odoo says: after a day before this one a count need not give a round number,
                # for Odoo keeps several rows of a product's stock for a while.
                stock = await view.stock(products)
                for product in products:
                    world.wms.stock.add(product.sku, stock[product.sku][0])
                    world.shop.shop.variant_of(product.sku)[1]["price"] = str(product.price)
                await self._live(day)
                if self.options.kills:
                    await self._phase("kills of the hub", self.options.kills, self._until_killed)
            finally:
                killer.cancel()
            await self._phase("until everything has come to its end", 1, self._until_quiet)
        report = await make_report(day, view, seconds=world.clock.monotonic_s() - started_s)
        for _ in range(_LOOKS):
            # On a machine that is busy with other things the last change may still be on its way.
            if report.adds_up:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
            report = await make_report(day, view, seconds=world.clock.monotonic_s() - started_s)
        await world.stop_hub()
        return report

    def _demand_life(self) -> None:
        """The hub runs, and so does who kills it."""
        self.world.demand_hub()
        if self.killer is not None and self.killer.done() and not self.killer.cancelled():
            self.killer.result()

    async def _live(self, day: Day) -> None:
        plan, world = day.plan, self.world
        world.wms.behaviour_rates = {"partial": 0.15, "short": 0.08, "damaged": 0.04}
        part = max(1, plan.shop_orders // 4)
        orders = await self._phase("orders by webhook", part, lambda _: day.order_in_shop(part))
        unpaid = await day.order_in_shop(max(4, part // 4), paid=False)
        await self._phase("orders by file", 1, lambda _: self._files(day))
        await day.pay_before_create(max(2, part // 8))
        await day.edit(unpaid[: len(unpaid) // 2])
        await day.cancel(unpaid[-2:])
        for order in unpaid[:-2]:
            await world.shop.pay_order(order["name"])
        await day.mishaps()
        burst = await self._phase("a burst of orders", part * 3, lambda _: day.order_in_shop(part * 3))
        for order in burst[:2]:
            world.wms.behaviours[str(order["order_number"])] = "late_cancel"
        world.wms.auto(0.3)
        day.wholesale_mishaps()
        await self._phase("released to the warehouse", 1, self._until_quiet)
        await day.cancel(burst[:2], late=True)
        shipped = [order for order in orders if order["fulfillment_status"] == "fulfilled"]
        await day.refund(shipped[:5])

    async def _files(self, day: Day) -> None:
        half = max(1, day.plan.file_orders // 2)
        day.wholesale_file(half, name="morning")
        day.wholesale_file(day.plan.file_orders - half, name="noon")

    async def _phase(
        self, text: str, total: int, work: Callable[[Callable[[int], None]], Awaitable[Any]]
    ) -> Any:
        task = self.progress.add_task(text, total=total)
        result = await work(lambda done: self.progress.update(task, completed=done))
        self.progress.update(task, completed=total)
        return result

    async def _set_up(self, view: OdooView) -> tuple[list[Product], list[str]]:
        products = await view.ensure_products([_product(number) for number in range(1, _PRODUCTS + 1)])
        customers = [(f"DEMO-C{number:03}", f"Demo Customer {number}") for number in range(1, _CUSTOMERS + 1)]
        await view.ensure_customers(customers)
        await view.set_stock(products, _STOCK)
        return products, [number for number, _ in customers]

    async def _until_products(self, tell: Callable[[int], None]) -> None:
        """Until shop and warehouse know every product."""
        deadline_s = self.world.clock.monotonic_s() + self.options.patience_s
        while True:
            self._demand_life()
            known = min(len(self.world.wms.stock.items), sum(1 for _ in self.world.shop.shop.variants()))
            tell(known)
            if known >= _PRODUCTS:
                return
            if self.world.clock.monotonic_s() > deadline_s:
                raise RetryableError("products did not reach shop and warehouse", mend="see hub.log")
            await asyncio.sleep(0.2)

    async def _until_quiet(self, tell: Callable[[int], None]) -> None:
        """Until nothing moves: no message untranslated, no delivery on its way, no webhook unsent, three times over."""
        del tell
        deadline_s = self.world.clock.monotonic_s() + self.options.patience_s
        before: Any = None
        still = 0
        while still < 4:
            await asyncio.sleep(1.0)
            self._demand_life()
            now = await self._pulse()
            still = still + 1 if now is not None and now == before else 0
            before = now
            if self.world.clock.monotonic_s() > deadline_s:
                raise RetryableError("things did not come to their end in time", mend="see hub.log")

    async def _pulse(self) -> Any:
        """What would change if anything moved; None while something surely does."""
        try:
            counts = await self.world.ask_hub("/ops/counts")
        except RetryableError:
            return None
        moving = sum(counts["deliveries"].get(state, 0) for state in ("ready", "sent", "retrying"))
        wms = self.world.wms.state()
        open_orders = sum(
            1
            for order in wms["ship_orders"].values()
            if order["status"] not in {"shipped", "incomplete", "cancelled"}
        )
        if (
            moving
            or counts["messages"].get("accepted", 0)
            or wms["hooks_waiting"]
            or (open_orders and self.world.wms.working)
        ):
            return None
        return counts["deliveries"], counts["messages"], wms["events"]

    async def _until_killed(self, tell: Callable[[int], None]) -> None:
        """Until all kills are done; customers go on ordering meanwhile."""
        while self.world.kills < self.options.kills:
            self._demand_life()
            tell(self.world.kills)
            await self.day.order_in_shop(2)
            await asyncio.sleep(0.5)
        assert self.killer is not None
        await self.killer

    async def _kill_now_and_then(self) -> None:
        """Kill -9 of the hub at random moments, as often as asked for."""
        for _ in range(self.options.kills):
            await asyncio.sleep(self.world.random.uniform(0.5, 4.0))
            await self.world.kill_hub()
            await self.world.start_hub()


def _product(number: int) -> Product:
    digits = f"095060001{number:03}"
    return Product(
        sku=f"DEMO-{number:03}",
        name=f"Demo Article {number}",
        price=Decimal(100 + number * 37 % 900) / 20,
        barcode=digits + check_digit(digits),
    )
