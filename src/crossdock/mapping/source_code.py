"""Python source built line by line. No text of a mapping file is ever spliced into it as code.

Whatever a mapping file says enters generated code in one of two ways: as the `repr` of a plain str, int
or bool, or as an object bound to a name that is ours. Expressions are walked node by node and written anew.
Closures were the other way; a call for each of 160 fields costs more than the conversions themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from crossdock.mapping.paths import Path, Step
from crossdock.mapping.spec import FieldSpec

__all__ = ["INDEX", "Code", "Scope", "own_paths", "plain_target", "root_paths"]

INDEX = "\x00"
Steps = tuple[Step, ...]


class Code:
    """Lines of a function, the names they use, and what those stand for."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.names = dict(names)
        self._depth = 1
        self._count = 0
        self._known: dict[int, str] = {}

    def add(self, line: str) -> None:
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.add(head)
        self._depth += 1
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.add("pass")
        self._depth -= 1

    def fresh(self, prefix: str) -> str:
        """A name nobody has used; only our own letters and a number."""
        self._count += 1
        return f"{prefix}{self._count}"

    def bind(self, value: Any) -> str:
        """Source text for a constant."""
        if value is None or value.__class__ in {str, bool, int}:
            return repr(value)
        name = self._known.get(id(value))
        if name is None:
            name = self.fresh("k")
            self._known[id(value)] = name
            self.names[name] = value
        return name


class Scope:
    """The object that paths start from: the record, an item of a list, or an object inside."""

    def __init__(
        self, code: Code, item: str, template: str, at: tuple[str, ...], parent: Scope | None = None
    ) -> None:
        self.code = code
        self.item = item
        self.template = template
        self.at = at
        self.root: Scope = parent.root if parent is not None else self
        self.getters: dict[Steps, str] = {}
        self.lists: dict[Steps, str] = {}

    @property
    def at_code(self) -> str:
        return "(" + "".join(f"{name}, " for name in self.at) + ")"

    def open(self, paths: Iterable[tuple[Path, bool]], site_of: Any, faults: str) -> None:
        """Reads what lies on the way to `paths` once, so that each field is one look-up in an object or list."""
        objects: dict[Steps, bool] = {}
        lists: set[Steps] = set()
        for path, must_be_object in paths:
            if any(step.key for step in path.steps):
                continue
            for length, step in enumerate(path.steps):
                above = path.steps[:length]
                if step.name is None:
                    lists.add(above)
                else:
                    objects[above] = objects.get(above, True) and must_be_object
        for above in sorted({*objects, *lists}, key=len):
            self._hold(above, site_of, faults, strict=objects.get(above), is_list=above in lists)

    def _hold(self, above: Steps, site_of: Any, faults: str, *, strict: bool | None, is_list: bool) -> None:
        code = self.code
        held = self.item
        if above:
            held = code.fresh("p")
            code.add(f"{held} = {self.step_code(above)}")
        if is_list:
            self.lists[above] = held
        if strict is None:
            return
        if above:
            container = code.fresh("p") if is_list else held
            site = code.bind(site_of(self, Path(above)))
            note = f"shape({faults}, {held}, {site}, {self.at_code}, strict={strict})"
            code.add(f"{container} = {held} if {held}.__class__ is dict else {note}")
            held = container
        self.getters[above] = code.fresh("g")
        code.add(f"{self.getters[above]} = {held}.get")

    def step_code(self, steps: Steps) -> str:
        """An expression for the last step, from what the steps above it hold."""
        step, above = steps[-1], steps[:-1]
        if step.name is not None:
            return f"{self.getters[above]}({step.name!r})"
        held, index = self.lists[above], step.index
        fits = held if index in {0, -1} else f"-len({held}) <= {index} < len({held})"
        return f"({held}[{index}] if {held}.__class__ is list and {fits} else None)"

    def read(self, path: Path) -> str:
        """An expression for the value at `path`."""
        scope = self.root if path.root else self
        if path.position:
            return f"({self.at[-1]} + 1)" if self.at else "None"
        if not path.steps:
            return scope.item
        above, last = path.steps[:-1], path.steps[-1]
        if (last.name is not None and above in scope.getters) or (
            last.index is not None and above in scope.lists
        ):
            return scope.step_code(path.steps)
        return f"resolve({scope.item}, {self.code.bind(path.steps)})"

    def read_all(self, path: Path) -> str:
        """An expression for every value along `path`."""
        scope = self.root if path.root else self
        return f"collect({scope.item}, {self.code.bind(path.steps)})"

    def place(self, path: Path) -> str:
        """The path from the record on, with `INDEX` where positions go."""
        if path.root:
            return str(Path(path.steps))
        text = "" if not path.steps and not path.position else str(path)
        if self.template and text:
            return self.template + ("" if text.startswith("[") else ".") + text
        return self.template or text


def own_paths(fields: Iterable[FieldSpec]) -> Iterator[tuple[Path, bool]]:
    """Paths that fields read from their own scope, and whether objects on the way must be objects."""
    for field in fields:
        paths = list(_paths(field))
        yield from ((path, must) for path, must in paths if not path.root)


def root_paths(fields: Iterable[FieldSpec]) -> Iterator[tuple[Path, bool]]:
    """Paths that start with `root`, at any depth."""
    for field in fields:
        yield from ((path, must) for path, must in _paths(field) if path.root)
        if field.when is not None:
            yield from (
                (used.path, False) for used in field.when.paths if used.path.root and not used.whole_list
            )
        inner = [*(field.fields or {}).values(), *(field.items or ()), field.item]
        yield from root_paths(one for one in inner if one is not None)


def _paths(field: FieldSpec) -> Iterator[tuple[Path, bool]]:
    """Everything a field reads in the scope it stands in."""
    yield from ((path, len(field.sources) == 1) for path in field.sources)
    for expression in (field.expr, field.when if field.each is None else None):
        if expression is not None:
            yield from ((used.path, False) for used in expression.paths if not used.whole_list)
    if field.each is not None:
        yield field.each, True
    if field.packaging_of is not None:
        yield field.packaging_of, True
    inner = [field.unit, field.currency, *(field.items or ())]
    if field.fields is not None and field.each is None and not field.sources:
        inner += field.fields.values()
    for one in inner:
        if one is not None:
            yield from _paths(one)


def plain_target(target: str) -> str:
    """A target path without positions: `lines.product`."""
    return target.replace(f"[{INDEX}]", "")
