"""Repeated strings (systems, topics, interfaces, operations, kinds) as small numbers."""

from __future__ import annotations

import sqlite3

__all__ = ["Names"]


class Names:
    """The journal's dictionary, held in memory. Only the writer adds; readers may look up while it does."""

    def __init__(self) -> None:
        self._by_text: dict[str, int] = {}
        self._by_no: dict[int, str] = {}

    def load(self, db: sqlite3.Connection) -> None:
        """Read the dictionary as it is committed; also after a rollback, which may have taken names away."""
        rows = db.execute("SELECT no, text FROM name").fetchall()
        self._by_no = dict(rows)
        self._by_text = {text: no for no, text in rows}

    def no(self, db: sqlite3.Connection, text: str) -> int:
        """The number of `text`, given to it now if it has none."""
        known = self._by_text.get(text)
        if known is not None:
            return known
        no = len(self._by_no) + 1
        db.execute("INSERT INTO name (no, text) VALUES (?, ?)", (no, text))
        self._by_no[no] = text
        self._by_text[text] = no
        return no

    def find(self, text: str) -> int:
        """The number of `text`; -1, which no row has, if it is unknown."""
        return self._by_text.get(text, -1)

    def text(self, no: int) -> str:
        return self._by_no[no]
