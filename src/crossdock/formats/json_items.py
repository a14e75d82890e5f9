"""Finds the items of a list inside a streamed JSON text, holding one item at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

import msgspec

from crossdock.core.errors import Place, RejectedError
from crossdock.formats.byte_stream import too_big
from crossdock.formats.json_text import Origin, decode_text
from crossdock.formats.records import reject

__all__ = ["ItemSplitter"]

# Possessive quantifiers never try again, so a hostile text costs one pass.
_RUN = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_NOTHING = re.compile(rb"")
_STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_SCALAR = re.compile(rb"[^\s,:\]}\[{\"]*+")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class ItemSplitter:
    """Cuts the items of the list at `path` out of `chunks`; an empty path is a list at the top.

    What surrounds the list is kept and decoded at the end, so that a fault there is found too.
    """

    def __init__(
        self, chunks: Iterable[bytes], path: tuple[str, ...], *, source: str, max_bytes: int, max_depth: int
    ) -> None:
        self._chunks = iter(chunks)
        self._path = path
        self._source = source
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._buffer = bytearray()
        self._at = 0
        self._begun = False  # something other than white space has been seen
        self._line, self._column = 1, 1  # of the buffer's first byte

    def items(self) -> Iterator[tuple[bytes, Origin]]:
        """The bytes of each item and where it begins.

        Raises:
            RejectedError: there is no such list, or the text around the items is malformed or ends early.
        """
        self._skip_mark()
        self._enter()
        head = bytes(self._buffer[: self._at])
        self._drop()
        if self._peek() != "]":
            while True:
                self._peek()
                self._drop()
                end = self._end_of_value()
                raw = bytes(self._buffer[:end])
                self._at = end
                yield raw, Origin(self._source, self._line, self._column)
                sign = self._peek()
                if sign == "]":
                    break
                if sign != ",":
                    self._fail("an item must be followed by , or ]")
                self._at += 1
        self._drop()
        self._check_envelope(head)

    def _skip_mark(self) -> None:
        while len(self._buffer) < 3 and self._fill():
            continue
        if self._buffer.startswith(b"\xef\xbb\xbf"):
            del self._buffer[:3]

    def _fill(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._buffer += chunk
        return True

    def _enter(self) -> None:
        """Move behind the `[` of the list."""
        for name in self._path:
            if self._peek() != "{":
                self._missing()
            self._at += 1
            self._find_key(name)
        if self._peek() != "[":
            self._missing()
        self._at += 1

    def _find_key(self, name: str) -> None:
        while self._peek() == '"':
            end = self._end_of_value()
            raw = bytes(self._buffer[self._at : end])
            key = decode_text(raw, self._origin(self._at), max_depth=1, strict_keys=False)
            self._at = end
            if self._at > self._max_bytes:
                self._too_big(self._origin(0), "what precedes the list")
            if self._peek() != ":":
                self._fail("a key must be followed by :")
            self._at += 1
            self._peek()
            if key == name:
                return
            self._at = self._end_of_value()
            if self._peek() == ",":
                self._at += 1
        if self._peek() != "}":
            self._fail("a key in quotes must stand here")
        self._missing()

    def _peek(self) -> str:
        """The next sign that is not white space; it is left where it is."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                self._begun = True
                return chr(self._buffer[self._at])
            if not self._fill():
                self._truncated(self._at)

    def _end_of_value(self) -> int:
        """Index behind the value that begins at the present position; fills the buffer as needed."""
        start = self._at
        if self._buffer[start] not in b'"{[':
            return self._end_of_scalar(start)
        position, depth, in_string = start, 0, False
        while True:
            # Inside of a container a run takes whole strings; outside, a string is the value.
            run = _STRING_REST if in_string else _RUN if depth else _NOTHING
            match = run.match(self._buffer, position)
            position = match.end() if match else position
            # A backslash at the end of the buffer waits for its partner.
            if position >= len(self._buffer) or self._buffer[position] == ord("\\"):
                if position - start > self._max_bytes:
                    self._too_big(self._origin(start), "a record")
                if not self._fill():
                    self._truncated(start)
                continue
            sign = self._buffer[position]
            position += 1
            if sign == ord('"'):
                in_string = not in_string
            else:
                depth += 1 if sign in b"{[" else -1
            if depth == 0 and not in_string:
                return position

    def _end_of_scalar(self, start: int) -> int:
        position = start
        while True:
            match = _SCALAR.match(self._buffer, position)
            position = match.end() if match else position
            if position < len(self._buffer) or not self._fill():
                break
        if position == start:
            self._fail("a value must stand here")
        return position

    def _drop(self) -> None:
        """Forget what lies before the present position."""
        origin = self._origin(self._at)
        self._line, self._column = origin.line, origin.column
        del self._buffer[: self._at]
        self._at = 0

    def _origin(self, index: int) -> Origin:
        before = bytes(self._buffer[:index])
        if b"\r" in before:
            before = _LINE_END.sub(b"\n", before)
        lines = before.count(b"\n")
        if lines:
            before = before[before.rfind(b"\n") + 1 :]
        width = len(before) if before.isascii() else len(before.decode(errors="replace"))
        return Origin(self._source, self._line + lines, width + (1 if lines else self._column))

    def _check_envelope(self, head: bytes) -> None:
        """Decode what surrounds the list, with an empty list in it."""
        end = self._origin(0)
        while self._fill():
            if len(self._buffer) > self._max_bytes:
                self._too_big(end, "what follows the list")
        begin = Origin(source=self._source)
        try:
            decode_text(head + bytes(self._buffer), begin, max_depth=self._max_depth, strict_keys=True)
        except RejectedError as error:
            error.place = _moved(error.place, begin.after(head.decode(errors="replace")), end)
            raise

    def _too_big(self, origin: Origin, what: str) -> NoReturn:
        place = Place(source=self._source, line=origin.line, column=origin.column)
        raise too_big(what, self._max_bytes, place, "max_record_bytes")

    def _missing(self) -> NoReturn:
        path = ".".join(self._path)
        where = f"at {path}" if path else "at the top"
        raise reject(
            f"the JSON has no list {where}",
            place=self._origin(self._at).place("", path=path),
            mend="let the option records name the path of the list, or leave it away if the body is one record",
        )

    def _fail(self, what: str) -> NoReturn:
        value = bytes(self._buffer[self._at : self._at + 20]).decode(errors="replace")
        raise reject(
            f"the JSON is malformed: {what}",
            place=self._origin(self._at).place("", value=value),
            mend="correct the file at the source",
        )

    def _truncated(self, start: int) -> NoReturn:
        """The text ended inside of a value: the fault is there, or at a slip before that swallowed the rest."""
        raw = bytes(self._buffer[start:])
        if raw.strip():
            decode_text(raw, self._origin(start), max_depth=self._max_depth, strict_keys=False)
        raise reject(
            "the JSON ends before it is complete" if self._begun else "the file is empty",
            place=self._origin(len(self._buffer)).place(""),
            mend="have the sender send the whole file again",
        )


def _moved(place: Place, old: tuple[int, int], new: Origin) -> Place:
    """A place behind the list, found in the text without its items, as it is in the whole text."""
    line, column = place.line or 1, place.column or 1
    if (line, column) < old:
        return place
    if line == old[0]:
        column += new.column - old[1]
    return msgspec.structs.replace(place, line=line + new.line - old[0], column=column)
