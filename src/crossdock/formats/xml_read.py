"""XML documents: reading, one record element at a time, with DTDs refused."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from xml.parsers import expat

import msgspec

from crossdock.core.errors import Place, RejectedError
from crossdock.formats.byte_stream import MEGABYTE, check_encoding, too_big
from crossdock.formats.json_text import Origin
from crossdock.formats.records import BadRecord, Record, parse_options, reject
from crossdock.formats.xml_locate import RawElement, local_name, locate_in_element

__all__ = ["XmlOptions", "read_xml"]

_PIECE = 64 * 1024
_UNFINISHED = frozenset(
    {3, 4, 5, 6, 20}
)  # no element, invalid token, unclosed token, partial char, unclosed CDATA
_INVALID_TOKEN = 4
_ENCODING_FAULTS = frozenset({18, 19})  # unknown, incorrect


class XmlOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `xml`.

    Attributes:
        record: name of the record element (`order`, at any depth) or its path from the root
            (`orders/order`); empty: the whole document is one record. Writing: the element of each record.
        lists: names of elements that are a list even when there is one (order lines!).
        root: writing: the element around the records; empty: the one record is the document.
        namespace: writing: the default namespace of the root.
        encoding: empty: as the document declares, UTF-8 when writing.
        max_depth: levels of nesting.
        max_record_bytes: size of one record.
    """

    record: str = ""
    lists: list[str] = []
    root: str = "records"
    namespace: str = ""
    encoding: str = ""
    max_depth: int = 100
    max_record_bytes: int = 64 * MEGABYTE


def read_xml(
    chunks: Iterable[bytes], options: Mapping[str, Any], source: str
) -> Iterator[Record | BadRecord]:
    """Elements as records: attributes as `@name`, text as `#text`, repeated elements as lists.

    An element with neither attributes nor children is its text, exactly. Namespace prefixes are taken
    off. Where XML is malformed nobody can tell where the next record begins, so every fault raises.
    """
    chosen = parse_options(XmlOptions, options, "xml")
    if chosen.encoding:
        check_encoding(chosen.encoding)
    return _XmlReader(chosen, source).read(chunks)


class _Open:
    """An element that has begun inside of a record."""

    __slots__ = ("data", "has_children", "name", "text")

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.data = data
        self.text: list[str] = []
        self.has_children = False

    def value(self) -> str | dict[str, Any]:
        text = "".join(self.text)
        if self.has_children:
            text = text.strip()
        elif not self.data:
            return text
        if text:
            self.data["#text"] = text
        return self.data


