"""Translate: documents, deliveries and events of messages, committed whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.store.coding import delivery_events, encode_json
from crossdock.store.contract import Settled, Translated
from crossdock.store.effects import Effect, Rival
from crossdock.store.incoming import EFFECT, STATES
from crossdock.store.intake import Intake
from crossdock.store.postgres.database import Database, Pg
from crossdock.store.postgres.deliveries import load_by_id, load_by_keys, write_board
from crossdock.store.postgres.outbox import add_events, raise_exceptions, resolve_of_deliveries
from crossdock.store.postgres.xrefs import drop_facts

__all__ = ["commit_translated"]


async def commit_translated(base: Database, db: Pg, batch: Sequence[Translated]) -> Settled:
    """Commit what became of messages. A message that is not in state accepted any more is left as it is.

    Deliveries of one key come by one lane, whose lock is held to the end: their ids follow the order of commits.
    """
    rows = await db.fetch(
        "SELECT id, received_at FROM message_state WHERE id = ANY($1::bigint[]) AND state = 1 ORDER BY id FOR UPDATE",
        [translated.message_id for translated in batch],
    )
    open_messages: dict[int, int] = {row[0]: row[1] for row in rows}
    todo = []
    for translated in batch:
        received_at = open_messages.pop(translated.message_id, None)
        if received_at is not None:
            todo.append((translated, received_at))
    ids = await base.take_ids(db, "document", sum(len(translated.documents) for translated, _ in todo))
    intake = Intake(todo, iter(ids))
    if intake.entries:
        await base.lock(db, {("lane", entry.new.target, entry.lane) for entry in intake.entries})
        await _load(base, db, intake)
        intake.enter(iter(await base.take_ids(db, "delivery", len(intake.entries))))
    await _write_documents(base, db, intake)
    events = await _write_deliveries(base, db, intake)
    await db.execute(
        "UPDATE message_state m SET state = v.state, note = v.note FROM unnest($1::bigint[], $2::smallint[], $3::text[])"
        " AS v(id, state, note) WHERE m.id = v.id",
        [t.message_id for t, _ in todo],
        [STATES[t.state] for t, _ in todo],
        [t.note for t, _ in todo],
    )
    _, raised = await raise_exceptions(base, db, intake.raised)
    await add_events(base, db, [*intake.events, *events, *delivery_events(intake.board, {}), *raised])
    return Settled(intake.board.woken())


async def _load(base: Database, db: Pg, intake: Intake) -> None:
    """Read what the deliveries are judged by: what is stuck on their keys, done effects, rivals."""
    await load_by_keys(db, intake.board, {entry.key_hash for entry in intake.entries})
    rows = await db.fetch(
        "SELECT s.hash, d.id, d.effect_key, t.state, o.digest, d.message_id, t.named FROM seen s"
        " JOIN delivery d ON d.id = s.ref JOIN delivery_state t ON t.id = d.id JOIN document o ON o.id = d.document_id"
        " WHERE s.bucket = ANY($1::int[]) AND s.hash = ANY($2::bigint[]) AND s.scope = $3 ORDER BY d.id",
        base.buckets,
        list({entry.effect_hash for entry in intake.entries}),
        EFFECT,
    )
    for effect_hash, *row in rows:
        intake.effects.setdefault(effect_hash, []).append(Effect(*row))
    keys = intake.superseding_keys
    if keys:
        rivals = await db.fetch(
            "SELECT r.key_hash, r.operation, r.delivery_id, r.version, s.state, s.effect_done FROM rival r"
            " JOIN delivery_state s ON s.id = r.delivery_id WHERE r.key_hash = ANY($1::bigint[]) ORDER BY r.delivery_id",
            list(keys),
        )
        for key_hash, operation, *rival in rivals:
            intake.rivals.setdefault((key_hash, operation), []).append(Rival(*rival))
        await load_by_id(db, intake.board, (row[2] for row in rivals))


async def _write_documents(base: Database, db: Pg, intake: Intake) -> None:
    now = base.now
    rows: list[tuple[Any, ...]] = []
    for document in intake.documents:
        new = document.new
        rows.append(
            (document.id, document.message_id, new.kind, new.company, new.interface, now, new.key, new.source_version,
             encode_json(new.transactions), new.filtered_by, document.digest, new.body)
        )  # fmt: skip
    if rows:
        await db.copy_records_to_table("document", records=rows)
        await db.copy_records_to_table("link", records=sorted(set(intake.links)))


async def _write_deliveries(base: Database, db: Pg, intake: Intake) -> list[Any]:
    """Write them; the events of exceptions that were resolved."""
    if not intake.entries:
        return []
    now, bucket = base.now, base.bucket
    deliveries: list[tuple[Any, ...]] = []
    states: list[tuple[Any, ...]] = []
    for entry in intake.entries:
        new, row, document = entry.new, entry.row, entry.document
        assert row is not None, "every entry is judged"
        deliveries.append(
            (row.id, document.id, document.message_id, new.interface, new.interface_version, new.target_index,
             new.target, new.company, new.operation, new.object_kind, now, document.received_at, new.supersede,
             new.object_key, entry.effect_key, new.source_version, row.transaction)
        )  # fmt: skip
        states.append(
            (row.id, row.key_hash, row.target, row.lane, int(row.state), 0, 0, 0, False, row.named, False)
        )
    await db.copy_records_to_table("delivery", records=deliveries)
    await db.copy_records_to_table("delivery_state", records=states)
    await db.copy_records_to_table("seen", records=[(bucket, h, EFFECT, ref) for h, ref in intake.remembered])
    if intake.rivals_over:
        await db.execute(
            "DELETE FROM rival WHERE key_hash = ANY($1::bigint[]) AND delivery_id = ANY($2::bigint[])",
            list(intake.superseding_keys),
            intake.rivals_over,
        )
    await db.copy_records_to_table("rival", records=intake.rival_rows)
    await write_board(db, intake.board)
    if not intake.replaced:
        return []
    await drop_facts(db, intake.replaced)
    return await resolve_of_deliveries(db, intake.replaced)
