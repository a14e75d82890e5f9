"""Many rows in one statement. One step each, because every step gives up the GIL and may wait 5 ms to get it back."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

__all__ = ["Insert", "Update", "as_list"]

_SIZES: Final = (64, 16, 4, 1)


class _Many:
    """A statement text for each of a few numbers of rows, so that the connection keeps them prepared."""

    def __init__(self, head: str, row: str, tail: str) -> None:
        self._texts = [(size, head + ",".join([row] * size) + tail) for size in _SIZES]

    def run(self, db: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Run the statement for all rows, in few steps."""
        start, left = 0, len(rows)
        for size, text in self._texts:
            while left >= size:
                db.execute(text, tuple(chain.from_iterable(rows[start : start + size])))
                start += size
                left -= size


class Insert(_Many):
    """INSERT of rows with these columns."""

    def __init__(self, table: str, columns: str, *, conflict: str = "") -> None:
        marks = ",".join("?" * len(columns.split(",")))
        super().__init__(f"INSERT INTO {table} ({columns}) VALUES ", f"({marks})", conflict)


class Update(_Many):
    """UPDATE of rows by their id, which stands first in each row; the other values follow as in `columns`."""

    def __init__(self, table: str, columns: str) -> None:
        names = [name.strip() for name in columns.split(",")]
        sets = ", ".join(f"{name} = v.column{i}" for i, name in enumerate(names, 2))
        marks = ",".join("?" * (len(names) + 1))
        super().__init__(
            f"UPDATE {table} SET {sets} FROM (VALUES ", f"({marks})", ") AS v WHERE id = v.column1"
        )


def as_list(numbers: Iterable[int]) -> str:
    """A JSON list for `json_each(?)`: a set of any size under one prepared statement."""
    return "[" + ",".join(map(str, numbers)) + "]"
