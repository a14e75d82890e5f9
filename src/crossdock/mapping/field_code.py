"""One field as Python source: read, call, translate, look up, convert, default."""

from __future__ import annotations

from typing import Any

from crossdock.mapping.environment import Environment
from crossdock.mapping.evaluate import Site
from crossdock.mapping.expression_code import boolean_code, expression_code
from crossdock.mapping.paths import Path
from crossdock.mapping.shapes import Shape
from crossdock.mapping.source_code import Code, Scope, plain_target
from crossdock.mapping.spec import FieldSpec, MappingSpec, Template
from crossdock.mapping.values import (
    to_boolean,
    to_integer,
    to_list,
    to_money,
    to_number,
    to_quantity,
    to_text,
)
from crossdock.mapping.zones import to_date, to_moment

__all__ = ["FieldCode", "looks_up", "value_type"]

_ANY = Shape("any")


def value_type(field: FieldSpec, shape: Shape | None) -> str:
    """The type a field's value is converted to: what it says, else what the target says."""
    if field.as_type:
        return field.as_type
    return shape.type if shape is not None and shape.type not in {"object", "dict"} else "any"


def looks_up(field: FieldSpec) -> bool:
    """Whether a field, or one inside it, needs a cross-reference."""
    expressions = (field.expr, field.when)
    if (
        field.lookup
        or field.packaging_of is not None
        or any(e is not None and e.looks_up for e in expressions)
    ):
        return True
    inner = [*(field.fields or {}).values(), *(field.items or ()), field.item, field.unit, field.currency]
    return any(looks_up(one) for one in inner if one is not None)


