"""Accept: raw messages to disk, doubles refused. Runs in the writer."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Final

from crossdock.core.ids import MessageId, digest, hash64
from crossdock.store.coding import body_pieces, encode_json
from crossdock.store.contract import Accepted, MessageState, NewMessage
from crossdock.store.sqlite.rows import Insert, as_list
from crossdock.store.sqlite.tx import DEDUPE, Tx

__all__ = [
    "PIECE_BYTES",
    "SEEN",
    "STATES",
    "STATE_NAMES",
    "Incoming",
    "accept_many",
    "begin_upload",
    "drop_upload",
    "drop_uploads",
    "end_upload",
    "insert_copy",
    "put_piece",
]

PIECE_BYTES: Final = 256 * 1024
STATES: Final = {
    MessageState.ACCEPTED: 1,
    MessageState.TRANSLATED: 2,
    MessageState.FILTERED: 3,
    MessageState.FAILED: 4,
}
STATE_NAMES: Final = {number: name for name, number in STATES.items()}

_MESSAGE: Final = Insert(
    "message",
    "id,system,topic,company,node,received_at,size,pieces,conflicts_with,content_type,headers,dedupe_key,origin,digest,body",
)
_STATE: Final = Insert("message_state", "id,state,received_at,note")
SEEN: Final = Insert("seen", "bucket,hash,scope,ref")
_PIECE: Final = Insert("body_chunk", "message_id,n,bytes")


@dataclasses.dataclass(slots=True)
class Incoming:
    """A message on its way in. With `uploaded`, all of its body but the first piece lies in the journal already."""

    message: NewMessage
    digest: bytes
    uploaded: int | None = None
    size: int = 0
    pieces: int = 0

    @property
    def hash(self) -> int:
        """What is unique within the system: the dedupe key, else the body's digest."""
        message = self.message
        if message.dedupe_key:
            return hash64(f"k|{message.system}|{message.dedupe_key}")
        return hash64(f"b|{message.system}|{self.digest.hex()}")


@dataclasses.dataclass(slots=True)
class _Known:
    id: int
    digest: bytes
    dedupe_key: str


def accept_many(tx: Tx, batch: Sequence[Incoming]) -> list[Accepted]:
    """Accept a batch; the answers in its order. Doubles within the batch are found as well."""
    hashes = [incoming.hash for incoming in batch]
    known = _known(tx, hashes)
    doubles: Counter[str] = Counter()
    fresh: list[tuple[int, Incoming, int, int | None]] = []
    answers = []
    next_id = tx.ids.take("message", len(batch))
    for incoming, key in zip(batch, hashes, strict=True):
        earlier = [k for k in known.get(key, ()) if k.dedupe_key == incoming.message.dedupe_key]
        same = next((k for k in earlier if k.digest == incoming.digest), None)
        if same is not None:
            doubles[incoming.message.system] += 1
            answers.append(Accepted(MessageId(same.id), duplicate=True))
            continue
        conflict = MessageId(earlier[0].id) if earlier else None
        message_id, next_id = (incoming.uploaded, next_id) if incoming.uploaded else (next_id, next_id + 1)
        fresh.append((message_id, incoming, key, conflict))
        known.setdefault(key, []).append(_Known(message_id, incoming.digest, incoming.message.dedupe_key))
        answers.append(Accepted(MessageId(message_id), conflicts_with=conflict))
    _write(tx, fresh)
    for system, count in doubles.items():
        tx.db.execute(
            "INSERT INTO duplicate (system, n) VALUES (?, ?) ON CONFLICT (system) DO UPDATE SET n = n + excluded.n",
            (system, count),
        )
    return answers


