"""What the benches print: each figure beside its bar."""

from __future__ import annotations

import dataclasses
import os
import platform
import sqlite3
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Figure", "machine", "show"]


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        value, unit: the figure that is judged.
        bar: the least, or with `at_most` the most, that will do; None = for information.
        detail: what it was computed from.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = False
    detail: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the bar is met; None where there is none."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def as_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "passed": self.passed}


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
    }


def show(figures: list[Figure]) -> None:
    """A table for people."""
    told = machine()
    title = ", ".join(f"{name} {value}" for name, value in told.items())
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in ("what", "figure", "bar", "", "from"):
        table.add_column(column, overflow="fold")
    words = {True: "[green]passed[/]", False: "[red]missed[/]", None: ""}
    for one in figures:
        sign = "≤" if one.at_most else "≥"
        bar = "" if one.bar is None else f"{sign} {one.bar:g}"
        table.add_row(one.name, f"{one.value:,.4g} {one.unit}".strip(), bar, words[one.passed], one.detail)
    Console().print(table)
