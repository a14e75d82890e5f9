"""Returns: a return picking by create-only load, bound to what was delivered; done when the goods are back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.external_ids import external_name, resolve_name
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.deliveries import Direction, look_up_transfer, validate_transfers
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.values import as_flag, as_id, as_lines, as_number, as_text, number, plain
from crossdock.core.errors import ConflictError, CrossdockError, Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt, XrefClaim

__all__ = ["create_return", "look_up_return"]

RETURNED = Direction("incoming", "sale_id", "sale_line_id", "B-RET-QTY", names_lots=False)
_KIND = "return"


async def create_return(desk: Desk, delivery: Delivery) -> Receipt:
    """A return picking, confirmed; with `validate` the goods are booked in as well."""
    await desk.client.require(RETURNED.version, "return.create")
    picking_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not picking_id:
        picking_id = await _make(desk, delivery)
    picking = await _picking(desk, delivery, picking_id)
    if picking["state"] == "draft":
        # Goods that come from a customer need no reservation: confirmed, they are ready.
        await desk.client.call("stock.picking", "action_confirm", [picking_id])
    if picking["state"] == "cancel":
        raise ConflictError(f"{picking['name']} is cancelled in Odoo")
    if as_flag(delivery.payload, "validate", default=False) and picking["state"] != "done":
        await _validate(desk, delivery, picking_id)
    return _receipt(await _picking(desk, delivery, picking_id))


async def _make(desk: Desk, delivery: Delivery) -> int:
    try:
        record = await _new_return(desk, delivery)
    except RejectedError:
        # Another worker with the same delivery may have been first: then its own goods are on their way back.
        picking_id = await resolve_name(desk.client, _name(delivery))
        if not picking_id:
            raise
        return picking_id
    return await desk.loader.load_one("stock.picking", record)


async def look_up_return(desk: Desk, delivery: Delivery) -> Found:
    """Whether the return is there (and done, where that is asked for)."""
    picking_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not picking_id:
        return Found("absent", text=f"no stock.picking bears {_name(delivery)}")
    try:
        picking = await _picking(desk, delivery, picking_id)
    except ConflictError as error:
        return Found("unclear", text=error.text)
    if picking["state"] == "draft":
        return Found("absent", text=f"{picking['name']} is not confirmed yet")
    if as_flag(delivery.payload, "validate", default=False) and picking["state"] != "done":
        return await look_up_transfer(desk, delivery)
    return Found("done", _receipt(picking))


def _name(delivery: Delivery, part: str = "") -> str:
    return external_name(_KIND, delivery.company, delivery.document_key, part)


def _receipt(picking: Mapping[str, Any]) -> Receipt:
    key = str(picking["id"])
    answer = {"name": picking["name"], "state": picking["state"]}
    return Receipt(key, (XrefClaim("picking", picking["name"], key),), answer)


async def _picking(desk: Desk, delivery: Delivery, picking_id: int) -> dict[str, Any]:
    found = await desk.client.read("stock.picking", [picking_id], ("name", "state"))
    if picking_id not in found:
        raise gone("stock.picking", picking_id, delivery)
    return found[picking_id]


async def _validate(desk: Desk, delivery: Delivery, picking_id: int) -> None:
    payload = {**delivery.payload, "picking_id": picking_id}
    payload.pop("order_id", None)
    arrived = Delivery(
        operation=delivery.operation,
        payload=payload,
        effect_key=delivery.effect_key,
        ordering_key=delivery.ordering_key,
        company=delivery.company,
        object_kind=delivery.object_kind,
        object_key=delivery.object_key,
        document_kind=delivery.document_kind,
        document_key=delivery.document_key,
    )
    result = (await validate_transfers(desk, [arrived], RETURNED))[0]
    if isinstance(result, CrossdockError):
        raise result


async def _new_return(desk: Desk, delivery: Delivery) -> NewRecord:
    """The picking and its moves, each tied to the move it takes back and to the order's line.

    Without `sale_line_id` and `to_refund` the goods would come back while the order stays delivered.
    """
    moves = await _delivered(desk, delivery)
    first = moves[0]["picking_id"][0]
    source = (
        await desk.client.read(
            "stock.picking",
            [first],
            ("name", "picking_type_id", "partner_id", "location_id", "location_dest_id"),
        )
    )[first]
    kind = source["picking_type_id"][0]
    types = await desk.client.read("stock.picking.type", [kind], ("return_picking_type_id",))
    back = types[kind]["return_picking_type_id"] or source["picking_type_id"]
    origin = as_text(delivery.payload, "ref") or delivery.document_key
    head = {
        "picking_type_id/.id": str(back[0]),
        "location_id/.id": str(source["location_dest_id"][0]),
        "location_dest_id/.id": str(source["location_id"][0]),
        "return_id/.id": str(first),
        "origin": origin,
    }
    if source["partner_id"]:
        head["partner_id/.id"] = str(source["partner_id"][0])
    lines: list[dict[str, str]] = []
    for place, line in enumerate(as_lines(delivery.payload)):
        lines += await _lines(desk, delivery, line, place, moves)
    return NewRecord(_name(delivery), head, lines, "move_ids")


async def _delivered(desk: Desk, delivery: Delivery) -> list[dict[str, Any]]:
    """Finished outgoing moves of the order or picking."""
    payload = delivery.payload
    order_id = as_id(payload, "order_id", required=False)
    where = (
        ["picking_id.sale_id", "=", order_id]
        if order_id
        else ["picking_id", "=", as_id(payload, "picking_id")]
    )
    moves = await desk.client.search_read(
        "stock.move",
        [where, ["state", "=", "done"], ["picking_code", "=", "outgoing"]],
        ("picking_id", "product_id", "quantity", "sale_line_id", "location_id", "location_dest_id"),
    )
    if not moves:
        raise RejectedError("nothing was delivered yet: nothing comes back", code="B-RET-QTY")
    return moves


async def _lines(
    desk: Desk, delivery: Delivery, line: Mapping[str, Any], place: int, moves: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """Rows of `load` for one line: its quantity shared out among the deliveries it went out with."""
    at = f"lines[{place}]"
    line_id, left = as_id(line, "line_id", at=at), as_number(line, "quantity", at=at)
    own = [move for move in moves if move["sale_line_id"] and move["sale_line_id"][0] == line_id]
    returned = await _returned(desk, [move["id"] for move in own])
    refund = "1" if as_flag(delivery.payload, "to_refund", default=True) else "0"
    rows = []
    for move in own:
        share = min(left, number(move["quantity"]) - returned.get(move["id"], Decimal(0)))
        if share <= 0:
            continue
        left -= share
        rows.append(
            {
                "id": _name(delivery, f"{line_id}/{move['id']}"),
                "product_id/.id": str(move["product_id"][0]),
                "product_uom_qty": plain(share),
                "origin_returned_move_id/.id": str(move["id"]),
                "location_id/.id": str(move["location_dest_id"][0]),
                "location_dest_id/.id": str(move["location_id"][0]),
                "sale_line_id/.id": str(line_id),
                "to_refund": refund,
                "move_orig_ids/.id": str(move["id"]),
            }
        )
    if left > 0:
        raise RejectedError(
            f"{at}: {left} more of order line {line_id} come back than went out and were not returned yet",
            code="B-RET-QTY",
            place=Place(path=f"{at}.quantity"),
        )
    return rows


async def _returned(desk: Desk, move_ids: Sequence[int]) -> dict[int, Decimal]:
    """What of each move has been returned, or is on its way back."""
    rows = await desk.client.search_read(
        "stock.move",
        [["origin_returned_move_id", "in", list(move_ids)], ["state", "!=", "cancel"]],
        ("origin_returned_move_id", "product_uom_qty"),
    )
    found: dict[int, Decimal] = {}
    for row in rows:
        key = row["origin_returned_move_id"][0]
        found[key] = found.get(key, Decimal(0)) + number(row["product_uom_qty"])
    return found
