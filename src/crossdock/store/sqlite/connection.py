"""Opening the file: its lock, its settings, its stamp; and the readers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import fcntl
import os
import queue
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from crossdock.core.errors import ConfigError, RetryableError

__all__ = ["FileLock", "Readers", "check_stamp", "connect"]

T = TypeVar("T")
_READERS: Final = 3


class FileLock:
    """Keeps a second process out. The lock goes with its process, however that ends."""

    def __init__(self, path: Path) -> None:
        lock_path = path.with_name(path.name + ".lock")
        self._fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise ConfigError(
                f"another process{f' ({holder})' if holder else ''} is using the journal {path}",
                code="T-CONFIG",
                mend="use the running hub's operations API, or stop it first",
            ) from error
        os.truncate(self._fd, 0)
        os.pwrite(self._fd, f"pid {os.getpid()}".encode(), 0)

    def release(self) -> None:
        os.close(self._fd)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection for one thread at a time; transactions are begun by hand."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    db.execute("PRAGMA busy_timeout = 5000")
    if read_only:
        db.execute("PRAGMA query_only = 1")
        return db
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA cache_size = -65536")
    db.execute("PRAGMA wal_autocheckpoint = 4000")
    db.execute("PRAGMA journal_size_limit = 67108864")
    return db


def check_stamp(db: sqlite3.Connection, *, environment: str, path: Path) -> int:
    """Stamp a new journal, check the stamp of an old one; how often it was opened, this time included.

    Raises:
        ConfigError: T-ENV.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for name, value in (
            ("environment", environment),
            ("journal_id", secrets.token_hex(16)),
            ("opens", "0"),
        ):
            db.execute("INSERT INTO stamp (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))
        stamp = dict(db.execute("SELECT name, value FROM stamp").fetchall())
        if stamp["environment"] != environment:
            raise ConfigError(
                f"the journal {path} belongs to environment {stamp['environment']!r}, not {environment!r}",
                code="T-ENV",
                mend="point the project at its own journal; a copy of another environment's must not send",
            )
        opens = int(stamp["opens"]) + 1
        db.execute("UPDATE stamp SET value = ? WHERE name = 'opens'", (str(opens),))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return opens


class Readers:
    """A few connections that only read, each used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._path = path
        self._all: list[sqlite3.Connection] = []
        self._threads = concurrent.futures.ThreadPoolExecutor(_READERS, thread_name_prefix="crossdock-reader")

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one read transaction: what it sees is of one moment."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def close(self) -> None:
        self._threads.shutdown()
        for db in self._all:
            db.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            db = self._free.get_nowait()
        except queue.Empty:
            db = connect(self._path, read_only=True)
            self._all.append(db)
        try:
            db.execute("BEGIN")
            try:
                return work(db)
            finally:
                db.execute("COMMIT")
        except sqlite3.Error as error:
            raise RetryableError(
                f"the journal could not be read: {error}", mend="look at its disk"
            ) from error
        finally:
            self._free.put(db)
