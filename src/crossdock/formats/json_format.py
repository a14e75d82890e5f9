"""JSON bodies, JSON lists and JSON lines: reading and writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from crossdock.core.errors import ConfigError, Place, RejectedError
from crossdock.formats.byte_stream import MEGABYTE, encode_text, read_all, read_bytes_lines, to_utf8, too_big
from crossdock.formats.json_items import ItemSplitter
from crossdock.formats.json_text import Origin, decode_text, locate
from crossdock.formats.plain_values import as_plain
from crossdock.formats.records import BadRecord, Record, parse_options, parse_path, reject

__all__ = [
    "JsonLinesOptions",
    "JsonOptions",
    "read_json",
    "read_json_lines",
    "write_json",
    "write_json_lines",
]

_MARK = b"\xef\xbb\xbf"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class JsonLinesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `jsonl`.

    Attributes:
        encoding: of the bytes; empty is UTF-8, read without recoding.
        strict_keys: refuse an object that names a key twice; costs about as much again as decoding.
        max_depth: levels of nesting.
        max_record_bytes: size of one record, and of what surrounds a list of records.
    """

    encoding: str = ""
    strict_keys: bool = True
    max_depth: int = 100
    max_record_bytes: int = 64 * MEGABYTE


class JsonOptions(JsonLinesOptions, frozen=True, forbid_unknown_fields=True):
    """Options of `json`.

    Attributes:
        records: path of the list of records (`data.orders`, `.` for a list at the top); empty: the whole
            body is one record.
    """

    records: str = ""


_DEFAULT = JsonOptions()


def read_json(
    chunks: Iterable[bytes], options: Mapping[str, Any], source: str
) -> Iterator[Record | BadRecord]:
    """Records of a JSON body. A bad item of a list comes as a BadRecord; anything else wrong raises."""
    chosen = parse_options(JsonOptions, options, "json") if options else _DEFAULT
    if chosen.encoding:
        chunks = to_utf8(chunks, chosen.encoding, source)
    return _read_list(chunks, chosen, source) if chosen.records else _read_body(chunks, chosen, source)


def _read_body(chunks: Iterable[bytes], options: JsonOptions, source: str) -> Iterator[Record]:
    raw = read_all(chunks, limit=options.max_record_bytes, source=source, option="max_record_bytes")
    raw = raw.removeprefix(_MARK)
    if not raw.strip():
        raise _empty(source)
    yield _build_record(raw, Origin(source), 1, options)


def _read_list(chunks: Iterable[bytes], options: JsonOptions, source: str) -> Iterator[Record | BadRecord]:
    path = () if options.records == "." else tuple(str(step) for step in parse_path(options.records))
    splitter = ItemSplitter(
        chunks,
        path,
        source=source,
        max_bytes=options.max_record_bytes,
        max_depth=options.max_depth,
    )
    for number, (raw, origin) in enumerate(splitter.items(), start=1):
        yield _try_record(raw, origin, number, options)


def read_json_lines(
    chunks: Iterable[bytes], options: Mapping[str, Any], source: str
) -> Iterator[Record | BadRecord]:
    """One record a line; blank lines are skipped, a bad line comes as a BadRecord."""
    chosen = parse_options(JsonLinesOptions, options, "jsonl")
    if chosen.encoding:
        chunks = to_utf8(chunks, chosen.encoding, source)
    return _read_lines(chunks, chosen, source)


def _read_lines(
    chunks: Iterable[bytes], options: JsonLinesOptions, source: str
) -> Iterator[Record | BadRecord]:
    number = 0
    for line, content in enumerate(read_bytes_lines(chunks, limit=options.max_record_bytes), start=1):
        if content is None:
            number += 1
            place = Place(source=source, line=line)
            yield BadRecord(number, too_big("a line", options.max_record_bytes, place, "max_record_bytes"))
            continue
        raw = (content.removeprefix(_MARK) if line == 1 else content).removesuffix(b"\r")
        if raw.strip():
            number += 1
            yield _try_record(raw, Origin(source, line), number, options)
    if number == 0:
        raise _empty(source)


def _try_record(raw: bytes, origin: Origin, number: int, options: JsonLinesOptions) -> Record | BadRecord:
    try:
        return _build_record(raw, origin, number, options)
    except RejectedError as error:
        return BadRecord(number, error)


def _build_record(raw: bytes, origin: Origin, number: int, options: JsonLinesOptions) -> Record:
    data = decode_text(raw, origin, max_depth=options.max_depth, strict_keys=options.strict_keys)
    if type(data) is not dict:
        place = locate(raw, origin, "")
        raise reject(
            "the record is not an object",
            place=msgspec.structs.replace(place, value=raw[:100].decode(errors="replace")),
            mend="for a list of records at the top, set the option records to '.'",
        )
    return Record(data, number=number, locate=lambda path: locate(raw, origin, path), source=origin.source)


def _empty(source: str) -> RejectedError:
    return reject(
        "the file is empty",
        place=Place(source=source, line=1, column=1),
        mend="ask the sender whether this was meant",
    )


def write_json(records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[bytes]:
    """The records as `read_json` reads them with the same options; decimals as numbers, digit for digit."""
    chosen = parse_options(JsonOptions, options, "json")
    chunks = _write_list(records, chosen) if chosen.records else _write_body(records)
    return _recode(chunks, chosen.encoding)


def _write_body(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    every = iter(records)
    first = next(every, None)
    if first is None or next(every, None) is not None:
        raise ConfigError(
            "a JSON body without a list holds exactly one record",
            place=Place(path="options.records"),
            mend="set the option records to '.' or to the path of a list",
        )
    yield _ENCODER.encode(as_plain(first, ""))


def _write_list(records: Iterable[Mapping[str, Any]], options: JsonOptions) -> Iterator[bytes]:
    path = () if options.records == "." else parse_path(options.records)
    yield b"".join(b"{" + _ENCODER.encode(str(step)) + b":" for step in path) + b"["
    separator = b"\n"
    for record in records:
        yield separator + _ENCODER.encode(as_plain(record, ""))
        separator = b",\n"
    yield b"\n]" + b"}" * len(path) + b"\n"


def write_json_lines(records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[bytes]:
    """One record a line."""
    chosen = parse_options(JsonLinesOptions, options, "jsonl")
    return _recode((_ENCODER.encode(as_plain(record, "")) + b"\n" for record in records), chosen.encoding)


def _recode(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    return encode_text((chunk.decode() for chunk in chunks), encoding) if encoding else chunks
