"""`crossdock connector …`: what can be connected, and adding to it."""

from __future__ import annotations

import pathlib
from typing import Annotated, Any

import typer

from crossdock.apps.cli.shown import JsonFlag, fail, out, show_json, show_table
from crossdock.core.errors import CrossdockError
from crossdock.kit import find_manifests, load_connector
from crossdock.kit.scaffold import write_connector

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="What can be connected.")


@app.command("list")
def list_connectors(*, as_json: JsonFlag = False) -> None:
    """All connectors installed, and what each can read, write and receive."""
    rows: list[dict[str, Any]] = []
    for manifest in find_manifests().values():
        verbs = load_connector(manifest).verbs
        rows.append(
            {
                "kind": manifest.kind,
                "title": manifest.title,
                "owner": manifest.owner,
                "transport": manifest.transport,
                "reads": sorted(verbs.reads),
                "writes": {name: spec.once for name, spec in sorted(verbs.writes.items())},
                "receives": sorted(verbs.receives),
            }
        )
    if as_json:
        show_json(rows)
        return
    show_table(
        "Connectors",
        ("kind", "title", "reads", "writes (how each happens once)", "receives"),
        [
            (
                row["kind"],
                row["title"],
                "\n".join(row["reads"]),
                "\n".join(f"{name} ({once})" for name, once in row["writes"].items()),
                "\n".join(row["receives"]),
            )
            for row in rows
        ],
    )


@app.command("new")
def new_connector(
    name: Annotated[str, typer.Argument(help="Name such as acme_wms.")],
    *,
    folder: Annotated[pathlib.Path, typer.Option(help="Where its folder is made.")] = pathlib.Path(
        "connectors"
    ),
    as_json: JsonFlag = False,
) -> None:
    """Write a new connector's folder: it works and passes conformance as it is."""
    try:
        paths = write_connector(folder, name)
    except CrossdockError as error:
        fail(error)
    if as_json:
        show_json([str(path) for path in paths])
        return
    for path in paths:
        out.print(f"written: {path}", highlight=False)
    out.print(f"prove it with: python -m pytest {folder / name}")