class FieldCode:
    """Writes the lines that compute one value.

    In the code, `r` is the record, `L` the look-ups, `V` the variables and `F` the list of faults. With
    `needs`, look-ups are noted with `note` instead of answered, and what goes wrong is left to the run.
    """

    def __init__(self, spec: MappingSpec, environment: Environment, code: Code, *, needs: bool) -> None:
        self.spec = spec
        self.environment = environment
        self.code = code
        self.needs = needs
        self.currency = "None"
        self.zone = ""
        self.sure: set[str] = set()  # variables whose missing value is a fault already
        self._templates: dict[str, str] = {}
        self.head: list[str] = []

    def site(self, scope: Scope, target: str, field: FieldSpec) -> Site:
        """The field with the source path that its faults point at."""
        if field.sources:
            path: Path | None = field.sources[0]
        elif field.each is not None:
            path = field.each
        else:
            used = field.expr.paths if field.expr is not None else ()
            path = used[0].path if used else None
        return Site(target, scope.template if path is None else scope.place(path), field.place)

    def leaf(self, field: FieldSpec, shape: Shape | None, scope: Scope, target: str) -> str:
        """Writes a value; gives the name of the variable that holds it, or None in it."""
        code, held = self.code, self.code.fresh("v")
        code.add(f"{held} = None")
        with code.block("try:"):
            if field.when is None:
                self._value(field, shape, scope, held, target)
            else:
                with code.block(f"if {boolean_code(field.when.tree, scope)}:"):
                    self._value(field, shape, scope, held, target)
        self.caught(scope, self.site(scope, target, field), held)
        return held

    def caught(self, scope: Scope, site: Site, held: str) -> None:
        """Writes the handler that notes a fault and goes on."""
        if self.needs:
            self.code.add(f"except FAULTS: {held} = None")
            return
        note = f"fail(F, e, {self.code.bind(site)}, {held}, {scope.at_code})"
        self.code.add(f"except FAULTS as e: {held} = {note}")

    def _value(self, field: FieldSpec, shape: Shape | None, scope: Scope, held: str, target: str) -> None:
        code = self.code
        self._origin(field, scope, held)
        if field.python:
            function = code.bind(self.environment.functions[field.python])
            code.add(f"{held} = outside({function}, {field.python!r}, {held})")
        if field.table or field.lookup:
            code.add(f"if {held}.__class__ is not str or not {held}.isascii(): {held} = to_text({held})")
        if field.table:
            found = self.environment.table(self.spec, field.table)
            assert found is not None
            code.add(f"{held} = translate({held}, {code.bind(found[0])}, {found[1]!r}) if {held} else None")
            if field.lookup:
                code.add(f"if {held}.__class__ is not str: {held} = to_text({held})")
        if field.lookup:
            self._look_up(field, held)
        if self.needs and field.lookup and field.packaging_of is None:
            return
        kind = value_type(field, shape)
        self._convert(field, shape, kind, scope, held)
        if field.has_default:
            with code.block(f"if {held} is None:"):
                code.add(f"{held} = {self.constant(field.default)}")
                self._convert(field, shape, kind, scope, held)
        must_be = field.required or (shape is not None and shape.required and field.when is None)
        if must_be and field.when is None:
            self.sure.add(held)
        if must_be and not self.needs:
            code.add(f"if {held} is None: missing({plain_target(target)!r})")

    def _origin(self, field: FieldSpec, scope: Scope, held: str) -> None:
        code = self.code
        if field.join is not None:
            parts = ", ".join(scope.read(path) for path in field.sources)
            code.add(f"{held} = joined({field.join!r}, {parts})")
        elif field.sources:
            code.add(f"{held} = {scope.read(field.sources[0])}")
            for path in field.sources[1:]:
                code.add(f"if {held} is None or {held} == '': {held} = {scope.read(path)}")
        elif field.expr is not None:
            code.add(f"{held} = {expression_code(field.expr.tree, scope)}")
        elif field.has_value:
            code.add(f"{held} = {self.constant(field.value)}")
        elif field.python:
            code.add(f"{held} = {scope.item}")

    def _look_up(self, field: FieldSpec, held: str) -> None:
        code = self.code
        with code.block(f"if {held}:"):
            if self.needs:
                code.add(f"note(({field.lookup!r}, {held}))")
                return
            answer = code.fresh("a")
            code.add(f"{answer} = L.get(({field.lookup!r}, {held}))")
            if field.required is not False and not field.has_default:
                code.add(f"if {answer} is None: reference({field.lookup!r}, {held})")
            code.add(f"{held} = {answer}")

    def constant(self, value: Any) -> str:
        return self.template(value) if isinstance(value, Template) else self.code.bind(value)

    def template(self, template: Template) -> str:
        """A variable that holds the filled template; it is filled once for each record."""
        if template.constant:
            return repr(template.text)
        if template.text not in self._templates:
            name = self.code.fresh("t")
            self._templates[template.text] = name
            self.head.append(f"    {name} = fill({self.code.bind(template)}, V)")
        return self._templates[template.text]

    def _zone(self, field: FieldSpec) -> str:
        if field.zone is not None:
            return self.template(field.zone)
        if not self.zone:
            self.zone = self.code.fresh("t")
            self.head.append(f"    {self.zone} = default_zone(V)")
        return self.zone

    def _convert(self, field: FieldSpec, shape: Shape | None, kind: str, scope: Scope, held: str) -> None:
        """Writes the conversion. Common cases stand in the code itself: a call costs more than the test."""
        code = self.code
        if kind == "text" and field.lookup:
            code.add(f"if {held}.__class__ is not str: {held} = to_text({held})")
        elif kind == "text":
            usual = f"{held} and {held}.isascii() and {held}.isprintable()"
            code.add(f"if {held}.__class__ is not str or not ({usual}): {held} = to_text({held})")
        elif kind == "decimal":
            usual = f"{held}.__class__ is str or {held}.__class__ is int"
            code.add(f"{held} = number_of_text({held}) if {usual} else to_number({held})")
        elif kind == "quantity":
            self._quantity(field, scope, held)
        elif kind == "money":
            currency = self.currency if field.currency is None else self._side(field.currency, scope)
            digits = f"{held}.isascii() and {held}.replace('.', '', 1).isdecimal()"
            usual = f"{held}.__class__ is str and {digits} and {currency}"
            # Money itself refuses what is too long; signs, exponents and blanks go the careful way.
            code.add(
                f"{held} = Money(Decimal({held}), {currency}) if {usual} else to_money({held}, {currency})"
            )
        elif kind in {"date", "datetime"}:
            function = "to_date" if kind == "date" else "to_moment"
            code.add(f"{held} = {function}({held}, {self._zone(field)}, {field.form!r})")
        elif kind == "boolean":
            code.add(f"if {held}.__class__ is not bool: {held} = to_boolean({held})")
        elif kind == "integer":
            code.add(f"{held} = to_integer({held})")
        elif kind == "list":
            self._list(field, shape, held)
        else:
            code.add(f"if {held} == '': {held} = None")
        self._fit(shape, held)

    def _fit(self, shape: Shape | None, held: str) -> None:
        if shape is None:
            return
        if shape.choices is not None:
            self.code.add(f"{held} = choose({held}, {self.code.bind(shape.choices)})")
        wanted = shape.convert_to or (shape.struct if shape.type == "object" else None)
        if wanted is not None:
            self.code.add(f"{held} = convert({held}, {self.code.bind(wanted)})")

    def _quantity(self, field: FieldSpec, scope: Scope, held: str) -> None:
        unit = "None" if field.unit is None else self._side(field.unit, scope)
        usual = f"{held}.__class__ is str or {held}.__class__ is int"
        self.code.add(
            f"{held} = quantity_of_text({held}, {unit}) if {usual} else to_quantity({held}, {unit})"
        )
        if field.packaging_of is not None:
            self.code.add(f"{held} = to_base_quantity({held}, {scope.read(field.packaging_of)}, L)")

    def _side(self, field: FieldSpec, scope: Scope) -> str:
        """`unit` and `currency`: a constant, or a value computed beside it."""
        if field.has_value and not (field.table or field.lookup or field.when):
            return self.constant(field.value)
        held = self.code.fresh("v")
        self.code.add(f"{held} = None")
        if field.when is None:
            self._value(field, Shape("text"), scope, held, "unit or currency")
        else:
            with self.code.block(f"if {boolean_code(field.when.tree, scope)}:"):
                self._value(field, Shape("text"), scope, held, "unit or currency")
        return held

    def _list(self, field: FieldSpec, shape: Shape | None, held: str) -> None:
        item = shape.item if shape is not None and shape.item is not None else _ANY
        one: Any = {
            "text": to_text,
            "integer": to_integer,
            "decimal": to_number,
            "boolean": to_boolean,
        }.get(item.type)
        self.code.add(f"{held} = to_list({held})")
        if item.struct is not None or item.convert_to is not None:
            wanted = item.struct or item.convert_to
            self.code.add(f"{held} = convert({held}, {self.code.bind(list[wanted])})")  # type: ignore[valid-type]
        elif item.choices is not None or one is not None:
            self.code.add(f"{held} = each_of({held}, {self.code.bind(one or to_text)})")
            if item.choices is not None:
                choices = self.code.bind(item.choices)
                self.code.add(f"{held} = None if {held} is None else [choose(c, {choices}) for c in {held}]")
        elif item.type != "any":
            name = item.type
            if name in {"date", "datetime"}:
                zone = self._zone(field)
                function = "to_date" if name == "date" else "to_moment"
                made = f"[{function}(c, {zone}, {field.form!r}) for c in {held}]"
                self.code.add(f"{held} = None if {held} is None else {made}")
            elif name in {"money", "quantity"}:
                side = field.currency if name == "money" else field.unit
                code = (
                    (self.currency if name == "money" else "None")
                    if side is None
                    else self.constant(side.value)
                )
                self.code.add(f"{held} = None if {held} is None else [to_{name}(c, {code}) for c in {held}]")


CONVERSIONS: dict[str, Any] = {
    function.__name__: function
    for function in (
        to_boolean, to_date, to_integer, to_list, to_moment, to_money, to_number, to_quantity, to_text,
    )
}  # fmt: skip
"""Conversions that the code calls by name."""
