"""Everything that can be wrong with a project, found before it runs."""

from __future__ import annotations

import pathlib
import random
import re
from collections.abc import Iterator

from crossdock.apps.bootstrap import build_systems
from crossdock.apps.interface_check import InterfaceCheck
from crossdock.apps.mapping_library import MappingLibrary
from crossdock.core.clock import SystemClock
from crossdock.core.documents import KINDS
from crossdock.core.errors import ConfigError, CrossdockError, Place
from crossdock.core.interface import SystemDefinition
from crossdock.govern import Project, place_in
from crossdock.kit import Verbs, find_manifests, load_connector
from crossdock.mapping import MappingError, MappingFault
from crossdock.pipeline import compile_routes

__all__ = ["check_project", "project_warnings"]

_UNUSED = re.compile(r"the source field (\S+) is not used")
_UNUSED_SHOWN = 5


def check_project(project: Project) -> list[CrossdockError]:
    """All faults: of files, settings, interfaces, mappings, and mapping tests that fail."""
    faults: list[CrossdockError] = list(project.faults)
    verbs, settings_faults = _check_settings(project)
    faults += settings_faults
    try:
        library = MappingLibrary(project, find_manifests())
    except CrossdockError as error:
        return [*faults, error]
    for interface in project.interfaces.values():
        faults += InterfaceCheck(project, library, verbs).faults(interface)
    faults += _check_mappings(project, library)
    return faults or _check_wiring(project, library)


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
            found += _together(faults, from_document=library.source_form(path) in KINDS)
        except CrossdockError:
            continue  # its faults are told by check_project
        if not path.with_suffix(".test.yaml").is_file():
            mend = f"write {path.stem}.test.yaml beside it"
            found.append(
                ConfigError("it has no tests", code="T-CONFIG", place=Place(source=str(path)), mend=mend)
            )
    return found


def _together(faults: list[MappingFault], *, from_document: bool) -> Iterator[ConfigError]:
    """One warning for all the fields of a source that nobody uses; the others one by one.

    A canonical document has more fields than any target wants, so of those nothing is said.
    """
    unused: list[str] = []
    for fault in faults:
        match = _UNUSED.fullmatch(fault.text)
        if match:
            unused.append(match[1])
        else:
            yield _as_error(fault)
    if unused and not from_document:
        shown = ", ".join(unused[:_UNUSED_SHOWN])
        more = len(unused) - _UNUSED_SHOWN
        text = f"{len(unused)} source fields are not used: {shown}" + (
            f" and {more} more" if more > 0 else ""
        )
        place = next(fault.place for fault in faults if _UNUSED.fullmatch(fault.text))
        yield ConfigError(text, code="T-MAP", place=place, mend="map them, or add them to `unused`")


def _check_settings(project: Project) -> tuple[dict[str, Verbs], list[CrossdockError]]:
    """What the systems whose connector is known can do, and what is wrong with their settings."""
    manifests = find_manifests()
    verbs: dict[str, Verbs] = {}
    faults: list[CrossdockError] = []
    for name, system in project.systems.items():
        path = project.folder / "systems" / f"{name}.yaml"
        manifest = manifests.get(system.connector)
        if manifest is None:
            text, mend = f"there is no connector {system.connector!r}", f"one of: {', '.join(manifests)}"
            faults.append(ConfigError(text, code="T-CONFIG", place=place_in(path, ".connector"), mend=mend))
            continue
        kind = load_connector(manifest)
        verbs[name] = kind.verbs
        try:
            kind.settings_class.load(system.settings, source=f"systems/{name}.yaml", folder=project.folder)
        except ConfigError as error:
            place = place_in(path, *_blamed(system, error.text), ".settings")
            faults.append(ConfigError(error.text, code=error.code, place=place, mend=error.mend))
    return verbs, faults


def _blamed(system: SystemDefinition, text: str) -> Iterator[str]:
    """Paths of the settings that a fault's text names, in the order of the file."""
    for name in system.settings:
        if f" {name}: " in text or f"unknown setting {name!r}" in text:
            yield f".settings.{name}#key"
            yield f".settings.{name}"


def _check_wiring(project: Project, library: MappingLibrary) -> list[CrossdockError]:
    """What only the wiring itself would find: nothing, as a rule."""
    try:
        systems = build_systems(project, clock=SystemClock(), randomness=random.Random(0))  # noqa: S311 - jitter
        compile_routes(
            list(project.interfaces.values()),
            project.systems,
            {name: system.connector.verbs for name, system in systems.items()},
            load_mapping=library.load,
            compile_rule=library.rule,
        )
    except CrossdockError as error:
        return [error]
    return []


def _check_mappings(project: Project, library: MappingLibrary) -> list[CrossdockError]:
    faults: list[CrossdockError] = []
    for path in project.mappings.values():
        try:
            faults += [_as_error(fault) for fault in library.lint(path) if fault.severity == "error"]
            if path.with_suffix(".test.yaml").is_file():
                faults += _failing_tests(library, path)
        except MappingError as error:
            known = {(str(fault), str(fault.place)) for fault in faults}
            faults += [
                _as_error(fault) for fault in error.faults if (str(fault), str(fault.place)) not in known
            ]
        except CrossdockError as error:
            faults.append(error)
    return faults


def _failing_tests(library: MappingLibrary, path: pathlib.Path) -> Iterator[ConfigError]:
    for result in library.test(path):
        if not result.passed:
            yield ConfigError(
                f"test {result.name!r} fails: {'; '.join(result.differences)}",
                code="T-MAP",
                place=result.place,
                mend="mend the mapping or the test; see: crossdock mapping test",
            )


def _as_error(fault: MappingFault) -> ConfigError:
    return ConfigError(fault.text, code=fault.code, place=fault.place, mend=fault.mend)
