"""Rows of a table as records: one each, or consecutive ones with the same key together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from crossdock.core.errors import ConfigError, Place, RejectedError
from crossdock.formats.records import BadRecord, Record, parse_path, reject

__all__ = ["BadRow", "Columns", "Row", "build_records", "name_columns"]

ROWS = "rows"

Key = tuple[Any, ...]


class Columns(msgspec.Struct, frozen=True):
    """The headings of a table; a column without one has an empty name and must stay empty."""

    names: tuple[str, ...]

    def cells(self, values: Sequence[Any]) -> dict[str, Any]:
        return {name: value for name, value in zip(self.names, values, strict=True) if name}


class Row:
    """One good row; `locate` finds a column's cell in the source (an empty name: the row's first)."""

    __slots__ = ("cells", "locate")

    def __init__(self, cells: dict[str, Any], locate: Callable[[str], Place]) -> None:
        self.cells = cells
        self.locate = locate


class BadRow(msgspec.Struct, frozen=True):
    """A row that could not be read; `key` are its group columns, None if not even they are certain."""

    error: RejectedError
    key: Key | None = None


def name_columns(
    headings: Sequence[str],
    *,
    group_by: Sequence[str],
    required: Sequence[str],
    place: Callable[[int], Place],
) -> Columns:
    """The columns of a table whose heading row is `headings`; `place(i)` is where heading i stands.

    Raises:
        RejectedError: a heading stands there twice, or a column of `group_by` or `required` is missing.
        ConfigError: the name `rows` is asked to be a group column.
    """
    if ROWS in group_by:
        raise ConfigError(
            f"a column named {ROWS!r} cannot group rows",
            place=Place(path="options.group_by"),
            mend="rename it at the source: a group keeps its rows under that name",
        )
    names = [heading.strip() for heading in headings]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            raise reject(
                f"the heading {name!r} stands there twice",
                place=place(index),
                mend="give each column a name of its own",
            )
    missing = [name for name in (*group_by, *required) if name not in names]
    if missing:
        raise reject(
            f"the column {missing[0]!r} is missing; there are: {', '.join(filter(None, names))}",
            place=msgspec.structs.replace(place(0), path=missing[0], value=""),
            mend="add the column at the source, or correct the options",
        )
    return Columns(tuple(names))


def build_records(
    rows: Iterable[Row | BadRow], *, group_by: Sequence[str], max_group_rows: int, source: str
) -> Iterator[Record | BadRecord]:
    """Rows → records.

    With `group_by`, a record holds the group columns and `rows`. An order must not lose a line: a bad row
    makes a BadRecord of the whole group it belongs to, or of both its neighbours if its key is unreadable.
    """
    if group_by:
        yield from _Groups(tuple(group_by), max_group_rows, source).build(rows)
        return
    for number, row in enumerate(rows, start=1):
        if isinstance(row, BadRow):
            yield BadRecord(number, row.error)
        else:
            yield Record(row.cells, number=number, locate=row.locate, source=source)


class _Groups:
    """The group being collected, and the faults that make it bad."""

    def __init__(self, names: tuple[str, ...], max_rows: int, source: str) -> None:
        self._names = names
        self._max_rows = max_rows
        self._source = source
        self._key: Key | None = None
        self._rows: list[Row] = []
        self._fault: RejectedError | None = None
        self._stray: RejectedError | None = None  # of a row that may belong to the next group too
        self._number = 0

    def build(self, rows: Iterable[Row | BadRow]) -> Iterator[Record | BadRecord]:
        for row in rows:
            if isinstance(row, BadRow):
                if row.key is None:
                    self._stray = self._stray or row.error
                    continue
                yield from self._turn_to(row.key)
                self._fault = self._fault or row.error
            else:
                yield from self._turn_to(tuple(row.cells[name] for name in self._names))
                self._add(row)
        if self._key is None and self._stray is not None:
            yield self._bad(self._stray)
        yield from self._close()

    def _turn_to(self, key: Key) -> Iterator[Record | BadRecord]:
        """Go on with the open group if `key` is its key, else close it and open another."""
        stray = self._stray
        if key != self._key:
            yield from self._close()
            self._key, self._fault = key, None
        self._fault = self._fault or stray
        self._stray = None

    def _add(self, row: Row) -> None:
        if len(self._rows) >= self._max_rows:
            raise reject(
                f"more than {self._max_rows} rows follow each other with the same {', '.join(self._names)}",
                code="T-TOO-BIG",
                place=row.locate(self._names[0]),
                mend="check the option group_by, or raise the option max_group_rows",
            )
        self._rows.append(row)

    def _close(self) -> Iterator[Record | BadRecord]:
        rows, self._rows = self._rows, []
        fault = self._fault or self._stray
        if self._key is None:
            return  # a bad row before the first group is told of with that group
        if fault is not None:
            yield self._bad(fault)
            return
        self._number += 1
        data = dict(zip(self._names, self._key, strict=True)) | {ROWS: [row.cells for row in rows]}
        yield Record(
            data, number=self._number, locate=lambda path: _locate_in_group(rows, path), source=self._source
        )

    def _bad(self, fault: RejectedError) -> BadRecord:
        self._number += 1
        if self._key is None:
            return BadRecord(self._number, fault)
        key = ", ".join(f"{name} {value}" for name, value in zip(self._names, self._key, strict=True))
        error = reject(
            f"{fault.text}; all rows of {key} are held back with it",
            code=fault.code,
            place=fault.place,
            mend=fault.mend,
        )
        return BadRecord(self._number, error)


def _locate_in_group(rows: Sequence[Row], path: str) -> Place:
    """`rows[2].sku` in the third row; a group column in the first."""
    steps = parse_path(path)
    index = steps[1] if len(steps) > 1 and steps[0] == ROWS else 0
    row = rows[index] if isinstance(index, int) and index < len(rows) else rows[0]
    name = steps[-1] if steps and isinstance(steps[-1], str) and steps[-1] != ROWS else ""
    return msgspec.structs.replace(row.locate(name), path=path)
