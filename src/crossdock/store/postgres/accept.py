"""Accept: raw messages to disk, doubles refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from crossdock.store.coding import encode_json
from crossdock.store.contract import Accepted, NewMessage
from crossdock.store.incoming import DEDUPE, Fresh, Incoming, Known, admit, body_pieces, edited_copy
from crossdock.store.postgres.database import Database, Pg

__all__ = [
    "accept_many",
    "begin_upload",
    "drop_old_uploads",
    "drop_upload",
    "end_upload",
    "insert_copy",
    "put_piece",
]

_UPLOAD_LIFE_S: Final = 86_400
_MESSAGE: Final = (
    "id", "system", "topic", "company", "node", "received_at", "size", "pieces", "conflicts_with", "content_type",
    "headers", "dedupe_key", "origin", "digest", "body",
)  # fmt: skip


async def accept_many(base: Database, db: Pg, batch: Sequence[Incoming]) -> list[Accepted]:
    """Accept a batch; the answers in its order. One batch at a time over all processes, so doubles meet."""
    await base.lock(db, [("accept",)])
    hashes = [incoming.hash for incoming in batch]
    ids = await base.take_ids(db, "message", len(batch))
    admitted = admit(batch, hashes, await _known(base, db, hashes), iter(ids))
    await _write(base, db, admitted.fresh)
    for system, count in sorted(admitted.doubles.items()):
        await db.execute(
            "INSERT INTO duplicate AS d (system, n) VALUES ($1, $2)"
            " ON CONFLICT (system) DO UPDATE SET n = d.n + excluded.n",
            system,
            count,
        )
    return admitted.answers


async def insert_copy(base: Database, db: Pg, message: NewMessage) -> int:
    """Accept an edited copy; its id."""
    (message_id,) = await base.take_ids(db, "message", 1)
    await _write(base, db, [edited_copy(message, message_id)])
    return message_id


async def _known(base: Database, db: Pg, hashes: Sequence[int]) -> dict[int, list[Known]]:
    rows = await db.fetch(
        "SELECT s.hash, m.id, m.digest, m.dedupe_key FROM seen s JOIN message m ON m.id = s.ref"
        " WHERE s.bucket = ANY($1::int[]) AND s.hash = ANY($2::bigint[]) AND s.scope = $3 ORDER BY m.id",
        base.buckets,
        list(set(hashes)),
        DEDUPE,
    )
    found: dict[int, list[Known]] = {}
    for key, *row in rows:
        found.setdefault(key, []).append(Known(*row))
    return found


async def _write(base: Database, db: Pg, fresh: Sequence[Fresh]) -> None:
    now, bucket = base.now, base.bucket
    messages: list[tuple[Any, ...]] = []
    pieces: list[tuple[int, int, bytes]] = []
    for new in fresh:
        m = new.incoming.message
        first, rest = body_pieces(m.body)
        count = new.incoming.pieces or len(rest)
        size = new.incoming.size or len(m.body)
        headers = encode_json(m.headers) if m.headers else ""
        messages.append(
            (new.id, m.system, m.topic, m.company, base.node, now, size, count, new.conflicts_with, m.content_type,
             headers, m.dedupe_key, m.origin, new.incoming.digest, first)
        )  # fmt: skip
        pieces += [(new.id, n, piece) for n, piece in enumerate(rest, 1)]
    if not messages:
        return
    await db.copy_records_to_table("message", records=messages, columns=_MESSAGE)
    await db.copy_records_to_table("message_state", records=[(new.id, 1, now, "") for new in fresh])
    await db.copy_records_to_table("seen", records=[(bucket, new.hash, DEDUPE, new.id) for new in fresh])
    if pieces:
        await db.copy_records_to_table("body_chunk", records=pieces)


# ── bodies that come in pieces ───────────────────────────────────────────────────────────────────────


async def begin_upload(base: Database, db: Pg) -> int:
    (upload,) = await base.take_ids(db, "message", 1)
    await db.execute("INSERT INTO upload (message_id, touched_at) VALUES ($1, $2)", upload, base.now)
    return upload


async def put_piece(base: Database, db: Pg, upload: int, n: int, piece: bytes) -> None:
    await db.execute("UPDATE upload SET touched_at = $2 WHERE message_id = $1", upload, base.now)
    await db.execute("INSERT INTO body_chunk (message_id, n, bytes) VALUES ($1, $2, $3)", upload, n, piece)


async def end_upload(base: Database, db: Pg, incoming: Incoming) -> Accepted:
    accepted = (await accept_many(base, db, [incoming]))[0]
    if accepted.duplicate:
        await drop_upload(db, incoming.uploaded or 0)
    else:
        await db.execute("DELETE FROM upload WHERE message_id = $1", incoming.uploaded)
    return accepted


async def drop_upload(db: Pg, upload: int) -> None:
    await db.execute("DELETE FROM body_chunk WHERE message_id = $1", upload)
    await db.execute("DELETE FROM upload WHERE message_id = $1", upload)


async def drop_old_uploads(base: Database, db: Pg) -> None:
    """Forget uploads that a crash cut off. Younger ones may be another worker's, on their way."""
    before = base.now - _UPLOAD_LIFE_S * 1_000_000
    rows = await db.fetch(
        "SELECT message_id FROM upload WHERE touched_at < $1 FOR UPDATE SKIP LOCKED", before
    )
    for (upload,) in rows:
        await drop_upload(db, upload)
