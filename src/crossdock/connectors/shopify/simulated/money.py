"""The shop's arithmetic: amounts of lines, taxes and totals, to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["TAX_RATE", "cents", "graph_amount", "line_discount", "set_totals"]

TAX_RATE = Decimal("0.20")
_CENT = Decimal("0.01")


def cents(amount: Decimal | int | str) -> str:
    """An amount as webhooks write it: `19.90`."""
    return str(Decimal(amount).quantize(_CENT, rounding=ROUND_HALF_UP))


def graph_amount(amount: str) -> str:
    """An amount as GraphQL writes it: `19.9`, and `20.0`."""
    whole, _, fraction = amount.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def line_discount(line: dict[str, Any]) -> Decimal:
    """All that was taken off a line, its share of the order's discounts included."""
    return sum((Decimal(part["amount"]) for part in line["discount_allocations"]), Decimal(0))


def set_totals(order: dict[str, Any], *, first: bool = False, rate: Decimal = TAX_RATE) -> None:
    """Compute an order's current totals from its lines; at the `first` time its original totals too."""
    subtotal = tax = discounts = Decimal(0)
    for line in order["line_items"]:
        kept = Decimal(line["current_quantity"]) / line["quantity"] if line["quantity"] else Decimal(0)
        discount = Decimal(cents(line_discount(line) * kept))
        net = Decimal(line["price"]) * line["current_quantity"] - discount
        subtotal += net
        discounts += discount
        tax += Decimal(cents(net * rate))
        if line["current_quantity"] == line["quantity"]:
            line["tax_lines"] = [_tax_line(net, rate)]
    shipping = Decimal(0)
    if not order["cancelled_at"]:
        for charge in order["shipping_lines"]:
            shipping += Decimal(charge["discounted_price"])
            charge["tax_lines"] = [_tax_line(Decimal(charge["discounted_price"]), rate)]
            tax += Decimal(charge["tax_lines"][0]["price"])
    order["current_subtotal_price"] = cents(subtotal)
    order["current_total_discounts"] = cents(discounts)
    order["current_total_tax"] = cents(tax)
    order["current_total_price"] = cents(subtotal + shipping + tax)
    if first:
        for name in ("subtotal_price", "total_discounts", "total_tax", "total_price"):
            order[name] = order[f"current_{name}"]
        order["tax_lines"] = [{"title": "VAT", "rate": rate, "price": order["total_tax"]}]


def _tax_line(net: Decimal, rate: Decimal) -> dict[str, Any]:
    return {"title": "VAT", "rate": rate, "price": cents(net * rate)}
