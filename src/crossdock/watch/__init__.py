"""What happened, seen from the business: transactions and their ledger. Reads the journal's events by cursor."""

from crossdock.watch.ledger import LedgerKeeper

__all__ = ["LedgerKeeper"]
