"""Events and exceptions, written in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from crossdock.core.errors import RejectedError
from crossdock.core.ids import format_id, hash64
from crossdock.store.coding import About, EventLine, encode_json, exception_event, exception_identity
from crossdock.store.contract import NewException
from crossdock.store.postgres.database import Database, Pg

__all__ = ["add_events", "raise_exceptions", "resolve_exceptions", "resolve_of_deliveries"]

_RAISE: Final = (
    "INSERT INTO exception AS e (id,identity,state,code,severity,class,owner,stage,text,mend,detail,place,system,interface,"
    "txn,message_id,document_id,delivery_id,first_seen,last_seen,count,assignee,resolution)"
    " VALUES ($1,$2,'open',$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$18,1,'','')"
    " ON CONFLICT (identity) DO UPDATE SET count = e.count + 1, last_seen = excluded.last_seen, text = excluded.text,"
    " detail = excluded.detail, resolution = '', state = CASE WHEN e.state = 'ack' THEN 'ack' ELSE 'open' END"
    " RETURNING id"
)


async def add_events(base: Database, db: Pg, events: Sequence[EventLine]) -> None:
    """Append to the outbox, as the last thing a transaction does.

    Whoever adds events holds a lock until he has committed: ids become visible in their order, and a reader by
    cursor never passes one that is still to come.
    """
    if not events:
        return
    await base.lock(db, [("event",)])
    ids = await base.take_ids(db, "event", len(events))
    now = base.now
    await db.copy_records_to_table(
        "event",
        records=[
            (event_id, now, kind, system, *about, hash64(txn) if findable else None, txn, data)
            for event_id, (kind, system, about, txn, data, findable) in zip(ids, events, strict=True)
        ],
    )


async def raise_exceptions(
    base: Database, db: Pg, raised: Sequence[tuple[NewException, About]]
) -> tuple[list[int], list[EventLine]]:
    """Open exceptions, or count those that are there; a resolved one is open again. Their ids, and events to add."""
    wanted = [(exception_identity(exception, *about), exception, about) for exception, about in raised]
    # In one order everywhere, so that nobody waits in a circle.
    known = {
        row["identity"]: row["state"]
        for row in await db.fetch(
            "SELECT identity, state FROM exception WHERE identity = ANY($1::bigint[]) ORDER BY identity FOR UPDATE",
            [identity for identity, _, _ in wanted],
        )
    }
    ids = await base.take_ids(db, "exception", len(wanted))
    events = []
    for n, (identity, e, about) in sorted(enumerate(wanted), key=lambda item: item[1][0]):
        ids[n] = await db.fetchval(
            _RAISE, ids[n], identity, e.code, e.severity, e.class_, e.owner, e.stage, e.text, e.mend, e.detail,
            encode_json(e.place), e.system, e.interface, e.transaction, *about, base.now,
        )  # fmt: skip
        if known.get(identity, "resolved") in {"resolved", "ignored"}:
            known[identity] = "open"
            data = {"id": ids[n], "code": e.code, "interface": e.interface}
            events.append(exception_event("exception.raised", e.system, about, e.transaction, data))
    return ids, events


async def resolve_of_deliveries(
    db: Pg, resolutions: Mapping[int, str], *, actor: str = ""
) -> list[EventLine]:
    """Resolve what is open about these deliveries; the text by delivery. Events to add."""
    rows = await db.fetch(
        "SELECT id, delivery_id FROM exception WHERE delivery_id = ANY($1::bigint[]) AND state IN ('open', 'ack')"
        " ORDER BY identity",
        list(resolutions),
    )
    events = []
    for exception_id, delivery_id in rows:
        events += await resolve_exceptions(
            db, [exception_id], state="resolved", actor=actor, resolution=resolutions[delivery_id]
        )
    return events


async def resolve_exceptions(
    db: Pg, exception_ids: Sequence[int], *, state: str, actor: str, resolution: str
) -> list[EventLine]:
    """Put exceptions into a state. Events to add.

    Raises:
        RejectedError: there is no such exception.
    """
    events = []
    for exception_id in exception_ids:
        row = await db.fetchrow(
            "UPDATE exception SET state = $2, resolution = $3, assignee = CASE WHEN $4 <> '' THEN $4 ELSE assignee END"
            " WHERE id = $1 RETURNING code, system, interface, txn, message_id, document_id, delivery_id",
            exception_id,
            state,
            resolution,
            actor,
        )
        if row is None:
            raise RejectedError(
                f"there is no exception {format_id('e', exception_id)}", mend="list the exceptions there are"
            )
        code, system, interface, txn, *about = row
        data = {"id": exception_id, "code": code, "interface": interface, "state": state, "actor": actor}
        events.append(
            exception_event("exception.resolved", system, (about[0], about[1], about[2]), txn, data)
        )
    return events
