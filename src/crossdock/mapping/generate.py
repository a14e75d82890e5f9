"""A mapping as one Python function: objects and lists around the fields, built while the record is read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import CodeType
from typing import Any

from crossdock.core.quantity import Money
from crossdock.mapping.environment import Environment
from crossdock.mapping.evaluate import FAULTS, NAMES, Site
from crossdock.mapping.expression_code import boolean_code
from crossdock.mapping.field_code import CONVERSIONS, FieldCode, looks_up
from crossdock.mapping.paths import Path, collect, resolve
from crossdock.mapping.shapes import Shape
from crossdock.mapping.source_code import INDEX, Code, Scope, own_paths, plain_target, root_paths
from crossdock.mapping.spec import FieldSpec, MappingSpec
from crossdock.mapping.values import number_of_text, quantity_of_text, to_base_quantity

__all__ = ["generate"]

_NAMES: dict[str, Any] = {
    **NAMES,
    **CONVERSIONS,
    "FAULTS": FAULTS,
    "collect": collect,
    "resolve": resolve,
    "Decimal": Decimal,
    "Money": Money,
    "number_of_text": number_of_text,
    "quantity_of_text": quantity_of_text,
    "to_base_quantity": to_base_quantity,
    "__builtins__": {
        "str": str,
        "int": int,
        "bool": bool,
        "dict": dict,
        "len": len,
        "list": list,
        "enumerate": enumerate,
    },
}


def generate(
    spec: MappingSpec, environment: Environment, shape: Shape | None, *, needs: bool
) -> tuple[Callable[..., Any], str]:
    """The function and its source.

    `run(r, L, V, F)` gives the result and appends what is wrong to F; `needs(r, L, V, F, note)` calls
    `note` with each look-up; its L notes what functions ask for, and answers something.
    """
    code = Code(_NAMES)
    writer = _Writer(FieldCode(spec, environment, code, needs=needs))
    writer.write(spec.fields, shape)
    name, arguments = ("needs", "r, L, V, F, note") if needs else ("run", "r, L, V, F")
    source = "\n".join([f"def {name}({arguments}):", *writer.fields.head, *code.lines, ""])
    compiled: CodeType = compile(source, f"<mapping {spec.source_form} -> {spec.target_form}>", "exec")
    namespace = code.names
    exec(compiled, namespace)  # noqa: S102 - our own source, see source_code.py; no text of a file is in it as code
    return namespace[name], source


_EMPTY: dict[Any, str] = {list: "[]", dict: "{}"}


class _Writer:
    def __init__(self, fields: FieldCode) -> None:
        self.fields = fields
        self.code = fields.code
        self.needs = fields.needs

    def write(self, fields: dict[str, FieldSpec], shape: Shape | None) -> None:
        code = self.code
        scope = Scope(code, "r", "", ())
        wanted = self._wanted(fields)
        paths = [*own_paths(wanted.values()), *root_paths(wanted.values())]
        scope.open(paths, self._object_site, "F")
        made: dict[str, str] = {}
        # Money without `currency:` is in the document's own, so that one comes first.
        if "currency" in wanted:
            made["currency"] = self._field(wanted["currency"], _sub(shape, "currency"), scope, "currency")
            self.fields.currency = made["currency"]
        for name, field in wanted.items():
            if name not in made:
                made[name] = self._field(field, _sub(shape, name), scope, name)
        if self.needs:
            return
        result = self._construct(made, shape, Site("", "", self.fields.spec.place), scope)
        code.add(f"return {result}")

    def _wanted(self, fields: dict[str, FieldSpec]) -> dict[str, FieldSpec]:
        return {name: field for name, field in fields.items() if not self.needs or looks_up(field)}

    def _object_site(self, scope: Scope, path: Path) -> Site:
        return Site("", scope.place(path), self.fields.spec.place)

    def _field(self, field: FieldSpec, shape: Shape | None, scope: Scope, target: str) -> str:
        if field.each is not None:
            return self._each(field, shape, scope, target)
        if field.items is not None:
            return self._items(field, shape, scope, target)
        if field.fields is not None:
            return self._object(field, field.fields, shape, scope, target)
        return self.fields.leaf(field, shape, scope, target)

    def _object(
        self, field: FieldSpec, inner: dict[str, FieldSpec], shape: Shape | None, scope: Scope, target: str
    ) -> str:
        code, held = self.code, self.code.fresh("o")
        code.add(f"{held} = None")
        with code.block(f"if {self._holds(field, scope, target)}:"):
            within = scope
            if field.sources:
                within = self._step_into(field, scope, target)
                with code.block(f"if {within.item}:"):
                    within.open(own_paths(self._wanted(inner).values()), self._object_site, "F")
                    self._fill(field, inner, shape, within, held, target)
            else:
                self._fill(field, inner, shape, within, held, target)
        if field.required and not self.needs:
            with code.block(f"if {held} is None and not F:"):
                with code.block("try:"):
                    code.add(f"missing({plain_target(target)!r})")
                self.fields.caught(scope, self.fields.site(scope, target, field), held)
        return held

    def _step_into(self, field: FieldSpec, scope: Scope, target: str) -> Scope:
        code, item = self.code, self.code.fresh("s")
        path = field.sources[0]
        code.add(f"{item} = {scope.read(path)}")
        for other in field.sources[1:]:
            code.add(f"if {item} is None or {item} == '': {item} = {scope.read(other)}")
        site = code.bind(self.fields.site(scope, target, field))
        code.add(
            f"if {item}.__class__ is not dict: {item} = shape(F, {item}, {site}, {scope.at_code}, strict=True)"
        )
        return Scope(code, item, scope.place(path), scope.at, scope)

    def _fill(
        self,
        field: FieldSpec,
        inner: dict[str, FieldSpec],
        shape: Shape | None,
        scope: Scope,
        held: str,
        target: str,
    ) -> None:
        made = {
            name: self._field(one, _sub(shape, name), scope, f"{target}.{name}" if target else name)
            for name, one in self._wanted(inner).items()
        }
        if self.needs:
            return
        # An object none of whose fields has a value is itself missing; constants alone don't make one.
        real = [made[name] for name, one in inner.items() if not one.has_value]
        test = " or ".join(name if name.startswith("l") else f"{name} is not None" for name in real) or "True"
        with self.code.block(f"if {test}:"):
            self.code.add(
                f"{held} = {self._construct(made, shape, self.fields.site(scope, target, field), scope)}"
            )

    def _each(self, field: FieldSpec, shape: Shape | None, scope: Scope, target: str) -> str:
        assert field.each is not None
        code = self.code
        made, items, at, item = code.fresh("l"), code.fresh("x"), code.fresh("i"), code.fresh("s")
        site = code.bind(self.fields.site(scope, target, field))
        code.add(f"{made} = []")
        code.add(f"{items} = {scope.read(field.each)}")
        code.add(f"if {items}.__class__ is not list: {items} = items(F, {items}, {site}, {scope.at_code})")
        with code.block(f"for {at}, {item} in enumerate({items}):"):
            within = Scope(code, item, f"{scope.place(field.each)}[{INDEX}]", (*scope.at, at), scope)
            self._item(field, shape.item if shape is not None else None, within, made, target)
        return self._kept_list(field, made, scope, target)

    def _item(self, field: FieldSpec, shape: Shape | None, scope: Scope, made: str, target: str) -> None:
        code = self.code
        inner = (
            field.fields
            if field.fields is not None
            else {"item": field.item}
            if field.item is not None
            else {}
        )
        paths = list(own_paths(self._wanted(inner).values()))
        paths += [
            (used.path, False)
            for used in (field.when.paths if field.when is not None else ())
            if not used.path.root
        ]
        if any(path.steps and path.steps[0].index is None for path, _ in paths) and field.item is None:
            site = code.bind(Site(target, scope.template, field.place))
            note = f"shape(F, {scope.item}, {site}, {scope.at_code}, strict=True)"
            code.add(f"if {scope.item}.__class__ is not dict: {scope.item} = {note}")
        elif field.item is not None:
            paths = []  # items may be texts and objects mixed: they are read the careful way
        scope.open(paths, self._object_site, "F")
        if field.when is not None:
            self._skip_unless(field, scope, target)
        place = f"{target}[{INDEX}]"
        if field.item is not None:
            held = self._field(field.item, shape, scope, place)
            code.add(f"if {held} is not None: {made}.append({held})")
            return
        names = {
            name: self._field(one, _sub(shape, name), scope, f"{place}.{name}")
            for name, one in self._wanted(inner).items()
        }
        if not self.needs:
            with code.block("if not F:"):
                code.add(
                    f"{made}.append({self._construct(names, shape, Site(place, scope.template, field.place), scope)})"
                )

    def _skip_unless(self, field: FieldSpec, scope: Scope, target: str) -> None:
        assert field.when is not None
        code, held = self.code, self.code.fresh("w")
        code.add(f"{held} = None")
        with code.block("try:"):
            code.add(f"{held} = {boolean_code(field.when.tree, scope)}")
        path = field.when.paths[0].path if field.when.paths else None
        source = scope.template if path is None else scope.place(path)
        self.fields.caught(scope, Site(target, source, field.place_of("when")), held)
        code.add(f"if not {held}: continue")

    def _items(self, field: FieldSpec, shape: Shape | None, scope: Scope, target: str) -> str:
        code, made = self.code, self.code.fresh("l")
        code.add(f"{made} = []")
        with code.block(f"if {self._holds(field, scope, target)}:"):
            for number, one in enumerate(field.items or ()):
                if self.needs and not looks_up(one):
                    continue
                held = self._field(
                    one, shape.item if shape is not None else None, scope, f"{target}[{number}]"
                )
                if not self.needs:
                    code.add(f"if {held} is not None: {made}.append({held})")
        return self._kept_list(field, made, scope, target)

    def _holds(self, field: FieldSpec, scope: Scope, target: str) -> str:
        """Writes the test of `when`; gives the name that holds its answer."""
        if field.when is None:
            return "True"
        held = self.code.fresh("w")
        self.code.add(f"{held} = None")
        with self.code.block("try:"):
            self.code.add(f"{held} = {boolean_code(field.when.tree, scope)}")
        self.fields.caught(scope, self.fields.site(scope, target, field), held)
        return held

    def _kept_list(self, field: FieldSpec, made: str, scope: Scope, target: str) -> str:
        if field.required and not self.needs:
            held = self.code.fresh("v")
            with self.code.block(f"if not {made} and not F:"):
                with self.code.block("try:"):
                    self.code.add(f"missing({plain_target(target)!r})")
                self.fields.caught(scope, self.fields.site(scope, target, field), held)
        return made

    def _construct(self, made: dict[str, str], shape: Shape | None, site: Site, scope: Scope) -> str:
        """Writes what builds the object; gives the name that holds it."""
        code, held = self.code, self.code.fresh("r")
        if shape is None or shape.struct is None:
            code.add(f"{held} = {{}}")
            for name, value in made.items():
                code.add(f"if {value} is not None: {held}[{name!r}] = {value}")
                self._demand(name, value, shape, site, scope)
            return held
        arguments = []
        for name, value in made.items():
            wanted = shape.fields[name]
            if wanted.required:
                self._demand(name, value, shape, site, scope)
                arguments.append(f"{name}={value}")
            elif value.startswith("l"):
                arguments.append(f"{name}={value}")
            elif wanted.default_factory is not None:
                empty = _EMPTY.get(wanted.default_factory) or f"{code.bind(wanted.default_factory)}()"
                arguments.append(f"{name}={empty} if {value} is None else {value}")
            elif wanted.default is None:
                arguments.append(f"{name}={value}")
            else:
                arguments.append(f"{name}={code.bind(wanted.default)} if {value} is None else {value}")
        code.add(f"{held} = None")
        with code.block("if not F:"):
            with code.block("try:"):
                code.add(f"{held} = {code.bind(shape.struct)}({', '.join(arguments)})")
            self.fields.caught(scope, site, held)
        return held

    def _demand(self, name: str, value: str, shape: Shape | None, site: Site, scope: Scope) -> None:
        """Writes the fault of a field that the target cannot do without."""
        wanted = shape.fields.get(name) if shape is not None else None
        if wanted is None or not wanted.required or value in self.fields.sure:
            return
        field_site = Site(f"{site.target}.{name}" if site.target else name, site.source, site.place)
        with self.code.block(f"if {value} is None and not F:"):
            with self.code.block("try:"):
                self.code.add(f"missing({plain_target(field_site.target)!r})")
            self.fields.caught(scope, field_site, value)


def _sub(shape: Shape | None, name: str) -> Shape | None:
    return shape.fields.get(name) if shape is not None else None
