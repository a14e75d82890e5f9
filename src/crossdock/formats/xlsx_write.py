"""XLSX workbooks: writing, as a stream. One sheet of plain values needs five small parts and no library."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from crossdock.core.errors import Place
from crossdock.formats.plain_values import as_text, build_cells
from crossdock.formats.records import parse_options, reject
from crossdock.formats.xlsx_read import XlsxOptions
from crossdock.formats.xlsx_text import MAX_ROWS, column_letters, escape_text

__all__ = ["write_xlsx"]

# Excel keeps 15 digits of a number and drops the rest without a word; longer ones travel as text.
EXACT_DIGITS = 15
# Excel cuts longer texts off when it opens the file.
MAX_TEXT = 32_767

_FLUSH_BYTES = 64 * 1024
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


class _Sink(io.RawIOBase):
    """Takes what zipfile writes until it is fetched."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts, self.size = [], 0
        return taken


def write_xlsx(records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[bytes]:
    """A workbook of one sheet; columns as in `write_csv`.

    Text is never a formula, whatever it begins with. Numbers of more than 15 digits are written as text.
    """
    return _write(records, parse_options(XlsxOptions, options, "xlsx"))


def _write(records: Iterable[Mapping[str, Any]], options: XlsxOptions) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(_part(name), _HEAD + content)
        archive.writestr(_part("xl/workbook.xml"), _HEAD + _workbook(options.sheet or "Sheet1"))
        with archive.open(_part("xl/worksheets/sheet1.xml"), "w") as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for row in _rows(records, options):
                sheet.write(row.encode())
                if sink.size > _FLUSH_BYTES:
                    yield sink.take()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.take()


def _part(name: str) -> zipfile.ZipInfo:
    # Without a date of its own the part is dated 1980: same records, same bytes.
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _workbook(sheet: str) -> str:
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escape(sheet, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _rows(records: Iterable[Mapping[str, Any]], options: XlsxOptions) -> Iterator[str]:
    columns = list(options.columns)
    number = max(options.header_row, 1)
    if columns and options.header_row:
        yield _row(number, columns, columns)
    number += bool(options.header_row)
    for record in records:
        if not columns:
            columns = list(record)
            yield _row(number - 1, columns, columns)
        if number > MAX_ROWS:
            raise reject(
                f"a sheet holds {MAX_ROWS} rows",
                code="T-TOO-BIG",
                place=Place(line=number),
                mend="write CSV, or split the records",
            )
        yield _row(number, build_cells(record, columns, chosen=bool(options.columns)), columns)
        number += 1


def _row(number: int, values: list[Any], names: list[str]) -> str:
    cells = "".join(
        _cell(f"{column_letters(index)}{number}", value, name)
        for index, (value, name) in enumerate(zip(values, names, strict=True), start=1)
        if value is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(reference: str, value: Any, name: str) -> str:
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    text = as_text(value, name)
    if isinstance(value, int | Decimal) and len(Decimal(value).as_tuple().digits) <= EXACT_DIGITS:
        return f'<c r="{reference}"><v>{text}</v></c>'
    if len(text) > MAX_TEXT:
        raise reject(
            f"a cell holds {MAX_TEXT} characters",
            code="T-TOO-BIG",
            place=Place(path=name, segment=reference, value=text),
            mend="shorten the text in the mapping, or write CSV",
        )
    content = escape(escape_text(text))
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{content}</t></is></c>'
