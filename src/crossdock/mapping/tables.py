"""Code tables: read from YAML, and the ones that come with Crossdock. Each is a default that a partner may replace."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

from crossdock.mapping.faults import MappingError, MappingFault
from crossdock.mapping.nodes import Node, read_nodes, to_plain
from crossdock.mapping.spec import CodeTable

__all__ = ["bundled_tables", "parse_table", "table_of_node"]

_KEYS = {"table", "title", "provenance", "columns", "codes", "default"}


@lru_cache(maxsize=1)
def bundled_tables() -> dict[str, CodeTable]:
    """The tables in `crossdock/mapping/tables`, by name."""
    folder = resources.files("crossdock.mapping") / "tables"
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name
    )
    tables = [parse_table(entry.read_text(encoding="utf-8"), source=entry.name) for entry in files]
    return {table.name: table for table in tables}


def parse_table(text: str, *, source: str) -> CodeTable:
    """A code table from its own file: `table:`, `columns:`, `codes:`, optional `default:`, `provenance:`.

    Raises:
        MappingError: everything that is wrong with it.
    """
    node = read_nodes(text, source=source)
    entries: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
    faults = [
        MappingFault(
            f"{key!r} says nothing about a table",
            node.key_places[key],
            f"Known are {', '.join(sorted(_KEYS))}.",
        )
        for key in entries.keys() - _KEYS
    ]
    faults += [
        MappingFault(f"the table has no `{key}:`", node.place)
        for key in ("table", "codes")
        if key not in entries
    ]
    if faults:
        raise MappingError(faults)
    table = table_of_node(str(entries["table"].value), node, faults)
    if faults:
        raise MappingError(faults)
    return table


def table_of_node(name: str, node: Node, faults: list[MappingFault]) -> CodeTable:
    """A table from a block: either `codes:` with columns, or plainly `code: value` lines with `default:`."""
    entries: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
    if not isinstance(node.value, dict):
        faults.append(
            MappingFault(f"the table {name!r} is {node.described}", node.place, "Write `code: value` lines.")
        )
    full = "codes" in entries and isinstance(entries["codes"].value, dict)
    columns = ["to"]
    if full and "columns" in entries and isinstance(entries["columns"].value, list):
        columns = [str(entry.value) for entry in entries["columns"].value] or columns
    codes: dict[str, Node] = (
        entries["codes"].value if full else {k: v for k, v in entries.items() if k != "default"}
    )
    rows = {code: _row(entry, columns, faults) for code, entry in codes.items()}
    unchecked = frozenset(code for code, row in rows.items() if row.pop("unchecked", False) is True)
    provenance = str(entries["provenance"].value) if full and "provenance" in entries else ""
    default = _row(entries["default"], columns, faults) if "default" in entries else None
    return CodeTable(name, rows, columns[0], default, unchecked, provenance)


def _row(node: Node, columns: list[str], faults: list[MappingFault]) -> dict[str, Any]:
    if not isinstance(node.value, dict):
        if isinstance(node.value, list):
            faults.append(
                MappingFault("a code stands for one value or for columns, not for a list", node.place)
            )
        return {columns[0]: node.value if not isinstance(node.value, list) else None}
    row: dict[str, Any] = to_plain(node)
    mend = f"Columns are {', '.join(columns)}."
    faults += [
        MappingFault(f"{key!r} is not a column of the table", node.key_places[key], mend)
        for key in row.keys() - {*columns, "note", "unchecked"}
    ]
    return row
