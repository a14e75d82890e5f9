"""The formats by name: how each is read, written and recognised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from crossdock.core.errors import ConfigError, Place
from crossdock.formats.csv_format import read_csv, write_csv
from crossdock.formats.json_format import read_json, read_json_lines, write_json, write_json_lines
from crossdock.formats.records import BadRecord, Record, RecordReader, RecordWriter, reject
from crossdock.formats.xlsx_read import read_xlsx
from crossdock.formats.xlsx_write import write_xlsx
from crossdock.formats.xml_read import read_xml
from crossdock.formats.xml_write import write_xml

__all__ = ["FORMATS", "Format", "decode", "encode", "format_for", "media_type_of"]


class Format(msgspec.Struct, frozen=True):
    """One format; its first media type is the one we send."""

    read: RecordReader
    write: RecordWriter
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": Format(read_json, write_json, ("application/json", "text/json"), ("json",)),
        "jsonl": Format(
            read_json_lines,
            write_json_lines,
            ("application/x-ndjson", "application/jsonl", "application/ndjson", "application/x-jsonlines"),
            ("jsonl", "ndjson"),
        ),
        "csv": Format(
            read_csv,
            write_csv,
            ("text/csv", "application/csv", "text/tab-separated-values"),
            ("csv", "tsv", "txt"),
        ),
        "xlsx": Format(
            read_xlsx,
            write_xlsx,
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
            ("xlsx", "xlsm"),
        ),
        "xml": Format(read_xml, write_xml, ("application/xml", "text/xml"), ("xml",)),
    }
)

_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


def decode(
    format_name: str,
    chunks: Iterable[bytes],
    *,
    options: Mapping[str, Any] | None = None,
    source: str = "",
) -> Iterator[Record | BadRecord]:
    """The records in `chunks`, one at a time; `source` names the file or body in messages.

    A record that cannot be read comes as a BadRecord in its place, where the format can tell where the
    next one begins (an item of a JSON list, a line, a row or group of rows). Records before a fault that
    raises have already been given out: take them as void until the stream has ended well.

    Raises:
        ConfigError: no such format, or an option is wrong (at once).
        RejectedError: T-FORMAT, T-CHARSET or T-TOO-BIG, with the place of the fault (while reading).
    """
    return _format(format_name).read(chunks, _NO_OPTIONS if options is None else options, source)


def encode(
    format_name: str, records: Iterable[Mapping[str, Any]], *, options: Mapping[str, Any] | None = None
) -> Iterator[bytes]:
    """The records as bytes that `decode` reads with the same options.

    Decimals are written digit for digit, dates and times as ISO text.

    Raises:
        ConfigError: no such format, or an option is wrong.
        RejectedError: a value the format cannot hold exactly.
    """
    return _format(format_name).write(records, _NO_OPTIONS if options is None else options)


def media_type_of(format_name: str) -> str:
    """The media type we send for a format."""
    return _format(format_name).media_types[0]


def format_for(content_type_or_name: str) -> str:
    """The format's name for a content type (`text/csv; charset=utf-8`), a file name or a format name.

    Raises:
        RejectedError: T-FORMAT, none of our formats.
    """
    text = content_type_or_name.strip().lower()
    media_type = text.partition(";")[0].strip()
    if media_type in FORMATS:
        return media_type
    for name, form in FORMATS.items():
        # RFC 6839: application/problem+json is JSON.
        if media_type in form.media_types or ("/" in media_type and media_type.endswith(f"+{name}")):
            return name
    suffix = text.rpartition("/")[2].rpartition(".")
    for name, form in FORMATS.items():
        if suffix[1] and suffix[2] in form.suffixes:
            return name
    raise reject(
        f"no format for {content_type_or_name!r}",
        place=Place(value=content_type_or_name),
        mend=f"send one of: {', '.join(FORMATS)}",
    )


def _format(name: str) -> Format:
    found = FORMATS.get(name)
    if found is None:
        raise ConfigError(
            f"there is no format {name!r}",
            place=Place(path="format", value=name),
            mend=f"the formats are: {', '.join(FORMATS)}",
        )
    return found
