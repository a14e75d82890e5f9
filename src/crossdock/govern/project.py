"""A project: the folder that says what a hub is (DESIGN §6). Loaded whole, every fault with its place."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.core.interface import InterfaceDefinition, SystemDefinition
from crossdock.govern.yaml_file import load_typed, place_in

__all__ = ["HubSettings", "Project", "load_project"]

T = TypeVar("T")


class HubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `crossdock.yaml`.

    Attributes:
        environment: what this hub serves; the journal is stamped with it.
        store: `sqlite:///file` (relative to the project) or `postgresql://…`.
        host, port: where the hub listens.
        max_body_bytes: larger bodies are refused with 413.
    """

    name: str = "crossdock"
    environment: Literal["prod", "staging", "dev"] = "dev"
    store: str = "sqlite:///crossdock.sqlite3"
    host: str = "127.0.0.1"
    port: int = 8100
    max_body_bytes: int = 20_000_000


@dataclasses.dataclass(frozen=True)
class Project:
    """A project's definitions.

    Attributes:
        mappings: path of each mapping by its name (file name without `.yaml`).
        faults: what could not be loaded; a hub is not started while there are any.
    """

    folder: pathlib.Path
    settings: HubSettings
    systems: dict[str, SystemDefinition]
    interfaces: dict[str, InterfaceDefinition]
    mappings: dict[str, pathlib.Path]
    faults: tuple[CrossdockError, ...]

    @property
    def store_url(self) -> str:
        """The journal's URL, its path absolute."""
        prefix = "sqlite:///"
        if not self.settings.store.startswith(prefix):
            return self.settings.store
        path = pathlib.Path(self.settings.store.removeprefix(prefix))
        return prefix + str(path if path.is_absolute() else (self.folder / path).resolve())


def load_project(folder: pathlib.Path) -> Project:
    """Load a project; faults of single files are gathered, not raised.

    Raises:
        ConfigError: the folder holds no `crossdock.yaml`.
    """
    main = folder / "crossdock.yaml"
    if not main.is_file():
        raise ConfigError(
            f"{folder} is no Crossdock project: it holds no crossdock.yaml",
            code="T-CONFIG",
            mend="go to a project's folder, give one with --project, or make one with: crossdock init DIR",
        )
    faults: list[CrossdockError] = []
    settings = _load(main, HubSettings, faults) or HubSettings()
    systems = _load_named(folder / "systems", SystemDefinition, lambda one: one.name, faults)
    interfaces = _load_named(folder / "interfaces", InterfaceDefinition, lambda one: one.id, faults)
    mappings = {
        path.stem: path
        for path in sorted((folder / "mappings").glob("*.yaml"))
        if not path.stem.endswith(".test")
    }
    faults += _check(folder, systems, interfaces)
    return Project(folder, settings, systems, interfaces, mappings, tuple(faults))


def _load(path: pathlib.Path, kind: type[T], faults: list[CrossdockError]) -> T | None:
    try:
        return load_typed(path, kind)
    except ConfigError as error:
        faults.append(error)
        return None


def _load_named(
    folder: pathlib.Path, kind: type[T], name_of: Callable[[T], str], faults: list[CrossdockError]
) -> dict[str, T]:
    found: dict[str, T] = {}
    for path in sorted(folder.glob("*.yaml")):
        one = _load(path, kind, faults)
        if one is None:
            continue
        name = name_of(one)
        if name != path.stem:
            text = f"{name!r} must stand in {name}.yaml"
            faults.append(_fault(path, text, "rename the file or the thing", ".name", ".id"))
        found[name] = one
    return found


def _check(
    folder: pathlib.Path, systems: dict[str, SystemDefinition], interfaces: dict[str, InterfaceDefinition]
) -> Sequence[CrossdockError]:
    """What an interface names must be there."""
    faults = []
    for interface in interfaces.values():
        path = folder / "interfaces" / f"{interface.id}.yaml"
        named = {".source.system": interface.source.system}
        named |= {
            f".targets[{index}].system": target.system for index, target in enumerate(interface.targets)
        }
        faults += [
            _fault(path, f"there is no system {name!r}", f"known: {', '.join(systems) or 'none'}", at)
            for at, name in named.items()
            if name not in systems
        ]
        if not (folder / interface.runbook).is_file():
            faults.append(
                _fault(
                    path,
                    f"its runbook {interface.runbook} is not there",
                    "write it: what to do when it fails",
                    ".runbook",
                )
            )
        if not interface.owner:
            faults.append(_fault(path, "it has no owner", "name the team that decides about it", ".owner"))
    return faults


def _fault(path: pathlib.Path, text: str, mend: str, *at: str) -> ConfigError:
    return ConfigError(text, code="T-CONFIG", place=place_in(path, *at), mend=mend)
