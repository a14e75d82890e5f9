"""The journal in one SQLite file: one writer thread, group commit, WAL."""

from crossdock.store.sqlite.journal import SqliteJournal

__all__ = ["SqliteJournal"]
