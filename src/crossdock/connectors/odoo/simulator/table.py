"""Tables in memory: rows by id, indexes, and a log that undoes a failed call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Database", "Row", "Table", "UndoLog"]

Row = dict[str, Any]
UndoLog = list[tuple["Table", int, Row | None]]
"""What to restore, newest last: the row's old values (None = it was not there)."""

_GONE: Any = object()


class Table:
    """Rows of one model. Every change goes through `put`, `patch` and `remove`, which keep the indexes and the log."""

    def __init__(self, model: str, indexed: Iterable[str]) -> None:
        self.model = model
        self.rows: dict[int, Row] = {}
        self.indexes: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in indexed}
        self.last_id = 0

    def next_id(self) -> int:
        """A fresh id. As in PostgreSQL a rolled-back call leaves a hole."""
        self.last_id += 1
        return self.last_id

    def put(self, row: Row, log: UndoLog) -> None:
        """Add a row."""
        key = row["id"]
        log.append((self, key, None))
        self.rows[key] = row
        for name, index in self.indexes.items():
            index.setdefault(row.get(name), {})[key] = None

    def patch(self, key: int, changes: Row, log: UndoLog) -> None:
        """Change some values of a row."""
        row = self.rows[key]
        log.append((self, key, {name: row.get(name, _GONE) for name in changes}))
        self._apply(key, changes)

    def remove(self, key: int, log: UndoLog) -> None:
        """Take a row out."""
        row = self.rows.pop(key)
        log.append((self, key, row))
        for name, index in self.indexes.items():
            index[row.get(name)].pop(key, None)

    def undo(self, key: int, old: Row | None) -> None:
        """Take back one change."""
        if old is None:
            row = self.rows.pop(key)
            for name, index in self.indexes.items():
                index[row.get(name)].pop(key, None)
        elif key not in self.rows:
            self.rows[key] = old
            for name, index in self.indexes.items():
                index.setdefault(old.get(name), {})[key] = None
        else:
            self._apply(key, old)

    def ids_where(self, field: str, value: Any) -> list[int]:
        """Ids of the rows whose indexed `field` is `value`, oldest first."""
        return list(self.indexes[field].get(value, ()))

    def _apply(self, key: int, changes: Row) -> None:
        row = self.rows[key]
        for name, value in changes.items():
            index = self.indexes.get(name)
            if index is not None:
                index[row.get(name)].pop(key, None)
                index.setdefault(None if value is _GONE else value, {})[key] = None
            if value is _GONE:
                row.pop(name, None)
            else:
                row[name] = value


class Database:
    """All tables, and the counters that a rollback does not take back."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self._counters: dict[str, int] = {}

    def next_number(self, sequence: str) -> int:
        """The next number of a sequence; failed calls leave holes, as over there."""
        number = self._counters.get(sequence, 0) + 1
        self._counters[sequence] = number
        return number
