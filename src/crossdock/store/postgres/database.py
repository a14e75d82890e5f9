"""The pool, its transactions and their locks; migrations and the stamp."""

# ruff: noqa: S608 - statements are joined from constants of this room; every value is bound

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError, RejectedError, RetryableError
from crossdock.core.ids import hash64
from crossdock.store.incoming import Window
from crossdock.store.postgres.schema import load_steps

__all__ = ["Database", "Pg"]

T = TypeVar("T")
Pg = Any
"""A connection of asyncpg, which brings no types."""
_TRIES: Final = 4
_LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut while it was being taken
    asyncpg.OperatorInterventionError,  # the server shuts down, or cuts connections
)
_AGAIN: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Database:
    """One schema of one PostgreSQL database.

    Args:
        url: `postgresql://user@host/database`; with `?schema=name`, that schema, else `crossdock`.
        clock: tells the time of everything written.
        window: how long dedupe keys and effect keys are remembered.
        node: name of this place, on every message accepted here.
    """

    def __init__(self, url: str, *, clock: Clock, window: Window, node: str) -> None:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self.schema = query.pop("schema", "crossdock")
        self.shown = f"{parts.hostname}{parts.path}"
        self.node = node
        self._url = parts._replace(query=urlencode(query)).geturl()
        self._clock = clock
        self._window = window
        self._pool: Any = None
        self._salt = ""
        self._locks: dict[tuple[Any, ...], int] = {}

    @property
    def now(self) -> int:
        return self._clock.micros()

    @property
    def bucket(self) -> int:
        """The time bucket of `seen` that is written to."""
        return self._window.bucket(self.now)

    @property
    def buckets(self) -> list[int]:
        """The time buckets of `seen` that are looked into."""
        return list(self._window.live(self.bucket))

    async def open(self, *, environment: str) -> None:
        """Connect, migrate, check the stamp.

        Raises:
            ConfigError: the journal cannot be reached, is newer than this program, or T-ENV.
        """
        settings = {"search_path": f'"{self.schema}"', "synchronous_commit": "on", "jit": "off"}
        try:
            self._pool = await asyncpg.create_pool(
                self._url, min_size=1, max_size=8, server_settings=settings, timeout=10
            )
        except (*_LOST, asyncpg.PostgresError) as error:
            raise ConfigError(
                f"the journal at {self.shown} cannot be reached: {error}",
                code="T-CONFIG",
                mend="look whether the database runs, and at the URL in crossdock.yaml",
            ) from error
        try:
            async with self._pool.acquire() as db:
                await self._migrate(db)
                await self._check_stamp(db, environment)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Pg]:
        """A connection whose statements see one moment."""
        try:
            async with (
                self._open_pool().acquire() as db,
                db.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield db
        except _LOST as error:
            raise self._unreachable(error) from error

    async def write(self, work: Callable[[Pg], Awaitable[T]]) -> T:
        """Run `work` in a transaction; again if the database asks for it.

        Raises:
            RetryableError: the database cannot be reached; nothing may have been committed.
            RejectedError: the database refuses a value, such as text with a NUL.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._open_pool().acquire() as db, db.transaction():
                    return await work(db)
            except _AGAIN as error:
                if attempt == _TRIES:
                    raise self._unreachable(error) from error
                await asyncio.sleep(0)
            except asyncpg.DiskFullError as error:
                raise RetryableError(
                    f"the journal could not be written: {error}",
                    code="T-TRN-NOSPACE",
                    mend="make room on its disk",
                ) from error
            except asyncpg.DataError as error:
                raise RejectedError(f"the journal cannot hold this: {error}", code="T-SCHEMA") from error
            except _LOST as error:
                raise self._unreachable(error) from error
        raise AssertionError

    async def lock(self, db: Pg, names: Iterable[tuple[Any, ...]]) -> None:
        """Take locks until the transaction ends; always in one order, so that nobody waits in a circle."""
        keys = sorted({self._locks.get(name) or self._lock_key(name) for name in names})
        await db.execute(
            "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) WITH ORDINALITY AS t(k, n)", keys
        )

    async def take_ids(self, db: Pg, table: str, count: int) -> list[int]:
        """Fresh ids in rising order."""
        if not count:
            return []
        rows = await db.fetch(f"SELECT nextval('{table}_id') FROM generate_series(1, $1)", count)
        return sorted(row[0] for row in rows)

    def _lock_key(self, name: tuple[Any, ...]) -> int:
        key = self._locks[name] = hash64(f"{self._salt}|{name}")
        return key

    def _open_pool(self) -> Any:
        if self._pool is None:
            raise RetryableError(f"the journal at {self.shown} is not open", mend="open it first")
        return self._pool

    def _unreachable(self, error: BaseException) -> RetryableError:
        return RetryableError(
            f"the journal at {self.shown} cannot be reached: {error}",
            mend="look at the database; it is tried again",
        )

    async def _migrate(self, db: Pg) -> None:
        """Bring the schema to the newest version; of several workers that start at once, one does it."""
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", hash64(f"migrate|{self.schema}"))
            await db.execute(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"')
            await db.execute("CREATE TABLE IF NOT EXISTS stamp (name text PRIMARY KEY, value text NOT NULL)")
            version = int(await db.fetchval("SELECT value FROM stamp WHERE name = 'version'") or 0)
            steps = load_steps()
            newest = steps[-1][0]
            if version > newest:
                raise ConfigError(
                    f"the journal at {self.shown} has schema version {version}, this program knows {newest}",
                    code="T-CONFIG",
                    mend="start the newer program that wrote it, or restore the backup made before the upgrade",
                )
            for number, sql in steps:
                if number > version:
                    await db.execute(sql)
            await self._stamp(db, "version", str(newest), replace=True)

    async def _check_stamp(self, db: Pg, environment: str) -> None:
        await self._stamp(db, "environment", environment, replace=False)
        await self._stamp(db, "journal_id", secrets.token_hex(16), replace=False)
        stamp = dict(await db.fetch("SELECT name, value FROM stamp"))
        if stamp["environment"] != environment:
            raise ConfigError(
                f"the journal at {self.shown} belongs to environment {stamp['environment']!r}, not {environment!r}",
                code="T-ENV",
                mend="point the project at its own journal; a copy of another environment's must not send",
            )
        self._salt = stamp["journal_id"]

    @staticmethod
    async def _stamp(db: Pg, name: str, value: str, *, replace: bool) -> None:
        conflict = "(name) DO UPDATE SET value = excluded.value" if replace else "DO NOTHING"
        sql = f"INSERT INTO stamp (name, value) VALUES ($1, $2) ON CONFLICT {conflict}"
        await db.execute(sql, name, value)
