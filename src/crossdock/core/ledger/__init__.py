"""The line-quantity ledger of a transaction: facts from documents, their sum per line, and what must hold."""

from crossdock.core.ledger.extract import facts_of
from crossdock.core.ledger.fact import MEASURES, Fact, LineLedger
from crossdock.core.ledger.fold import fold
from crossdock.core.ledger.invariants import Breach, InvoicingPolicy, check_invariants
from crossdock.core.ledger.stock import StockVariance, stock_variance, variance_event

__all__ = [
    "MEASURES",
    "Breach",
    "Fact",
    "InvoicingPolicy",
    "LineLedger",
    "StockVariance",
    "check_invariants",
    "facts_of",
    "fold",
    "stock_variance",
    "variance_event",
]
