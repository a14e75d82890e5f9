"""`crossdock interfaces …`: the registry of governed flows."""

from __future__ import annotations

import pathlib

import typer
from rich.text import Text

from crossdock.apps.cli.shown import JsonFlag, ProjectOption, command, out, show_json, show_table
from crossdock.apps.remote import operations_of
from crossdock.govern import load_project
from crossdock.kit import find_manifests, load_connector

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The registry of governed flows.")


@app.command("list")
@command
async def list_interfaces(*, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """All interfaces: who owns them, from where to where, how."""
    async with operations_of(load_project(pathlib.Path(project))) as operations:
        rows = await operations.list_interfaces()
    if as_json:
        show_json(rows)
        return
    show_table(
        "Interfaces",
        ("id", "v", "domain", "owner", "criticality", "pattern", "from", "document", "to"),
        [
            (
                row["id"],
                row["version"],
                row["domain"],
                row["owner"],
                row["criticality"],
                row["pattern"],
                row["source"]["system"],
                row["document"],
                ", ".join(f"{target['system']} {target['operation']}" for target in row["targets"]),
            )
            for row in rows
        ],
    )


@app.command("show")
@command
async def show_interface(name: str, *, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """One interface, with how each of its writes happens once."""
    loaded = load_project(pathlib.Path(project))
    async with operations_of(loaded) as operations:
        row = await operations.show_interface(name)
    if as_json:
        show_json(row)
        return
    out.print(Text.assemble((row["id"], "bold"), f" v{row['version']} · {row['title']}"))
    for field in ("domain", "owner", "criticality", "pattern", "classification", "retention_days", "runbook"):
        out.print(Text.assemble((f"  {field:>14}", "dim"), f"  {row[field]}"))
    manifests = find_manifests()
    cells = []
    for target in row["targets"]:
        kind = load_connector(manifests[loaded.systems[target["system"]].connector])
        once = kind.verbs.writes[target["operation"]].once
        shown = Text(once, "bold red" if once == "none" else "")
        cells.append((target["system"], target["operation"], shown, target["mode"], target["when"]))
    show_table("Targets", ("system", "operation", "once", "mode", "when"), cells)
