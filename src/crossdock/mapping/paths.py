"""Paths into a source record: `customer.id`, `lines[0].sku`, `parties[role=ST].id`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["MAX_STEPS", "Path", "Step", "collect", "parse_path", "resolve"]

_TOKEN = re.compile(
    r"""(?P<dot>\.)|\[(?P<index>-?\d{1,6})\]|\[(?P<key>[^\[\]=]+)=(?P<wanted>[^\[\]]*)\]"""
    r"""|"(?P<quoted>[^"]+)"|(?P<bare>[^.\[\]"]+)"""
)
MAX_STEPS = 20


class Step(msgspec.Struct, frozen=True):
    """One step down: by field `name`, by position `index`, or to the first item whose `key` is `wanted`."""

    name: str | None = None
    index: int | None = None
    key: str = ""
    wanted: str = ""

    def __str__(self) -> str:
        if self.name is not None:
            return f'"{self.name}"' if re.search(r"[.\[\]]", self.name) else self.name
        return f"[{self.index}]" if self.index is not None else f"[{self.key}={self.wanted}]"


class Path(msgspec.Struct, frozen=True):
    """A parsed path. `root` says that it starts at the record even inside `each`.

    The reserved first words: `root` (the whole record), `this` (the item at hand), `position`
    (which item of the list this is, from 1).
    """

    steps: tuple[Step, ...]
    root: bool = False
    position: bool = False

    @property
    def names(self) -> tuple[str, ...] | None:
        """The field names, when the path is nothing but names."""
        names = tuple(step.name for step in self.steps if step.name is not None)
        return names if len(names) == len(self.steps) else None

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            text += ("." if text and step.name is not None else "") + str(step)
        return ("position" if self.position else text) or ("root" if self.root else "this")


def parse_path(text: str) -> Path:
    """A path from its text.

    Raises:
        ValueError: it isn't one.
    """
    steps: list[Step] = []
    at, expects_name = 0, True
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            msg = f"{text!r} is not a path: cannot read {text[at : at + 20]!r}"
            raise ValueError(msg)
        at = match.end()
        if match["dot"]:
            if expects_name:
                msg = f"{text!r} is not a path: a field name is missing before a dot"
                raise ValueError(msg)
            expects_name = True
            continue
        name = match["quoted"] or match["bare"]
        if (name is not None) != expects_name:
            msg = f"{text!r} is not a path: dots stand between names, brackets after them"
            raise ValueError(msg)
        expects_name = False
        steps.append(_step(match, name))
    if expects_name or len(steps) > MAX_STEPS:
        msg = f"{text!r} is not a path: it must end with a field and have at most {MAX_STEPS} steps"
        raise ValueError(msg)
    return _reserved(steps, quoted=text.startswith('"'))


def _step(match: re.Match[str], name: str | None) -> Step:
    if name is not None:
        return Step(name=name.strip() if match["bare"] else name)
    if match["index"] is not None:
        return Step(index=int(match["index"]))
    return Step(key=match["key"].strip(), wanted=match["wanted"].strip())


def _reserved(steps: list[Step], *, quoted: bool) -> Path:
    first = None if quoted else steps[0].name
    if first == "root":
        return Path(tuple(steps[1:]), root=True)
    if first == "this":
        return Path(tuple(steps[1:]))
    if first == "position" and len(steps) == 1:
        return Path((), position=True)
    return Path(tuple(steps))


def resolve(value: Any, steps: tuple[Step, ...]) -> Any:
    """The value at the end of `steps`; None when the way there is missing."""
    for step in steps:
        if step.name is not None:
            value = _named(value, step.name)
        elif not isinstance(value, (list, tuple)):
            return None
        elif step.index is not None:
            value = value[step.index] if -len(value) <= step.index < len(value) else None
        else:
            value = _first_with(value, step)
        if value is None:
            return None
    return value


def _named(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, msgspec.Struct) and name in value.__struct_fields__:
        return getattr(value, name)
    return None


def _first_with(items: list[Any] | tuple[Any, ...], step: Step) -> Any:
    for item in items:
        found = _named(item, step.key)
        if isinstance(found, (str, int)) and str(found)[:200] == step.wanted:
            return item
    return None


def collect(value: Any, steps: tuple[Step, ...]) -> list[Any]:
    """Every value at the end of `steps`, going through each item of the lists on the way; missing ones left out."""
    found = [value]
    for step in steps:
        below: list[Any] = []
        for entry in found:
            if step.name is not None and isinstance(entry, (list, tuple)):
                below += [resolve(item, (step,)) for item in entry]
            else:
                below.append(resolve(entry, (step,)))
        found = [entry for entry in below if entry is not None and entry != ""]
    flat: list[Any] = []
    for entry in found:
        flat += entry if isinstance(entry, (list, tuple)) else [entry]
    return [entry for entry in flat if entry is not None and entry != ""]
