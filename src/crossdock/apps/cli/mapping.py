"""`crossdock mapping …`: test, run and trace mappings."""

from __future__ import annotations

import pathlib
import sys
from typing import Annotated, Any

import msgspec
import typer

from crossdock.apps.cli.shown import JsonFlag, ProjectOption, command, out, show_error, show_json, show_table
from crossdock.apps.mapping_library import MappingLibrary
from crossdock.core.documents import Document, encode_document
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.formats import BadRecord, decode
from crossdock.govern import load_project
from crossdock.kit import find_manifests
from crossdock.mapping import LookupRef, lineage

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Test, run and trace mappings.")
SystemOption = Annotated[
    str, typer.Option("--system", "-s", help="System whose connector brings the mapping.")
]


@app.command("test")
@command
async def run_mapping_tests(
    names: Annotated[
        list[str] | None, typer.Argument(help="Mappings; all of the project when left away.")
    ] = None,
    *,
    project: ProjectOption = ".",
    as_json: JsonFlag = False,
) -> None:
    """Run the tests beside mappings."""
    loaded = load_project(pathlib.Path(project))
    library = MappingLibrary(loaded, find_manifests())
    results: list[dict[str, Any]] = []
    for name in names or list(loaded.mappings):
        path = loaded.mappings.get(name)
        if path is None:
            raise ConfigError(
                f"there is no mapping {name!r}", code="T-CONFIG", mend=", ".join(loaded.mappings)
            )
        results += [
            {
                "mapping": name,
                "test": result.name,
                "passed": result.passed,
                "text": "\n".join(result.differences),
            }
            for result in library.test(path)
        ]
    if as_json:
        show_json(results)
    else:
        show_table(
            "Mapping tests",
            ("mapping", "test", "result", "difference"),
            [
                (r["mapping"], r["test"], "passed" if r["passed"] else "[red]failed[/]", r["text"])
                for r in results
            ],
        )
    if not all(result["passed"] for result in results):
        raise typer.Exit(1)


@app.command("run")
@command
async def run_mapping(
    name: str,
    file: Annotated[pathlib.Path, typer.Argument(exists=True, dir_okay=False, help="A source record.")],
    *,
    project: ProjectOption = ".",
    system: SystemOption,
    format_name: Annotated[str, typer.Option("--format", help="Format of the file.")] = "json",
    lookup: Annotated[list[str] | None, typer.Option(help="kind:value=key, for look-ups.")] = None,
) -> None:
    """Run a mapping over a file and print what comes out, as JSON lines."""
    loaded = load_project(pathlib.Path(project))
    compiled = MappingLibrary(loaded, find_manifests()).load(system, name)
    definition = loaded.systems[system]
    variables = {"system": {"name": system, "zone": definition.zone, **definition.variables}}
    lookups = dict(_lookup(text) for text in lookup or [])
    failed = False
    for record in decode(format_name, [file.read_bytes()], source=str(file)):
        try:
            if isinstance(record, BadRecord):
                raise record.error
            result = compiled.run(record.data, lookups=lookups, variables=variables, place_of=record.place_of)
        except CrossdockError as error:
            show_error(error)
            failed = True
            continue
        body = encode_document(result) if isinstance(result, Document) else msgspec.json.encode(result)
        sys.stdout.write(body.decode() + "\n")
    if failed:
        raise typer.Exit(1)


@app.command("lineage")
@command
async def show_lineage(
    name: str, *, project: ProjectOption = ".", system: SystemOption, as_json: JsonFlag = False
) -> None:
    """From which source fields each target field comes, through what."""
    loaded = load_project(pathlib.Path(project))
    compiled = MappingLibrary(loaded, find_manifests()).load(system, name)
    rows = [
        {
            "target": one.target_path,
            "source": list(one.source_paths),
            "through": list(one.functions),
            "classification": one.classification,
        }
        for one in lineage(compiled)
    ]
    if as_json:
        show_json(rows)
        return
    show_table(
        f"Lineage of {name}",
        ("target", "source", "through", "classification"),
        [(r["target"], ", ".join(r["source"]), ", ".join(r["through"]), r["classification"]) for r in rows],
    )
    out.print(f"{len(rows)} fields")


def _lookup(text: str) -> tuple[LookupRef, str]:
    kind, _, rest = text.partition(":")
    value, separator, key = rest.rpartition("=")
    if not separator:
        msg = f"{text!r} is not kind:value=key"
        raise typer.BadParameter(msg)
    return LookupRef(kind, value), key
