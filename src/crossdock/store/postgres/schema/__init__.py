"""Steps of the schema: s0001_….sql, s0002_….sql; the stamp holds the number of the last one done."""

from __future__ import annotations

import importlib.resources

__all__ = ["load_steps"]


def load_steps() -> list[tuple[int, str]]:
    """(number, SQL) of all steps, in order."""
    files = importlib.resources.files(__package__)
    return sorted(
        (int(entry.name[1:5]), entry.read_text("utf-8"))
        for entry in files.iterdir()
        if entry.name.endswith(".sql")
    )
