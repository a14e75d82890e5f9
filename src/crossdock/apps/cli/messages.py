"""`crossdock messages …`: what came in, what became of it, and taking it up again."""

from __future__ import annotations

import getpass
import pathlib
from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from rich.text import Text

from crossdock.apps.cli.shown import (
    EditOption,
    JsonFlag,
    ProjectOption,
    ReasonOption,
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
from crossdock.govern import load_project
from crossdock.store.contract import MessageState

__all__ = ["app"]

_STATES = (MessageState.ACCEPTED, MessageState.TRANSLATED, MessageState.FILTERED, MessageState.FAILED)
app = typer.Typer(no_args_is_help=True, help="What came in, and what became of it.")


@app.command("list")
@command
async def list_messages(
    *,
    project: ProjectOption = ".",
    system: Annotated[str, typer.Option(help="Source system.")] = "",
    state: Annotated[
        str, typer.Option(help="accepted, translated, filtered or failed.", callback=one_of(*_STATES))
    ] = "",
    interface: Annotated[str, typer.Option(help="Interface that took it.")] = "",
    key: Annotated[str, typer.Option(help="Business key, such as an order number.")] = "",
    text: Annotated[str, typer.Option(help="Text in the body.")] = "",
    error: Annotated[str, typer.Option(help="Code of one of its exceptions.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[str, typer.Option(help="Messages older than this id.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Messages, newest first."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        rows = await operations.list_messages(
            limit=limit,
            before=parse_row_id("m", before) if before else 0,
            **_given(system=system, state=state, interface=interface, key=key, text=text, error=error),
        )
    if as_json:
        show_json(rows)
        return
    show_table(
        "Messages",
        ("id", "received (UTC)", "system", "topic", "state", "bytes", "note"),
        [
            (
                f"m{row['id']}",
                when(row["received_at"]),
                *short(row, "system", "topic", "state", "size_bytes", "note"),
            )
            for row in rows
        ],
    )


@app.command("show")
@command
async def show_message(message: str, *, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """A message: its documents, deliveries, every attempt, exceptions and body."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        found = await operations.show_message(parse_row_id("m", message))
    if as_json:
        show_json(found)
        return
    head = found["message"]
    what = f" {head['system']} {head['topic']} · {when(head['received_at'])} · {head['state']}"
    out.print(Text.assemble((f"m{head['id']}", "bold"), what, f" · {head['note']}" if head["note"] else ""))
    show_table(
        "Documents",
        ("kind", "key", "version", "interface"),
        [short(row, "kind", "key", "source_version", "interface") for row in found["documents"]],
    )
    show_table(
        "Deliveries",
        ("id", "target", "operation", "state", "attempts", "effect key"),
        [
            (f"d{row['id']}", *short(row, "target", "operation", "state", "attempts", "effect_key"))
            for row in found["deliveries"]
        ],
    )
    show_table(
        "Attempts",
        ("delivery", "at (UTC)", "outcome", "error"),
        [
            (
                f"d{row['delivery_id']}",
                when(row["at"]),
                row["outcome"],
                f"{row['error_code']} {row['error_text']}".strip(),
            )
            for row in found["attempts"]
        ],
    )
    show_table(
        "Exceptions",
        ("id", "code", "state", "text"),
        [(f"e{row['id']}", *short(row, "code", "state", "text")) for row in found["exceptions"]],
    )
    # A body that is no JSON would be shown in the colours of faults.
    out.print(Syntax(head["body"], "json" if "json" in head["content_type"] else "text", word_wrap=True))


@app.command("replay")
@command
async def replay(
    message: str,
    *,
    project: ProjectOption = ".",
    edit: EditOption = None,
    reason: ReasonOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a message up again, from its raw bytes (or a mended copy) through today's mapping."""
    body = read_edited(edit)
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        done = await operations.replay_message(
            parse_row_id("m", message), body=body, actor=getpass.getuser(), reason=reason
        )
    if as_json:
        show_json(done)
    else:
        out.print(f"taken up again as {done['message_id']}")


def _given(**where: str) -> dict[str, Any]:
    return {name: value for name, value in where.items() if value}
