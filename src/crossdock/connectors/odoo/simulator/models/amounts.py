"""Amounts of lines with taxes: rounded per line and tax, as a stock company does."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.schema import round_to
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["line_amounts", "totals"]

_HUNDRED = Decimal(100)
_ZERO = Decimal(0)


def line_amounts(env: Env, row: Row, quantity: str, taxes: str) -> dict[str, Decimal]:
    """Subtotal, tax and total of a line."""
    price = row["price_unit"] * (1 - row.get("discount", _ZERO) / _HUNDRED)
    subtotal = round_to(price * row[quantity], 2)
    rates = [env.row("account.tax", key)["amount"] for key in row.get(taxes) or []]
    tax = sum((round_to(subtotal * rate / _HUNDRED, 2) for rate in rates), _ZERO)
    return {"price_subtotal": subtotal, "price_tax": tax, "price_total": subtotal + tax}


def totals(lines: Iterable[Row]) -> dict[str, Decimal]:
    """Untaxed amount, tax and total of a document."""
    untaxed = tax = _ZERO
    for line in lines:
        untaxed += line.get("price_subtotal", _ZERO)
        tax += line.get("price_total", _ZERO) - line.get("price_subtotal", _ZERO)
    return {"amount_untaxed": untaxed, "amount_tax": tax, "amount_total": untaxed + tax}
