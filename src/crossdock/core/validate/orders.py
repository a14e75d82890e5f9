"""Faults of sales and purchase orders: lines, currency, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from crossdock.core.documents import OrderTotals, PurchaseLine, PurchaseOrder, SalesLine, SalesOrder
from crossdock.core.quantity import Money, currency_decimals, multiply_exact
from crossdock.core.validate.fault import Fault, bad_decimals, repeated, rounding_slack, within

__all__ = ["order_faults"]

_ZERO: Final = Decimal(0)
# A change or a confirmation may name only the lines that differ, so its totals cannot be recomputed.
_WHOLE: Final = frozenset({"original", "replace", "duplicate", "information"})
_DEMANDS: Final = frozenset({"original", "replace"})
_SALES_QUANTITIES: Final = tuple(f for f in SalesLine.__struct_fields__ if f.startswith("qty_"))
_PURCHASE_QUANTITIES: Final = tuple(f for f in PurchaseLine.__struct_fields__ if f.startswith("qty_"))


def order_faults(order: SalesOrder | PurchaseOrder) -> Iterator[Fault]:
    """Faults of an order."""
    lines: Sequence[SalesLine | PurchaseLine] = order.lines
    demands = order.document_function in _DEMANDS
    if demands and not lines:
        yield Fault.at("T-SCHEMA", "the order has no lines", "lines")
    if len({line.line_id for line in lines}) != len(lines):
        for place, line_id in repeated(line.line_id for line in lines):
            text = f"line_id {line_id} stands twice in the order"
            yield Fault.at("T-SCHEMA", text, f"lines[{place}].line_id", value=line_id)
    for place, line in enumerate(lines):
        yield from _line_faults(line, place, demands=demands)
    yield from _currency_faults(order)
    if order.totals is not None and order.document_function in _WHOLE:
        yield from _total_faults(order, order.totals)
    if isinstance(order, SalesOrder):
        yield from _date_faults(order)


def _line_faults(line: SalesLine | PurchaseLine, place: int, *, demands: bool) -> Iterator[Fault]:
    path = f"lines[{place}]"
    value = line.quantity.value
    if not line.line_id:
        yield Fault.at("T-SCHEMA", f"line {place + 1} has no line_id", f"{path}.line_id")
    if demands and value <= 0 and line.action != "delete":
        text = f"line {line.line_id} orders {value} {line.quantity.uom}: more than zero is needed"
        yield Fault.at("B-MIN-QTY", text, f"{path}.quantity", value=value)
    names = _SALES_QUANTITIES if isinstance(line, SalesLine) else _PURCHASE_QUANTITIES
    for name in names:
        if getattr(line, name) is not None:
            yield from bad_decimals(line, (name,), path)
    if line.price_basis is not None and line.price_basis <= 0:
        text = f"line {line.line_id}: a price for {line.price_basis} units means nothing"
        yield Fault.at("T-SCHEMA", text, f"{path}.price_basis", value=line.price_basis)
    if isinstance(line, SalesLine) and line.destinations:
        split = sum((d.quantity.value for d in line.destinations), _ZERO)
        if split != value:
            text = f"line {line.line_id} orders {value}, but its destinations come to {split}"
            yield Fault.at("T-SCHEMA", text, f"{path}.destinations", value=split)


def _currency_faults(order: SalesOrder | PurchaseOrder) -> Iterator[Fault]:
    expected = order.currency
    seen = {expected}
    for path, money in _moneys(order):
        currency = money.currency
        expected = expected or currency
        if currency != expected and currency not in seen:
            text = f"the order is in {expected}, but this amount is in {currency}"
            yield Fault.at("B-CURR-MISM", text, path, value=currency)
        seen.add(currency)


def _moneys(order: SalesOrder | PurchaseOrder) -> Iterator[tuple[str, Money]]:
    lines: Sequence[SalesLine | PurchaseLine] = order.lines
    for place, line in enumerate(lines):
        for money in (line.unit_price, line.discount_total, line.net_total, line.tax_total):
            if money is not None:
                yield f"lines[{place}]", money
    for place, extra in enumerate(order.allowances_charges):
        if extra.amount is not None:
            yield f"allowances_charges[{place}].amount", extra.amount
    if order.totals is not None:
        for name in ("net", "tax", "gross"):
            total: Money | None = getattr(order.totals, name)
            if total is not None:
                yield f"totals.{name}", total


def _total_faults(order: SalesOrder | PurchaseOrder, totals: OrderTotals) -> Iterator[Fault]:
    lines = order.lines
    if totals.line_count is not None and totals.line_count != len(lines):
        text = f"the order says it has {totals.line_count} lines, but {len(lines)} came"
        yield Fault.at("T-SCHEMA", text, "totals.line_count", value=totals.line_count)
    if totals.hash_qty is not None:
        quantity = sum((line.quantity.value for line in lines), _ZERO)
        if quantity != totals.hash_qty:
            text = f"the order says its quantities sum to {totals.hash_qty}, but they sum to {quantity}"
            yield Fault.at("T-SCHEMA", text, "totals.hash_qty", value=totals.hash_qty)
    currency = order.currency or (totals.gross or totals.net or Money(_ZERO, "")).currency
    slack = rounding_slack(currency_decimals(currency), len(lines) + len(order.allowances_charges))
    net, tax, gross = totals.net, totals.tax, totals.gross
    if net is not None and tax is not None and gross is not None and net.amount + tax.amount != gross.amount:
        text = f"net {net.amount} and tax {tax.amount} are not gross {gross.amount}"
        yield Fault.at("B-PRICE-MISM", text, "totals.gross", value=gross.amount)
    said, name = (gross, "gross") if order.prices_include_tax else (net, "net")
    computed = _sum_of_lines(order)
    if said is not None and computed is not None and not within(said.amount, computed, slack):
        text = f"the order says {name} {said.amount}, but its lines come to {computed.normalize():f}"
        yield Fault.at("B-PRICE-MISM", text, f"totals.{name}", value=said.amount)
    taxes = _sum_of_taxes(order)
    if tax is not None and taxes is not None and not within(tax.amount, taxes, slack):
        text = f"the order says tax {tax.amount}, but its lines' taxes come to {taxes}"
        yield Fault.at("B-TAX-MISM", text, "totals.tax", value=tax.amount)


def _sum_of_lines(order: SalesOrder | PurchaseOrder) -> Decimal | None:
    """Lines, less allowances, plus charges; None if one of them does not say its amount."""
    total = _ZERO
    for line in order.lines:
        price = line.unit_price
        if price is not None:
            amount = multiply_exact(price.amount, line.quantity.value)
            if line.price_basis:
                amount /= line.price_basis
            total += amount
            if line.discount_total is not None:
                total -= line.discount_total.amount
        elif line.net_total is not None and not order.prices_include_tax:
            total += line.net_total.amount
        else:
            return None
    for extra in order.allowances_charges:
        if extra.amount is None:
            return None
        total += extra.amount.amount if extra.indicator == "charge" else -extra.amount.amount
    return total


def _sum_of_taxes(order: SalesOrder | PurchaseOrder) -> Decimal | None:
    """The lines' taxes and those of charges; None if one of them is not said."""
    taxed: list[msgspec.Struct] = [*order.lines, *order.allowances_charges]
    total = _ZERO
    for row in taxed:
        tax: Money | None = getattr(row, "tax_total", None)
        if tax is None:
            return None
        total += tax.amount
    return total if taxed else None


def _date_faults(order: SalesOrder) -> Iterator[Fault]:
    first, last = order.ship_not_before, order.cancel_after
    if first is not None and last is not None and first > last:
        text = f"not to be shipped before {first}, but cancelled after {last}"
        yield Fault.at("B-DATE-CANCELLED", text, "cancel_after", value=last)
