"""How the command line shows things: tables and panels for people, JSON for programs, errors with their mend."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import pathlib
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Annotated, Any, ParamSpec

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossdock.core.clock import to_utc
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.core.ids import parse_id

__all__ = [
    "EditOption",
    "JsonFlag",
    "ProjectOption",
    "ReasonOption",
    "age",
    "command",
    "fail",
    "one_of",
    "out",
    "parse_row_id",
    "read_edited",
    "short",
    "show_error",
    "show_faults",
    "show_json",
    "show_table",
    "when",
]

P = ParamSpec("P")
out = Console()
_err = Console(stderr=True)

EditOption = Annotated[
    pathlib.Path | None,
    typer.Option("--edit", exists=True, dir_okay=False, help="File with the mended message."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the journal.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
ProjectOption = Annotated[
    str, typer.Option("--project", "-p", help="Folder of the project.", envvar="CROSSDOCK_PROJECT")
]


def command(function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async command; our errors are shown with code, place and mend, and exit with 1."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            # uvloop halves what a webhook and a call out cost the loop (docs/performance.md).
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(function(*args, **kwargs))
        except CrossdockError as error:
            fail(error)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def one_of(*choices: str) -> Callable[[str], str]:
    """A check of an option: one of `choices`, or not given."""

    def check(value: str) -> str:
        if value and value not in choices:
            msg = f"{value!r} is none of {', '.join(choices)}"
            raise typer.BadParameter(msg)
        return value

    return check


def parse_row_id(prefix: str, text: str) -> int:
    """The number in an id that a person typed, such as `m12`."""
    try:
        return parse_id(prefix, text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def read_edited(file: pathlib.Path | None) -> str | None:
    """The text of a mended message, if a file is given.

    Raises:
        ConfigError: it is not UTF-8 (T-CONFIG).
    """
    if file is None:
        return None
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8 text: byte {error.start + 1} is not",
            code="T-CONFIG",
            mend="save it as UTF-8",
        ) from error


def fail(error: CrossdockError) -> None:
    """Show an error and exit with 1."""
    show_error(error)
    raise typer.Exit(1)


def show_error(error: CrossdockError) -> None:
    """One error on stderr: what, where, what to do."""
    _err.print(_told(error), soft_wrap=True)


def show_faults(title: str, faults: Sequence[CrossdockError]) -> None:
    """Faults one below the other: places and mends are too long for the cells of a table."""
    out.print(f"{title}: {len(faults) or 'none'}", highlight=False)
    for fault in faults:
        out.print(_told(fault), soft_wrap=True)


def _told(error: CrossdockError) -> Text:
    text = Text.assemble((error.code, "bold red"), "  ", error.text)
    where = str(error.place)
    if where:
        text.append(f"\n  where: {where}", "dim")
    if error.place.value:
        text.append(f"\n  value: {error.place.value}", "dim")
    if error.mend:
        text.append(f"\n  mend:  {error.mend}", "green")
    return text


def show_json(content: Any) -> None:
    """Plain JSON on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")


def show_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "none"
) -> None:
    """A table for people; a word where there is nothing. Cells are plain: brackets in them are no markup."""
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
        count += 1
    out.print(table if count else f"{title}: {empty}", highlight=False)


def when(micros: int | None) -> str:
    """A journal time for people, in UTC."""
    return to_utc(micros).strftime("%Y-%m-%d %H:%M:%S") if micros else ""


def age(micros: int, now: dt.datetime) -> str:
    """How long ago: `3 s`, `4 min`, `2 h`, `5 d`."""
    seconds = max(0, int((now - to_utc(micros)).total_seconds()))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} d"


def short(row: Mapping[str, Any], *names: str) -> list[Any]:
    """Cells of a row, empty where there is nothing."""
    return [row.get(name) if row.get(name) is not None else "" for name in names]