class _XmlReader:
    def __init__(self, options: XmlOptions, source: str) -> None:
        self._options = options
        self._source = source
        path = options.record.strip("/").split("/") if options.record else []
        self._path = path if len(path) > 1 or options.record.startswith("/") else []
        self._name = path[-1] if path else ""
        self._lists = frozenset(options.lists)
        self._outside: list[str] = []  # names of the open elements around records
        self._open: list[_Open] = []  # open elements of the present record
        self._ready: list[Record] = []
        self._number = 0
        self._start = 0  # of the present record, in bytes
        self._origin = Origin()
        self._buffer = bytearray()
        self._base = 0  # index of the buffer's first byte
        self._elements = 0
        self._encoding = options.encoding or "utf-8"
        self._parser = self._build_parser()

    def _build_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(self._options.encoding or None)
        parser.buffer_text = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        return parser

    def read(self, chunks: Iterable[bytes]) -> Iterator[Record]:
        for chunk in chunks:
            for begin in range(0, len(chunk), _PIECE):
                self._feed(chunk[begin : begin + _PIECE])
                yield from self._ready
                self._ready = []
        self._feed(b"", final=True)
        yield from self._ready
        if self._number == 0 and self._elements > 1:
            raise reject(
                f"the document has no element {self._options.record}",
                place=Place(source=self._source, line=1, column=1, path=self._options.record),
                mend="correct the option record",
            )

    def _feed(self, piece: bytes, *, final: bool = False) -> None:
        if not self._base and len(self._buffer) < 4:
            self._note_byte_order(bytes(self._buffer) + piece)
        self._buffer += piece
        try:
            self._parser.Parse(piece, final)
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise self._explain(error, final=final) from error
        # The parser's present index is never behind a token that has not ended yet.
        keep = self._start if self._open else max(self._parser.CurrentByteIndex, self._base)
        del self._buffer[: keep - self._base]
        self._base = keep
        if len(self._buffer) > self._options.max_record_bytes:
            place = self._here()
            raise too_big("a record", self._options.max_record_bytes, place, "max_record_bytes")

    def _note_byte_order(self, head: bytes) -> None:
        if head.startswith(codecs.BOM_UTF16_LE) or head[:2] == b"<\0":
            self._encoding = "utf-16-le"
        elif head.startswith(codecs.BOM_UTF16_BE) or head[:2] == b"\0<":
            self._encoding = "utf-16-be"

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and not self._options.encoding and not self._encoding.startswith("utf-16"):
            self._encoding = encoding

    def _on_doctype(self, name: str, *_rest: object) -> None:
        raise reject(
            "the document has a DTD, which can blow up or read files",
            place=self._here(path=name),
            mend="have the sender leave the DOCTYPE away",
        )

    def _on_start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = local_name(qualified)
        self._elements += 1
        depth = len(self._outside) + len(self._open) + 1
        if depth > self._options.max_depth:
            raise reject(
                f"the XML is nested deeper than {self._options.max_depth} levels",
                place=self._here(path=name),
                mend="ask the sender for a flatter form, or raise the option max_depth",
            )
        if not self._open:
            if not self._is_record(name):
                self._outside.append(name)
                return
            self._start = self._parser.CurrentByteIndex
            self._origin = Origin(
                self._source, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
            )
        else:
            self._open[-1].has_children = True
        self._open.append(_Open(name, _plain_attributes(attributes) if attributes else {}))

    def _is_record(self, name: str) -> bool:
        if self._path:
            return [*self._outside, name] == self._path
        return name == self._name if self._name else not self._outside

    def _on_text(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)

    def _on_end(self, _name: str) -> None:
        if not self._open:
            self._outside.pop()
            return
        element = self._open.pop()
        value = element.value()
        if not self._open:
            self._finish(value)
            return
        siblings = self._open[-1].data
        before = siblings.get(element.name)
        if isinstance(before, list):
            before.append(value)
        elif before is not None:
            siblings[element.name] = [before, value]
        else:
            siblings[element.name] = [value] if element.name in self._lists else value

    def _finish(self, value: str | dict[str, Any]) -> None:
        end = self._parser.CurrentByteIndex
        # An empty-element tag ends where it starts; the finder needs to see the tag itself.
        stop = end - self._base if end > self._start else None
        raw = RawElement(bytes(self._buffer[self._start - self._base : stop]), self._encoding, self._origin)
        data = value if isinstance(value, dict) else {"#text": value} if value else {}
        self._number += 1
        self._ready.append(
            Record(data, number=self._number, locate=partial(locate_in_element, raw), source=self._source)
        )

    def _here(self, *, path: str = "") -> Place:
        return Place(
            source=self._source,
            line=self._parser.CurrentLineNumber,
            column=self._parser.CurrentColumnNumber + 1,
            path=path,
        )

    def _explain(self, error: Exception, *, final: bool) -> RejectedError:
        if not isinstance(error, expat.ExpatError) or error.code in _ENCODING_FAULTS:
            return self._charset_fault(f"the document's encoding {self._encoding} cannot be read")
        place = Place(source=self._source, line=error.lineno, column=error.offset + 1)
        if not self._base and not self._buffer.strip():
            return reject("the file is empty", place=place, mend="ask the sender whether this was meant")
        if final and error.code in _UNFINISHED:
            return reject(
                "the XML ends before it is complete",
                place=place,
                mend="have the sender send the whole file again",
            )
        at = self._parser.ErrorByteIndex - self._base
        if error.code == _INVALID_TOKEN and 0 <= at < len(self._buffer) and self._buffer[at] >= 0x80:
            return self._charset_fault(f"byte 0x{self._buffer[at]:02X} is not {self._encoding}", place)
        return reject(
            f"the XML is malformed: {expat.ErrorString(error.code)}",
            place=place,
            mend="correct the file at the source",
        )

    def _charset_fault(self, text: str, place: Place | None = None) -> RejectedError:
        return reject(
            text,
            code="T-CHARSET",
            place=place or self._here(),
            mend="have the sender declare the encoding it writes; UTF-8 is best",
        )


def _plain_attributes(attributes: dict[str, str]) -> dict[str, Any]:
    """Attributes without namespaces; where two would get one name, the later keeps its prefix."""
    plain: dict[str, Any] = {}
    for qualified, value in attributes.items():
        if qualified == "xmlns" or qualified.startswith("xmlns:"):
            continue
        name = f"@{local_name(qualified)}"
        plain[f"@{qualified}" if name in plain else name] = value
    return plain
