"""The raw text of CSV rows: which delimiter it uses, where a cell stands."""

from __future__ import annotations

import csv
import re
from typing import Literal, TypedDict

import msgspec

from crossdock.formats.json_text import Origin

__all__ = ["CsvForm", "RowText", "locate_cell", "sniff_delimiter"]

DELIMITERS = ",;\t|"


class Dialect(TypedDict):
    """What csv.reader and csv.writer want to know."""

    delimiter: str
    quotechar: str | None
    quoting: Literal[0, 3]  # QUOTE_MINIMAL, QUOTE_NONE


class CsvForm(msgspec.Struct, frozen=True):
    """How cells are separated and quoted; an empty quotechar: never quoted."""

    delimiter: str
    quotechar: str

    def dialect(self) -> Dialect:
        return Dialect(
            delimiter=self.delimiter,
            quotechar=self.quotechar or None,
            quoting=0 if self.quotechar else 3,
        )


class RowText:
    """A row's cells with the lines they were read from; `line` is the number of the first."""

    __slots__ = ("cells", "line", "lines")

    def __init__(self, line: int, lines: list[str], cells: list[str]) -> None:
        self.line = line
        self.lines = lines
        self.cells = cells


def sniff_delimiter(sample: list[str], quotechar: str) -> str:
    """The delimiter that splits most rows like the headings, then the one that makes most columns."""

    def score(delimiter: str) -> tuple[int, int]:
        form = CsvForm(delimiter, quotechar)
        try:
            rows = [row for row in csv.reader(sample, **form.dialect()) if row]
        except csv.Error:
            return 0, 0
        if not rows or len(rows[0]) < 2:
            return 0, 0
        return sum(len(row) == len(rows[0]) for row in rows), len(rows[0])

    return max(DELIMITERS, key=score)


def locate_cell(row: RowText, index: int, form: CsvForm) -> tuple[int, int]:
    """Line and column where cell `index` begins, its quote included; the row's end if it has no such cell."""
    text = "".join(row.lines).rstrip("\r\n") if index >= len(row.cells) else "".join(row.lines)
    origin = Origin(line=row.line)
    bare = rf"[^{re.escape(form.delimiter)}\r\n]*"
    quote = re.escape(form.quotechar)
    cell = re.compile(rf"{quote}(?:[^{quote}]|{quote}{quote})*{quote}|{bare}" if quote else bare)
    position = 0
    for _ in range(index):
        match = cell.match(text, position)
        end = match.end() if match else len(text)
        if end >= len(text):
            return origin.after(text)
        position = end + 1
    return origin.after(text[:position])
