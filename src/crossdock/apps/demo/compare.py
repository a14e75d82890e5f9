"""The report's arithmetic: all systems compared with each other. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

__all__ = ["Check", "OrderView", "compare"]

ZERO = Decimal(0)


@dataclasses.dataclass
class OrderView:
    """One order as each system has it. Quantities by SKU; None = that system has no such order.

    Attributes:
        source: what was ordered at last, after edits and cancels, by the shop or the file.
        refused: why it must not be in Odoo as a confirmed order (an unknown SKU, a wrong price).
        returned: what came back.
    """

    key: str
    source: dict[str, Decimal]
    gross: Decimal | None
    cancelled: bool = False
    refused: str = ""
    odoo_count: int = 0
    odoo_state: str = ""
    odoo: dict[str, Decimal] | None = None
    odoo_total: Decimal | None = None
    odoo_delivered: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    odoo_invoiced: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    invoiced_total: Decimal = ZERO
    credited_total: Decimal = ZERO
    paid: bool | None = None
    should_be_paid: bool = False
    released: dict[str, Decimal] | None = None
    shipped: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    short: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    wms_cancelled: bool = False
    from_shop: bool = True
    fulfilled: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    returned: dict[str, Decimal] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Check:
    """One line of the report: what was compared, over how much, and what does not fit."""

    name: str
    compared: str
    faults: tuple[str, ...]


def compare(
    orders: Sequence[OrderView],
    stock: Mapping[str, Mapping[str, Decimal]],
    *,
    tolerance: Decimal = Decimal("0.01"),
) -> list[Check]:
    """All comparisons. Stock is by SKU, then by name (`erp_on_hand`, `wms_on_hand`, `erp_free`, `shop_available`)."""
    live = [order for order in orders if not order.refused]
    going = [order for order in live if not order.cancelled]
    return [
        _check("each order is in Odoo once", orders, _once),
        _check("ordered: source = Odoo", going, lambda o: _differ(o.source, o.odoo or {}, "ordered")),
        _check("cancelled orders are cancelled, and nowhere shipped", live, _cancelled),
        _check("money: promised = Odoo's total", going, lambda o: _money(o, tolerance)),
        _check("shipped: warehouse = Odoo's delivered", going, _delivered),
        _check("shipped + short = released", going, _released),
        _check("shipped: warehouse = shop's fulfilled", [o for o in going if o.from_shop], _fulfilled),
        _check("invoiced: not more than ordered, and what was shipped", going, _invoiced),
        _check("paid invoices are paid, returns are credited", going, _paid),
        _stock(stock, "stock on hand: Odoo = warehouse", "erp_on_hand", "wms_on_hand"),
        _stock(stock, "stock available: Odoo = shop", "erp_free", "shop_available"),
    ]


def _check(name: str, orders: Sequence[OrderView], rule: Callable[[OrderView], str]) -> Check:
    faults = tuple(f"{order.key}: {text}" for order in orders if (text := rule(order)))
    return Check(name, f"{len(orders)} orders", faults)


def _once(order: OrderView) -> str:
    if order.refused:
        return (
            ""
            if order.odoo_state in {"", "draft"}
            else f"refused ({order.refused}), but {order.odoo_state} in Odoo"
        )
    return "" if order.odoo_count == 1 else f"{order.odoo_count} times in Odoo"


def _differ(one: Mapping[str, Decimal], other: Mapping[str, Decimal], what: str) -> str:
    """What differs between two quantities by SKU; a SKU that is not there has none."""
    texts = [
        f"{sku} {what} {one.get(sku, ZERO):f} ≠ {other.get(sku, ZERO):f}"
        for sku in sorted({*one, *other})
        if one.get(sku, ZERO) != other.get(sku, ZERO)
    ]
    return ", ".join(texts)


def _cancelled(order: OrderView) -> str:
    if not order.cancelled:
        return "cancelled in Odoo though nobody cancelled it" if order.odoo_state == "cancel" else ""
    if order.shipped:
        return (
            "" if order.odoo_state == "sale" else f"shipped before the cancel, but {order.odoo_state} in Odoo"
        )
    return "" if order.odoo_state == "cancel" else f"cancelled, but {order.odoo_state} in Odoo"


def _money(order: OrderView, tolerance: Decimal) -> str:
    if order.gross is None or order.odoo_total is None:
        return ""
    if abs(order.gross - order.odoo_total) <= tolerance:
        return ""
    return f"promised {order.gross}, Odoo has {order.odoo_total}"


def _net(order: OrderView) -> dict[str, Decimal]:
    """Shipped less returned: what Odoo calls delivered."""
    skus = {*order.shipped, *order.returned}
    return {sku: order.shipped.get(sku, ZERO) - order.returned.get(sku, ZERO) for sku in skus}


def _delivered(order: OrderView) -> str:
    return _differ(_net(order), order.odoo_delivered, "shipped")


def _released(order: OrderView) -> str:
    if order.released is None:
        return "never released to the warehouse"
    moved = {sku: order.shipped.get(sku, ZERO) + order.short.get(sku, ZERO) for sku in order.released}
    return _differ(moved, order.released, "shipped + short")


def _fulfilled(order: OrderView) -> str:
    return _differ(order.shipped, order.fulfilled, "shipped")


def _invoiced(order: OrderView) -> str:
    ordered = order.odoo or {}
    over = [sku for sku, quantity in order.odoo_invoiced.items() if quantity > ordered.get(sku, ZERO)]
    if over:
        return f"{', '.join(over)} invoiced beyond what was ordered"
    if order.shipped and not order.odoo_invoiced:
        return "shipped, but not invoiced"
    return ""


def _paid(order: OrderView) -> str:
    if order.should_be_paid and order.paid is False:
        return "its invoice should be paid"
    if order.returned and order.credited_total == ZERO:
        return "goods came back, but there is no credit note"
    return ""


def _stock(stock: Mapping[str, Mapping[str, Decimal]], name: str, left: str, right: str) -> Check:
    known = {sku: row for sku, row in stock.items() if left in row and right in row}
    faults = tuple(
        f"{sku}: {row[left]:f} ≠ {row[right]:f}"
        for sku, row in sorted(known.items())
        if row[left] != row[right]
    )
    return Check(name, f"{len(known)} products", faults)
