"""`crossdock exceptions …`: what needs a decision, and deciding it."""

from __future__ import annotations

import getpass
import pathlib
from typing import Annotated, Any

import typer
from rich.text import Text

from crossdock.apps.cli.shown import (
    EditOption,
    JsonFlag,
    ProjectOption,
    ReasonOption,
    age,
    command,
    one_of,
    out,
    parse_row_id,
    read_edited,
    short,
    show_json,
    show_table,
    when,
)
from crossdock.apps.remote import operations_of
from crossdock.core.clock import SystemClock
from crossdock.govern import load_project

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="What needs a decision.")


@app.command("list")
@command
async def list_exceptions(
    *,
    project: ProjectOption = ".",
    state: Annotated[
        str,
        typer.Option(
            help="open, resolved, ignored or all.", callback=one_of("open", "resolved", "ignored", "all")
        ),
    ] = "open",
    code: Annotated[str, typer.Option(help="One code, such as B-UNK-ITEM.")] = "",
    system: Annotated[str, typer.Option(help="System it is about.")] = "",
    interface: Annotated[str, typer.Option()] = "",
    transaction: Annotated[str, typer.Option(help="Order key.")] = "",
    grouped: Annotated[bool, typer.Option("--grouped", help="Count by cause.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Exceptions, newest first, or counted by cause."""
    where: dict[str, Any] = {"state": "" if state == "all" else state}
    given = {"code": code, "system": system, "interface": interface, "transaction": transaction}
    where |= {name: value for name, value in given.items() if value}
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        if grouped:
            rows = await operations.group_exceptions(**where)
        else:
            rows = await operations.list_exceptions(limit=limit, **where)
    if as_json:
        show_json(rows)
    elif grouped:
        cells = [(r["count"], r["code"], r["system"], r["interface"], when(r["oldest"])) for r in rows]
        show_table("Exceptions by cause", ("count", "code", "system", "interface", "oldest (UTC)"), cells)
    else:
        now = SystemClock().now()
        cells = [
            (
                f"e{r['id']}",
                age(r["first_seen"], now),
                *short(r, "code", "owner", "system", "transaction", "text"),
            )
            for r in rows
        ]
        show_table("Exceptions", ("id", "age", "code", "owner", "system", "order", "text"), cells)


@app.command("show")
@command
async def show_exception(exception: str, *, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """One exception: what, where, what to do, and the message that it holds."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        row = await operations.show_exception(parse_row_id("e", exception))
    if as_json:
        show_json(row)
        return
    out.print(Text.assemble((f"e{row['id']}", "bold"), " ", (row["code"], "bold red"), " ", row["text"]))
    for name, value in (
        ("where", _place(row["place"])),
        ("value", row["place"].get("value", "")),
        ("mend", row["mend"]),
        ("class", row["class_"]),
        ("owner", row["owner"]),
        ("state", row["state"] + (f" ({row['resolution']})" if row["resolution"] else "")),
        ("order", row["transaction"]),
        ("interface", row["interface"]),
        ("system", row["system"]),
        ("seen", f"{_times(row['count'])}, last {when(row['last_seen'])}"),
        ("runbook", row["runbook"]),
        ("message", f"m{row['message_id']}" if row["message_id"] else ""),
        ("delivery", f"d{row['delivery_id']}" if row["delivery_id"] else ""),
        ("detail", row["detail"]),
    ):
        if value:
            out.print(Text.assemble((f"  {name:>9}", "dim"), f"  {value}"), soft_wrap=True)


@app.command("retry")
@command
async def retry(
    exception: str,
    *,
    project: ProjectOption = ".",
    edit: EditOption = None,
    reason: ReasonOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Try again what the exception holds, or a mended copy of its message."""
    body = read_edited(edit)
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        done = await operations.retry_exception(
            parse_row_id("e", exception), body=body, actor=getpass.getuser(), reason=reason
        )
    if as_json:
        show_json(done)
    else:
        out.print(f"tried again: {done['retried']}")


@app.command("resolve")
@command
async def resolve(
    exception: str,
    *,
    reason: ReasonOption,
    project: ProjectOption = ".",
    ignore: Annotated[
        bool, typer.Option("--ignore", help="It was no fault: ignored rather than resolved.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Close an exception with a reason; what it holds is given up, and its followers go on."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        done = await operations.resolve_exception(
            parse_row_id("e", exception), ignore=ignore, actor=getpass.getuser(), reason=reason
        )
    if as_json:
        show_json(done)
    else:
        out.print(f"{done['exception']} is {done['state']}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _place(place: dict[str, Any]) -> str:
    parts = [place.get("source", "")]
    if place.get("line"):
        parts.append(f"line {place['line']}" + (f", column {place['column']}" if place.get("column") else ""))
    if place.get("segment"):
        parts.append(f"segment {place['segment']}")
    parts.append(place.get("path", ""))
    return " · ".join(part for part in parts if part)
