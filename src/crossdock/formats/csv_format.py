"""CSV tables: reading and writing."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from crossdock.core.errors import Place, RejectedError
from crossdock.formats.byte_stream import MEGABYTE, encode_text, read_text_lines
from crossdock.formats.csv_text import CsvForm, RowText, locate_cell, sniff_delimiter
from crossdock.formats.json_text import Origin
from crossdock.formats.plain_values import as_text, build_cells
from crossdock.formats.records import BadRecord, Record, parse_options, parse_path, reject
from crossdock.formats.row_groups import BadRow, Columns, Row, build_records, name_columns

__all__ = ["CsvOptions", "read_csv", "write_csv"]

# How many unclosed quotes are forgiven: each costs reading up to 128 KB of lines twice.
MAX_QUOTE_FAULTS = 1000
_SAMPLE_LINES = 20
_FLUSH_CHARACTERS = 64 * 1024

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
_UNDECODED = re.compile("[\udc80-\udcff]")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


class CsvOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `csv`.

    Attributes:
        delimiter: empty: found out among , ; tab and | when reading, a comma when writing.
        encoding: empty: UTF-8, with or without byte order mark when reading, without when writing.
        quotechar: empty: quotes mean nothing.
        header_row: line of the headings; 0: there are none, `columns` names the columns.
        columns: reading: columns that must be there; writing: the columns and their order.
        group_by: column or columns; consecutive rows with the same values there become one record.
        skip_empty_rows: rows whose cells are all empty are no records.
        max_record_bytes: characters of one line.
        max_group_rows: rows of one group.
        spreadsheet_safe: writing: text that a spreadsheet would run as a formula gets a ' before it.
    """

    delimiter: str = ""
    encoding: str = ""
    quotechar: str = '"'
    header_row: int = 1
    columns: list[str] = []
    group_by: str | list[str] = []
    skip_empty_rows: bool = True
    max_record_bytes: int = MEGABYTE
    max_group_rows: int = 100_000
    spreadsheet_safe: bool = False

    def __post_init__(self) -> None:
        if len(self.delimiter) > 1 or len(self.quotechar) > 1:
            msg = "delimiter and quotechar are one character each"
            raise ValueError(msg)
        if self.header_row < 1 and not self.columns:
            msg = "a table without headings needs the option columns"
            raise ValueError(msg)

    @property
    def group_columns(self) -> list[str]:
        return [self.group_by] if isinstance(self.group_by, str) and self.group_by else list(self.group_by)


def read_csv(
    chunks: Iterable[bytes], options: Mapping[str, Any], source: str
) -> Iterator[Record | BadRecord]:
    """Rows as records, all values str; a bad row comes as a BadRecord (see `build_records` for groups)."""
    chosen = parse_options(CsvOptions, options, "csv")
    return _CsvReader(chunks, chosen, source).records()


