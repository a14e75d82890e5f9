"""The status machines of canonical §13 as data: which status may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["MACHINES", "may_move"]

_AFTER_ACCEPTANCE = "allocated, backordered, cancelled, on_hold"

_ORDER = """
received: validated, exception, duplicate, rejected
exception: validated, rejected, cancelled
validated: on_hold, accepted, rejected
on_hold: received, exception, validated, accepted, change_pending, in_fulfilment, partially_shipped, shipped, delivered, cancelled
accepted: in_fulfilment, change_pending, cancel_requested, cancelled, on_hold
change_pending: accepted, in_fulfilment, on_hold
in_fulfilment: partially_shipped, shipped, cancel_requested, on_hold
partially_shipped: shipped, closed_short, cancel_requested, on_hold
shipped: delivered, closed, on_hold
delivered: closed, return_open, on_hold
closed: return_open
closed_short: return_open
cancel_requested: cancelled, in_fulfilment
return_open: closed
cancelled:
rejected:
duplicate:
"""

_ORDER_LINE = f"""
pending: accepted, accepted_changed, substituted, backordered, on_hold, rejected, deleted, cancelled
accepted: {_AFTER_ACCEPTANCE}
accepted_changed: {_AFTER_ACCEPTANCE}
substituted: {_AFTER_ACCEPTANCE}
backordered: allocated, cancelled, on_hold, closed_short
on_hold: pending, accepted, accepted_changed, substituted, backordered, allocated, released, cancelled
allocated: released, backordered, cancelled, on_hold
released: picked, short_picked, cancelled, on_hold
picked: packed, shipped, cancelled
short_picked: backordered, closed_short, packed, shipped, cancelled
packed: shipped, cancelled
shipped: delivered, returned
delivered: returned
returned:
closed_short: returned
cancelled:
rejected:
deleted:
"""

_FULFILMENT_ORDER = """
created: sent, cancelled, on_hold
sent: accepted, rejected, cancel_requested
accepted: scheduled, open, on_hold, cancel_requested
scheduled: open, on_hold, cancel_requested
open: in_progress, on_hold, cancel_requested, incomplete
in_progress: packed, shipped_partial, shipped, incomplete, on_hold, cancel_requested
packed: shipped_partial, shipped, on_hold, cancel_requested
shipped_partial: shipped, closed, incomplete
shipped: closed
on_hold: created, accepted, scheduled, open, in_progress, packed, cancel_requested, cancelled
cancel_requested: cancelled, cancel_refused
cancel_refused: accepted, scheduled, open, in_progress, packed, shipped_partial, shipped, closed
incomplete: closed, cancelled
rejected:
closed:
cancelled:
"""

_TRANSIT = "at_terminal, customs_hold, delayed, out_for_delivery, available_for_pickup, delivery_attempted, delivered, refused, damaged, lost, returning, unknown"

_SHIPMENT = f"""
planned: tendered, label_created, picked_up, cancelled
tendered: tender_accepted, tender_declined, cancelled
tender_accepted: label_created, picked_up, cancelled
tender_declined: tendered, cancelled
label_created: picked_up, in_transit, cancelled
picked_up: in_transit, {_TRANSIT}
in_transit: {_TRANSIT}
at_terminal: in_transit, {_TRANSIT}
customs_hold: in_transit, {_TRANSIT}
delayed: in_transit, {_TRANSIT}
out_for_delivery: in_transit, {_TRANSIT}
available_for_pickup: in_transit, {_TRANSIT}
delivery_attempted: in_transit, {_TRANSIT}
damaged: in_transit, {_TRANSIT}
unknown: in_transit, {_TRANSIT}
refused: returning, returned, in_transit, out_for_delivery, delivered
returning: returned, lost, damaged
lost: in_transit, delivered, returning
delivered:
returned:
cancelled:
"""

_RECEIPT = """
asn_received: in_transit, arrived, receiving
in_transit: arrived, receiving
arrived: receiving
receiving: received_partial, received
received_partial: receiving, received, putaway, closed
received: putaway, closed
putaway: closed
closed:
"""

_INVOICE = """
draft: issued, cancelled
issued: sent, credited, partially_paid, paid
sent: received_by_partner, accepted, disputed, rejected, credited, partially_paid, paid
received_by_partner: accepted, disputed, rejected, credited, partially_paid, paid
accepted: partially_paid, paid, disputed, credited
disputed: accepted, rejected, credited, partially_paid, paid
rejected: credited
partially_paid: paid, disputed, credited
paid: closed, credited
credited: closed
closed:
cancelled:
"""

_PAYMENT = """
initiated: sent, reversed
sent: settled, returned, reversed
settled: applied, unapplied, returned, reversed
unapplied: applied, returned, reversed
applied: returned, reversed
returned:
reversed:
"""

_RETURN = """
requested: authorised, denied, more_info
more_info: authorised, denied, requested, expired
authorised: in_transit, received, expired, credited
in_transit: received
received: inspected
inspected: dispositioned
dispositioned: credited, replaced, closed
credited: closed
replaced: closed
closed:
denied:
expired:
"""


def _parse(table: str) -> dict[str, frozenset[str]]:
    machine: dict[str, frozenset[str]] = {}
    for row in table.strip().splitlines():
        status, _, following = row.partition(":")
        machine[status] = frozenset(name.strip() for name in following.split(",") if name.strip()) - {status}
    return machine


MACHINES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "order": _parse(_ORDER),
    "order_line": _parse(_ORDER_LINE),
    "fulfilment_order": _parse(_FULFILMENT_ORDER),
    "shipment": _parse(_SHIPMENT),
    "receipt": _parse(_RECEIPT),
    "invoice": _parse(_INVOICE),
    "payment": _parse(_PAYMENT),
    "return": _parse(_RETURN),
}
"""Machine → status → what may come next."""


def may_move(machine: str, before: str, after: str) -> bool:
    """Whether `after` may follow `before`; staying where one is is no move, and allowed.

    Raises:
        KeyError: no such machine, or no such status in it.
    """
    table = MACHINES[machine]
    following = table[before]
    if after not in table:
        raise KeyError(after)
    return before == after or after in following
