"""YAML text as nodes that know their line and column; numbers stay exact, `NO` stays text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec
import yaml

from crossdock.core.errors import Place
from crossdock.mapping.faults import MappingError, MappingFault

__all__ = ["Node", "read_nodes", "to_plain"]

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"[-+]?\d{1,18}\.\d{1,18}")
_MAX_DEPTH = 30
MAX_TEXT_CHARS = 2_000_000

type_names = {
    dict: "a block of keys",
    list: "a list",
    str: "text",
    int: "a number",
    Decimal: "a number",
    bool: "true or false",
}


class Node(msgspec.Struct, frozen=True):
    """One YAML value with its place: a scalar, a list of nodes, or keys with nodes (`key_places` for the keys)."""

    value: Any
    place: Place
    key_places: dict[str, Place] = {}

    @property
    def described(self) -> str:
        return (
            "nothing" if self.value is None else type_names.get(type(self.value), type(self.value).__name__)
        )


class _AliasError(yaml.YAMLError):
    def __init__(self, mark: Any) -> None:
        super().__init__("anchors and aliases are not allowed")
        self.problem_mark = mark


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses aliases: they allow a few lines to stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise _AliasError(self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


def read_nodes(text: str, *, source: str) -> Node:
    """The nodes of a YAML text.

    Raises:
        MappingError: not YAML, too large, too deep, a key twice, an alias.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise MappingError(
            [MappingFault(f"the file is larger than {MAX_TEXT_CHARS} characters", Place(source=source))]
        )
    faults: list[MappingFault] = []
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
        node = _convert(root, source, "", 0, faults)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = (
            Place(source=source, line=mark.line + 1, column=mark.column + 1) if mark else Place(source=source)
        )
        problem = getattr(error, "problem", None) or str(error).split("\n", maxsplit=1)[0]
        mend = 'Text with brackets, braces, colons or # stands in quotes: `from: "lines[0].sku"`.'
        raise MappingError([MappingFault(f"not readable as YAML: {problem}", place, mend)]) from error
    except RecursionError as error:
        raise MappingError([MappingFault("nested too deeply", Place(source=source))]) from error
    if faults:
        raise MappingError(faults)
    return node


def _convert(node: yaml.Node | None, source: str, path: str, depth: int, faults: list[MappingFault]) -> Node:
    if node is None:
        return Node(None, Place(source=source, line=1, column=1))
    place = Place(source=source, line=node.start_mark.line + 1, column=node.start_mark.column + 1, path=path)
    if depth > _MAX_DEPTH:
        faults.append(MappingFault(f"nested more than {_MAX_DEPTH} deep", place))
        return Node(None, place)
    if isinstance(node, yaml.MappingNode):
        return _convert_keys(node, place, depth, faults)
    if isinstance(node, yaml.SequenceNode):
        items = [
            _convert(item, source, f"{path}[{at}]", depth + 1, faults) for at, item in enumerate(node.value)
        ]
        return Node(items, place)
    return Node(_scalar(node), place)


def _convert_keys(node: yaml.MappingNode, place: Place, depth: int, faults: list[MappingFault]) -> Node:
    entries: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
        path = f"{place.path}.{key}" if place.path else key
        key_place = Place(source=place.source, line=mark.line + 1, column=mark.column + 1, path=path)
        if not isinstance(key_node, yaml.ScalarNode):
            faults.append(MappingFault("a key must be plain text", key_place))
            continue
        if key in entries:
            faults.append(
                MappingFault(f"the key {key!r} stands here twice", key_place, "Remove one of the two.")
            )
            continue
        entries[key] = _convert(value_node, place.source, path, depth + 1, faults)
        places[key] = key_place
    return Node(entries, place, places)


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def to_plain(node: Node) -> Any:
    """The value without places, as JSON would give it (numbers exact)."""
    if isinstance(node.value, dict):
        return {key: to_plain(entry) for key, entry in node.value.items()}
    return [to_plain(entry) for entry in node.value] if isinstance(node.value, list) else node.value
