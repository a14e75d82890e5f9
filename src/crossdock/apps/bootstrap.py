"""The only wiring: from a project's definitions to a running hub."""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import secrets
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from crossdock.apps.api import Server, make_app
from crossdock.apps.mapping_library import MappingLibrary
from crossdock.apps.operations import Operations
from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import ConfigError
from crossdock.core.interface import SystemDefinition
from crossdock.govern import Project
from crossdock.kit import Connector, Context, Manifest, Secret, find_manifests, load_connector
from crossdock.pipeline import Hub, Routes, TargetSystem, compile_routes
from crossdock.store.contract import Journal
from crossdock.store.factory import open_journal
from crossdock.watch import LedgerKeeper

__all__ = ["RunFile", "build_routes", "build_systems", "open_project_journal", "run_file_path", "running_hub"]


class RunFile(msgspec.Struct):
    """How to reach a running hub: written beside the journal, readable by its owner alone."""

    url: str
    token: str
    pid: int


def run_file_path(folder: pathlib.Path) -> pathlib.Path:
    """Where the running hub of a project's folder says how it is reached."""
    return folder / ".crossdock-run.json"


def build_systems(project: Project, *, clock: Clock, randomness: random.Random) -> dict[str, TargetSystem]:
    """All systems with their connectors.

    Raises:
        ConfigError: an unknown connector, or settings that do not fit.
    """
    manifests = find_manifests()
    return {
        name: TargetSystem(definition, _connector(project, definition, manifests, clock, randomness))
        for name, definition in project.systems.items()
    }


def build_routes(project: Project, systems: dict[str, TargetSystem]) -> Routes:
    """All interfaces compiled, with the mappings they use.

    Raises:
        ConfigError: an interface that does not fit its systems, or a mapping that does not compile.
    """
    library = MappingLibrary(project, find_manifests())
    return compile_routes(
        list(project.interfaces.values()),
        project.systems,
        {name: system.connector.verbs for name, system in systems.items()},
        load_mapping=library.load,
        compile_rule=library.rule,
    )


async def open_project_journal(project: Project, *, clock: Clock) -> Journal:
    """The project's journal, open."""
    return await open_journal(project.store_url, environment=project.settings.environment, clock=clock)


@contextlib.asynccontextmanager
async def running_hub(
    project: Project,
    *,
    clock: Clock | None = None,
    randomness: random.Random | None = None,
    serve: bool = True,
) -> AsyncIterator[Hub]:
    """A project's hub, running: journal open, loops started, server listening; all ended on leaving.

    Raises:
        ConfigError: the project has faults, or a system is not the one the journal knows.
    """
    if project.faults:
        raise project.faults[0]
    clock = clock or SystemClock()
    randomness = randomness or random.Random()  # noqa: S311 - jitter, not secrets
    systems = build_systems(project, clock=clock, randomness=randomness)
    routes = build_routes(project, systems)
    journal = await open_project_journal(project, clock=clock)
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    hub = Hub(
        journal,
        systems,
        routes,
        worker=worker,
        clock=clock,
        randomness=randomness,
        followers=(LedgerKeeper(journal).run,),
    )
    server = None
    try:
        await hub.check_identities()
        await hub.start()
        if serve:
            server = await _serve(project, hub, journal, clock)
        yield hub
    finally:
        if server is not None:
            run_file_path(project.folder).unlink(missing_ok=True)
            await server.stop()
        await hub.stop()
        await journal.close()


async def _serve(project: Project, hub: Hub, journal: Journal, clock: Clock) -> Server:
    token = Secret(secrets.token_urlsafe(32), origin="run file")
    operations = Operations(journal, hub=hub, interfaces=project.interfaces)
    app = make_app(hub, operations, token=token, clock=clock, max_body_bytes=project.settings.max_body_bytes)
    server = Server(app, host=project.settings.host, port=project.settings.port)
    await server.start()
    run = RunFile(url=f"http://{project.settings.host}:{server.port}", token=token.reveal(), pid=os.getpid())
    path = run_file_path(project.folder)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(run))
    return server


def _connector(
    project: Project,
    definition: SystemDefinition,
    manifests: dict[str, Manifest],
    clock: Clock,
    randomness: random.Random,
) -> Connector[Any]:
    manifest = manifests.get(definition.connector)
    if manifest is None:
        raise ConfigError(
            f"system {definition.name}: there is no connector {definition.connector!r}",
            code="T-CONFIG",
            mend=f"one of: {', '.join(manifests)}",
        )
    kind = load_connector(manifest)
    source = f"systems/{definition.name}.yaml"
    settings = kind.settings_class.load(definition.settings, source=source, folder=project.folder)
    context = Context(
        system=definition.name,
        clock=clock,
        random=randomness,
        zone=definition.zone,
        environment=project.settings.environment,
    )
    return kind(settings, context)
