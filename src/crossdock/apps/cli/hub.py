"""`crossdock up`, `check`, `doctor`, `init`, `import`, `schema`: a project's life."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from crossdock.apps.bootstrap import build_systems, open_project_journal, running_hub
from crossdock.apps.cli.shown import (
    JsonFlag,
    ProjectOption,
    command,
    fail,
    out,
    show_error,
    show_faults,
    show_json,
    show_table,
)
from crossdock.apps.logs import set_up_logs
from crossdock.apps.process import spare_garbage_collection
from crossdock.apps.project_check import check_project, project_warnings
from crossdock.apps.remote import find_running_hub
from crossdock.apps.starter import write_starter
from crossdock.core.clock import SystemClock
from crossdock.core.documents import KINDS
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.core.json_schema import schema_of
from crossdock.govern import Project, load_project

__all__ = ["check", "doctor", "init", "schema", "up"]


@command
async def up(
    *,
    project: ProjectOption = ".",
    role: Annotated[str, typer.Option(help="all: intake and delivery in this process.")] = "all",
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Logs as JSON lines.")] = False,
) -> None:
    """Run the hub until it is told to stop (SIGTERM, Ctrl-C); what is on its way is brought to its end."""
    if role != "all":
        raise ConfigError(
            f"role {role!r} needs a journal that several processes share",
            code="T-CONFIG",
            mend="this version runs everything in one process: leave --role away",
        )
    set_up_logs(json_lines=json_logs)
    loaded = _load_to_run(project)
    # Folders in the settings of systems are the project's, wherever the hub is started from.
    os.chdir(loaded.folder)
    _refuse_faults(loaded)
    spare_garbage_collection()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    async with running_hub(loaded) as hub:
        name = Text.assemble((loaded.settings.name, "green"), f" ({loaded.settings.environment})")
        out.print(name, f"listens on {_address(loaded)}; stop with Ctrl-C", highlight=False)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
            failed = hub.failed()
            if failed is not None:
                raise failed


@command
async def check(
    *,
    project: ProjectOption = ".",
    warnings: Annotated[
        bool, typer.Option("--warnings", help="Show what is no fault but worth a look.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Lint a project: settings, interfaces, mappings and their tests, each fault with file, line and mend."""
    loaded = load_project(pathlib.Path(project))
    faults = check_project(loaded)
    hints = project_warnings(loaded) if warnings else []
    if as_json:
        show_json([_plain(fault, "error") for fault in faults] + [_plain(hint, "warning") for hint in hints])
    else:
        show_faults("Faults", faults)
        if warnings:
            show_faults("Worth a look", hints)
    if faults:
        raise typer.Exit(1)


@command
async def doctor(*, project: ProjectOption = ".", as_json: JsonFlag = False) -> None:
    """Ask every part whether it works: project, journal, and each system with its credentials."""
    loaded = _load_to_run(project)
    rows: list[dict[str, str]] = []
    faults = check_project(loaded)
    seen = f"{_count(faults)}; see: crossdock check" if faults else _count(faults)
    rows.append(_row("project", "faulty" if faults else "ok", seen))
    rows.append(await _journal_row(loaded))
    with contextlib.chdir(loaded.folder):  # as the hub does
        rows += [await _system_row(loaded, name) for name in loaded.systems]
    if as_json:
        show_json(rows)
    else:
        show_table("Doctor", ("part", "state", "what"), [tuple(row.values()) for row in rows])
    if any(row["state"] not in {"ok", "running"} for row in rows):
        raise typer.Exit(1)


def init(
    folder: Annotated[pathlib.Path, typer.Argument(help="Folder to make the project in.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make a project that runs: a watched folder of orders in, a folder of files out."""
    try:
        paths = write_starter(folder)
    except CrossdockError as error:
        fail(error)
    if as_json:
        show_json([str(path) for path in paths])
        return
    for path in paths:
        out.print(f"written: {path}", highlight=False)
    out.print(f"next: cd {folder} && crossdock check && crossdock up", highlight=False, soft_wrap=True)


def schema(
    kind: Annotated[str, typer.Argument(help="A document kind; all when left away.")] = "",
    *,
    folder: Annotated[pathlib.Path | None, typer.Option(help="Write one file a kind here.")] = None,
) -> None:
    """JSON Schemas of the canonical documents."""
    if kind and kind not in KINDS:
        fail(
            ConfigError(f"there is no document {kind!r}", code="T-CONFIG", mend=f"one of: {', '.join(KINDS)}")
        )
    kinds = [kind] if kind else list(KINDS)
    if folder is None:
        show_json(schema_of(kind) if kind else {name: schema_of(name) for name in kinds})
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in kinds:
        path = folder / f"{name}.schema.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=2) + b"\n")
        out.print(f"written: {path}", highlight=False)


def _load_to_run(folder: str) -> Project:
    """A project by its absolute folder, so that the working directory may change."""
    return load_project(pathlib.Path(folder).resolve())


def _address(project: Project) -> str:
    """Where the hub of this process listens: with port 0 only the run file knows it."""
    run = find_running_hub(project.folder)
    return run.url if run is not None else f"http://{project.settings.host}:{project.settings.port}"


def _plain(fault: CrossdockError, severity: str) -> dict[str, object]:
    place = msgspec.to_builtins(fault.place)
    return {"severity": severity, "code": fault.code, "text": fault.text, "place": place, "mend": fault.mend}


def _count(faults: Sequence[CrossdockError]) -> str:
    return "1 fault" if len(faults) == 1 else f"{len(faults) or 'no'} faults"


def _refuse_faults(project: Project) -> None:
    faults = check_project(project)
    if faults:
        for fault in faults:
            show_error(fault)
        raise ConfigError(
            f"the project has {_count(faults)}", code="T-CONFIG", mend="mend them; see: crossdock check"
        )


async def _journal_row(project: Project) -> dict[str, str]:
    run = find_running_hub(project.folder)
    if run is not None:
        return _row("journal", "running", f"held by the hub at {run.url} (pid {run.pid})")
    try:
        journal = await open_project_journal(project, clock=SystemClock())
        counts = await journal.counts()
        await journal.close()
    except CrossdockError as error:
        return _row("journal", "faulty", str(error))
    held = sum(counts["messages"].values())
    return _row("journal", "ok", f"{held} message" + ("" if held == 1 else "s"))


async def _system_row(project: Project, name: str) -> dict[str, str]:
    """One system by itself: where another's settings are at fault, this one is asked all the same."""
    alone = dataclasses.replace(project, systems={name: project.systems[name]})
    try:
        system = build_systems(alone, clock=SystemClock(), randomness=random.Random(0))[name]  # noqa: S311 - jitter
    except CrossdockError as error:
        return _row(name, "faulty", str(error))
    try:
        await system.connector.check()
    except CrossdockError as error:
        return _row(name, "faulty", str(error))
    finally:
        await system.connector.close()
    return _row(name, "ok", system.definition.connector)


def _row(part: str, state: str, what: str) -> dict[str, str]:
    return {"part": part, "state": state, "what": what}
