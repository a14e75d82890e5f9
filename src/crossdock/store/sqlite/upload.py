"""A body that comes in chunks: put piece by piece, visible only when it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import msgspec

from crossdock.store.contract import Accepted, NewMessage
from crossdock.store.sqlite import accept
from crossdock.store.sqlite.tx import Tx

__all__ = ["accept_stream", "repiece"]


class Write(Protocol):
    """The writer's `do`."""

    def __call__(self, work: Callable[[Tx], Any], /) -> Awaitable[Any]: ...


async def accept_stream(
    write: Write,
    accept_whole: Callable[[NewMessage], Awaitable[Accepted]],
    message: NewMessage,
    chunks: AsyncIterator[bytes],
) -> Accepted:
    """Accept a message whose body comes in chunks of any size; one piece of it is in memory at a time."""
    pieces = repiece(chunks, accept.PIECE_BYTES)
    first = await anext(pieces, b"")
    second = await anext(pieces, b"")
    if not second:
        return await accept_whole(msgspec.structs.replace(message, body=first))
    upload: int = await write(accept.begin_upload)
    try:
        hasher = hashlib.blake2b(first, digest_size=32)
        size, n, piece = len(first), 0, second
        while piece:
            n += 1
            size += len(piece)
            hasher.update(piece)
            await write(lambda tx, n=n, piece=piece: accept.put_piece(tx, upload, n, piece))  # type: ignore[misc]
            piece = await anext(pieces, b"")
        whole = msgspec.structs.replace(message, body=first)
        incoming = accept.Incoming(whole, hasher.digest(), uploaded=upload, size=size, pieces=n)
        accepted: Accepted = await write(lambda tx: accept.end_upload(tx, incoming))
    except BaseException:
        await write(lambda tx: accept.drop_upload(tx, upload))
        raise
    return accepted


async def repiece(chunks: AsyncIterator[bytes], piece_bytes: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size; only the last may be shorter, none is empty."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= piece_bytes:
            yield bytes(held[:piece_bytes])
            del held[:piece_bytes]
    if held:
        yield bytes(held)
