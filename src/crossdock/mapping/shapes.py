"""What a record looks like, field by field: of a canonical kind (from its struct) or as a file declares it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from crossdock.core.documents import KINDS, classified_fields
from crossdock.core.interface import Classification
from crossdock.core.quantity import Money, Quantity
from crossdock.mapping.faults import MappingError, MappingFault
from crossdock.mapping.nodes import Node, read_nodes

__all__ = ["SCALAR_TYPES", "Form", "Shape", "parse_form", "shape_of_kind"]

SCALAR_TYPES: Final = (
    "text",
    "integer",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "quantity",
    "money",
    "any",
)
_CLASSES: Final[tuple[Classification, ...]] = ("public", "internal", "commercial", "personal")
_SIMPLE: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.DecimalType: "decimal",
    inspect.BoolType: "boolean",
    inspect.DateType: "date",
    inspect.DateTimeType: "datetime",
}


class Shape(msgspec.Struct, frozen=True):
    """One field, or a whole record.

    Attributes:
        type: one of `SCALAR_TYPES`, or object, list, dict.
        required: there is no record without it.
        struct: the class of a canonical object; None = a plain dict.
        convert_to: the exact Python type, where msgspec has to check the value.
        classification: who may see it; empty = not said.
    """

    type: str
    required: bool = False
    fields: dict[str, Shape] = {}
    item: Shape | None = None
    struct: builtins.type[msgspec.Struct] | None = None
    choices: frozenset[Any] | None = None
    default: Any = None
    default_factory: Callable[[], Any] | None = None
    convert_to: Any = None
    classification: str = ""


class Form(msgspec.Struct, frozen=True):
    """A declared form of records, such as `odoo.sale_order`. `open` forms may have more fields than declared."""

    name: str
    shape: Shape
    open: bool = False


@lru_cache(maxsize=64)
def shape_of_kind(kind: str) -> Shape:
    """The shape of a canonical kind, from its struct.

    Raises:
        KeyError: no such kind.
    """
    classes: dict[str, str] = dict(classified_fields(kind))
    return _of_struct(KINDS[kind], "", classes, required=True)


def _of_struct(
    struct: type[msgspec.Struct], prefix: str, classes: Mapping[str, str], *, required: bool
) -> Shape:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    annotations = {field.name: field.type for field in msgspec.structs.fields(struct)}
    fields: dict[str, Shape] = {}
    for field in info.fields:
        path = f"{prefix}.{field.name}" if prefix else field.name
        shape = _of_type(field.type, path, classes, annotations[field.name])
        default = None if field.default is msgspec.NODEFAULT else field.default
        factory = None if field.default_factory is msgspec.NODEFAULT else field.default_factory
        fields[field.name] = msgspec.structs.replace(
            shape, required=field.required, default=default, default_factory=factory
        )
    return Shape("object", required, fields, struct=struct, classification=_class(prefix, classes))


def _of_type(  # noqa: PLR0911 - one case for each of msgspec's types
    info: Any, path: str, classes: Mapping[str, str], annotation: Any
) -> Shape:
    label = _class(path, classes)
    if isinstance(info, inspect.Metadata):
        return _of_type(info.type, path, classes, annotation)
    if isinstance(info, inspect.UnionType):
        others = [entry for entry in info.types if not isinstance(entry, inspect.NoneType)]
        if len(others) == 1:
            return _of_type(others[0], path, classes, annotation)
    elif isinstance(info, inspect.StructType):
        if info.cls in {Quantity, Money}:
            return Shape(info.cls.__name__.lower(), classification=label)
        return _of_struct(info.cls, path, classes, required=False)
    elif isinstance(info, inspect.ListType):
        return Shape("list", item=_of_type(info.item_type, f"{path}[]", classes, Any), classification=label)
    elif isinstance(info, inspect.DictType):
        return Shape("dict", convert_to=annotation, classification=label)
    elif isinstance(info, inspect.LiteralType):
        return Shape("text", choices=frozenset(info.values), classification=label)
    elif type(info) in _SIMPLE and not _constrained(info):
        return Shape(_SIMPLE[type(info)], classification=label)
    return Shape(_SIMPLE.get(type(info), "any"), convert_to=annotation, classification=label)


def _constrained(info: Any) -> bool:
    names = ("min_length", "max_length", "pattern", "gt", "ge", "lt", "le", "multiple_of")
    return any(getattr(info, name, None) is not None for name in names)


def _class(path: str, classes: Mapping[str, str]) -> str:
    found = classes.get(path) or classes.get(f"{path}[]")
    while not found and path:
        path = path.rpartition(".")[0]
        found = classes.get(path) or classes.get(f"{path}[]")
    return found or ""


def parse_form(text: str, *, source: str) -> Form:
    """A form from its YAML file: `form: odoo.sale_order`, `fields: {…}`, optional `open: true`.

    Raises:
        MappingError: everything that is wrong with it.
    """
    node = read_nodes(text, source=source)
    faults: list[MappingFault] = []
    entries = node.value if isinstance(node.value, dict) else {}
    name = entries.get("form")
    if name is None or not isinstance(name.value, str):
        faults.append(
            MappingFault("the file does not say which form it declares", node.place, "Add `form: name`.")
        )
    shape = parse_shape(entries["fields"], faults) if "fields" in entries else Shape("object")
    if "fields" not in entries:
        faults.append(MappingFault("the form has no fields", node.place, "Add `fields:`."))
    if faults:
        raise MappingError(faults)
    return Form(
        str(name.value if name else ""), shape, open="open" in entries and entries["open"].value is True
    )


def parse_shape(node: Node, faults: list[MappingFault]) -> Shape:
    """The object that a block of declared fields describes; faults are added to `faults`."""
    if not isinstance(node.value, dict):
        faults.append(
            MappingFault(f"declared fields are {node.described}", node.place, "Write `name: type` lines.")
        )
        return Shape("object")
    return Shape("object", fields={name: _declared(entry, faults) for name, entry in node.value.items()})


def _declared(node: Node, faults: list[MappingFault]) -> Shape:
    if isinstance(node.value, str):
        return Shape(_type_name(node, faults), required=False)
    if not isinstance(node.value, dict):
        faults.append(
            MappingFault(f"a declared field is {node.described}", node.place, "Write `name: type`.")
        )
        return Shape("any")
    entries: dict[str, Node] = node.value
    known = {"type", "required", "classification", "fields", "each", "values"}
    for key in entries.keys() - known:
        mend = f"Known are {', '.join(sorted(known))}."
        faults.append(
            MappingFault(f"{key!r} says nothing about a declared field", node.key_places[key], mend)
        )
    label = str(entries["classification"].value) if "classification" in entries else ""
    if label and label not in _CLASSES:
        mend = f"There are {', '.join(_CLASSES)}."
        faults.append(
            MappingFault(f"{label!r} is not a classification", entries["classification"].place, mend)
        )
    required = "required" in entries and entries["required"].value is True
    if "each" in entries:
        item = _item(entries["each"], faults)
        return Shape("list", required=required, item=item, classification=label)
    if "fields" in entries:
        inner = parse_shape(entries["fields"], faults)
        return msgspec.structs.replace(inner, required=required, classification=label)
    name = _type_name(entries["type"], faults) if "type" in entries else "any"
    choices = None
    if "values" in entries and isinstance(entries["values"].value, list):
        choices = frozenset(str(entry.value) for entry in entries["values"].value)
    return Shape(name, required=required, choices=choices, classification=label)


def _item(node: Node, faults: list[MappingFault]) -> Shape:
    return Shape(_type_name(node, faults)) if isinstance(node.value, str) else parse_shape(node, faults)


def _type_name(node: Node, faults: list[MappingFault]) -> str:
    name = str(node.value)
    if name in {*SCALAR_TYPES, "list", "object", "dict"}:
        return name
    faults.append(
        MappingFault(
            f"{name!r} is not a type", node.place, f"There are {', '.join(SCALAR_TYPES)}, list, object."
        )
    )
    return "any"
