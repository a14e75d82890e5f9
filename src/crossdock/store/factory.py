"""Opening a journal by its URL."""

from __future__ import annotations

from pathlib import Path

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError
from crossdock.store.contract import Journal

__all__ = ["open_journal"]


async def open_journal(url: str, *, environment: str, clock: Clock) -> Journal:
    """Open `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`.

    Raises:
        ConfigError: the URL is neither; or as `Journal.open`.
    """
    journal = _journal(url, clock)
    await journal.open(environment=environment)
    return journal


def _journal(url: str, clock: Clock) -> Journal:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from crossdock.store.sqlite import SqliteJournal

        return SqliteJournal(Path(rest[1:]), clock=clock)
    if scheme in {"postgresql", "postgres"}:
        from crossdock.store.postgres import PostgresJournal

        return PostgresJournal(url, clock=clock)
    raise ConfigError(
        f"no journal lives at {url.rsplit('@', maxsplit=1)[-1]!r}",
        code="T-CONFIG",
        mend="sqlite:///path/journal.db, or postgresql://user@host/database",
    )
