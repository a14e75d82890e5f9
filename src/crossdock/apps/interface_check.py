"""What can be wrong with one interface once its file is read: what it names must be there and fit together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from crossdock.apps.mapping_library import MappingLibrary
from crossdock.core.documents import KINDS
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.core.interface import InterfaceDefinition, InterfaceTarget
from crossdock.formats import FORMATS
from crossdock.govern import Project, place_in
from crossdock.kit import Verbs
from crossdock.mapping import CompiledMapping

__all__ = ["InterfaceCheck"]


@dataclasses.dataclass(frozen=True)
class InterfaceCheck:
    """Compares an interface with its systems' verbs and with the mappings that it names.

    Attributes:
        verbs: what each system's connector can do, by system name; systems with faults of their own are left out.
    """

    project: Project
    library: MappingLibrary
    verbs: Mapping[str, Verbs]

    def faults(self, interface: InterfaceDefinition) -> Iterator[CrossdockError]:
        """Everything that does not fit, each with its line."""
        yield from self._source(interface)
        for index, target in enumerate(interface.targets):
            yield from self._target(interface, index, target)

    def _source(self, interface: InterfaceDefinition) -> Iterator[CrossdockError]:
        source = interface.source
        verbs = self.verbs.get(source.system)
        known = sorted({*verbs.reads, *verbs.receives}) if verbs is not None else ["*"]
        for index, topic in enumerate(source.topics):
            if topic not in known and "*" not in known:
                text = f"{source.system} has no source or hook {topic!r}"
                yield self._fault(interface, f".source.topics[{index}]", text, _one_of(known))
        if interface.document not in KINDS:
            text = f"there is no document {interface.document!r}"
            yield self._fault(interface, ".document", text, _one_of(KINDS))
        if interface.format not in FORMATS:
            text = f"there is no format {interface.format!r}"
            yield self._fault(interface, ".format", text, _one_of(FORMATS))
        yield from self._rule(interface, ".source.when", source.when)
        yield from self._rule(interface, ".when", interface.when)
        if interface.mapping:
            mapping, faults = self._mapping(interface, ".mapping", source.system, interface.mapping)
            yield from faults
            if mapping is not None and mapping.target_form != interface.document:
                text = f"mapping {interface.mapping} makes {mapping.target_form}, not {interface.document}"
                yield self._fault(interface, ".mapping", text, "name another mapping, or another document")

    def _target(
        self, interface: InterfaceDefinition, index: int, target: InterfaceTarget
    ) -> Iterator[CrossdockError]:
        at = f".targets[{index}]"
        yield from self._rule(interface, f"{at}.when", target.when)
        if any(step == index or not 0 <= step < len(interface.targets) for step in target.after):
            text = f"target {index} comes after {target.after}, which is not there or itself"
            mend = f"targets count from 0 to {len(interface.targets) - 1}"
            yield self._fault(interface, f"{at}.after", text, mend)
        verbs = self.verbs.get(target.system)
        spec = verbs.writes.get(target.operation) if verbs is not None else None
        if verbs is not None and spec is None:
            text = f"{target.system} has no operation {target.operation!r}"
            yield self._fault(interface, f"{at}.operation", text, _one_of(verbs.writes))
        name = target.mapping or (spec.mapping if spec is not None else "")
        if name and verbs is not None:
            mapping, faults = self._mapping(interface, f"{at}.mapping", target.system, name)
            yield from faults
            if mapping is not None and mapping.source_form != interface.document:
                text = f"mapping {name} takes {mapping.source_form}, not {interface.document}"
                yield self._fault(interface, f"{at}.mapping", text, "name a mapping from that document")

    def _mapping(
        self, interface: InterfaceDefinition, at: str, system: str, name: str
    ) -> tuple[CompiledMapping | None, list[CrossdockError]]:
        """A mapping; faults within one of the project's own files are told where that file is checked."""
        if system not in self.verbs:
            return None, []
        try:
            path = self.library.path(system, name)
        except CrossdockError as error:
            return None, [self._fault(interface, at, error.text, error.mend)]
        try:
            return self.library.load(system, name), []
        except CrossdockError as error:
            return None, [] if path in self.project.mappings.values() else [error]

    def _rule(self, interface: InterfaceDefinition, at: str, text: str) -> Iterator[CrossdockError]:
        try:
            if text:
                self.library.rule(text)
        except CrossdockError as error:
            yield self._fault(interface, at, error.text, error.mend)

    def _fault(self, interface: InterfaceDefinition, at: str, text: str, mend: str) -> ConfigError:
        path = self.project.folder / "interfaces" / f"{interface.id}.yaml"
        above = at.rpartition(".")[0]
        return ConfigError(text, code="T-CONFIG", place=place_in(path, at, above), mend=mend)


def _one_of(names: Iterable[str]) -> str:
    return f"one of: {', '.join(sorted(names)) or 'none'}"
