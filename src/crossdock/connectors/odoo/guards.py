"""Guards: what Odoo stored is compared with what was promised; a difference holds the key for a person."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.values import number
from crossdock.core.errors import ConflictError, RejectedError
from crossdock.kit import Delivery

__all__ = ["Promise", "compare_quantity", "compare_totals", "tolerance_of"]


class Promise:
    """Totals that the customer was promised: `promised: {net, tax, gross, currency}` of a payload."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        promised = payload.get("promised") or {}
        self.net = _amount(promised.get("net"))
        self.tax = _amount(promised.get("tax"))
        self.gross = _amount(promised.get("gross"))
        self.currency = str(promised.get("currency") or "")


def tolerance_of(delivery: Delivery) -> Decimal:
    """Largest difference that is let pass."""
    return Decimal(str(delivery.context.get("price_tolerance") or "0"))


def compare_totals(
    promise: Promise,
    stored: Mapping[str, Any],
    *,
    what: str,
    tolerance: Decimal,
    price_code: str = "B-PRICE-MISM",
    tax_code: str = "B-TAX-MISM",
) -> RejectedError | None:
    """The reason to hold `stored` (amount_untaxed, amount_tax, amount_total, currency_id), or None.

    Where the net is equal and only the tax differs, it is the tax's fault.
    """
    currency = stored["currency_id"][1] if stored.get("currency_id") else ""
    if promise.currency and currency and promise.currency != currency:
        return RejectedError(
            f"{what} was promised in {promise.currency}, Odoo has it in {currency}",
            code="B-CURR-MISM",
            mend="correct the price list of the order in Odoo, then release it",
        )
    net_differs = _differs(promise.net, stored["amount_untaxed"], tolerance)
    if net_differs:
        return _hold(what, "net", promise.net, stored["amount_untaxed"], currency, price_code)
    if _differs(promise.tax, stored["amount_tax"], tolerance):
        return _hold(what, "tax", promise.tax, stored["amount_tax"], currency, tax_code)
    if _differs(promise.gross, stored["amount_total"], tolerance):
        code = tax_code if promise.net is not None else price_code
        return _hold(what, "total", promise.gross, stored["amount_total"], currency, code)
    return None


def compare_quantity(sent: Decimal, stored: Any, *, what: str) -> RejectedError | None:
    """The reason to hold a line whose stored quantity is not the sent one, or None.

    Odoo rounds to the unit's precision without a word: 0.333 was stored as 0.33.
    """
    kept = number(stored)
    if kept == sent:
        return None
    exponent = int(kept.as_tuple().exponent)
    if abs(kept - sent) < Decimal(1).scaleb(max(exponent, -2)):
        return RejectedError(f"{what}: {sent} was sent, Odoo keeps {kept}", code="T-ROUND")
    return ConflictError(
        f"{what}: {sent} was sent, Odoo has {kept}: a person has changed it since", code="B-CHG-CONFLICT"
    )


def _amount(value: Any) -> Decimal | None:
    return None if value is None or value == "" else Decimal(str(value))


def _differs(promised: Decimal | None, stored: Any, tolerance: Decimal) -> bool:
    return promised is not None and abs(promised - number(stored)) > tolerance


def _hold(
    what: str, which: str, promised: Decimal | None, stored: Any, currency: str, code: str
) -> RejectedError:
    return RejectedError(
        f"{what}: {which} {promised} {currency} was promised, Odoo comes to {number(stored)}".replace(
            "  ", " "
        ),
        code=code,
        detail={"promised": str(promised), "odoo": str(number(stored)), "which": which},
    )
