"""Transfers: quantities, tracking and our marker in one guarded write, then one validation; never a second time.

The picking's own, unchanged operation type stands in the write: Odoo refuses that on a finished or cancelled
transfer and rolls all of it back. Without it a write to a finished transfer changes stock. The marker is a
message in the same transaction; whose marker stands last on a finished transfer, he has done it. Validation
follows a successful write only: alone it would ship what is reserved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.batches import refusals_apart
from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.faults import wizard
from crossdock.connectors.odoo.values import number
from crossdock.core.errors import CrossdockError, RejectedError

__all__ = [
    "MOVE_FIELDS",
    "PICKING_FIELDS",
    "Part",
    "Transfer",
    "markers_on",
    "read_moves",
    "validate",
    "write",
]

PICKING_FIELDS = (
    "name", "state", "picking_type_id", "picking_type_code", "carrier_tracking_ref", "backorder_id", "location_id",
    "location_dest_id", "partner_id", "origin",
)  # fmt: skip
MOVE_FIELDS = (
    "picking_id", "product_id", "product_uom_qty", "quantity", "picked", "state", "move_line_ids", "location_id",
    "location_dest_id", "has_tracking",
)  # fmt: skip
_ON_VALIDATE = {"skip_sms": True, "skip_backorder": True}


@dataclasses.dataclass(frozen=True)
class Part:
    """What of one move is done; `lots` (lot id or, on receipts, lot name → quantity) where they are tracked."""

    move: Mapping[str, Any]
    quantity: Decimal
    lots: tuple[tuple[int | str, Decimal], ...] = ()


@dataclasses.dataclass(frozen=True)
class Transfer:
    """One picking to be written and validated.

    Attributes:
        marker: message id of the effect.
        backorder: whether what is left stays to be done; False closes it short.
        others: moves of the picking that are not part of it.
    """

    picking: Mapping[str, Any]
    parts: tuple[Part, ...]
    marker: str
    note: str
    tracking: str = ""
    carrier_id: int = 0
    backorder: bool = True
    others: tuple[Mapping[str, Any], ...] = ()

    @property
    def picking_id(self) -> int:
        """Id of the picking."""
        return int(self.picking["id"])

    def vals(self) -> dict[str, Any]:
        """What is written."""
        message = {
            "model": "stock.picking",
            "res_id": self.picking_id,
            "message_type": "notification",
            "body": self.note,
            "message_id": self.marker,
        }
        vals: dict[str, Any] = {
            "picking_type_id": self.picking["picking_type_id"][0],
            "message_ids": [[0, 0, message]],
        }
        if self.tracking:
            vals["carrier_tracking_ref"] = self.tracking
        if self.carrier_id:
            vals["carrier_id"] = self.carrier_id
        moves = [
            [1, p.move["id"], {"quantity": p.quantity, "picked": True}] for p in self.parts if not p.lots
        ]
        moves += [[1, move["id"], {"picked": False}] for move in self.others if move["picked"]]
        if moves:
            vals["move_ids"] = moves
        lines = [command for part in self.parts if part.lots for command in _lot_lines(part)]
        if lines:
            vals["move_line_ids"] = lines
        return vals


def _lot_lines(part: Part) -> list[list[Any]]:
    """The move's lines are replaced by one per lot, with every field: Odoo fills in none of them right."""
    move = part.move
    commands: list[list[Any]] = [[2, line_id] for line_id in move["move_line_ids"]]
    for lot, quantity in part.lots:
        commands.append(
            [
                0,
                0,
                {
                    "move_id": move["id"],
                    "product_id": move["product_id"][0],
                    "lot_id" if isinstance(lot, int) else "lot_name": lot,
                    "quantity": quantity,
                    "picked": True,
                    "location_id": move["location_id"][0],
                    "location_dest_id": move["location_dest_id"][0],
                },
            ]
        )
    return commands


async def read_moves(
    client: OdooClient, picking_ids: Iterable[int], extra: Sequence[str] = ()
) -> dict[int, list[dict[str, Any]]]:
    """Moves by picking, cancelled ones left out."""
    rows = await client.search_read(
        "stock.move",
        [["picking_id", "in", sorted(set(picking_ids))], ["state", "!=", "cancel"]],
        (*MOVE_FIELDS, *extra),
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["picking_id"][0], []).append(row)
    return found


async def markers_on(client: OdooClient, markers: Iterable[str]) -> dict[str, int]:
    """The picking on which each of `markers` stands *last* among ours; those that were written over are left out."""
    mine = await client.search_read(
        "mail.message",
        [["message_id", "in", sorted(set(markers))], ["model", "=", "stock.picking"]],
        ("message_id", "res_id"),
    )
    pickings = sorted({row["res_id"] for row in mine})
    if not pickings:
        return {}
    rows = await client.search_read(
        "mail.message",
        [
            ["model", "=", "stock.picking"],
            ["res_id", "in", pickings],
            ["message_id", "=like", "<%@crossdock>"],
        ],
        ("message_id", "res_id"),
    )
    last = {row["res_id"]: row["message_id"] for row in rows}
    return {marker: picking_id for picking_id, marker in last.items()}


async def write(client: OdooClient, transfer: Transfer) -> None:
    """The guarded write.

    Raises:
        RejectedError: the picking is finished or cancelled, or Odoo refuses the quantities; nothing was written.
    """
    await client.call("stock.picking", "write", [transfer.picking_id], vals=transfer.vals())


async def validate(client: OdooClient, transfers: Sequence[Transfer]) -> Mapping[int, CrossdockError]:
    """Validate written transfers in one call; errors by picking id. Those without one must still be read back."""
    short = [one.picking_id for one in transfers if not one.backorder]

    async def act(ids: Sequence[int]) -> None:
        context: dict[str, Any] = dict(_ON_VALIDATE)
        if closed := [key for key in short if key in ids]:
            context["picking_ids_not_to_backorder"] = closed
        answer = await client.call("stock.picking", "button_validate", ids, context=context)
        asked = wizard(answer, where="button_validate")
        if asked is not None:
            raise asked

    return await refusals_apart([one.picking_id for one in transfers], act)


def spread(
    moves: Sequence[Mapping[str, Any]], quantity: Decimal, lots: Sequence[tuple[int | str, Decimal]]
) -> list[Part]:
    """Share `quantity` out among the moves of one line, in order; what is too much goes to the last one."""
    parts: list[Part] = []
    left = quantity
    for place, move in enumerate(moves):
        share = left if place == len(moves) - 1 else min(left, number(move["product_uom_qty"]))
        if share > 0:
            parts.append(Part(move, share))
        left -= share
    if lots and len(parts) != 1:
        raise RejectedError(
            "lots of a line that Odoo has split into several moves cannot be told apart",
            code="B-LOT-MISM",
            mend="validate this transfer in Odoo by hand",
        )
    return [dataclasses.replace(parts[0], lots=tuple(lots))] if lots else parts
