"""What is wrong with a mapping before it meets a record: names, types, what is missing, what is never used."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from crossdock.core.documents import KINDS
from crossdock.core.errors import Place
from crossdock.mapping.environment import Environment
from crossdock.mapping.expression_code import static_type
from crossdock.mapping.expressions import Expression
from crossdock.mapping.faults import MappingFault, ValueFaultError
from crossdock.mapping.field_code import value_type
from crossdock.mapping.lint_source import SourceUse
from crossdock.mapping.shapes import Shape
from crossdock.mapping.spec import FieldSpec, MappingSpec, Template
from crossdock.mapping.zones import load_zone

__all__ = ["lint"]

# What each type may be put into besides itself. Text goes into everything that reads text at the other side.
_FITS: dict[str, frozenset[str]] = {
    "integer": frozenset({"decimal", "any"}),
    "text": frozenset({"any"}),
    "any": frozenset({"any", "dict", "object", "list"}),
}
_FROM_EXPRESSION: dict[str, frozenset[str]] = {
    "boolean": frozenset({"boolean", "text", "any"}),
    "date": frozenset({"date", "datetime", "text", "any", "list"}),
    "datetime": frozenset({"date", "datetime", "text", "any", "list"}),
    "number": frozenset(
        {"decimal", "integer", "quantity", "money", "text", "any", "list", "datetime", "boolean"}
    ),
}
_KEYS_OF_TYPES: dict[str, frozenset[str]] = {
    "zone": frozenset({"date", "datetime"}),
    "format": frozenset({"date", "datetime"}),
    "unit": frozenset({"quantity"}),
    "packaging_of": frozenset({"quantity"}),
    "currency": frozenset({"money"}),
}


def lint(spec: MappingSpec, *, environment: Environment) -> list[MappingFault]:
    """Everything that is wrong with a mapping: errors, and warnings about what is never used or reached."""
    linter = _Linter(spec, environment)
    linter.check()
    return sorted(linter.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0))


class _Linter:
    def __init__(self, spec: MappingSpec, environment: Environment) -> None:
        self.spec = spec
        self.environment = environment
        self.faults: list[MappingFault] = []
        source, is_open = environment.shape_of(spec.source_form, spec.source_schema)
        self.use = SourceUse(spec, source, is_open=is_open)
        self.has_currency = "currency" in spec.fields

    def fault(self, text: str, place: Place, mend: str = "") -> None:
        self.faults.append(MappingFault(text, place, mend))

    def check(self) -> None:
        target, is_open = self.environment.shape_of(self.spec.target_form, self.spec.target_schema)
        if target is None and "." not in self.spec.target_form:
            near = self.near(self.spec.target_form, _kinds(self.environment))
            self.fault(f"{self.spec.target_form!r} is not a canonical kind", self.spec.place, near)
        self.fields(self.spec.fields, target, "", is_open=is_open, place=self.spec.place)
        self.faults += self.use.faults()

    def near(self, name: str, known: Iterable[str]) -> str:
        names = list(known)
        found = difflib.get_close_matches(name, names, n=1)
        return f"Did you mean {found[0]}?" if found else f"There are {', '.join(sorted(names)[:30])}."

    def fields(
        self, fields: dict[str, FieldSpec], target: Shape | None, prefix: str, *, is_open: bool, place: Place
    ) -> None:
        for name, field in fields.items():
            shape = target.fields.get(name) if target is not None else None
            if target is not None and target.type == "object" and shape is None and not is_open:
                self.fault(
                    f"{prefix or self.spec.target_form} has no field {name!r}",
                    field.place,
                    self.near(name, target.fields),
                )
            self.field(field, shape, f"{prefix}.{name}" if prefix else name)
        if target is None:
            return
        for name, shape in target.fields.items():
            if shape.required and name not in fields:
                whole = f"{prefix}.{name}" if prefix else name
                self.fault(f"{whole} is required and not mapped", place, f"Add `{name}:` to the fields.")

    def field(self, field: FieldSpec, shape: Shape | None, target: str) -> None:
        self.use.enter(field)
        self.names(field)
        if field.when is not None and field.each is None:
            self.expression(field.when)
            if shape is not None and shape.required and not field.has_default:
                text = f"{target} is required, but `when` may leave it out"
                self.fault(
                    text, field.place_of("when"), "Give the other case with an expression: `a if … else b`."
                )
        if field.each is not None or field.items is not None:
            self.list_field(field, shape, target)
        elif field.fields is not None:
            self.object_field(field, field.fields, shape, target)
        else:
            self.leaf(field, shape, target)
        self.use.leave(field)

    def list_field(self, field: FieldSpec, shape: Shape | None, target: str) -> None:
        if shape is not None and shape.type not in {"list", "any"}:
            self.fault(
                f"{target} is {_article(shape.type)}, not a list",
                field.place,
                "Map it without `each` or `items`.",
            )
        item = shape.item if shape is not None else None
        if field.when is not None and field.each is not None:
            self.expression(field.when)
        if field.fields is not None:
            self.fields(field.fields, item, f"{target}[]", is_open=False, place=field.place)
        for one in (*(field.items or ()), *([field.item] if field.item is not None else [])):
            self.field(one, item, f"{target}[]")

    def object_field(
        self, field: FieldSpec, fields: dict[str, FieldSpec], shape: Shape | None, target: str
    ) -> None:
        if shape is not None and shape.type not in {"object", "dict", "any"}:
            mend = "Use `each:` for a list." if shape.type == "list" else "Map it with `from:`."
            self.fault(f"{target} is {_article(shape.type)}, not an object", field.place, mend)
            return
        inner = shape if shape is not None and shape.type == "object" and shape.fields else None
        self.fields(fields, inner, target, is_open=False, place=field.place)

    def leaf(self, field: FieldSpec, shape: Shape | None, target: str) -> None:
        kind = value_type(field, shape)
        if shape is not None and field.as_type and not _fits(field.as_type, shape):
            text = f"{target} is {_article(shape.type)}, `as: {field.as_type}` does not fit it"
            self.fault(text, field.place_of("as"), f"Write `as: {shape.type}`, or leave `as` out.")
        if field.expr is not None:
            self.expression(field.expr)
            made = static_type(field.expr.tree)
            translated = field.table or field.lookup or field.python
            if not translated and kind not in _FROM_EXPRESSION.get(made, {kind}):
                text = f"the expression gives {_article(made)}, {target} is {_article(kind)}"
                self.fault(text, field.place_of("expr"), "Change the expression, or the field's `as`.")
        self.measures(field, kind, target)
        self.idle_keys(field, kind)
        choices = shape.choices if shape is not None else None
        if choices is not None and field.has_value and field.value not in choices:
            known = ", ".join(sorted(str(choice) for choice in choices if choice != ""))
            self.fault(
                f"{field.value!r} is not a value of {target}", field.place_of("value"), f"There are {known}."
            )
        for side in (field.unit, field.currency):
            if side is not None:
                self.names(side)
                self.use.read(side)

    def measures(self, field: FieldSpec, kind: str, target: str) -> None:
        """A quantity has a unit, money has a currency."""
        if kind == "quantity" and field.unit is None and not self.brings_own(field, "quantity"):
            self.fault(f"{target} is a quantity without a unit", field.place, "Name it: `unit: EA`.")
        if (
            kind == "money"
            and field.currency is None
            and not (self.has_currency or self.brings_own(field, "money"))
        ):
            mend = "Map the document's `currency`, or name one with `currency:`."
            self.fault(f"{target} is money without a currency", field.place, mend)

    def idle_keys(self, field: FieldSpec, kind: str) -> None:
        """Keys that mean nothing for the field's type."""
        for key, types in _KEYS_OF_TYPES.items():
            if key in field.key_places and kind not in types and kind != "list":
                mend = "Remove it, or name the type with `as:`."
                self.fault(f"`{key}` means nothing for {_article(kind)}", field.place_of(key), mend)

    def brings_own(self, field: FieldSpec, kind: str) -> bool:
        """Whether the source is a canonical field of that kind, which has its unit or currency with it."""
        return self.use.type_of(field.sources[0]) == kind if field.sources else False

    def names(self, field: FieldSpec) -> None:
        """Tables, look-up kinds, functions, variables and zones that a field names."""
        environment = self.environment
        if field.table and environment.table(self.spec, field.table) is None:
            known = [*self.spec.tables, *environment.tables]
            self.fault(
                f"there is no table {field.table!r}", field.place_of("table"), self.near(field.table, known)
            )
        elif field.table:
            self.column(field)
        if field.lookup and field.lookup not in environment.lookup_kinds:
            mend = self.near(field.lookup, environment.lookup_kinds)
            self.fault(f"{field.lookup!r} is not a kind of cross-reference", field.place_of("lookup"), mend)
        if field.python and field.python not in environment.functions:
            registered = ", ".join(sorted(environment.functions)) or "none"
            mend = f"Register it as `module:function`; registered are: {registered}."
            self.fault(
                f"the Python function {field.python!r} is not registered", field.place_of("python"), mend
            )
        if field.zone is not None and field.zone.constant:
            try:
                load_zone(field.zone.text)
            except ValueFaultError as error:
                self.fault(error.text, field.place_of("zone"), error.mend)
        if field.form and not re.fullmatch(r"epoch_s|epoch_ms|.*%[A-Za-z].*", field.form):
            self.fault(
                f"{field.form!r} is not a form of dates",
                field.place_of("format"),
                "Write it like '%d.%m.%Y'.",
            )
        for template in (field.zone, field.value, field.default):
            for name in template.variables if isinstance(template, Template) else ():
                self.variable(name, field.place)

    def column(self, field: FieldSpec) -> None:
        found = self.environment.table(self.spec, field.table)
        assert found is not None
        table, column = found
        columns = {name for row in table.entries.values() for name in row}
        if columns and column not in columns:
            self.fault(
                f"the table {table.name!r} has no column {column!r}",
                field.place_of("table"),
                self.near(column, columns),
            )

    def variable(self, name: str, place: Place) -> None:
        known = self.environment.variables
        if known is not None and name not in known:
            self.fault(f"there is no variable {name!r}", place, self.near(name, known))

    def expression(self, expression: Expression) -> None:
        for name in expression.variables:
            self.variable(name, self.spec.place)


def _fits(given: str, shape: Shape) -> bool:
    wanted = shape.type
    return wanted in {given, "any"} or wanted in _FITS.get(given, frozenset())


def _article(kind: str) -> str:
    if kind in {"text", "money", "any"}:
        return {"any": "of any type"}.get(kind, kind)
    return f"an {kind}" if kind[:1] in "aeiou" else f"a {kind}"


def _kinds(environment: Environment) -> list[str]:
    return [*KINDS, *environment.forms]
