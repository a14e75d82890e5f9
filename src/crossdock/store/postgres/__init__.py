"""The journal in PostgreSQL, through asyncpg: for several workers."""

from crossdock.store.postgres.journal import PostgresJournal

__all__ = ["PostgresJournal"]
