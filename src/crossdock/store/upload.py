"""A body that comes in chunks: put piece by piece, visible only when it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from crossdock.store.contract import Accepted, NewMessage
from crossdock.store.incoming import PIECE_BYTES, Incoming

__all__ = ["Uploads", "accept_stream", "repiece"]


class Uploads(Protocol):
    """What a journal offers for bodies in pieces. Each call is on disk when it returns."""

    async def accept(self, message: NewMessage) -> Accepted:
        """Accept a message that is whole."""
        ...

    async def begin_upload(self) -> int:
        """The id under which pieces are put; there is no message yet."""
        ...

    async def put_piece(self, upload: int, n: int, piece: bytes) -> None: ...

    async def end_upload(self, incoming: Incoming) -> Accepted:
        """All pieces are there: the message appears, unless it is a double."""
        ...

    async def drop_upload(self, upload: int) -> None: ...


async def accept_stream(uploads: Uploads, message: NewMessage, chunks: AsyncIterator[bytes]) -> Accepted:
    """Accept a message whose body comes in chunks of any size; one piece of it is in memory at a time."""
    pieces = repiece(chunks, PIECE_BYTES)
    first = await anext(pieces, b"")
    piece = await anext(pieces, b"")
    if not piece:
        return await uploads.accept(msgspec.structs.replace(message, body=first))
    upload = await uploads.begin_upload()
    try:
        hasher = hashlib.blake2b(first, digest_size=32)
        size, n = len(first), 0
        while piece:
            n += 1
            size += len(piece)
            hasher.update(piece)
            await uploads.put_piece(upload, n, piece)
            piece = await anext(pieces, b"")
        whole = msgspec.structs.replace(message, body=first)
        return await uploads.end_upload(
            Incoming(whole, hasher.digest(), uploaded=upload, size=size, pieces=n)
        )
    except BaseException:
        await uploads.drop_upload(upload)
        raise


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
