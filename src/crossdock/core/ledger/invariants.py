"""What must hold between the quantities of one order line (canonical §12.1 to §12.4)."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final, Literal

import msgspec

from crossdock.core.interval import Interval
from crossdock.core.ledger.fact import LineLedger

__all__ = ["Breach", "InvoicingPolicy", "check_invariants"]

InvoicingPolicy = Literal["ordered", "delivered"]

_ZERO: Final = Decimal(0)
_PARTS: Final = ("confirmed", "backordered", "cancelled", "rejected", "pending")


class Breach(msgspec.Struct, frozen=True):
    """Quantities of a line that cannot all be true. `quantities` are the ones compared."""

    code: str
    line_id: str
    text: str
    quantities: dict[str, Decimal]


def check_invariants(
    ledger: LineLedger, *, invoicing_policy: InvoicingPolicy, expecting: AbstractSet[str] = frozenset()
) -> list[Breach]:
    """The rules that the line breaks, judged on known quantities only.

    What nobody has said yet breaks no rule, and cannot be broken either: an invoice that is heard of before
    its shipment is early, not wrong.

    Args:
        ledger: one line's quantities.
        invoicing_policy: whether invoices may go up to what was ordered, or to what was shipped.
        expecting: measures of which more is known to be on its way (a message in the queue, a deadline still
            running): they bound nothing from above.
    """
    known = ledger
    for measure in expecting:
        if getattr(ledger, measure) is not None:
            known = msgspec.structs.replace(known, **{measure: None})
    return [
        *_ordered_parts(known),
        *_warehouse_chain(known),
        *_closing(known),
        *_transport(known),
        *_invoicing(ledger, known, invoicing_policy),
        *_returns(ledger, known),
    ]


def _breach(code: str, ledger: LineLedger, text: str, *measures: str) -> Breach:
    quantities = {m: q for m in measures if (q := getattr(ledger, m)) is not None}
    return Breach(code, ledger.line_id, text, quantities)


def _ordered_parts(ledger: LineLedger) -> Iterator[Breach]:
    """§12.1. Parts move from one to another (confirmed to cancelled), and the news of both ends does not come
    at once: until all parts are known, only a part that exceeds the whole by itself is wrong.
    """
    if ledger.ordered is None:
        return
    parts = {name: getattr(ledger, name) for name in _PARTS}
    for name, quantity in parts.items():
        if quantity is not None and quantity > ledger.ordered:
            text = f"{quantity:f} {name}, but only {ledger.ordered:f} ordered"
            code = "B-CXL-LATE" if name == "cancelled" else "B-CHG-CONFLICT"
            yield _breach(code, ledger, text, "ordered", name)
            return
    total = Interval.total(*parts.values())
    if total.exact and total.low != ledger.ordered:
        text = f"confirmed, backordered, cancelled, rejected and pending come to {total}, ordered were {ledger.ordered:f}"
        yield _breach("B-CHG-CONFLICT", ledger, text, "ordered", *_PARTS)


def _warehouse_chain(ledger: LineLedger) -> Iterator[Breach]:
    """§12.2: each step has at most what the step before it has; a step nobody reports is passed over."""
    promised = Interval.total(ledger.confirmed, ledger.backordered)
    if ledger.allocated is not None and ledger.allocated > promised.low and promised.exact:
        text = f"{ledger.allocated:f} allocated, but only {promised} confirmed and backordered"
        yield _breach("B-OVER-PICK", ledger, text, "allocated", "confirmed", "backordered")
    before = ""
    for step in ("allocated", "released", "picked", "packed", "shipped"):
        quantity: Decimal | None = getattr(ledger, step)
        if quantity is None:
            continue
        limit: Decimal | None = getattr(ledger, before) if before else None
        if limit is not None and quantity > limit:
            text = f"{quantity:f} {step}, but only {limit:f} {before}"
            yield _breach("B-OVER-PICK", ledger, text, step, before)
        before = step


def _closing(ledger: LineLedger) -> Iterator[Breach]:
    """§12.3: what is shipped, short, cancelled and rejected is at most what was ordered; the rest is open."""
    if ledger.ordered is None:
        return
    used = _ZERO
    measures: list[str] = ["ordered"]
    for measure, code in (
        ("shipped", "B-OVER-PICK"),
        ("short", "B-SHORT-PICK"),
        ("rejected", "B-CHG-CONFLICT"),
        ("cancelled", "B-CXL-LATE"),
    ):
        quantity: Decimal | None = getattr(ledger, measure)
        if quantity is None or quantity == 0:
            continue
        used += quantity
        measures.append(measure)
        alone = measure in _PARTS and quantity > ledger.ordered  # §12.1 has said so already
        if used > ledger.ordered and not alone:
            words = " and ".join(f"{getattr(ledger, m):f} {m}" for m in measures[1:])
            yield _breach(code, ledger, f"{words}, but only {ledger.ordered:f} ordered", *measures)
            return


def _transport(ledger: LineLedger) -> Iterator[Breach]:
    """§12.4: what arrived, in whatever state, is at most what was shipped."""
    ended = Interval.total(ledger.delivered, ledger.lost, ledger.damaged_in_transit, ledger.refused)
    if ledger.shipped is not None and ended.low > ledger.shipped:
        text = f"{ended.low:f} delivered, lost, damaged or refused, but only {ledger.shipped:f} shipped"
        measures = ("delivered", "lost", "damaged_in_transit", "refused", "shipped")
        yield _breach("B-TRK-EXC", ledger, text, *measures)


def _invoicing(ledger: LineLedger, known: LineLedger, policy: InvoicingPolicy) -> Iterator[Breach]:
    """§12.4: invoices, less credit notes, stay within what the policy lets invoice."""
    invoiced = ledger.invoiced
    if invoiced is None:
        return
    # A credit note takes back what was invoiced; one that is awaited may take back any amount.
    if ledger.credited is not None and known.credited is None:
        return
    net = invoiced - (ledger.credited or _ZERO)
    if net < 0 and known.invoiced is not None:
        text = f"{ledger.credited:f} credited, but only {invoiced:f} invoiced"
        yield _breach("B-INV-QTY", ledger, text, "credited", "invoiced")
    if policy == "ordered":
        if known.ordered is not None and net > known.ordered:
            text = f"{net:f} invoiced, but only {known.ordered:f} ordered"
            yield _breach("B-INV-QTY", ledger, text, "invoiced", "credited", "ordered")
    elif known.shipped is not None and net > known.shipped:
        code = "B-INV-QTY" if known.shipped else "B-INV-NO-SHIP"
        text = f"{net:f} invoiced, but only {known.shipped:f} shipped"
        yield _breach(code, ledger, text, "invoiced", "credited", "shipped")


def _returns(ledger: LineLedger, known: LineLedger) -> Iterator[Breach]:
    """§12.4: no more comes back than went out."""
    if ledger.returned is not None and known.shipped is not None and ledger.returned > known.shipped:
        text = f"{ledger.returned:f} returned, but only {known.shipped:f} shipped"
        yield _breach("B-RET-QTY", ledger, text, "returned", "shipped")
