"""A connector's manifest: who it is. What it can do comes from its decorators."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pathlib
from typing import Any

import msgspec
import yaml

from crossdock.core.errors import ConfigError
from crossdock.kit.connector import Connector

__all__ = ["Manifest", "find_manifests", "load_connector", "load_entry"]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `manifest.yaml`.

    Attributes:
        kind: the word in a system's `connector:`.
        entry: `module:Class` of the connector.
        simulator: `module:Class` of its simulator, or '' where there is none.
        transport: how it talks, for people (`HTTPS, JSON`).
        commands: `module:app` of a Typer app, mounted as `crossdock KIND …`, for what is not a verb.
        limits: what the vendor says about rates and sizes, for people.
    """

    kind: str
    title: str
    owner: str
    entry: str
    transport: str
    simulator: str = ""
    limits: str = ""
    docs: str = ""
    commands: str = ""
    folder: str = ""


def find_manifests() -> dict[str, Manifest]:
    """All connectors installed: ours, and others' by the entry point group `crossdock.connectors`.

    An entry point's value names the package whose folder holds `manifest.yaml`.
    """
    ours = pathlib.Path(__file__).parent.parent / "connectors"
    folders = [path.parent for path in ours.glob("*/manifest.yaml")]
    for point in importlib.metadata.entry_points(group="crossdock.connectors"):
        spec = importlib.util.find_spec(point.value)
        if spec is not None and spec.origin:
            folders.append(pathlib.Path(spec.origin).parent)
    manifests = (_read(folder) for folder in sorted(folders))
    return {manifest.kind: manifest for manifest in manifests}


def load_connector(manifest: Manifest) -> type[Connector[Any]]:
    """The connector class a manifest names.

    Raises:
        ConfigError: it cannot be imported, or is no Connector.
    """
    found = load_entry(manifest.entry, manifest.kind)
    if not (isinstance(found, type) and issubclass(found, Connector)):
        raise ConfigError(
            f"{manifest.entry} is not a Connector", code="T-CONFIG", mend="mend the manifest's entry"
        )
    return found


def load_entry(entry: str, kind: str) -> Any:
    """The object `module:name`.

    Raises:
        ConfigError: no such module or name; an engine's extra may be missing.
    """
    module, _, name = entry.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"connector {kind}: {entry} cannot be loaded: {error}",
            code="T-CONFIG",
            mend="install the extra it needs, or mend the manifest's entry",
        ) from error


def _read(folder: pathlib.Path) -> Manifest:
    path = folder / "manifest.yaml"
    try:
        manifest = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Manifest)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}", code="T-CONFIG", mend="mend the manifest") from error
    return msgspec.structs.replace(manifest, folder=str(folder))
