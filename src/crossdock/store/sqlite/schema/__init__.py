"""Steps of the schema: s0001_….sql, s0002_….sql; the number of the last one is the schema's version."""

from __future__ import annotations

import importlib.resources
import sqlite3

from crossdock.core.errors import ConfigError

__all__ = ["load_steps", "migrate", "read_version"]


def load_steps() -> list[tuple[int, str]]:
    """(number, SQL) of all steps, in order."""
    files = importlib.resources.files(__package__)
    return sorted(
        (int(entry.name[1:5]), entry.read_text("utf-8"))
        for entry in files.iterdir()
        if entry.name.endswith(".sql")
    )


def read_version(db: sqlite3.Connection) -> int:
    """The file's schema version; 0 for an empty file."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(db: sqlite3.Connection, steps: list[tuple[int, str]], *, path: str) -> None:
    """Bring a file to the newest version, each step in a transaction of its own.

    Raises:
        ConfigError: the file is newer than this program.
    """
    version = read_version(db)
    newest = steps[-1][0]
    if version > newest:
        raise ConfigError(
            f"the journal {path} has schema version {version}, this program knows {newest}",
            code="T-CONFIG",
            mend="start the newer program that wrote it, or restore the backup made before the upgrade",
        )
    for number, sql in steps:
        if number <= version:
            continue
        # One script, so that a crash leaves the step undone or done with its number.
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
