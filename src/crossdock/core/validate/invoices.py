"""Faults of invoices, credit notes and payments: the sums of EN 16931 (BR-CO-10 to BR-CO-17), tax, references."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from crossdock.core.documents import AllowanceCharge, Invoice, InvoiceTotals, Payment
from crossdock.core.quantity import Money, currency_decimals, multiply_exact, round_money
from crossdock.core.validate.fault import Fault, repeated, rounding_slack, within

__all__ = ["invoice_faults", "payment_faults"]

_ZERO: Final = Decimal(0)
_PERCENT: Final = Decimal("0.01")
_UNTAXED: Final = frozenset({"Z", "E", "AE", "K", "G", "O"})


def invoice_faults(invoice: Invoice) -> Iterator[Fault]:
    """Faults of an invoice or credit note."""
    if invoice.type == "381" and not invoice.original_invoice:
        text = f"credit note {invoice.invoice_no} does not say which invoice it corrects"
        yield Fault.at("B-UNK-REF", text, "original_invoice")
    for place, line_no in repeated(line.line_no for line in invoice.lines):
        text = f"line_no {line_no} stands twice in the invoice"
        yield Fault.at("T-SCHEMA", text, f"lines[{place}].line_no", value=line_no)
    decimals = currency_decimals(invoice.currency)
    yield from _currency_faults(invoice)
    yield from _line_faults(invoice, decimals)
    yield from _tax_faults(invoice, decimals)
    if invoice.totals is not None:
        yield from _total_faults(invoice, invoice.totals)


def _line_faults(invoice: Invoice, decimals: int) -> Iterator[Fault]:
    slack = rounding_slack(decimals, 1)
    for place, line in enumerate(invoice.lines):
        path = f"lines[{place}]"
        if line.tax_category in _UNTAXED and line.tax_rate:
            text = f"line {place + 1}: category {line.tax_category} bears no tax, but the rate is {line.tax_rate}"
            yield Fault.at("B-INV-TAX", text, f"{path}.tax_rate", value=line.tax_rate)
        if line.net is None or line.unit_price is None or line.price_basis == 0:
            continue
        net = multiply_exact(line.unit_price.amount, line.quantity.value)
        if line.price_basis:
            net /= line.price_basis
        if line.discount_total is not None:
            net -= line.discount_total.amount
        extras = _sum_extras(line.allowances_charges)
        if extras is None:
            continue
        net += extras["charge"] - extras["allowance"]
        if not within(line.net.amount, net, slack):
            text = f"line {place + 1} says net {line.net.amount}, but comes to {net.normalize():f}"
            yield Fault.at("B-INV-TOTAL", text, f"{path}.net", value=line.net.amount)


def _tax_faults(invoice: Invoice, decimals: int) -> Iterator[Fault]:
    slack = rounding_slack(decimals, len(invoice.lines) + 1)
    for place, tax in enumerate(invoice.taxes):
        path = f"taxes[{place}]"
        if tax.category in _UNTAXED and tax.tax.amount:
            text = f"category {tax.category} bears no tax, but {tax.tax.amount} is charged"
            yield Fault.at("B-INV-TAX", text, f"{path}.tax", value=tax.tax.amount)
        elif tax.taxable is not None and tax.rate is not None:
            computed = multiply_exact(multiply_exact(tax.taxable.amount, tax.rate), _PERCENT)
            if not within(tax.tax.amount, computed, slack):
                right = round_money(computed, decimals)
                text = f"{tax.rate} % of {tax.taxable.amount} is {right}, not {tax.tax.amount}"
                yield Fault.at("B-INV-TAX", text, f"{path}.tax", value=tax.tax.amount)


def _total_faults(invoice: Invoice, totals: InvoiceTotals) -> Iterator[Fault]:
    nets = [_amount(line.net) for line in invoice.lines]
    extras = _sum_extras(invoice.allowances_charges)
    taxes = [tax.tax.amount for tax in invoice.taxes]
    inclusive = _plus(_amount(totals.tax_exclusive), _amount(totals.tax))
    if totals.tax_inclusive is not None:
        inclusive_said: Decimal | None = totals.tax_inclusive.amount
    else:
        inclusive_said = inclusive
    # What an invoice does not mention as a total of the document (allowances, prepaid, rounding) is zero by
    # EN 16931: these are optional sums, not unknown quantities.
    rules = (
        ("BR-CO-10", "line_net", totals.line_net, _plus(*nets) if nets else None),
        ("BR-CO-11", "allowances", totals.allowances, extras and extras["allowance"]),
        ("BR-CO-12", "charges", totals.charges, extras and extras["charge"]),
        (
            "BR-CO-13",
            "tax_exclusive",
            totals.tax_exclusive,
            _plus(_amount(totals.line_net), -_or_zero(totals.allowances), _or_zero(totals.charges)),
        ),
        ("BR-CO-14", "tax", totals.tax, _plus(*taxes) if taxes else None),
        ("BR-CO-15", "tax_inclusive", totals.tax_inclusive, inclusive),
        (
            "BR-CO-16",
            "payable",
            totals.payable,
            _plus(inclusive_said, -_or_zero(totals.prepaid), _or_zero(totals.rounding)),
        ),
    )
    for rule, name, said, computed in rules:
        if said is not None and computed is not None and said.amount != computed:
            text = f"{name} is {said.amount}, but its parts come to {computed} ({rule})"
            yield Fault.at("B-INV-TOTAL", text, f"totals.{name}", value=said.amount)


def _currency_faults(invoice: Invoice) -> Iterator[Fault]:
    for path, money in _moneys(invoice):
        if invoice.currency and money.currency != invoice.currency:
            text = f"the invoice is in {invoice.currency}, but this amount is in {money.currency}"
            yield Fault.at("B-CURR-MISM", text, path, value=money.currency)


def _moneys(invoice: Invoice) -> Iterator[tuple[str, Money]]:
    for place, line in enumerate(invoice.lines):
        for name in ("unit_price", "discount_total", "net"):
            money: Money | None = getattr(line, name)
            if money is not None:
                yield f"lines[{place}].{name}", money
    for place, extra in enumerate(invoice.allowances_charges):
        if extra.amount is not None:
            yield f"allowances_charges[{place}].amount", extra.amount
    for place, tax in enumerate(invoice.taxes):
        yield f"taxes[{place}].tax", tax.tax
    if invoice.totals is not None:
        for name in invoice.totals.__struct_fields__:
            total: Money | None = getattr(invoice.totals, name)
            if total is not None:
                yield f"totals.{name}", total


def _sum_extras(extras: list[AllowanceCharge]) -> dict[str, Decimal] | None:
    """Sums of allowances and of charges; None if one does not say its amount."""
    sums = {"allowance": _ZERO, "charge": _ZERO}
    for extra in extras:
        if extra.amount is None:
            return None
        sums[extra.indicator] += extra.amount.amount
    return sums


def _amount(money: Money | None) -> Decimal | None:
    return None if money is None else money.amount


def _or_zero(money: Money | None) -> Decimal:
    return _ZERO if money is None else money.amount


def _plus(*amounts: Decimal | None) -> Decimal | None:
    total = _ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def payment_faults(payment: Payment) -> Iterator[Fault]:
    """Faults of a payment: its lines take no more than was paid, and each line adds up."""
    currencies = {line.paid.currency for line in payment.lines} - {payment.amount.currency}
    if currencies:
        text = f"paid in {payment.amount.currency}, but applied in {', '.join(sorted(currencies))}"
        yield Fault.at("B-CURR-MISM", text, "lines")
        return
    applied = sum((line.paid.amount for line in payment.lines), _ZERO)
    if applied > payment.amount.amount:
        text = f"{applied} is applied to invoices, but only {payment.amount.amount} was paid"
        yield Fault.at("B-PAY-SHORT", text, "amount", value=payment.amount.amount)
    for place, line in enumerate(payment.lines):
        if line.gross is None:
            continue
        adjusted = sum((a.amount.amount for a in line.adjustments), _ZERO)
        due = line.gross.amount - _or_zero(line.discount) + adjusted
        if due != line.paid.amount:
            text = f"invoice {line.invoice}: gross, discount and adjustments come to {due}, not {line.paid.amount}"
            yield Fault.at("B-DEDUCTION", text, f"lines[{place}].paid", value=line.paid.amount)
