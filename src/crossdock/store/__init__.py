"""The journal: one contract (`store.contract`), SQLite embedded and PostgreSQL scaled out."""

from crossdock.store.contract import Journal

__all__ = ["Journal"]
