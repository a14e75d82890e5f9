"""The demo's report: all systems compared with each other, exceptions by cause, duplicates, latencies."""

from __future__ import annotations

import dataclasses
from collections import Counter
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from crossdock.apps.demo.compare import Check, OrderView, compare
from crossdock.apps.demo.day import Day
from crossdock.apps.demo.odoo_view import OdooView
from crossdock.govern import load_project

__all__ = ["Report", "make_report", "show_report"]

ZERO = Decimal(0)


@dataclasses.dataclass(frozen=True)
class Report:
    """What came of the day.

    Attributes:
        exceptions: (code, system, interface, count, expected): those that the day's mishaps should have made are
            expected, others are faults.
        latencies_s: by interface: (count, median, 95th percentile, longest).
    """

    checks: tuple[Check, ...]
    exceptions: tuple[tuple[str, str, str, int, bool], ...]
    counts: dict[str, dict[str, int]]
    duplicates_sent: int
    latencies_s: dict[str, tuple[int, float, float, float]]
    kills: int
    seconds: float
    missing: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every comparison holds and every exception is one that was to be."""
        good = all(not check.faults for check in self.checks)
        return good and not self.missing and all(expected for *_, expected in self.exceptions)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {**dataclasses.asdict(self), "adds_up": self.adds_up}


async def make_report(day: Day, view: OdooView, *, seconds: float) -> Report:
    """Look into every system and compare."""
    world = day.world
    orders = await _orders(day, view)
    groups = await world.ask_hub("/ops/exception-groups?state=open")
    planned = day.planned()
    exceptions = tuple(
        (g["code"], g["system"], g["interface"], g["count"], g["code"] in planned) for g in groups
    )
    seen: Counter[str] = Counter()
    for code, _, _, count, _ in exceptions:
        seen[code] += count
    counts = await world.ask_hub("/ops/counts")
    missing = [f"{code}: nothing was noticed" for code in planned if not seen[code]]
    missing += [
        f"{code}: {seen[code]} exceptions, {most} were planned"
        for code, most in planned.items()
        if seen[code] > most
    ]
    if counts["duplicates"].get("shop", 0) < day.doubled:
        missing.append(
            f"{day.doubled} webhooks were sent twice, {counts['duplicates'].get('shop', 0)} were refused"
        )
    if counts["deliveries"].get("duplicate", 0) < day.doubled_files:
        missing.append(
            f"{day.doubled_files} orders came again by file; fewer deliveries were found to be duplicates"
        )
    return Report(
        checks=tuple(compare(orders, await _stock(day, view), tolerance=_tolerance(day))),
        exceptions=exceptions,
        counts=counts,
        duplicates_sent=day.doubled,
        latencies_s={
            name: _spread(values) for name, values in (await world.ask_hub("/ops/latencies")).items()
        },
        kills=world.kills,
        seconds=seconds,
        missing=tuple(missing),
    )


def show_report(report: Report, console: Console) -> None:
    """The report for people."""
    table = Table(title="All systems compared", title_justify="left", show_edge=False)
    for column in ("what", "over", "result"):
        table.add_column(column, overflow="fold")
    for check in report.checks:
        result = "[green]adds up[/]" if not check.faults else f"[red]{len(check.faults)} differ[/]"
        table.add_row(check.name, check.compared, result)
        for fault in check.faults[:5]:
            table.add_row("", "", f"[red]{fault}[/]")
    console.print(table)
    causes = Table(title="Exceptions by cause", title_justify="left", show_edge=False)
    for column in ("code", "system", "interface", "count", ""):
        causes.add_column(column)
    for code, system, interface, count, expected in report.exceptions:
        causes.add_row(
            code, system, interface, str(count), "as planned" if expected else "[red]not planned[/]"
        )
    console.print(causes)
    times = Table(title="From acceptance to delivery, in seconds", title_justify="left", show_edge=False)
    for column in ("interface", "deliveries", "median", "95 of 100", "longest"):
        times.add_column(column, justify="right" if column != "interface" else "left")
    for name, (count, median, p95, longest) in sorted(report.latencies_s.items()):
        times.add_row(name, str(count), f"{median:.2f}", f"{p95:.2f}", f"{longest:.2f}")
    console.print(times)
    refused = (
        ", ".join(f"{system} {count}" for system, count in report.counts["duplicates"].items()) or "none"
    )
    console.print(
        f"messages {sum(report.counts['messages'].values())}, deliveries {report.counts['deliveries']}"
    )
    console.print(f"duplicates refused: {refused} (sent twice on purpose: {report.duplicates_sent})")
    if report.kills:
        console.print(f"the hub was killed with -9 and started again {report.kills} times")
    for text in report.missing:
        console.print(f"[red]{text}[/]")
    verdict = "[bold green]everything adds up[/]" if report.adds_up else "[bold red]it does not add up[/]"
    console.print(f"{verdict} after {report.seconds:.0f} s")


def _tolerance(day: Day) -> Decimal:
    """What shop and Odoo may differ by, as the interface has it: they round taxes at different places."""
    interface = load_project(day.world.folder).interfaces["shop-orders"]
    return Decimal(interface.targets[0].policy.price_tolerance)


async def _orders(day: Day, view: OdooView) -> list[OrderView]:
    """Every order of the day as each system has it."""
    shop = day.world.shop.state()
    views = [_of_shop(day, order, shop) for order in shop["orders"]]
    views += [
        OrderView(key, wanted, None, refused=day.refused.get(key, ""), from_shop=False)
        for key, wanted in day.files.items()
    ]
    _see_warehouse(day, views)
    await _see_odoo(day, view, views)
    return views


def _of_shop(day: Day, order: dict[str, Any], shop: dict[str, Any]) -> OrderView:
    key = str(order["order_number"])
    wanted = Counter[str]()
    sku_of = {}
    for line in order["line_items"]:
        sku_of[line["id"]] = line["sku"]
        wanted[line["sku"]] += line["current_quantity"]
    for sku, came_back in day.returned.get(key, {}).items():
        wanted[sku] += int(came_back)  # what came back was ordered all the same
    fulfilled = Counter[str]()
    for one in shop["fulfillments"]:
        if one["order_id"] == order["id"] and one["status"] in {"success", "SUCCESS"}:
            for line_id, quantity in _fulfilled_lines(one):
                fulfilled[sku_of[line_id]] += quantity
    returned = day.returned.get(key, {})
    return OrderView(
        key,
        {sku: Decimal(quantity) for sku, quantity in wanted.items() if quantity},
        None if returned else Decimal(order["current_total_price"]),
        cancelled=key in day.cancelled or key in day.late,
        refused=day.refused.get(key, ""),
        should_be_paid=order["financial_status"] == "paid",
        fulfilled={sku: Decimal(quantity) for sku, quantity in fulfilled.items()},
        returned=returned,
    )


def _fulfilled_lines(fulfillment: dict[str, Any]) -> list[tuple[int, int]]:
    return [(int(line_id), int(quantity)) for line_id, quantity in fulfillment["lines"].items()]


def _see_warehouse(day: Day, views: list[OrderView]) -> None:
    by_key = {view.key: view for view in views}
    for order in day.world.wms.state()["ship_orders"].values():
        view = by_key.get(order["order"])
        if view is None:
            continue
        if order["status"] == "cancelled":
            view.wms_cancelled = True
            continue
        view.released = view.released or {}
        for line in order["lines"]:
            sku = line["sku"]
            view.released[sku] = view.released.get(sku, ZERO) + Decimal(line["quantity"])
            _add(view.shipped, sku, Decimal(line["quantity_shipped"]))
            _add(view.short, sku, Decimal(line["quantity_short"]))


def _add(cells: dict[str, Decimal], sku: str, quantity: Decimal) -> None:
    if quantity:
        cells[sku] = cells.get(sku, ZERO) + quantity


async def _see_odoo(day: Day, view: OdooView, views: list[OrderView]) -> None:
    sku_of = {product.id: product.sku for product in day.products}
    found = await view.orders([one.key for one in views])
    invoices = await view.invoices([i for orders in found.values() for o in orders for i in o["invoice_ids"]])
    for one in views:
        orders = found.get(one.key, [])
        one.odoo_count = len(orders)
        if not orders:
            continue
        order = orders[0]
        one.odoo_state = order["state"]
        one.odoo = {}
        one.odoo_total = Decimal(str(order["amount_total"])) if not one.returned else None
        for line in order["lines"]:
            sku = sku_of.get(line["product_id"][0], str(line["product_id"]))
            _add(one.odoo, sku, Decimal(str(line["product_uom_qty"])))
            _add(one.odoo_delivered, sku, Decimal(str(line["qty_delivered"])))
            _add(one.odoo_invoiced, sku, Decimal(str(line["qty_invoiced"])))
        mine = [i for i in invoices.values() if i["id"] in order["invoice_ids"] or _reverses(i, order)]
        bills = [i for i in mine if i["move_type"] == "out_invoice" and i["state"] == "posted"]
        one.invoiced_total = sum((Decimal(str(i["amount_total"])) for i in bills), ZERO)
        credits_ = [i for i in mine if i["move_type"] == "out_refund" and i["state"] == "posted"]
        one.credited_total = sum((Decimal(str(i["amount_total"])) for i in credits_), ZERO)
        if bills:
            one.paid = all(i["payment_state"] in {"paid", "in_payment", "partial", "reversed"} for i in bills)


def _reverses(invoice: dict[str, Any], order: dict[str, Any]) -> bool:
    return bool(invoice["reversed_entry_id"]) and invoice["reversed_entry_id"][0] in order["invoice_ids"]


async def _stock(day: Day, view: OdooView) -> dict[str, dict[str, Decimal]]:
    """Stock by SKU. What a customer sent back is on Odoo's books, and not in the warehouse yet."""
    odoo = await view.stock(day.products)
    wms = day.world.wms.stock
    shop = day.world.shop.state()["inventory"]
    # What a held order took in the shop never moved in Odoo, so Odoo has nothing new to tell the shop.
    orders = day.world.shop.state()["orders"]
    held = {
        line["sku"]
        for order in orders
        if str(order["order_number"]) in day.refused
        for line in order["line_items"]
    }
    back = Counter[str]()
    for cells in day.returned.values():
        for sku, quantity in cells.items():
            back[sku] += int(quantity)
    return {
        sku: {
            "erp_on_hand": on_hand - back[sku],
            "wms_on_hand": wms.on_hand(sku),
            "erp_free": free,
            **(
                {"shop_available": Decimal(shop[sku]["available"])} if sku in shop and sku not in held else {}
            ),
        }
        for sku, (on_hand, free) in odoo.items()
    }


def _spread(values: list[int]) -> tuple[int, float, float, float]:
    """(count, median, 95th percentile, longest) in seconds, of microseconds."""
    ordered = sorted(values)
    if not ordered:
        return 0, 0.0, 0.0, 0.0
    pick = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6 for share in (0.5, 0.95)]
    return len(ordered), pick[0], pick[1], ordered[-1] / 1e6
