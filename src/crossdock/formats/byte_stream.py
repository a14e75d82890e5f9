"""Chunks of bytes as streams: recoded, counted, cut into lines, with bounded memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crossdock.core.errors import ConfigError, Place, RejectedError
from crossdock.formats.records import reject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "MEGABYTE",
    "check_encoding",
    "encode_text",
    "open_chunks",
    "read_all",
    "read_bytes_lines",
    "read_text_lines",
    "to_utf8",
    "too_big",
]

MEGABYTE = 1024 * 1024
_PIECE = 64 * 1024


class _Chunks(io.RawIOBase):
    """An iterable of chunks as a raw, forward-only file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._rest))
        room[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def open_chunks(chunks: Iterable[bytes]) -> io.BufferedReader:
    """The chunks as a buffered binary file that cannot seek."""
    return io.BufferedReader(_Chunks(chunks), _PIECE)


def too_big(what: str, limit: int, place: Place, option: str) -> RejectedError:
    """The T-TOO-BIG of a part of the source that is larger than `limit` bytes."""
    return reject(
        f"{what} is larger than {limit} bytes",
        code="T-TOO-BIG",
        place=place,
        mend=f"have the sender split it, or raise the option {option}",
    )


def read_all(chunks: Iterable[bytes], *, limit: int, source: str, option: str) -> bytes:
    """All chunks in one piece.

    Raises:
        RejectedError: T-TOO-BIG, more than `limit` bytes.
    """
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise too_big("the body", limit, Place(source=source), option)
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def check_encoding(encoding: str) -> None:
    """Raise ConfigError if Python knows no such text encoding."""
    try:
        known = codecs.lookup(encoding)
    except LookupError:
        known = None
    # Codecs such as base64 are byte to byte; _is_text_encoding is what open() itself looks at.
    if known is None or not getattr(known, "_is_text_encoding", True):
        raise ConfigError(
            f"there is no encoding {encoding!r}",
            place=Place(path="options.encoding"),
            mend="name one that Python knows, such as utf-8, cp1252 or iso-8859-15",
        )


def to_utf8(chunks: Iterable[bytes], encoding: str, source: str) -> Iterator[bytes]:
    """The chunks in UTF-8 without byte order mark.

    Raises:
        RejectedError: T-CHARSET, bytes that are not `encoding`.
    """
    check_encoding(encoding)
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            line += text.count("\n")
            yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise reject(
            f"the bytes are not {encoding}: {error}",
            code="T-CHARSET",
            place=Place(source=source, line=line),
            mend="declare the encoding the sender writes, in the option encoding",
        ) from error


def read_bytes_lines(chunks: Iterable[bytes], *, limit: int) -> Iterator[bytes | None]:
    r"""Lines ended by \n, without their end; None in place of a line of more than `limit` bytes."""
    stream = open_chunks(chunks)
    while line := stream.readline(limit + 1):
        if line.endswith(b"\n"):
            yield line[:-1]
        elif len(line) <= limit:
            yield line
        else:
            while (rest := stream.readline(_PIECE)) and not rest.endswith(b"\n"):
                continue
            yield None


def read_text_lines(chunks: Iterable[bytes], *, encoding: str, limit: int, source: str) -> Iterator[str]:
    r"""Lines with their ends (\n, \r\n or \r); bytes that are not `encoding` stay as lone surrogates.

    Surrogates let one bad line be refused where a strict decoder would end the file. Multi-byte encodings
    that cannot do so (UTF-16) raise.

    Raises:
        RejectedError: T-TOO-BIG or T-CHARSET.
    """
    check_encoding(encoding)
    with io.TextIOWrapper(
        open_chunks(chunks), encoding=encoding, errors="surrogateescape", newline=""
    ) as stream:
        number = 0
        try:
            while line := stream.readline(limit):
                number += 1
                if len(line) == limit and line[-1] not in "\r\n":
                    raise too_big("a line", limit, Place(source=source, line=number), "max_record_bytes")
                yield line
        except UnicodeError as error:
            raise reject(
                f"the bytes are not {encoding}: {error}",
                code="T-CHARSET",
                place=Place(source=source, line=number + 1),
                mend="declare the encoding the sender writes, in the option encoding",
            ) from error


def encode_text(texts: Iterable[str], encoding: str, *, errors: str = "strict") -> Iterator[bytes]:
    """The texts as bytes of `encoding`.

    Raises:
        RejectedError: T-CHARSET, a character that `encoding` does not have.
    """
    check_encoding(encoding)
    encoder = codecs.getincrementalencoder(encoding)(errors)
    for text in texts:
        try:
            chunk = encoder.encode(text)
        except UnicodeEncodeError as error:
            raise reject(
                f"the character {text[error.start]!a} does not exist in {encoding}",
                code="T-CHARSET",
                place=Place(value=ascii(text[error.start : error.start + 20])),
                mend="write UTF-8, or replace the character in the mapping",
            ) from error
        if chunk:
            yield chunk
    if rest := encoder.encode("", final=True):
        yield rest
