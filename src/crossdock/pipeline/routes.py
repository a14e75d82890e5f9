"""Routes: interfaces compiled for running. Which mappings, rules and operations a message meets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crossdock.core.documents import Document
from crossdock.core.errors import ConfigError
from crossdock.core.interface import InterfaceDefinition, InterfaceTarget, Policy, SystemDefinition
from crossdock.kit import Verbs, WriteSpec
from crossdock.mapping import CompiledMapping

__all__ = ["Route", "Routes", "Rule", "TargetRoute", "compile_routes"]

Rule = Callable[[Mapping[str, Any] | Document, Mapping[str, Any]], bool]
"""A rule over a source's record or a canonical document, with variables."""


@dataclasses.dataclass(frozen=True)
class TargetRoute:
    """One effect at one target, compiled.

    Attributes:
        mapping: from the document to the operation's form; None = the document as it is.
        rule: a document it refuses is filtered for this target.
        variables: what the mapping may use: `system.zone` and the like.
    """

    interface: InterfaceDefinition
    index: int
    target: InterfaceTarget
    spec: WriteSpec
    mapping: CompiledMapping | None
    rule: Rule | None
    variables: Mapping[str, Any]

    @property
    def policy(self) -> Policy:
        return self.target.policy

    @property
    def awaited(self) -> bool:
        """Whether another target of the interface waits for this one's effect."""
        return any(self.index in other.after for other in self.interface.targets)


@dataclasses.dataclass(frozen=True)
class Route:
    """One interface, compiled. `mapping` None: the source's records are canonical documents already."""

    interface: InterfaceDefinition
    mapping: CompiledMapping | None
    source_rule: Rule | None
    rule: Rule | None
    targets: tuple[TargetRoute, ...]
    variables: Mapping[str, Any]


class Routes:
    """All active routes, by where messages come from and by where deliveries go."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.all = tuple(routes)
        self._by_topic: dict[tuple[str, str], list[Route]] = {}
        self._targets: dict[tuple[str, int], TargetRoute] = {}
        for route in routes:
            for topic in route.interface.source.topics:
                self._by_topic.setdefault((route.interface.source.system, topic), []).append(route)
            for target in route.targets:
                self._targets[route.interface.id, target.index] = target

    def of_message(self, system: str, topic: str) -> Sequence[Route]:
        """The routes that take a message of `topic` from `system`."""
        return self._by_topic.get((system, topic), ())

    def of_delivery(self, interface: str, target_index: int, operation: str) -> TargetRoute:
        """The route of a delivery.

        Raises:
            ConfigError: the interface is gone, or its target now does something else (T-CONFIG).
        """
        found = self._targets.get((interface, target_index))
        if found is None or found.target.operation != operation:
            raise ConfigError(
                f"interface {interface} has no target {target_index} with operation {operation} any more",
                code="T-CONFIG",
                mend="put the target back, or cancel this delivery",
            )
        return found


def compile_routes(
    interfaces: Sequence[InterfaceDefinition],
    systems: Mapping[str, SystemDefinition],
    verbs: Mapping[str, Verbs],
    *,
    load_mapping: Callable[[str, str], CompiledMapping],
    compile_rule: Callable[[str], Rule],
) -> Routes:
    """Compile the active interfaces.

    Args:
        interfaces: definitions; those with active false are left out.
        systems: by name.
        verbs: what each system's connector can do, by system name.
        load_mapping: (system name, mapping name) → compiled; a project's file, or one of the connector's own.
        compile_rule: a `when` text → a rule.

    Raises:
        ConfigError: a system, topic or operation that is not there.
    """
    routes = []
    for interface in interfaces:
        if not interface.active:
            continue
        source = interface.source.system
        targets = tuple(
            _target(interface, index, systems, verbs, load_mapping, compile_rule)
            for index in range(len(interface.targets))
        )
        routes.append(
            Route(
                interface=interface,
                mapping=load_mapping(source, interface.mapping) if interface.mapping else None,
                source_rule=compile_rule(interface.source.when) if interface.source.when else None,
                rule=compile_rule(interface.when) if interface.when else None,
                targets=targets,
                variables=_variables(systems[source]),
            )
        )
    return Routes(routes)


def _target(
    interface: InterfaceDefinition,
    index: int,
    systems: Mapping[str, SystemDefinition],
    verbs: Mapping[str, Verbs],
    load_mapping: Callable[[str, str], CompiledMapping],
    compile_rule: Callable[[str], Rule],
) -> TargetRoute:
    target = interface.targets[index]
    if target.system not in systems:
        raise ConfigError(f"interface {interface.id}: there is no system {target.system!r}", code="T-CONFIG")
    if any(step == index or not 0 <= step < len(interface.targets) for step in target.after):
        raise ConfigError(
            f"interface {interface.id}: target {index} comes after {target.after}, which is not there or itself",
            code="T-CONFIG",
            mend=f"targets count from 0 to {len(interface.targets) - 1}",
        )
    spec = verbs[target.system].writes.get(target.operation)
    if spec is None:
        known = ", ".join(sorted(verbs[target.system].writes))
        raise ConfigError(
            f"interface {interface.id}: {target.system} has no operation {target.operation!r}",
            code="T-CONFIG",
            mend=f"one of: {known}",
        )
    mapping = target.mapping or spec.mapping
    return TargetRoute(
        interface=interface,
        index=index,
        target=target,
        spec=spec,
        mapping=load_mapping(target.system, mapping) if mapping else None,
        rule=compile_rule(target.when) if target.when else None,
        variables=_variables(systems[target.system]),
    )


def _variables(system: SystemDefinition) -> Mapping[str, Any]:
    return {"system": {"name": system.name, "zone": system.zone, **system.variables}}
