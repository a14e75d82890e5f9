"""Lots of transfers: names become ids, since Odoo would make a lot of an unknown name and ship what is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.operations.desk import Desk
from crossdock.connectors.odoo.values import as_id, as_lines, as_number, as_text
from crossdock.core.errors import Place, RejectedError

__all__ = ["resolve_lots"]

Lots = dict[int, list[tuple[int | str, Decimal]]]


async def resolve_lots(
    desk: Desk,
    lines: Sequence[Mapping[str, Any]],
    moves: Sequence[Mapping[str, Any]],
    line_field: str,
    *,
    names_lots: bool,
) -> Lots:
    """For each order line: its lots and their quantities; lines whose product is not tracked are left out.

    Args:
        desk: the tools.
        lines: payload's lines: `{line_id, quantity, lots: [{name, quantity}]}`.
        moves: moves of the picking.
        line_field: field of a move that points to its order line.
        names_lots: unknown names may become new lots (goods that come).

    Raises:
        RejectedError: a lot is unknown, or lots don't add up to the line (B-LOT-MISM).
    """
    products = {
        move[line_field][0]: move["product_id"][0]
        for move in moves
        if move[line_field] and move["has_tracking"] != "none"
    }
    asked = _asked(lines, products)
    names = sorted({name for lots in asked.values() for name, _ in lots})
    if not names:
        return {}
    rows = await desk.client.search_read(
        "stock.lot",
        [["name", "in", names], ["product_id", "in", sorted(set(products.values()))]],
        ("name", "product_id"),
    )
    known = {(row["product_id"][0], row["name"]): row["id"] for row in rows}
    found: Lots = {}
    for line_id, lots in asked.items():
        for name, quantity in lots:
            lot: int | str | None = known.get((products[line_id], name))
            if lot is None and not names_lots:
                raise RejectedError(f"lot {name} of line {line_id} is not known in Odoo", code="B-LOT-MISM")
            found.setdefault(line_id, []).append((lot or name, quantity))
    return found


def _asked(
    lines: Sequence[Mapping[str, Any]], products: Mapping[int, int]
) -> dict[int, list[tuple[str, Decimal]]]:
    asked: dict[int, list[tuple[str, Decimal]]] = {}
    for place, line in enumerate(lines):
        at = f"lines[{place}]"
        lots = as_lines(line, "lots", required=False)
        line_id = as_id(line, "line_id", at=at)
        if not lots or line_id not in products:
            continue
        quantities = [
            (
                as_text(lot, "name", at=f"{at}.lots[{n}]", required=True),
                as_number(lot, "quantity", at=f"{at}.lots[{n}]"),
            )
            for n, lot in enumerate(lots)
        ]
        if sum((quantity for _, quantity in quantities), Decimal(0)) != as_number(line, "quantity", at=at):
            raise RejectedError(
                f"{at}: its lots do not add up to its quantity",
                code="B-LOT-MISM",
                place=Place(path=f"{at}.lots"),
            )
        asked.setdefault(line_id, []).extend(quantities)
    return asked
