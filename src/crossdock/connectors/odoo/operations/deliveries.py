"""Validation of deliveries, receipts and returns: finds the open picking of the lines, and does it once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.batches import Batch, Result
from crossdock.connectors.odoo.external_ids import marker
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.operations.lots import resolve_lots
from crossdock.connectors.odoo.operations.transfers import (
    PICKING_FIELDS,
    Transfer,
    markers_on,
    read_moves,
    spread,
    validate,
    write,
)
from crossdock.connectors.odoo.values import as_flag, as_id, as_lines, as_number, as_text, number
from crossdock.core.errors import (
    ConflictError,
    CrossdockError,
    Place,
    RejectedError,
    RetryableError,
)
from crossdock.kit import Delivery, Found, Receipt, XrefClaim

__all__ = ["INCOMING", "OUTGOING", "Direction", "look_up_transfer", "validate_transfers"]

_OPEN = ("waiting", "confirmed", "assigned")
_ROUNDS = 4


@dataclasses.dataclass(frozen=True)
class Direction:
    """What differs between goods that leave and goods that come.

    Attributes:
        order_field: field of stock.picking that points to the order.
        line_field: field of stock.move that points to the order's line.
        over_code: code of a quantity above what is open; '' lets it pass, as a receipt may.
        names_lots: whether unknown lots may be made.
    """

    code: str
    order_field: str
    line_field: str
    over_code: str
    names_lots: bool
    version: int = 17


OUTGOING = Direction("outgoing", "sale_id", "sale_line_id", "B-OVER-PICK", names_lots=False)
INCOMING = Direction("incoming", "purchase_id", "purchase_line_id", "", names_lots=True)


def marker_of(delivery: Delivery) -> str:
    """The marker of this shipment or receipt."""
    return marker(delivery.document_kind or "shipment", delivery.company, delivery.document_key)


async def validate_transfers(
    desk: Desk, deliveries: Sequence[Delivery], direction: Direction
) -> list[Result]:
    """Do the transfers of a batch; shipments of one order one after the other, different orders in one call."""
    await desk.client.require(direction.version, f"validating {direction.code} transfers")
    batch = Batch(deliveries)
    for _ in range(_ROUNDS + len(deliveries)):
        turn: dict[str, tuple[int, Delivery]] = {}
        for place, delivery in batch.open:
            turn.setdefault(_object_of(delivery), (place, delivery))
        if not turn:
            break
        await _round(desk, batch, dict(turn.values()), direction)
    for place, _ in batch.open:
        batch.results[place] = RetryableError("the picking changed under our hands", code="T-ODOO-LOCK")
    return batch.in_order()


async def look_up_transfer(desk: Desk, delivery: Delivery) -> Found:
    """Whether this very shipment was done: its marker stands last on a finished picking."""
    done = await _done(desk, {0: delivery})
    if 0 in done:
        return Found("done", done[0])
    return Found("absent", text="no finished picking bears this shipment's marker")


async def _round(desk: Desk, batch: Batch, turn: Mapping[int, Delivery], direction: Direction) -> None:
    """One try of one shipment per order: those that lose to somebody stay open for the next round."""
    for place, receipt in (await _done(desk, turn)).items():
        batch.results[place] = receipt
    todo = {place: one for place, one in turn.items() if place not in batch.results}
    written = await _write_all(desk, batch, todo, direction)
    if not written:
        return
    errors = await validate(desk.client, list(written.values()))
    done = await _done(desk, {place: todo[place] for place in written})
    for place, transfer in written.items():
        if place in done:
            batch.results[place] = done[place]
        elif transfer.picking_id in errors:
            batch.results[place] = errors[transfer.picking_id]


async def _write_all(
    desk: Desk, batch: Batch, todo: Mapping[int, Delivery], direction: Direction
) -> dict[int, Transfer]:
    """The guarded writes; a lost race leaves its delivery open for the next round."""
    written: dict[int, Transfer] = {}
    for place, delivery in todo.items():
        try:
            transfer = await _plan(desk, delivery, direction)
            await _write_or_explain(desk, delivery, transfer)
        except CrossdockError as error:
            if error.code != "T-ODOO-LOCK":
                batch.results[place] = error
        else:
            written[place] = transfer
    return written


async def _write_or_explain(desk: Desk, delivery: Delivery, transfer: Transfer) -> None:
    """The guarded write; a refusal because the picking was finished meanwhile is a lost race."""
    try:
        await write(desk.client, transfer)
    except RejectedError as error:
        now = (await desk.client.read("stock.picking", [transfer.picking_id], PICKING_FIELDS)).get(
            transfer.picking_id
        )
        if now is None:
            raise gone("stock.picking", transfer.picking_id, delivery) from error
        if now["state"] != transfer.picking["state"] or error.code == "T-ODOO-MISSING":
            raise RetryableError(error.text, code="T-ODOO-LOCK", detail=error.detail) from error
        raise


async def _done(desk: Desk, deliveries: Mapping[int, Delivery]) -> dict[int, Receipt]:
    """Receipts of those whose marker stands last on a finished picking."""
    markers = {place: marker_of(delivery) for place, delivery in deliveries.items()}
    on = await markers_on(desk.client, markers.values())
    pickings = await desk.client.read("stock.picking", on.values(), PICKING_FIELDS) if on else {}
    done: dict[int, Receipt] = {}
    for place, mark in markers.items():
        picking = pickings.get(on.get(mark, 0))
        if picking is not None and picking["state"] == "done":
            done[place] = Receipt(
                external_id=str(picking["id"]),
                xrefs=(XrefClaim("picking", picking["name"], str(picking["id"])),),
                answer={"name": picking["name"], "tracking": picking["carrier_tracking_ref"] or ""},
            )
    return done


async def _plan(desk: Desk, delivery: Delivery, direction: Direction) -> Transfer:
    """The picking to be done and its quantities.

    Raises:
        ConflictError: there is nothing open (any more).
        RejectedError: the lines don't fit the picking.
    """
    lines = as_lines(delivery.payload)
    wanted = _wanted(lines)
    pickings, moves = await _open_pickings(desk, delivery, direction)
    picking = _picking_for(delivery, pickings, moves, set(wanted), direction)
    own = moves[picking["id"]]
    lots = await resolve_lots(desk, lines, own, direction.line_field, names_lots=direction.names_lots)
    parts = []
    for line_id, quantity in wanted.items():
        fitting = [move for move in own if _line_of(move, direction) == line_id]
        _refuse_too_much(fitting, quantity, line_id, picking, direction)
        parts += spread(fitting, quantity, lots.get(line_id, []))
    used = {part.move["id"] for part in parts}
    return Transfer(
        picking=picking,
        parts=tuple(parts),
        marker=marker_of(delivery),
        note=f"{delivery.document_kind or 'shipment'} {delivery.document_key}",
        tracking=as_text(delivery.payload, "tracking"),
        carrier_id=as_id(delivery.payload, "carrier_id", required=False),
        backorder=as_flag(delivery.payload, "backorder", default=True),
        others=tuple(move for move in own if move["id"] not in used),
    )


def _wanted(lines: Sequence[Mapping[str, Any]]) -> dict[int, Decimal]:
    """Quantity by order line; several rows of one line (cartons, lots) are added up."""
    wanted: dict[int, Decimal] = {}
    for place, line in enumerate(lines):
        at = f"lines[{place}]"
        line_id = as_id(line, "line_id", at=at)
        quantity = as_number(line, "quantity", at=at)
        if quantity < 0:
            raise RejectedError(
                f"{at}.quantity is below zero", code="T-SCHEMA", place=Place(path=f"{at}.quantity")
            )
        wanted[line_id] = wanted.get(line_id, Decimal(0)) + quantity
    if not any(wanted.values()):
        # Odoo would transfer everything that is reserved.
        raise RejectedError("nothing is transferred: every quantity is zero", code="T-SCHEMA")
    return {line_id: quantity for line_id, quantity in wanted.items() if quantity}


async def _open_pickings(
    desk: Desk, delivery: Delivery, direction: Direction
) -> tuple[dict[int, dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    order_id = as_id(delivery.payload, "order_id", required=False)
    picking_id = as_id(delivery.payload, "picking_id", required=not order_id)
    domain: list[Any] = [["id", "=", picking_id]]
    if order_id:
        domain = [[direction.order_field, "=", order_id], ["picking_type_code", "=", direction.code]]
    elif direction is OUTGOING:
        # What is left of a picking that somebody did meanwhile is its back-order.
        domain = ["|", *domain, ["backorder_id", "=", picking_id]]
    rows = await desk.client.search_read("stock.picking", domain, PICKING_FIELDS)
    if not rows:
        raise gone(
            "stock.picking of order" if order_id else "stock.picking", order_id or picking_id, delivery
        )
    moves = await read_moves(desk.client, [row["id"] for row in rows], (direction.line_field,))
    return {row["id"]: row for row in rows}, moves


def _picking_for(
    delivery: Delivery,
    pickings: Mapping[int, dict[str, Any]],
    moves: Mapping[int, Sequence[Mapping[str, Any]]],
    lines: set[int],
    direction: Direction,
) -> dict[str, Any]:
    """The first open picking that has all lines."""
    best: set[int] = set()
    for key in sorted(pickings):
        if pickings[key]["state"] in _OPEN:
            has = {_line_of(move, direction) for move in moves.get(key, ())}
            if lines <= has:
                return pickings[key]
            best |= has
    names = ", ".join(f"{row['name']} is {row['state']}" for row in pickings.values())
    if not best:
        raise ConflictError(
            f"{delivery.document_kind} {delivery.document_key}: nothing is open ({names})",
            mend="compare with what Odoo says was transferred; book the difference by hand, or ignore with a reason",
        )
    missing = ", ".join(str(line_id) for line_id in sorted(lines - best))
    raise RejectedError(
        f"no open picking has all lines{f': {missing} stand in none' if missing else ''} ({names})",
        code="B-UNK-LINE",
    )


def _refuse_too_much(
    moves: Sequence[Mapping[str, Any]],
    quantity: Decimal,
    line_id: int,
    picking: Mapping[str, Any],
    direction: Direction,
) -> None:
    """Odoo takes any quantity, and lets stock go below zero: what is open bounds what may leave."""
    open_quantity = sum((number(move["product_uom_qty"]) for move in moves), Decimal(0))
    if direction.over_code and quantity > open_quantity:
        raise RejectedError(
            f"{picking['name']}: {quantity} of line {line_id} are reported, {open_quantity} are open",
            code=direction.over_code,
        )


def _line_of(move: Mapping[str, Any], direction: Direction) -> int:
    value = move[direction.line_field]
    return int(value[0]) if value else 0


def _object_of(delivery: Delivery) -> str:
    payload = delivery.payload
    return f"{payload.get('order_id') or ''}/{payload.get('picking_id') or ''}"
