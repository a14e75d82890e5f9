"""XLSX workbooks: reading one sheet, row by row, within limits."""

from __future__ import annotations

import datetime as dt
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import msgspec

from crossdock.core.errors import Place, RejectedError
from crossdock.formats.byte_stream import MEGABYTE, open_chunks, too_big
from crossdock.formats.records import BadRecord, Record, parse_options, parse_path, reject
from crossdock.formats.row_groups import BadRow, Columns, Row, build_records, name_columns
from crossdock.formats.xlsx_text import MAX_ROWS, column_letters, unescape_text

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

__all__ = ["XlsxOptions", "read_xlsx"]

_IN_MEMORY_BYTES = 8 * MEGABYTE
_MAX_PARTS = 10_000
_OLD_EXCEL = bytes.fromhex("d0cf11e0")
_SHEET_NAME_LIMIT = 31

# What openpyxl, zipfile and the XML parser raise on foreign bytes; a RuntimeError is an encrypted part.
_LIBRARY_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    OSError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


class XlsxOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `xlsx`.

    Attributes:
        sheet: name; empty: the first sheet. Writing: the sheet's name.
        header_row: row of the headings; 0: there are none, `columns` names the columns.
        columns: reading: columns that must be there; writing: the columns and their order.
        group_by: column or columns; consecutive rows with the same values there become one record.
        max_file_bytes: size of the file.
        max_uncompressed_bytes: size of its parts when unpacked.
        max_group_rows: rows of one group.
    """

    sheet: str = ""
    header_row: int = 1
    columns: list[str] = []
    group_by: str | list[str] = []
    max_file_bytes: int = 64 * MEGABYTE
    max_uncompressed_bytes: int = 512 * MEGABYTE
    max_group_rows: int = 100_000

    def __post_init__(self) -> None:
        if len(self.sheet) > _SHEET_NAME_LIMIT or set(self.sheet) & set("[]:*?/\\"):
            msg = "the name of a sheet has at most 31 characters, none of them []:*?/\\"
            raise ValueError(msg)
        if self.header_row < 1 and not self.columns:
            msg = "a table without headings needs the option columns"
            raise ValueError(msg)

    @property
    def group_columns(self) -> list[str]:
        return [self.group_by] if isinstance(self.group_by, str) and self.group_by else list(self.group_by)


def read_xlsx(
    chunks: Iterable[bytes], options: Mapping[str, Any], source: str
) -> Iterator[Record | BadRecord]:
    """Rows as records: text str, whole numbers int, others Decimal, dates ISO text, empty cells None.

    Formulas give the value they had when the file was saved. Numbers are the shortest decimal that means
    the stored binary one, which is what was typed. Rows without any value are skipped.
    """
    return _XlsxReader(parse_options(XlsxOptions, options, "xlsx"), source).records(chunks)


class _XlsxReader:
    def __init__(self, options: XlsxOptions, source: str) -> None:
        self._options = options
        self._source = source
        self._sheet = ""
        self._columns = Columns(())

    def records(self, chunks: Iterable[bytes]) -> Iterator[Record | BadRecord]:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
            self._receive(chunks, file)
            book = self._open(file)
            try:
                rows = self._raw_rows(book)
                keys = self._options.group_columns
                self._columns = self._read_columns(rows, keys)
                yield from build_records(
                    (self._build_row(number, cells) for number, cells in rows),
                    group_by=keys,
                    max_group_rows=self._options.max_group_rows,
                    source=self._source,
                )
            finally:
                book.close()

    def _receive(self, chunks: Iterable[bytes], file: tempfile.SpooledTemporaryFile[bytes]) -> None:
        limit = self._options.max_file_bytes
        with open_chunks(chunks) as stream:
            head = stream.peek(4)[:4]
            size = 0
            while part := stream.read(MEGABYTE):
                size += len(part)
                if size > limit:
                    raise too_big("the file", limit, Place(source=self._source), "max_file_bytes")
                file.write(part)
        file.seek(0)
        if not size:
            raise self._fault("the file is empty", "ask the sender whether this was meant")
        if head == _OLD_EXCEL:
            raise self._fault(
                "the file is an old .xls or has a password",
                "have the sender save it as .xlsx without password",
            )

    def _open(self, file: tempfile.SpooledTemporaryFile[bytes]) -> Workbook:
        import openpyxl

        # What openpyxl warns of (extensions it would not save, missing styles) does not touch values.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
        try:
            with zipfile.ZipFile(file) as archive:
                parts = archive.infolist()
            if len(parts) > _MAX_PARTS:
                raise too_big("the number of parts", _MAX_PARTS, Place(source=self._source), "max_file_bytes")
            limit = self._options.max_uncompressed_bytes
            # zipfile reads no more of a part than its declared size, so the sizes can be trusted as limits.
            if sum(part.file_size for part in parts) > limit:
                place = Place(source=self._source)
                raise too_big("the unpacked file", limit, place, "max_uncompressed_bytes")
            file.seek(0)
            return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except zipfile.BadZipFile as error:
            raise self._fault("the file is not an XLSX workbook, or it is cut off") from error
        except _LIBRARY_FAULTS as error:
            raise self._fault(f"the workbook cannot be read: {error}") from error

    def _fault(
        self, text: str, mend: str = "have the sender save it again as .xlsx", line: int | None = None
    ) -> RejectedError:
        return reject(text, place=Place(source=self._source, line=line), mend=mend)

    def _raw_rows(self, book: Workbook) -> Iterator[tuple[int, Sequence[Any]]]:
        """Row numbers and cells, from the headings on; rows without any value left out."""
        names = book.sheetnames
        if not names or (self._options.sheet and self._options.sheet not in names):
            raise self._fault(
                f"the workbook has no sheet {self._options.sheet!r}; it has: {', '.join(names)}",
                "correct the option sheet, or the sheet's name at the source",
            )
        self._sheet = self._options.sheet or names[0]
        number = 0
        try:
            sheet: Any = book[self._sheet]
            # Some writers state wrong dimensions, and rows beyond them would be lost.
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if number > MAX_ROWS:
                    raise self._fault("the sheet has a row beyond the last possible one", line=number)
                if number >= self._options.header_row and any(cell.value is not None for cell in cells):
                    yield number, cells
        except _LIBRARY_FAULTS as error:
            raise self._fault(f"the sheet cannot be read: {error}", line=number + 1) from error

    def _read_columns(self, rows: Iterator[tuple[int, Sequence[Any]]], keys: list[str]) -> Columns:
        options = self._options
        if options.header_row < 1:
            return name_columns(options.columns, group_by=keys, required=(), place=lambda _: Place())
        number, cells = next(rows, (0, ()))
        if not number:
            raise self._fault(
                "the sheet is empty: there is no row of headings", "ask the sender whether this was meant"
            )
        headings = ["" if cell.value is None else str(self._plain(cell)) for cell in cells]
        return name_columns(
            headings,
            group_by=keys,
            required=options.columns,
            place=lambda index: self._place(number, index, value=headings[index]),
        )

    def _build_row(self, number: int, cells: Sequence[Any]) -> Row | BadRow:
        names = self._columns.names
        values: list[Any] = [None] * len(names)
        fault: RejectedError | None = None
        faulty: set[int] = set()
        for index, cell in enumerate(cells):
            if cell.value is None:
                continue
            try:
                value = self._plain(cell)
                if index >= len(names) or not names[index]:
                    raise ValueError("a value stands in a column without a heading")
                values[index] = value
            except ValueError as error:
                faulty.add(index)
                fault = fault or reject(
                    str(error),
                    place=self._place(number, index, value=str(cell.value)),
                    mend="correct the cell, or its column's heading, at the source",
                )
        if fault is None:
            return Row(self._columns.cells(values), partial(self._locate, number, values))
        keys = [names.index(name) for name in self._options.group_columns]
        return BadRow(fault, None if faulty.intersection(keys) else tuple(values[key] for key in keys))

    def _plain(self, cell: Any) -> Any:
        """A cell's value as a record holds it.

        Raises:
            ValueError: an error value or an infinite number.
        """
        value = cell.value
        if cell.data_type == "e":
            raise ValueError(f"the cell holds the error {value}")
        if isinstance(value, str):
            return unescape_text(value)
        if isinstance(value, float):
            number = Decimal(repr(value))
            if not number.is_finite():
                raise ValueError("the number is too large")
            return number
        if isinstance(value, dt.datetime) and value.time() == dt.time() and _is_date(cell.number_format):
            return value.date().isoformat()
        return value if isinstance(value, bool | int) else msgspec.to_builtins(value)

    def _place(self, number: int, index: int, *, path: str = "", value: str = "") -> Place:
        return Place(
            source=self._source,
            line=number,
            column=index + 1,
            path=path,
            segment=f"{self._sheet}!{column_letters(index + 1)}{number}",
            value=value[:200],
        )

    def _locate(self, number: int, values: list[Any], path: str) -> Place:
        names = self._columns.names
        steps = parse_path(path)
        name = path if path in names else steps[0] if len(steps) == 1 else None
        if not path or name not in names:
            return self._place(number, 0, path=path)
        index = names.index(str(name))
        value = values[index]
        return self._place(number, index, path=path, value="" if value is None else str(value))


def _is_date(number_format: str) -> bool:
    """Whether a date format shows no time of day, so that midnight is not meant."""
    return not set("hs").intersection(number_format.lower().partition(";")[0])
