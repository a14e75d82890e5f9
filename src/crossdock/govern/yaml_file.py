"""A project's YAML files: read with the line and column of every value, so that a fault can point at it."""

from __future__ import annotations

import pathlib
import re
from typing import Any, TypeVar

import msgspec
import yaml

from crossdock.core.errors import ConfigError, Place

__all__ = ["load_typed", "load_yaml", "place_in"]

T = TypeVar("T")
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")


class _Places:
    """Places of values by their path (`.targets[0].system`)."""

    def __init__(self, node: yaml.Node | None) -> None:
        self.found: dict[str, tuple[int, int]] = {}
        if node is not None:
            self._walk(node, "")

    def _walk(self, node: yaml.Node, path: str) -> None:
        self.found[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._walk(value, f"{path}.{key.value}")
                self.found[f"{path}.{key.value}#key"] = (key.start_mark.line + 1, key.start_mark.column + 1)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, f"{path}[{index}]")


def load_yaml(path: pathlib.Path) -> Any:
    """The plain content of a YAML file.

    Raises:
        ConfigError: it cannot be read, or is not YAML (T-CONFIG), with line and column.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", code="T-CONFIG", mend="create it, or mend its rights"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = (
            Place(source=str(path), line=mark.line + 1, column=mark.column + 1) if mark else Place(str(path))
        )
        raise ConfigError(
            f"not YAML: {getattr(error, 'problem', error)}",
            code="T-CONFIG",
            place=place,
            mend="mend the file",
        ) from error


def load_typed(path: pathlib.Path, kind: type[T]) -> T:
    """The content of a YAML file as `kind`.

    Raises:
        ConfigError: as `load_yaml`, or a field that is unknown, missing or of the wrong type, with its place.
    """
    content = load_yaml(path)
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(
            _AT.sub("", str(error)), code="T-CONFIG", place=_place(path, str(error)), mend="mend the file"
        ) from error


def place_in(path: pathlib.Path, *at: str) -> Place:
    """Where a value of a YAML file stands: the first of the paths `at` (`.targets[0].system`) that is there.

    The file's beginning, where none is; the file alone, where it is not YAML.
    """
    try:
        places = _Places(yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)).found
    except (OSError, yaml.YAMLError):
        return Place(source=str(path))
    found = next((one for one in at if one in places), "")
    line, column = places.get(found, (1, 1))
    return Place(source=str(path), line=line, column=column, path=found.lstrip(".").removesuffix("#key"))


def _place(path: pathlib.Path, text: str) -> Place:
    """Where the value that msgspec complains of stands."""
    match = _AT.search(text)
    at = match["path"] if match else ""
    places = _Places(yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)).found
    unknown = re.search(r"unknown field `([^`]+)`", text)
    known = places.get(f"{at}.{unknown[1]}#key") if unknown else None
    line, column = known or places.get(at, (1, 1))
    return Place(source=str(path), line=line, column=column, path=at.lstrip("."))
