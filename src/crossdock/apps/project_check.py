"""Everything that can be wrong with a project, found before it runs."""

from __future__ import annotations

import dataclasses
import random

from crossdock.apps.mapping_library import MappingLibrary
from crossdock.core.clock import SystemClock
from crossdock.core.errors import ConfigError, CrossdockError, Place
from crossdock.govern import Project
from crossdock.kit import find_manifests, load_connector

__all__ = ["check_project", "project_warnings"]


def check_project(project: Project) -> list[CrossdockError]:
    """All faults: of files, settings, interfaces, mappings, and mapping tests that fail."""
    faults: list[CrossdockError] = list(project.faults)
    faults += _check_settings(project)
    if not faults:
        faults += _check_interfaces(project)
    faults += _check_mappings(project)
    return faults


def project_warnings(project: Project) -> list[CrossdockError]:
    """What is no fault but worth a look: source fields nobody uses, mappings without tests."""
    try:
        library = MappingLibrary(project, find_manifests())
    except CrossdockError:
        return []
    found: list[CrossdockError] = []
    for path in project.mappings.values():
        try:
            faults = [fault for fault in library.lint(path) if fault.severity == "warning"]
        except CrossdockError:
            continue  # its faults are told by check_project
        found += [
            ConfigError(fault.text, code=fault.code, place=fault.place, mend=fault.mend) for fault in faults
        ]
        if not path.with_suffix(".test.yaml").is_file():
            place = Place(source=str(path))
            found.append(
                ConfigError(
                    "it has no tests", code="T-CONFIG", place=place, mend=f"write {path.stem}.test.yaml"
                )
            )
    return found


def _check_settings(project: Project) -> list[CrossdockError]:
    manifests = find_manifests()
    faults: list[CrossdockError] = []
    for name, system in project.systems.items():
        source = f"systems/{name}.yaml"
        manifest = manifests.get(system.connector)
        if manifest is None:
            faults.append(
                ConfigError(
                    f"there is no connector {system.connector!r}",
                    code="T-CONFIG",
                    place=Place(source=source),
                    mend=f"one of: {', '.join(manifests)}",
                )
            )
            continue
        try:
            kind = load_connector(manifest)
            kind.settings_class.load(system.settings, source=source, folder=project.folder)
        except ConfigError as error:
            faults.append(error)
    return faults


def _check_interfaces(project: Project) -> list[CrossdockError]:
    from crossdock.apps.bootstrap import build_routes, build_systems

    faults: list[CrossdockError] = []
    systems = build_systems(project, clock=SystemClock(), randomness=random.Random(0))  # noqa: S311 - jitter
    for name, interface in project.interfaces.items():
        try:
            build_routes(dataclasses.replace(project, interfaces={name: interface}), systems)
        except CrossdockError as error:
            faults.append(error)
    return faults


def _check_mappings(project: Project) -> list[CrossdockError]:
    try:
        library = MappingLibrary(project, find_manifests())
    except CrossdockError as error:
        return [error]
    faults: list[CrossdockError] = []
    for path in project.mappings.values():
        try:
            faults += [
                ConfigError(fault.text, code=fault.code, place=fault.place, mend=fault.mend)
                for fault in library.lint(path)
                if fault.severity == "error"
            ]
            if not path.with_suffix(".test.yaml").is_file():
                continue
            faults += [
                ConfigError(
                    f"test {result.name!r} fails: {'; '.join(result.differences)}",
                    code="T-MAP",
                    place=result.place,
                    mend="mend the mapping or the test; see: crossdock mapping test",
                )
                for result in library.test(path)
                if not result.passed
            ]
        except CrossdockError as error:
            faults.append(error)
    return faults
