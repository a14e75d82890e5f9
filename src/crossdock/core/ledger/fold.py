"""Facts to ledgers: the same result in whatever order they come, however often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from crossdock.core.documents import source_version_order
from crossdock.core.ledger.fact import Fact, LineLedger

__all__ = ["fold"]

_Teller = tuple[str, str]


def fold(facts: Iterable[Fact], *, owners: Mapping[str, str] | None = None) -> dict[str, LineLedger]:
    """Line id → ledger of one transaction's facts.

    Quantities of one *teller*, a system in one kind of document, add up over its documents: three shipments
    of the warehouse are three parts. Different tellers are views of one quantity: the warehouse's shipments,
    its word on the release and Odoo's transfers all say what was shipped. The largest is taken, since who
    lags behind says less. `owners` (measure → system) names whose word alone counts once it has spoken.

    Raises:
        ValueError: the facts belong to more than one transaction.
    """
    newest: dict[tuple[str, str, str, str, str], Fact] = {}
    for fact in facts:
        former = newest.get(fact.identity)
        if former is None or _rank(fact) > _rank(former):
            newest[fact.identity] = fact
    transactions = {fact.transaction for fact in newest.values()}
    if len(transactions) > 1:
        msg = f"facts of {len(transactions)} transactions cannot be folded into one ledger"
        raise ValueError(msg)
    told: dict[str, dict[str, dict[_Teller, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for fact in newest.values():
        tellers = told[fact.line_id][fact.measure]
        teller = (fact.system, fact.ref.partition(":")[0])
        tellers[teller] = tellers.get(teller, Decimal(0)) + fact.quantity
    transaction = next(iter(transactions), "")
    return {
        line_id: LineLedger(
            transaction=transaction,
            line_id=line_id,
            **{m: _chosen(tellers, (owners or {}).get(m, "")) for m, tellers in measures.items()},
        )
        for line_id, measures in sorted(told.items())
    }


def _rank(fact: Fact) -> tuple[tuple[int, Decimal, str], Decimal]:
    # The quantity breaks ties, so that two words under one version give one result in either order.
    return (source_version_order(fact.source_version), fact.quantity)


def _chosen(tellers: Mapping[_Teller, Decimal], owner: str) -> Decimal:
    owned = [quantity for (system, _), quantity in tellers.items() if system == owner]
    return max(owned or tellers.values())
