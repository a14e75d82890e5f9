"""The journal: one contract (`store.contract`), SQLite embedded and PostgreSQL scaled out."""

from crossdock.store.contract import Journal
from crossdock.store.factory import open_journal

__all__ = ["Journal", "open_journal"]
