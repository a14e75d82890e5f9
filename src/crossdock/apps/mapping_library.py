"""Mappings and rules of a project, compiled once: the project's own files, and those that connectors bring."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping

import msgspec

from crossdock.core.errors import ConfigError
from crossdock.govern import Project
from crossdock.kit import Manifest
from crossdock.mapping import (
    CompiledMapping,
    Environment,
    Form,
    MappingFault,
    TestResult,
    build_environment,
    compile_mapping,
    compile_rule,
    lint,
    parse_form,
    parse_mapping,
    run_tests,
)
from crossdock.pipeline.routes import Rule

__all__ = ["MappingLibrary"]

_LOOKUPS = ("sales_order.line", "picking", "invoice", "shipment")


class MappingLibrary:
    """Finds, lints and compiles mappings by name."""

    def __init__(self, project: Project, manifests: Mapping[str, Manifest]) -> None:
        self._project = project
        self._manifests = manifests
        self._compiled: dict[pathlib.Path, CompiledMapping] = {}
        self.environment: Environment = self._environment()

    def path(self, system: str, name: str) -> pathlib.Path:
        """The file of a mapping: the project's, or one of the system's connector.

        Raises:
            ConfigError: there is none of that name (T-CONFIG).
        """
        name = pathlib.PurePath(name).name.removesuffix(".yaml")
        own = self._project.mappings.get(name)
        if own is not None:
            return own
        definition = self._project.systems.get(system)
        if definition is None:
            raise ConfigError(
                f"there is no system {system!r}",
                code="T-CONFIG",
                mend=f"one of: {', '.join(self._project.systems) or 'none'}",
            )
        manifest = self._manifests[definition.connector]
        path = pathlib.Path(manifest.folder) / "mappings" / f"{name}.yaml"
        if path.is_file():
            return path
        raise ConfigError(
            f"there is no mapping {name!r}",
            code="T-CONFIG",
            mend=f"write mappings/{name}.yaml, or take one of: {', '.join(sorted(self._project.mappings)) or 'none'}",
        )

    def load(self, system: str, name: str) -> CompiledMapping:
        """A mapping, compiled.

        Raises:
            ConfigError: it is not there, or has faults.
        """
        path = self.path(system, name)
        if path not in self._compiled:
            spec = parse_mapping(path.read_text(encoding="utf-8"), source=str(path))
            self._compiled[path] = compile_mapping(spec, self.environment)
        return self._compiled[path]

    def rule(self, text: str) -> Rule:
        """A `when` text, compiled."""
        return compile_rule(text)

    def lint(self, path: pathlib.Path) -> list[MappingFault]:
        """Everything that is wrong with a mapping file."""
        spec = parse_mapping(path.read_text(encoding="utf-8"), source=str(path))
        return list(lint(spec, environment=self.environment))

    def source_form(self, path: pathlib.Path) -> str:
        """What a mapping file maps from: the left side of its `map:`."""
        return parse_mapping(path.read_text(encoding="utf-8"), source=str(path)).source_form

    def test(self, path: pathlib.Path) -> list[TestResult]:
        """Run the `.test.yaml` beside a mapping.

        Raises:
            ConfigError: there is none (T-CONFIG).
        """
        tests = path.with_suffix(".test.yaml")
        if not tests.is_file():
            raise ConfigError(
                f"{path.name} has no {tests.name}", code="T-CONFIG", mend="write its tests beside it"
            )
        results = run_tests(
            path.read_text(encoding="utf-8"),
            tests.read_text(encoding="utf-8"),
            self.environment,
            source=str(path),
            read_file=lambda name: (path.parent / name).read_text(encoding="utf-8"),
        )
        return [
            msgspec.structs.replace(one, place=msgspec.structs.replace(one.place, source=str(tests)))
            for one in results
        ]

    def _environment(self) -> Environment:
        folders = [pathlib.Path(manifest.folder) for manifest in self._manifests.values()]
        files = [
            path
            for folder in [*folders, self._project.folder]
            for path in sorted(folder.glob("forms/*.yaml"))
        ]
        forms = [_form(path, path.stat().st_mtime_ns) for path in files]
        return build_environment(forms=forms, lookup_kinds=_LOOKUPS)


@functools.cache
def _form(path: pathlib.Path, changed_ns: int) -> Form:  # noqa: ARG001 - a changed file is read again
    """A form, parsed once: a check makes several libraries, and the connectors' forms are many."""
    return parse_form(path.read_text(encoding="utf-8"), source=str(path))
