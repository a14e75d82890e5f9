"""Events and exceptions, written in the transaction of what they tell of. Runs in the writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from crossdock.core.errors import RejectedError
from crossdock.core.ids import format_id, hash64
from crossdock.store.coding import About, EventLine, encode_json, exception_event, exception_identity
from crossdock.store.contract import NewException
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import Tx

__all__ = [
    "add_events",
    "raise_exceptions",
    "resolve_exceptions",
    "resolve_of_deliveries",
]

_EVENT: Final = Insert("event", "id,at,kind,system,message_id,document_id,delivery_id,txn_hash,txn,data")


def add_events(tx: Tx, events: Sequence[EventLine]) -> None:
    """Append to the outbox."""
    first = tx.ids.take("event", len(events))
    name, now = tx.name, tx.now
    _EVENT.run(
        tx.db,
        [
            (event_id, now, name(kind), name(system), *about, hash64(txn) if findable else None, txn, data)
            for event_id, (kind, system, about, txn, data, findable) in enumerate(events, first)
        ],
    )


def raise_exceptions(tx: Tx, raised: Sequence[tuple[NewException, About]]) -> list[int]:
    """Open exceptions, or count those that are there; a resolved one that comes again is open again."""
    ids, events = [], []
    for exception, about in raised:
        identity = exception_identity(exception, *about)
        known = tx.db.execute(
            "SELECT id, state FROM exception WHERE identity = ? AND code = ? AND delivery_id IS ?",
            (identity, exception.code, about[2]),
        ).fetchone()
        if known is None:
            exception_id = _open(tx, identity, exception, about)
        else:
            exception_id = known[0]
            _count(tx, exception_id, exception)
        ids.append(exception_id)
        if known is None or known[1] in {"resolved", "ignored"}:
            data = {"id": exception_id, "code": exception.code, "interface": exception.interface}
            events.append(
                exception_event("exception.raised", exception.system, about, exception.transaction, data)
            )
    add_events(tx, events)
    return ids


def _open(tx: Tx, identity: int, e: NewException, about: About) -> int:
    exception_id = tx.ids.take("exception")
    tx.db.execute(
        "INSERT INTO exception (id,identity,state,code,severity,class,owner,stage,text,mend,detail,place,system,"
        "interface,txn,message_id,document_id,delivery_id,first_seen,last_seen,count,assignee,resolution)"
        " VALUES (?,?,'open',?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1,'','')",
        (exception_id, identity, e.code, e.severity, e.class_, e.owner, e.stage, e.text, e.mend, e.detail,
         encode_json(e.place), e.system, e.interface, e.transaction, *about, tx.now, tx.now),
    )  # fmt: skip
    return exception_id


def _count(tx: Tx, exception_id: int, e: NewException) -> None:
    tx.db.execute(
        "UPDATE exception SET count = count + 1, last_seen = ?, text = ?, detail = ?, resolution = '',"
        " state = CASE WHEN state = 'ack' THEN 'ack' ELSE 'open' END WHERE id = ?",
        (tx.now, e.text, e.detail, exception_id),
    )


def resolve_of_deliveries(tx: Tx, resolutions: dict[int, str], *, actor: str = "") -> None:
    """Resolve what is open about these deliveries; the text by delivery."""
    rows = tx.db.execute(
        "SELECT id, delivery_id FROM exception WHERE delivery_id IN (SELECT value FROM json_each(?))"
        " AND state IN ('open', 'ack')",
        (as_list(resolutions),),
    ).fetchall()
    for exception_id, delivery_id in rows:
        resolve_exceptions(
            tx, [exception_id], state="resolved", actor=actor, resolution=resolutions[delivery_id]
        )


def resolve_exceptions(
    tx: Tx, exception_ids: Sequence[int], *, state: str, actor: str, resolution: str
) -> None:
    """Put exceptions into a state.

    Raises:
        RejectedError: there is no such exception.
    """
    events = []
    for exception_id in exception_ids:
        row: Any = tx.db.execute(
            "UPDATE exception SET state = ?, resolution = ?, assignee = CASE WHEN ? <> '' THEN ? ELSE assignee END"
            " WHERE id = ? RETURNING code, system, interface, txn, message_id, document_id, delivery_id",
            (state, resolution, actor, actor, exception_id),
        ).fetchone()
        if row is None:
            raise RejectedError(
                f"there is no exception {format_id('e', exception_id)}", mend="list the exceptions there are"
            )
        code, system, interface, txn, *about = row
        data = {"id": exception_id, "code": code, "interface": interface, "state": state, "actor": actor}
        events.append(
            exception_event("exception.resolved", system, (about[0], about[1], about[2]), txn, data)
        )
    add_events(tx, events)