class _Lines:
    """Physical lines for csv.reader, which can be given back; remembers those of the present row."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._returned: list[str] = []  # the next one last
        self.number = number
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Keep the first of the present row's lines, read the others again."""
        self._returned.extend(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


class _CsvReader:
    def __init__(self, chunks: Iterable[bytes], options: CsvOptions, source: str) -> None:
        self._options = options
        self._source = source
        self._text = read_text_lines(
            chunks,
            encoding=options.encoding or "utf-8-sig",
            limit=options.max_record_bytes,
            source=source,
        )
        self._form = CsvForm(options.delimiter, options.quotechar)
        self._columns = Columns(())
        self._key_indexes: list[int] = []
        self._quote_faults = 0

    def records(self) -> Iterator[Record | BadRecord]:
        raw_rows = self._raw_rows(self._open())
        keys = self._options.group_columns
        self._columns = self._read_columns(raw_rows, keys)
        self._key_indexes = [self._columns.names.index(name) for name in keys]
        yield from build_records(
            (self._build_row(row) for row in raw_rows),
            group_by=keys,
            max_group_rows=self._options.max_group_rows,
            source=self._source,
        )

    def _open(self) -> _Lines:
        """The lines from the headings on; settles the delimiter."""
        skipped = sum(1 for _ in itertools.islice(self._text, max(self._options.header_row - 1, 0)))
        sample = list(itertools.islice(self._text, _SAMPLE_LINES))
        declared = _SEPARATOR_LINE.fullmatch(sample[0]) if sample and not skipped else None
        if declared:
            del sample[0]
            skipped = 1
            self._form = CsvForm(self._form.delimiter or declared[1], self._form.quotechar)
        if not self._form.delimiter:
            self._form = CsvForm(sniff_delimiter(sample, self._form.quotechar), self._form.quotechar)
        return _Lines(itertools.chain(sample, self._text), skipped)

    def _raw_rows(self, lines: _Lines) -> Iterator[RowText | RejectedError]:
        """Rows as csv understands them; blank ones left out."""
        reader = csv.reader(lines, strict=True, **self._form.dialect())
        while True:
            lines.taken = []
            first = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._quote_fault(lines, first, error)
                continue
            row = RowText(first, lines.taken, cells)
            if not cells or (self._options.skip_empty_rows and not any(cells)):
                continue
            undecoded = next(
                (line for line in row.lines if not line.isascii() and _UNDECODED.search(line)), ""
            )
            yield self._charset_fault(row) if undecoded else row

    def _read_columns(self, rows: Iterator[RowText | RejectedError], keys: list[str]) -> Columns:
        options = self._options
        if options.header_row < 1:
            return name_columns(options.columns, group_by=keys, required=(), place=lambda _: Place())
        row = next(rows, None)
        if row is None:
            raise reject(
                "the file is empty: there is no row of headings",
                place=Place(source=self._source, line=max(options.header_row, 1), column=1),
                mend="ask the sender whether this was meant; headings are expected even without rows",
            )
        if isinstance(row, RejectedError):
            raise row
        return name_columns(
            row.cells, group_by=keys, required=options.columns, place=lambda index: self._place(row, index)
        )

    def _build_row(self, row: RowText | RejectedError) -> Row | BadRow:
        if isinstance(row, RejectedError):
            return BadRow(row)
        names = self._columns.names
        if len(row.cells) != len(names):
            return BadRow(self._count_fault(row), self._key_of(row.cells))
        for index, name in enumerate(names if "" in names else ()):
            if not name and row.cells[index]:
                error = reject(
                    "a value stands in a column without a heading",
                    place=self._place(row, index),
                    mend="give the column a heading, or empty it",
                )
                return BadRow(error, self._key_of(row.cells))
        return Row(self._columns.cells(row.cells), partial(self._locate, row))

    def _key_of(self, cells: list[str]) -> tuple[str, ...] | None:
        if any(index >= len(cells) for index in self._key_indexes):
            return None
        return tuple(cells[index] for index in self._key_indexes)

    def _place(self, row: RowText, index: int, path: str = "") -> Place:
        line, column = locate_cell(row, index, self._form)
        value = row.cells[index] if index < len(row.cells) else ""
        return Place(source=self._source, line=line, column=column, path=path, value=value[:200])

    def _locate(self, row: RowText, path: str) -> Place:
        names = self._columns.names
        steps = parse_path(path)
        name = path if path in names else steps[0] if len(steps) == 1 else None
        if path and name in names:
            return self._place(row, names.index(str(name)), path)
        return Place(source=self._source, line=row.line, column=1, path=path)

    def _count_fault(self, row: RowText) -> RejectedError:
        expected = len(self._columns.names)
        return reject(
            f"the row has {len(row.cells)} columns, the headings {expected}",
            place=self._place(row, min(expected, len(row.cells))),
            mend="look for a delimiter inside a value that is not in quotes, or for a row cut short",
        )

    def _charset_fault(self, row: RowText) -> RejectedError:
        encoding = self._options.encoding or "UTF-8"
        text = "".join(row.lines)
        match = _UNDECODED.search(text)
        at = match.start() if match else 0
        place = Origin(self._source, row.line).place(text[:at])
        return reject(
            f"byte 0x{ord(text[at]) - 0xDC00:02X} is not {encoding}",
            code="T-CHARSET",
            place=place,
            mend="declare the encoding the sender writes (often cp1252), in the option encoding",
        )

    def _quote_fault(self, lines: _Lines, first: int, error: csv.Error) -> RejectedError:
        """A quote that is not closed, or not where it may be: only its first line is lost."""
        lines.give_back()
        self._quote_faults += 1
        text = "".join(lines.taken)
        fault = reject(
            f"the row cannot be read: {error}",
            place=Place(source=self._source, line=first, column=1, value=text[:200].rstrip("\r\n")),
            mend="close each quote, and double a quote inside of a quoted value",
        )
        if self._quote_faults > MAX_QUOTE_FAULTS:
            raise fault
        return fault


def write_csv(records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[bytes]:
    r"""A table with headings, lines ended by \r\n (RFC 4180); None is an empty cell.

    Columns are those of `columns` (fields without a column are left out on purpose), else those of the
    first record (a field that appears later is an error: it would be lost).
    """
    chosen = parse_options(CsvOptions, options, "csv")
    return encode_text(_write_rows(records, chosen), chosen.encoding or "utf-8")


def _write_rows(records: Iterable[Mapping[str, Any]], options: CsvOptions) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    form = CsvForm(options.delimiter or ",", options.quotechar)
    writer = csv.writer(buffer, lineterminator="\r\n", **form.dialect())
    columns = list(options.columns)
    if columns and options.header_row:
        writer.writerow(columns)
    for number, record in enumerate(records, start=1):
        if not columns:
            columns = list(record)
            writer.writerow(columns)
        cells = build_cells(record, columns, chosen=bool(options.columns))
        texts = [as_text(value, name) for name, value in zip(columns, cells, strict=True)]
        if options.spreadsheet_safe:
            texts = [
                "'" + text if isinstance(value, str) and text.startswith(_FORMULA_START) else text
                for text, value in zip(texts, cells, strict=True)
            ]
        try:
            writer.writerow(texts)
        except csv.Error as error:
            raise reject(
                f"record {number} does not fit into the table: {error}",
                place=Place(path=f"[{number}]"),
                mend="let the option quotechar name a quote",
            ) from error
        if buffer.tell() > _FLUSH_CHARACTERS:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
