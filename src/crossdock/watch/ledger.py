"""The ledger keeper: follows the journal's events, keeps each transaction's quantities, checks their algebra."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from decimal import Decimal

import structlog

from crossdock.core.codes import code as code_of
from crossdock.core.documents import decode_document
from crossdock.core.errors import CrossdockError
from crossdock.core.ids import DocumentId, EventId
from crossdock.core.ledger import Breach, Fact, check_invariants, facts_of, fold
from crossdock.store.contract import EventRow, Journal, NewException, StoredDocument

__all__ = ["LedgerKeeper"]

_LOG = structlog.get_logger()
_CURSOR = "ledger"
_BATCH = 500


class LedgerKeeper:
    """Applies every accepted document's facts to its transactions, each once.

    Args:
        policy_of: invoicing policy ('ordered' or 'delivered') of a product key; None = unknown.
    """

    def __init__(self, journal: Journal, *, policy_of: Callable[[str], str | None] | None = None) -> None:
        self._journal = journal
        self._policy_of = policy_of

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the events until `stop` is set."""
        while not stop.is_set():
            try:
                count = await self.follow()
            except CrossdockError as error:
                _LOG.warning("ledger keeper starts over", error=str(error))
                count = 0
            if count < _BATCH:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.5)

    async def follow(self) -> int:
        """Take up the next events; how many."""
        position = await self._journal.read_cursor(_CURSOR)
        events = await self._journal.events(after=EventId(position), limit=_BATCH)
        if not events:
            return 0
        documents = await self._journal.read_documents(_document_ids(events))
        facts = [fact for document in documents for fact in _facts(document)]
        rows = [(f.transaction, f.line_id, f.measure, f.system, f.ref, str(f.quantity)) for f in facts]
        await self._journal.move_cursor(_CURSOR, events[-1].id, rows)
        ledgers = await self._journal.ledgers(sorted({fact.transaction for fact in facts}))
        for transaction, ledger in ledgers.items():
            await self._check(transaction, ledger)
        return len(events)

    async def _check(self, transaction: str, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Raise an exception for each invariant the transaction now breaks."""
        if len({measure for _, measure, *_ in rows}) < 2:
            return  # every rule compares two measures: an order just taken has nothing to be compared with
        lines = fold(
            Fact(transaction, line, measure, Decimal(quantity), system, ref)
            for line, measure, system, ref, quantity in rows
        )
        for line_id, ledger in lines.items():
            for breach in check_invariants(ledger, invoicing_policy="ordered"):
                await self._journal.raise_exception(_exception(transaction, line_id, breach))


def _document_ids(events: Sequence[EventRow]) -> list[DocumentId]:
    return [e.document_id for e in events if e.kind == "document.accepted" and e.document_id is not None]


def _facts(document: StoredDocument) -> list[Fact]:
    return list(facts_of(decode_document(document.body), document.system))


def _exception(transaction: str, line_id: str, breach: Breach) -> NewException:
    known = code_of(breach.code)
    return NewException(
        code=breach.code,
        severity=known.severity,
        class_=known.class_,
        owner=known.owner,
        stage="watch",
        text=f"order {transaction}, line {line_id}: {breach.text}",
        mend=known.mend,
        transaction=transaction,
    )
