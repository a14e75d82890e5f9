"""How the command line shows things: tables and panels for people, JSON for programs, errors with their mend."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
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
from crossdock.core.errors import CrossdockError

__all__ = [
    "JsonFlag",
    "ProjectOption",
    "age",
    "command",
    "fail",
    "out",
    "short",
    "show_error",
    "show_json",
    "show_table",
    "when",
]

P = ParamSpec("P")
out = Console()
_err = Console(stderr=True)

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


def fail(error: CrossdockError) -> None:
    """Show an error and exit with 1."""
    show_error(error)
    raise typer.Exit(1)


def show_error(error: CrossdockError) -> None:
    """One error on stderr: what, where, what to do."""
    text = Text.assemble((error.code, "bold red"), "  ", error.text)
    where = str(error.place)
    if where:
        text.append(f"\n  where: {where}", "dim")
    if error.place.value:
        text.append(f"\n  value: {error.place.value}", "dim")
    if error.mend:
        text.append(f"\n  mend:  {error.mend}", "green")
    _err.print(text)


def show_json(content: Any) -> None:
    """Plain JSON on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")


def show_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "none"
) -> None:
    """A table for people; a word where there is nothing."""
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
        count += 1
    out.print(table if count else f"{title}: {empty}")


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
