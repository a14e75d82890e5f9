"""Python source built line by line. No text of a mapping file is ever spliced into it as code.

Whatever a mapping file says enters generated code in one of two ways: as the `repr` of a plain str, int
or bool, or as an object bound to a name that is ours. See docs/adr on compiled mappings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from crossdock.mapping.paths import Path, Step
from crossdock.mapping.spec import FieldSpec

__all__ = ["INDEX", "Code", "Scope", "own_paths", "plain_target", "root_paths"]

INDEX = "\x00"


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
        self.getters: dict[tuple[str, ...], str] = {}

    @property
    def at_code(self) -> str:
        return "(" + "".join(f"{name}, " for name in self.at) + ")"

    def open(self, paths: Iterable[tuple[Path, bool]], site_of: Any, faults: str) -> None:
        """Reads the objects on the way to `paths` once, so that their fields are one look-up each."""
        code = self.code
        strict: dict[tuple[str, ...], bool] = {}
        needs_own = False
        for path, must_be_object in paths:
            names = path.names
            if names is None or path.position or not names:
                continue
            needs_own = True
            for length in range(1, len(names)):
                prefix = names[:length]
                strict[prefix] = strict.get(prefix, True) and must_be_object
        if needs_own:
            self.getters[()] = code.fresh("g")
            code.add(f"{self.getters[()]} = {self.item}.get")
        for prefix in sorted(strict, key=len):
            held, getter = code.fresh("p"), code.fresh("g")
            code.add(f"{held} = {self.getters[prefix[:-1]]}({prefix[-1]!r})")
            site = code.bind(site_of(self, Path(tuple(Step(name=name) for name in prefix))))
            note = f"shape({faults}, {held}, {site}, {self.at_code}, strict={strict[prefix]})"
            code.add(f"if {held}.__class__ is not dict: {held} = {note}")
            code.add(f"{getter} = {held}.get")
            self.getters[prefix] = getter

    def read(self, path: Path) -> str:
        """An expression for the value at `path`."""
        scope = self.root if path.root else self
        if path.position:
            return f"({self.at[-1]} + 1)" if self.at else "None"
        if not path.steps:
            return scope.item
        names = path.names
        if names is not None and names[:-1] in scope.getters:
            return f"{scope.getters[names[:-1]]}({names[-1]!r})"
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
