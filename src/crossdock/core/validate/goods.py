"""Faults of documents about goods: shipments, releases, receipts, returns."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from crossdock.core.documents import (
    FulfilmentLine,
    FulfilmentOrder,
    Receipt,
    ReceiptLine,
    ReturnOrder,
    Shipment,
    transaction_keys,
)
from crossdock.core.identifiers import IdentifierError, parse_sscc
from crossdock.core.interval import Interval
from crossdock.core.validate.fault import Fault, bad_decimals, repeated

__all__ = ["fulfilment_faults", "receipt_faults", "return_faults", "shipment_faults"]

_FULFILMENT_QUANTITIES: Final = tuple(f for f in FulfilmentLine.__struct_fields__ if f.startswith("qty_"))
_RECEIPT_QUANTITIES: Final = tuple(f for f in ReceiptLine.__struct_fields__ if f.startswith("qty_"))


def shipment_faults(shipment: Shipment) -> Iterator[Fault]:
    """Faults of a shipment: its tree of handling units and what lies in them."""
    if shipment.direction == "inbound" and not transaction_keys(shipment):
        text = f"ship notice {shipment.shipment_no} names no order"
        yield Fault.at("B-ASN-NO-PO", text, "order_key")
    yield from _tree_faults(shipment)
    yield from _sscc_faults(shipment)
    known = {unit.hu_id for unit in shipment.handling_units}
    for place, content in enumerate(shipment.contents):
        path = f"contents[{place}]"
        if content.quantity.value < 0:
            text = f"order line {content.line_id}: {content.quantity.value} cannot have been shipped"
            yield Fault.at("B-ASN-QTY", text, f"{path}.quantity", value=content.quantity.value)
        if content.hu_id and content.hu_id not in known:
            text = f"order line {content.line_id} lies in handling unit {content.hu_id}, which is not listed"
            yield Fault.at("T-SCHEMA", text, f"{path}.hu_id", value=content.hu_id)
        serials = len(set(content.serials))
        if serials != len(content.serials):
            text = f"order line {content.line_id} names a serial number twice"
            yield Fault.at("B-SERIAL-DUP", text, f"{path}.serials")


def _tree_faults(shipment: Shipment) -> Iterator[Fault]:
    units = shipment.handling_units
    for place, hu_id in repeated(unit.hu_id for unit in units):
        text = f"handling unit {hu_id} stands twice in the shipment"
        yield Fault.at("T-SCHEMA", text, f"handling_units[{place}].hu_id", value=hu_id)
    parents = {unit.hu_id: unit.parent_id for unit in units}
    sound: set[str] = set()
    for place, unit in enumerate(units):
        path = f"handling_units[{place}].parent_id"
        if unit.parent_id and unit.parent_id not in parents:
            text = f"handling unit {unit.hu_id} stands in {unit.parent_id}, which is not listed"
            yield Fault.at("T-SCHEMA", text, path, value=unit.parent_id)
        walked: set[str] = set()
        at = unit.hu_id
        while at and at not in sound and at not in walked:
            walked.add(at)
            at = parents.get(at, "")
        if at in walked:
            text = f"handling unit {unit.hu_id} stands in itself, by way of {unit.parent_id}"
            yield Fault.at("T-SCHEMA", text, path, value=unit.parent_id)
        sound |= walked  # judged now: a circle is reported once


def _sscc_faults(shipment: Shipment) -> Iterator[Fault]:
    for place, sscc in repeated(unit.sscc for unit in shipment.handling_units):
        text = f"SSCC {sscc} is on two handling units"
        yield Fault.at("B-ASN-SSCC-DUP", text, f"handling_units[{place}].sscc", value=sscc)
    for place, unit in enumerate(shipment.handling_units):
        if unit.sscc:
            try:
                parse_sscc(unit.sscc)
            except IdentifierError as error:
                yield Fault.at(
                    error.code, error.text, f"handling_units[{place}].sscc", value=unit.sscc, mend=error.mend
                )


def fulfilment_faults(order: FulfilmentOrder) -> Iterator[Fault]:
    """Faults of a release to a warehouse."""
    names = (f"{line.order_key}|{line.line_id}" for line in order.lines)
    for place, _ in repeated(names):
        line_id = order.lines[place].line_id
        text = f"order line {line_id} stands twice in the release"
        yield Fault.at("T-SCHEMA", text, f"lines[{place}].line_id", value=line_id)
    demands = order.document_function in {"original", "replace"}
    for place, line in enumerate(order.lines):
        if demands and line.quantity.value <= 0:
            text = f"order line {line.line_id}: {line.quantity.value} is nothing to ship"
            yield Fault.at("B-MIN-QTY", text, f"lines[{place}].quantity", value=line.quantity.value)
        yield from bad_decimals(line, _FULFILMENT_QUANTITIES, f"lines[{place}]")


def receipt_faults(receipt: Receipt) -> Iterator[Fault]:
    """Faults of a receipt: expected + over = accepted + damaged + rejected + short + on hold (canonical §12.5)."""
    for place, line in enumerate(receipt.lines):
        path = f"lines[{place}]"
        bad = list(bad_decimals(line, _RECEIPT_QUANTITIES, path))
        yield from bad
        if bad:
            continue
        expected = Interval.total(line.qty_expected, line.qty_over)
        found = Interval.total(
            line.qty_accepted, line.qty_damaged, line.qty_rejected, line.qty_short, line.qty_on_hold
        )
        if not expected.may_equal(found):
            text = (
                f"order line {line.line_id}: expected and over are {expected}, the conditions come to {found}"
            )
            yield Fault.at("B-RCV-WRONG", text, path)
        came = Interval.total(line.qty_accepted, line.qty_damaged, line.qty_rejected, line.qty_on_hold)
        if line.qty_received is not None and not Interval.total(line.qty_received).may_equal(came):
            text = f"order line {line.line_id}: {line.qty_received} received, the conditions come to {came}"
            yield Fault.at("B-RCV-WRONG", text, f"{path}.qty_received", value=line.qty_received)


def return_faults(order: ReturnOrder) -> Iterator[Fault]:
    """Faults of a return."""
    for place, line in enumerate(order.lines):
        path = f"lines[{place}]"
        if line.quantity.value <= Decimal(0):
            text = f"order line {line.line_id}: {line.quantity.value} is nothing to return"
            yield Fault.at("B-RET-QTY", text, f"{path}.quantity", value=line.quantity.value)
        yield from bad_decimals(line, ("qty_received", "qty_credited"), path)
