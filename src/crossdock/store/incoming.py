"""Messages on their way in: what makes one a double of another, decided purely."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from crossdock.core.ids import MessageId, digest, hash64
from crossdock.store.contract import Accepted, MessageState, NewMessage

__all__ = [
    "DEDUPE",
    "EFFECT",
    "PIECE_BYTES",
    "STATES",
    "STATE_NAMES",
    "Admitted",
    "Fresh",
    "Incoming",
    "Known",
    "Window",
    "admit",
    "body_pieces",
    "edited_copy",
]

PIECE_BYTES: Final = 256 * 1024
"""Bodies lie in pieces of this size; the first one with the message's row."""
DEDUPE: Final = 0
EFFECT: Final = 1
"""Scopes of `seen`: dedupe keys of messages, effect keys of deliveries."""
STATES: Final = {
    MessageState.ACCEPTED: 1,
    MessageState.TRANSLATED: 2,
    MessageState.FILTERED: 3,
    MessageState.FAILED: 4,
}
STATE_NAMES: Final = {number: name for name, number in STATES.items()}


@dataclasses.dataclass(frozen=True)
class Window:
    """How long dedupe keys and effect keys are remembered: `buckets` of `bucket_days` days."""

    bucket_days: int = 7
    buckets: int = 5

    def bucket(self, micros: int) -> int:
        return micros // (self.bucket_days * 86_400_000_000)

    def live(self, bucket: int) -> range:
        """The buckets that are looked into when `bucket` is the present one."""
        return range(bucket - self.buckets + 1, bucket + 1)


@dataclasses.dataclass(slots=True)
class Incoming:
    """A message with its digest. With `uploaded`, all of its body but the first piece lies in the journal already."""

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
class Known:
    """A message that was accepted before."""

    id: int
    digest: bytes
    dedupe_key: str


@dataclasses.dataclass(slots=True)
class Fresh:
    """A message to be written."""

    id: int
    incoming: Incoming
    hash: int
    conflicts_with: int | None


@dataclasses.dataclass(slots=True)
class Admitted:
    """What becomes of a batch: the answers in its order, what is to be written, and doubles by system."""

    answers: list[Accepted]
    fresh: list[Fresh]
    doubles: Counter[str]


def admit(
    batch: Sequence[Incoming], hashes: Sequence[int], known: dict[int, list[Known]], ids: Iterator[int]
) -> Admitted:
    """Sort out doubles, those within the batch as well.

    Args:
        batch: the messages.
        hashes: theirs, in the same order.
        known: by hash, oldest first; those of the batch are added.
        ids: fresh ones.
    """
    result = Admitted([], [], Counter())
    for incoming, key in zip(batch, hashes, strict=True):
        earlier = [k for k in known.get(key, ()) if k.dedupe_key == incoming.message.dedupe_key]
        same = next((k for k in earlier if k.digest == incoming.digest), None)
        if same is not None:
            result.doubles[incoming.message.system] += 1
            result.answers.append(Accepted(MessageId(same.id), duplicate=True))
            continue
        conflict = earlier[0].id if earlier else None
        message_id = incoming.uploaded or next(ids)
        result.fresh.append(Fresh(message_id, incoming, key, conflict))
        known.setdefault(key, []).append(Known(message_id, incoming.digest, incoming.message.dedupe_key))
        conflicts_with = None if conflict is None else MessageId(conflict)
        result.answers.append(Accepted(MessageId(message_id), conflicts_with=conflicts_with))
    return result


def edited_copy(message: NewMessage, message_id: int) -> Fresh:
    """An edited copy: nobody looks for its doubles, and it is remembered under a hash of its own."""
    incoming = Incoming(message, digest(message.body))
    return Fresh(message_id, incoming, hash64(f"copy|{message_id}"), None)


def body_pieces(body: bytes) -> tuple[bytes, list[bytes]]:
    """The piece that lies with the message's row, and the pieces that follow."""
    if len(body) <= PIECE_BYTES:
        return body, []
    return body[:PIECE_BYTES], [body[i : i + PIECE_BYTES] for i in range(PIECE_BYTES, len(body), PIECE_BYTES)]
