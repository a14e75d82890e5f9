"""`crossdock import FILE`: take a file in as if its system had sent it."""

from __future__ import annotations

import pathlib
from typing import Annotated

import typer
from rich.text import Text

from crossdock.apps.cli.shown import JsonFlag, ProjectOption, command, out, show_json
from crossdock.apps.remote import operations_of
from crossdock.core.errors import ConfigError
from crossdock.core.ids import digest
from crossdock.formats import media_type_of
from crossdock.govern import load_project
from crossdock.store.contract import NewMessage

__all__ = ["import_file"]


@command
async def import_file(
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    *,
    interface: Annotated[str, typer.Option("--interface", "-i", help="Interface that is to take it.")],
    project: ProjectOption = ".",
    as_json: JsonFlag = False,
) -> None:
    """Accept a file for an interface; the same file twice is a duplicate."""
    loaded = load_project(pathlib.Path(project))
    found = loaded.interfaces.get(interface)
    if found is None:
        raise ConfigError(
            f"there is no interface {interface!r}",
            code="T-CONFIG",
            mend=f"one of: {', '.join(loaded.interfaces)}",
        )
    body = file.read_bytes()
    message = NewMessage(
        system=found.source.system,
        topic=found.source.topics[0],
        body=body,
        content_type=media_type_of(found.format),
        dedupe_key=f"import:{digest(body).hex()[:32]}",
        origin=f"import {file.name}",
    )
    async with operations_of(loaded) as operations:
        accepted = await operations.accept(message)
    if as_json:
        show_json(accepted)
    elif accepted["duplicate"]:
        out.print(Text(f"{file.name} was taken before, as {accepted['message_id']}: nothing is done"))
    else:
        out.print(Text(f"{file.name} is taken as {accepted['message_id']}"))
