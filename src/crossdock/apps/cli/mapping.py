"""`crossdock mapping …`: test, run and trace mappings."""

from __future__ import annotations

import pathlib
import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from crossdock.apps.cli.shown import JsonFlag, ProjectOption, command, out, show_error, show_json, show_table
from crossdock.apps.mapping_library import MappingLibrary
from crossdock.core.documents import Document, encode_document
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.core.interface import SystemDefinition
from crossdock.formats import BadRecord, decode
from crossdock.govern import Project, load_project
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
                f"there is no mapping {name!r}", code="T-CONFIG", mend=f"one of: {', '.join(loaded.mappings)}"
            )
        results += _results(library, name, path)
    if as_json:
        show_json(results)
    else:
        show_table(
            "Mapping tests",
            ("mapping", "test", "result", "difference"),
            [
                (r["mapping"], r["test"], Text("passed") if r["passed"] else Text("failed", "red"), r["text"])
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
    format_name: Annotated[
        str,
        typer.Option(
            "--format", help="Format of the file; as the interface says that uses the mapping, else json."
        ),
    ] = "",
    lookup: Annotated[list[str] | None, typer.Option(help="kind:value=key, for look-ups.")] = None,
) -> None:
    """Run a mapping over a file and print what comes out, as JSON lines."""
    loaded = load_project(pathlib.Path(project))
    definition = _system(loaded, system)
    compiled = MappingLibrary(loaded, find_manifests()).load(system, name)
    format_name, options = _format(loaded, system, name, format_name)
    variables = {"system": {"name": system, "zone": definition.zone, **definition.variables}}
    lookups = dict(_lookup(text) for text in lookup or [])
    failed = False
    for record in decode(format_name, [file.read_bytes()], source=str(file), options=options):
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
    _system(loaded, system)
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


def _results(library: MappingLibrary, name: str, path: pathlib.Path) -> list[dict[str, Any]]:
    """The results of one mapping; one that cannot be tested is a failed test, so that the others are run."""
    try:
        found = [(one.name, one.passed, "\n".join(one.differences)) for one in library.test(path)]
    except CrossdockError as error:
        found = [("", False, str(error))]
    return [{"mapping": name, "test": test, "passed": passed, "text": text} for test, passed, text in found]


def _system(project: Project, name: str) -> SystemDefinition:
    if name not in project.systems:
        raise ConfigError(
            f"there is no system {name!r}",
            code="T-CONFIG",
            mend=f"one of: {', '.join(project.systems) or 'none'}",
        )
    return project.systems[name]


def _format(project: Project, system: str, mapping: str, given: str) -> tuple[str, dict[str, Any]]:
    """The format to read, with the options of the interface that reads it for this mapping."""
    for interface in project.interfaces.values():
        reads_it = interface.source.system == system and interface.mapping.removesuffix(".yaml") == mapping
        if reads_it and given in {"", interface.format}:
            return interface.format, interface.format_options
    return given or "json", {}


def _lookup(text: str) -> tuple[LookupRef, str]:
    kind, _, rest = text.partition(":")
    value, separator, key = rest.rpartition("=")
    if not separator:
        msg = f"{text!r} is not kind:value=key"
        raise typer.BadParameter(msg)
    return LookupRef(kind, value), key
