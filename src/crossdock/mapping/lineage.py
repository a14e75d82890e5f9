"""From which source fields each target field comes, by what steps, and who may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from crossdock.mapping.compiled import CompiledMapping
from crossdock.mapping.field_code import value_type
from crossdock.mapping.paths import Path
from crossdock.mapping.shapes import Shape
from crossdock.mapping.spec import FieldSpec

__all__ = ["Lineage", "lineage"]

_RANKS = {"": 0, "public": 1, "internal": 2, "commercial": 3, "personal": 4}


class Lineage(msgspec.Struct, frozen=True):
    """One target field.

    Attributes:
        target_path: `lines[].product`.
        source_paths: every source field it depends on, conditions included; `[]` stands for each item.
        functions: the steps in order: functions of expressions, `python:…`, `table:…`, `lookup:…`, `as:…`.
        classification: the strictest class of the target field and all its sources; empty = nobody said.
    """

    target_path: str
    source_paths: tuple[str, ...]
    functions: tuple[str, ...]
    classification: str


def lineage(compiled: CompiledMapping) -> list[Lineage]:
    """The lineage of every target field that has a value of its own (objects and lists by their fields)."""
    spec, environment = compiled.spec, compiled.environment
    source, _ = environment.shape_of(spec.source_form, spec.source_schema)
    target, _ = environment.shape_of(spec.target_form, spec.target_schema)
    tracer = _Tracer(source, spec.fields.get("currency"))
    return [
        entry
        for name, field in spec.fields.items()
        for entry in tracer.trace(field, _sub(target, name), name, "", ())
    ]


class _Tracer:
    def __init__(self, source: Shape | None, currency: FieldSpec | None) -> None:
        self.source = source
        self.currency = currency

    def trace(
        self, field: FieldSpec, shape: Shape | None, target: str, scope: str, above: tuple[str, ...]
    ) -> Iterator[Lineage]:
        """`above` are the paths that the conditions and lists around the field depend on."""
        if field.each is not None:
            inside = f"{_absolute(field.each, scope)}[]"
            around = (*above, *self.condition(field, inside))
            item = shape.item if shape is not None else None
            if field.item is not None:
                yield from self.trace(field.item, item, f"{target}[]", inside, around)
            for name, one in (field.fields or {}).items():
                yield from self.trace(one, _sub(item, name), f"{target}[].{name}", inside, around)
            return
        around = (*above, *self.condition(field, scope))
        if field.items is not None:
            item = shape.item if shape is not None else None
            for number, one in enumerate(field.items):
                yield from self.trace(one, item, f"{target}[{number}]", scope, around)
        elif field.fields is not None:
            inside = _absolute(field.sources[0], scope) if field.sources else scope
            for name, one in field.fields.items():
                yield from self.trace(one, _sub(shape, name), f"{target}.{name}", inside, around)
        else:
            yield self.leaf(field, shape, target, scope, around)

    def condition(self, field: FieldSpec, scope: str) -> Iterable[str]:
        return [_absolute(used.path, scope) for used in (field.when.paths if field.when is not None else ())]

    def leaf(
        self, field: FieldSpec, shape: Shape | None, target: str, scope: str, above: tuple[str, ...]
    ) -> Lineage:
        own = list(self.reads(field, scope))
        kind = value_type(field, shape)
        if kind == "money" and field.currency is None and self.currency is not None:
            own += self.reads(self.currency, "")
        paths = tuple(dict.fromkeys([*own, *above]))
        labels = [shape.classification if shape is not None else "", field.classification]
        labels += [self.classification(path) for path in paths]
        strictest = max(labels, key=lambda label: _RANKS.get(label, 0))
        return Lineage(target, paths, tuple(_steps(field)), strictest)

    def reads(self, field: FieldSpec, scope: str) -> Iterator[str]:
        yield from (_absolute(path, scope) for path in field.sources)
        if field.expr is not None:
            yield from (_absolute(used.path, scope) for used in field.expr.paths)
        if field.packaging_of is not None:
            yield _absolute(field.packaging_of, scope)
        if field.python and not field.sources:
            yield scope or "root"
        for side in (field.unit, field.currency):
            if side is not None:
                yield from self.reads(side, scope)

    def classification(self, path: str) -> str:
        shape, label = self.source, ""
        for name in path.replace("[]", "").split("."):
            if shape is None:
                break
            label = shape.classification or label
            shape = (shape.item or shape).fields.get(name)
        return (shape.classification if shape is not None else "") or label


def _steps(field: FieldSpec) -> Iterator[str]:
    if field.expr is not None:
        yield from field.expr.functions
    if field.join is not None:
        yield "join"
    for name, value in (
        ("python", field.python),
        ("table", field.table),
        ("lookup", field.lookup),
        ("as", field.as_type),
    ):
        if value:
            yield f"{name}:{value}"


def _absolute(path: Path, scope: str) -> str:
    if path.root or not scope:
        return str(Path(path.steps)) if path.steps else "root"
    return f"{scope}.{Path(path.steps)}" if path.steps else scope


def _sub(shape: Shape | None, name: str) -> Shape | None:
    return shape.fields.get(name) if shape is not None else None
