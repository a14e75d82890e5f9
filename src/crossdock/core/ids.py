"""Ids of the journal's rows: integers inside, prefixed text outside (`m12`, `d7`, `e3`)."""

from __future__ import annotations

import hashlib
from typing import NewType

__all__ = [
    "ArtefactId",
    "DeliveryId",
    "DocumentId",
    "EventId",
    "ExceptionId",
    "MessageId",
    "digest",
    "format_id",
    "hash64",
    "parse_id",
]

MessageId = NewType("MessageId", int)
DocumentId = NewType("DocumentId", int)
DeliveryId = NewType("DeliveryId", int)
ArtefactId = NewType("ArtefactId", int)
ExceptionId = NewType("ExceptionId", int)
EventId = NewType("EventId", int)


def format_id(prefix: str, number: int) -> str:
    """`format_id("m", 12)` is `m12`: what people and other programs see."""
    return f"{prefix}{number}"


def parse_id(prefix: str, text: str) -> int:
    """The number in `m12`; the bare number is taken as well.

    Raises:
        ValueError: neither.
    """
    bare = text.removeprefix(prefix)
    if not bare.isdigit():
        msg = f"{text!r} is not an id such as {prefix}12"
        raise ValueError(msg)
    return int(bare)


def hash64(text: str) -> int:
    """A signed 64-bit hash, the same in every process and on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def digest(body: bytes) -> bytes:
    """32 bytes that stand for a body's content."""
    return hashlib.blake2b(body, digest_size=32).digest()
