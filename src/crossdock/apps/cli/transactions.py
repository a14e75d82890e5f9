"""`crossdock transactions show KEY`: one business case across systems."""

from __future__ import annotations

import pathlib
from collections import defaultdict
from decimal import Decimal
from typing import Any

import typer
from rich.text import Text

from crossdock.apps.cli.shown import JsonFlag, ProjectOption, command, out, short, show_json, show_table, when
from crossdock.apps.remote import operations_of
from crossdock.govern import load_project

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Business cases across systems.")
_MEASURES = (
    "ordered",
    "allocated",
    "released",
    "picked",
    "packed",
    "shipped",
    "short",
    "cancelled",
    "invoiced",
    "returned",
)


@app.callback()
def transactions() -> None:
    """Business cases across systems."""


@app.command("show")
@command
async def show_transaction(key: str, *, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """An order's time line, its deliveries, and its quantities line by line as each system tells them."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        found = await operations.show_transaction(key)
    if as_json:
        show_json(found)
        return
    out.print(Text(f"order {key}", "bold"))
    show_table(
        "Documents",
        ("at (UTC)", "kind", "key", "from", "interface", "message"),
        [
            (
                when(row["created_at"]),
                *short(row, "kind", "key", "system", "interface"),
                f"m{row['message_id']}",
            )
            for row in found["documents"]
        ],
    )
    show_table(
        "Deliveries",
        ("id", "target", "operation", "state", "attempts"),
        [
            (f"d{row['id']}", *short(row, "target", "operation", "state", "attempts"))
            for row in found["deliveries"]
        ],
    )
    columns, rows = _quantities(found["ledger"])
    show_table("Quantities (base unit; · = not told)", columns, rows)
    show_table(
        "Exceptions",
        ("id", "code", "state", "text"),
        [(f"e{row['id']}", *short(row, "code", "state", "text")) for row in found["exceptions"]],
    )


def _quantities(ledger: list[Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """One row for each line and system, one column for each measure that anybody told."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for line, measure, system, _, quantity in ledger:
        cell = sums[line, system]
        cell[measure] = cell.get(measure, Decimal(0)) + Decimal(quantity)
    told = [measure for measure in _MEASURES if any(measure in cell for cell in sums.values())]
    told += sorted({measure for cell in sums.values() for measure in cell} - set(told))
    rows = [
        (line, system, *(f"{cell[m].normalize():f}" if m in cell else "·" for m in told))
        for (line, system), cell in sorted(sums.items())
    ]
    return ("line", "system", *told), rows
