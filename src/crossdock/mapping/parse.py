"""Mapping files: from YAML text to a `MappingSpec`, or to everything that is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from crossdock.core.errors import Place
from crossdock.mapping.expressions import Expression, ExpressionError, parse_expression
from crossdock.mapping.faults import MappingError, MappingFault
from crossdock.mapping.nodes import Node, read_nodes, to_plain
from crossdock.mapping.paths import Path, parse_path
from crossdock.mapping.shapes import SCALAR_TYPES, Shape, parse_shape
from crossdock.mapping.spec import FIELD_KEYS, CodeTable, FieldSpec, MappingSpec, Template
from crossdock.mapping.tables import table_of_node

__all__ = ["MAX_NESTING", "parse_mapping"]

MAX_NESTING = 6
_TOP = ("map", "version", "fields", "constants", "tables", "unused", "source_schema", "target_schema")
_HEAD = re.compile(r"\s*([A-Za-z0-9_.\-]+)\s*->\s*([A-Za-z0-9_.\-]+)\s*")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_ORIGINS = ("from", "value", "expr", "each", "items")


def parse_mapping(text: str, *, source: str) -> MappingSpec:
    """The mapping in a file's text; `source` is the file's name, for places.

    Raises:
        MappingError: everything that is wrong with its form (lint checks the meaning).
    """
    return _Parser(source).parse(read_nodes(text, source=source))


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[MappingFault] = []

    def parse(self, node: Node) -> MappingSpec:
        entries = self.keys(node, _TOP, "a mapping file")
        head = entries.get("map")
        match = _HEAD.fullmatch(str(head.value)) if head is not None else None
        if match is None:
            mend = "Write `map: shopify.order -> sales_order`."
            self.fault("the file does not say what it maps to what", head.place if head else node.place, mend)
        fields = self.constants(entries.get("constants"))
        if "fields" in entries:
            for name, field in self.fields(entries["fields"], 0).items():
                if name in fields:
                    self.fault(
                        f"{name!r} is both a constant and a field", field.place, "Remove one of the two."
                    )
                fields[name] = field
        if not fields and match is not None:
            self.fault("the mapping maps no field", node.place, "Add `fields:`.")
        spec = MappingSpec(
            source=self.source,
            source_form=match[1] if match else "",
            target_form=match[2] if match else "",
            place=head.place if head else node.place,
            fields=fields,
            tables=self.tables(entries.get("tables")),
            unused=tuple(self.unused(entries.get("unused"))),
            source_schema=self.schema(entries.get("source_schema")),
            target_schema=self.schema(entries.get("target_schema")),
            version=str(entries["version"].value) if "version" in entries else "",
        )
        if self.faults:
            raise MappingError(self.faults)
        return spec

    def fault(self, text: str, place: Place, mend: str = "") -> None:
        self.faults.append(MappingFault(text, place, mend))

    def keys(self, node: Node, known: Iterable[str], what: str) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            self.fault(
                f"{what} is {node.described} where keys were expected",
                node.place,
                "Write `key: value` lines.",
            )
            return {}
        names = list(known)
        for key in node.value.keys() - set(names):
            near = difflib.get_close_matches(key, names, n=1)
            mend = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(names)}."
            self.fault(f"{key!r} is not a key of {what}", node.key_places[key], mend)
        return {key: value for key, value in node.value.items() if key in set(names)}

    def constants(self, node: Node | None) -> dict[str, FieldSpec]:
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.fault(f"`constants` is {node.described}", node.place, "Write `field: value` lines.")
            return {}
        return {
            name: FieldSpec(place=entry.place, has_value=True, value=self.constant(entry))
            for name, entry in node.value.items()
        }

    def constant(self, node: Node) -> Any:
        """A constant; text with `{name}` becomes a template."""
        if isinstance(node.value, str) and _VARIABLE.search(node.value):
            return template_of(node.value)
        return to_plain(node)

    def tables(self, node: Node | None) -> dict[str, CodeTable]:
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.fault(f"`tables` is {node.described}", node.place, "Write `name: {code: value}` lines.")
            return {}
        return {name: table_of_node(name, entry, self.faults) for name, entry in node.value.items()}

    def unused(self, node: Node | None) -> Iterable[Path]:
        if node is None:
            return
        if not isinstance(node.value, list):
            self.fault(f"`unused` is {node.described}", node.place, "Write a list of paths.")
            return
        for entry in node.value:
            path = self.path(entry)
            if path is not None:
                yield path

    def schema(self, node: Node | None) -> Shape | None:
        return None if node is None else parse_shape(node, self.faults)

    def fields(self, node: Node, depth: int) -> dict[str, FieldSpec]:
        if not isinstance(node.value, dict):
            self.fault(f"`fields` is {node.described}", node.place, "Write `name: { from: path }` lines.")
            return {}
        return {name: self.field(entry, depth) for name, entry in node.value.items()}

    def field(self, node: Node, depth: int) -> FieldSpec:
        if depth > MAX_NESTING:
            self.fault(
                f"fields are nested more than {MAX_NESTING} deep", node.place, "Split the mapping in two."
            )
            return FieldSpec(place=node.place)
        entries = self.keys(node, FIELD_KEYS, "a field")
        read = _FieldReader(self, entries, depth)
        spec = msgspec.structs.replace(read.spec(node), key_places=dict(node.key_places))
        self.check_combination(spec, entries)
        return spec

    def check_combination(self, spec: FieldSpec, entries: dict[str, Node]) -> None:
        origins = [key for key in _ORIGINS if key in entries]
        if len(origins) > 1:
            text = f"a field has one origin, this one has {' and '.join(origins)}"
            self.fault(text, spec.place_of(origins[1]), f"Keep one of {', '.join(_ORIGINS)}.")
        if not origins and not ({"fields", "python"} & entries.keys()) and entries:
            self.fault("the field says nothing about where its value comes from", spec.place, "Add `from:`.")
        if spec.each is not None and (spec.fields is None) == (spec.item is None):
            self.fault("`each` needs either `fields` or `item`", spec.place_of("each"))
        if spec.item is not None and spec.each is None:
            self.fault("`item` belongs to `each`", spec.place_of("item"))
        if spec.join is None and len(spec.sources) == 0 and "join" in entries:
            self.fault("`join` needs a list in `from`", spec.place_of("join"))
        if spec.fields is not None and ({"lookup", "table", "as", "python", "join"} & entries.keys()):
            self.fault(
                "an object's fields are converted one by one", spec.place, "Move the conversion into a field."
            )

    def path(self, node: Node) -> Path | None:
        if not isinstance(node.value, (str, int)) or isinstance(node.value, bool):
            self.fault(f"a path is text, this is {node.described}", node.place, "Write it as `customer.id`.")
            return None
        try:
            return parse_path(str(node.value))
        except ValueError as error:
            self.fault(str(error), node.place, "Write it as `customer.id` or `lines[0].sku`.")
            return None

    def expression(self, node: Node) -> Expression | None:
        if isinstance(node.value, (dict, list)) or node.value is None:
            self.fault(f"an expression is text, this is {node.described}", node.place, "Put it in quotes.")
            return None
        text = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        try:
            return parse_expression({"true": "True", "false": "False"}.get(text, text))
        except ExpressionError as error:
            self.fault(str(error), node.place, error.mend)
            return None


class _FieldReader:
    """Reads the keys of one field block."""

    def __init__(self, parser: _Parser, entries: dict[str, Node], depth: int) -> None:
        self.parser = parser
        self.entries = entries
        self.depth = depth

    def spec(self, node: Node) -> FieldSpec:
        paths = self.sources()
        value_node = self.entries.get("value")
        default_node = self.entries.get("default")
        zone = self.text("zone")
        return FieldSpec(
            place=node.place,
            sources=tuple(path for path, _ in paths),
            source_places=tuple(place for _, place in paths),
            has_value=value_node is not None,
            value=None if value_node is None else self.parser.constant(value_node),
            expr=self.one("expr", self.parser.expression),
            python=self.text("python"),
            join=str(self.entries["join"].value or "") if "join" in self.entries and paths else None,
            as_type=self.as_type(),
            form=self.text("format"),
            zone=template_of(zone) if zone else None,
            unit=self.side("unit"),
            packaging_of=self.one("packaging_of", self.parser.path),
            currency=self.side("currency"),
            table=self.text("table"),
            lookup=self.text("lookup"),
            has_default=default_node is not None,
            default=None if default_node is None else self.parser.constant(default_node),
            required=self.flag("required"),
            when=self.one("when", self.parser.expression),
            fields=self.one("fields", lambda entry: self.parser.fields(entry, self.depth + 1)),
            each=self.one("each", self.parser.path),
            item=self.one("item", lambda entry: self.parser.field(entry, self.depth + 1)),
            items=self.items(),
            classification=self.text("classification"),
        )

    def one(self, key: str, read: Callable[[Node], Any]) -> Any:
        node = self.entries.get(key)
        return None if node is None else read(node)

    def sources(self) -> list[tuple[Path, Place]]:
        node = self.entries.get("from")
        if node is None:
            return []
        nodes: list[Node] = node.value if isinstance(node.value, list) else [node]
        found = [(self.parser.path(entry), entry.place) for entry in nodes]
        if not found:
            self.parser.fault("`from` is an empty list", node.place, "Name at least one path.")
        return [(path, place) for path, place in found if path is not None]

    def text(self, key: str) -> str:
        node = self.entries.get(key)
        if node is None:
            return ""
        if (
            isinstance(node.value, (str, int))
            and not isinstance(node.value, bool)
            and str(node.value).strip()
        ):
            return str(node.value).strip()
        self.parser.fault(f"`{key}` is {node.described} where text was expected", node.place)
        return ""

    def flag(self, key: str) -> bool | None:
        node = self.entries.get(key)
        if node is None or isinstance(node.value, bool):
            return None if node is None else bool(node.value)
        self.parser.fault(f"`{key}` is {node.described} where true or false was expected", node.place)
        return None

    def as_type(self) -> str:
        name = self.text("as")
        if name and name not in {*SCALAR_TYPES, "list"}:
            near = difflib.get_close_matches(name, [*SCALAR_TYPES, "list"], n=1)
            mend = f"Did you mean {near[0]}?" if near else f"There are {', '.join(SCALAR_TYPES)}, list."
            self.parser.fault(f"{name!r} is not a type", self.entries["as"].place, mend)
            return ""
        return name

    def side(self, key: str) -> FieldSpec | None:
        """`unit:` and `currency:`: a constant, or a field block."""
        node = self.entries.get(key)
        if node is None:
            return None
        if isinstance(node.value, dict):
            return self.parser.field(node, self.depth + 1)
        return FieldSpec(place=node.place, has_value=True, value=self.parser.constant(node))

    def items(self) -> tuple[FieldSpec, ...] | None:
        node = self.entries.get("items")
        if node is None:
            return None
        if not isinstance(node.value, list):
            self.parser.fault(f"`items` is {node.described}", node.place, "Write a list of field blocks.")
            return ()
        return tuple(self.parser.field(entry, self.depth + 1) for entry in node.value)


def template_of(text: str) -> Template:
    """`{system.zone}` and the like, taken apart."""
    return Template(text, tuple(_VARIABLE.split(text)))
