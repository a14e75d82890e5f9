"""What the writer's work has at hand: the connection, names, next ids, the time and the number of the commit."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import sqlite3
from typing import Final

from crossdock.core.clock import Clock
from crossdock.store.incoming import Window
from crossdock.store.sqlite.names import Names

__all__ = ["Ids", "Tx"]

_TABLES: Final = ("message", "document", "delivery", "artefact", "attempt", "exception", "event", "xref")


class Ids:
    """The next id of each table. There is one writer, so it counts in memory; ids lost to a rollback stay unused."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def load(self, db: sqlite3.Connection) -> None:
        """Begin behind the last row of each table, and behind uploads that were cut off."""
        for table in _TABLES:
            self._next[table] = db.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]
        uploads = db.execute("SELECT coalesce(max(message_id), 0) + 1 FROM upload").fetchone()[0]
        self._next["message"] = max(self._next["message"], uploads)

    def take(self, table: str, count: int = 1) -> int:
        """The first of `count` fresh ids."""
        first = self._next[table]
        self._next[table] = first + count
        return first


class Tx:
    """The state of the writer. Belongs to its thread.

    Attributes:
        seq: number of the present commit; grows over the journal's whole life.
        now: time of the present commit, microseconds.
        buckets: time buckets of `seen` that hold anything within the window.
    """

    def __init__(
        self, db: sqlite3.Connection, names: Names, clock: Clock, window: Window, *, node: str
    ) -> None:
        self.db = db
        self.names = names
        self.clock = clock
        self.window = window
        self.node = node
        self.ids = Ids()
        self.now = clock.micros()
        self.bucket = window.bucket(self.now)
        self.buckets: list[int] = []
        self.seq = 0
        self.committed_seq = 0

    def load(self, first_seq: int) -> None:
        """Read what is counted in memory."""
        self.ids.load(self.db)
        self.names.load(self.db)
        self.seq = self.committed_seq = first_seq
        self._load_buckets()

    def begin(self) -> None:
        """A transaction begins."""
        self.now = self.clock.micros()
        self.seq += 1
        bucket = self.window.bucket(self.now)
        if bucket != self.bucket:
            self.bucket = bucket
            self._load_buckets()

    def committed(self) -> None:
        """The transaction is on disk."""
        self.committed_seq = self.seq

    def undo(self) -> None:
        """Something was rolled back: what is held in memory follows."""
        self.names.load(self.db)

    def name(self, text: str) -> int:
        return self.names.no(self.db, text)

    def _load_buckets(self) -> None:
        self.buckets = [
            bucket
            for bucket in self.window.live(self.bucket)
            if bucket == self.bucket
            or self.db.execute("SELECT 1 FROM seen WHERE bucket = ? LIMIT 1", (bucket,)).fetchone()
        ]