def _known(tx: Tx, hashes: Sequence[int]) -> dict[int, list[_Known]]:
    """Accepted messages behind these hashes, oldest first; confirmed against their rows by the caller."""
    found: dict[int, list[_Known]] = {}
    wanted = as_list(set(hashes))
    rows: list[tuple[int, int, bytes, str]] = []
    for bucket in tx.buckets:
        rows += tx.db.execute(
            "SELECT s.hash, m.id, m.digest, m.dedupe_key FROM seen s JOIN message m ON m.id = s.ref"
            " WHERE s.bucket = ? AND s.hash IN (SELECT value FROM json_each(?)) AND s.scope = ?",
            (bucket, wanted, DEDUPE),
        )
    for key, message_id, its_digest, dedupe_key in rows:
        found.setdefault(key, []).append(_Known(message_id, its_digest, dedupe_key))
    return found


def _write(tx: Tx, fresh: Sequence[tuple[int, Incoming, int, int | None]]) -> None:
    messages, states, seen, pieces = [], [], [], []
    node = tx.name(tx.node)
    for message_id, incoming, key, conflict in fresh:
        m = incoming.message
        first, rest = body_pieces(m.body, PIECE_BYTES)
        count = incoming.pieces or len(rest)
        size = incoming.size or len(m.body)
        headers = encode_json(m.headers) if m.headers else ""
        messages.append(
            (message_id, tx.name(m.system), tx.name(m.topic), tx.name(m.company), node, tx.now, size, count, conflict,
             m.content_type, headers, m.dedupe_key, m.origin, incoming.digest, first)
        )  # fmt: skip
        states.append((message_id, 1, tx.now, ""))
        seen.append((tx.bucket, key, DEDUPE, message_id))
        pieces += [(message_id, n, piece) for n, piece in enumerate(rest, 1)]
    _MESSAGE.run(tx.db, messages)
    _STATE.run(tx.db, states)
    SEEN.run(tx.db, seen)
    _PIECE.run(tx.db, pieces)


def insert_copy(tx: Tx, message: NewMessage) -> int:
    """An edited copy: accepted without looking for doubles, and not remembered as one."""
    message_id = tx.ids.take("message")
    incoming = Incoming(message, digest(message.body))
    first, rest = body_pieces(message.body, PIECE_BYTES)
    _MESSAGE.run(
        tx.db,
        [
            (message_id, tx.name(message.system), tx.name(message.topic), tx.name(message.company), tx.name(tx.node),
             tx.now, len(message.body), len(rest), None, message.content_type, encode_json(message.headers),
             message.dedupe_key, message.origin, incoming.digest, first)
        ],
    )  # fmt: skip
    _STATE.run(tx.db, [(message_id, 1, tx.now, "")])
    _PIECE.run(tx.db, [(message_id, n, piece) for n, piece in enumerate(rest, 1)])
    return message_id


# ── bodies that come in pieces ───────────────────────────────────────────────────────────────────────


def begin_upload(tx: Tx) -> int:
    """The id under which pieces are put; there is no message yet."""
    message_id = tx.ids.take("message")
    tx.db.execute("INSERT INTO upload (message_id) VALUES (?)", (message_id,))
    return message_id


def put_piece(tx: Tx, message_id: int, n: int, piece: bytes) -> None:
    tx.db.execute("INSERT INTO body_chunk (message_id, n, bytes) VALUES (?, ?, ?)", (message_id, n, piece))


def end_upload(tx: Tx, incoming: Incoming) -> Accepted:
    """All pieces are there: the message appears, unless it is a double."""
    accepted = accept_many(tx, [incoming])[0]
    if accepted.duplicate:
        drop_upload(tx, incoming.uploaded or 0)
    else:
        tx.db.execute("DELETE FROM upload WHERE message_id = ?", (incoming.uploaded,))
    return accepted


def drop_upload(tx: Tx, message_id: int) -> None:
    tx.db.execute("DELETE FROM body_chunk WHERE message_id = ?", (message_id,))
    tx.db.execute("DELETE FROM upload WHERE message_id = ?", (message_id,))


def drop_uploads(tx: Tx) -> None:
    """Forget uploads that a crash cut off."""
    for (message_id,) in tx.db.execute("SELECT message_id FROM upload").fetchall():
        drop_upload(tx, message_id)
