"""Markdown from values: tables whose cells cannot break them, and texts of docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["attributes_of", "code", "first_line", "shown_default", "table"]

_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a word where there is nothing to show."""
    lines = [_row(row) for row in rows]
    if not lines:
        return "None.\n"
    return "\n".join([_row(columns), _row(["---"] * len(columns)), *lines]) + "\n"


def code(text: object) -> str:
    """Inline code; empty for nothing."""
    return f"`{text}`" if str(text) else ""


def shown_default(value: Any) -> str:
    """A default as a person would write it in YAML."""
    if value is None or value in ("", (), [], {}):
        return "empty"
    return code(str(value).lower() if isinstance(value, bool) else value)


def first_line(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    return " ".join(text.split("\n\n")[0].split())


def attributes_of(thing: object) -> dict[str, str]:
    """The texts of a docstring's `Attributes:` section, by name."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.partition("Attributes:")[2].splitlines():
        if start := _ATTRIBUTE.match(line):
            names = start[1].split(", ")
            found |= dict.fromkeys(names, start[2])
        elif line.startswith("        "):
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
