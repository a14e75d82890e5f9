"""Bytes ↔ records: JSON, JSON lines, CSV, XLSX and XML, streaming, with the place of each value."""

from crossdock.formats.records import BadRecord, Record, RecordReader, RecordWriter
from crossdock.formats.registry import FORMATS, Format, decode, encode, format_for, media_type_of

__all__ = [
    "FORMATS",
    "BadRecord",
    "Format",
    "Record",
    "RecordReader",
    "RecordWriter",
    "decode",
    "encode",
    "format_for",
    "media_type_of",
]
