"""Accept: raw messages to disk, doubles refused. Runs in the writer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

from crossdock.store.coding import encode_json
from crossdock.store.contract import Accepted, NewMessage
from crossdock.store.incoming import DEDUPE, Fresh, Incoming, Known, admit, body_pieces, edited_copy
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import Tx

__all__ = [
    "SEEN",
    "accept_many",
    "begin_upload",
    "drop_upload",
    "drop_uploads",
    "end_upload",
    "insert_copy",
    "put_piece",
]

_MESSAGE: Final = Insert(
    "message",
    "id,system,topic,company,node,received_at,size,pieces,conflicts_with,content_type,headers,dedupe_key,origin,digest,body",
)
_STATE: Final = Insert("message_state", "id,state,received_at,note")
SEEN: Final = Insert("seen", "bucket,hash,scope,ref")
_PIECE: Final = Insert("body_chunk", "message_id,n,bytes")


def accept_many(tx: Tx, batch: Sequence[Incoming]) -> list[Accepted]:
    """Accept a batch; the answers in its order."""
    hashes = [incoming.hash for incoming in batch]
    admitted = admit(batch, hashes, _known(tx, hashes), itertools.count(tx.ids.take("message", len(batch))))
    _write(tx, admitted.fresh)
    for system, count in admitted.doubles.items():
        tx.db.execute(
            "INSERT INTO duplicate (system, n) VALUES (?, ?) ON CONFLICT (system) DO UPDATE SET n = n + excluded.n",
            (system, count),
        )
    return admitted.answers


def insert_copy(tx: Tx, message: NewMessage) -> int:
    """Accept an edited copy; its id."""
    fresh = edited_copy(message, tx.ids.take("message"))
    _write(tx, [fresh])
    return fresh.id


def _known(tx: Tx, hashes: Sequence[int]) -> dict[int, list[Known]]:
    """Accepted messages behind these hashes, oldest first."""
    found: dict[int, list[Known]] = {}
    wanted = as_list(set(hashes))
    for bucket in tx.buckets:
        rows = tx.db.execute(
            "SELECT s.hash, m.id, m.digest, m.dedupe_key FROM seen s CROSS JOIN message m ON m.id = s.ref"
            " WHERE s.bucket = ? AND s.hash IN (SELECT value FROM json_each(?)) AND s.scope = ?",
            (bucket, wanted, DEDUPE),
        )
        for key, *row in rows.fetchall():
            found.setdefault(key, []).append(Known(*row))
    return found


def _write(tx: Tx, fresh: Sequence[Fresh]) -> None:
    name, now, node = tx.name, tx.now, tx.name(tx.node)
    messages: list[tuple[Any, ...]] = []
    pieces: list[tuple[int, int, bytes]] = []
    for new in fresh:
        m = new.incoming.message
        first, rest = body_pieces(m.body)
        count = new.incoming.pieces or len(rest)
        size = new.incoming.size or len(m.body)
        headers = encode_json(m.headers) if m.headers else ""
        messages.append(
            (new.id, name(m.system), name(m.topic), name(m.company), node, now, size, count, new.conflicts_with,
             m.content_type, headers, m.dedupe_key, m.origin, new.incoming.digest, first)
        )  # fmt: skip
        pieces += [(new.id, n, piece) for n, piece in enumerate(rest, 1)]
    _MESSAGE.run(tx.db, messages)
    _STATE.run(tx.db, [(new.id, 1, now, "") for new in fresh])
    SEEN.run(tx.db, [(tx.bucket, new.hash, DEDUPE, new.id) for new in fresh])
    _PIECE.run(tx.db, pieces)


# ── bodies that come in pieces ───────────────────────────────────────────────────────────────────────


def begin_upload(tx: Tx) -> int:
    upload = tx.ids.take("message")
    tx.db.execute("INSERT INTO upload (message_id) VALUES (?)", (upload,))
    return upload


def put_piece(tx: Tx, upload: int, n: int, piece: bytes) -> None:
    tx.db.execute("INSERT INTO body_chunk (message_id, n, bytes) VALUES (?, ?, ?)", (upload, n, piece))


def end_upload(tx: Tx, incoming: Incoming) -> Accepted:
    accepted = accept_many(tx, [incoming])[0]
    if accepted.duplicate:
        drop_upload(tx, incoming.uploaded or 0)
    else:
        tx.db.execute("DELETE FROM upload WHERE message_id = ?", (incoming.uploaded,))
    return accepted


def drop_upload(tx: Tx, upload: int) -> None:
    tx.db.execute("DELETE FROM body_chunk WHERE message_id = ?", (upload,))
    tx.db.execute("DELETE FROM upload WHERE message_id = ?", (upload,))


def drop_uploads(tx: Tx) -> None:
    """Forget uploads that a crash cut off."""
    for (upload,) in tx.db.execute("SELECT message_id FROM upload").fetchall():
        drop_upload(tx, upload)
