"""A page and a JSON Schema for each canonical document."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.core.documents import KINDS, classified_fields
from crossdock.core.json_schema import schema_of
from reference.markdown import attributes_of, code, first_line, table

__all__ = ["document_pages"]


def document_pages() -> dict[str, str]:
    """`documents/<kind>.md`, `schemas/<kind>.schema.json` and their index."""
    rows = [(f"[{kind}]({kind}.md)", first_line(struct)) for kind, struct in KINDS.items()]
    index = "\n".join(
        [
            "# Documents\n",
            (
                "The canonical business entities. Decimals travel as strings in JSON; times are RFC 3339 with an "
                "offset. A quantity that nobody has told is absent, which is not zero.\n"
            ),
            table(("document", "what it is"), rows),
        ]
    )
    pages = {"documents/index.md": index}
    for kind in KINDS:
        schema = schema_of(kind)
        pages[f"documents/{kind}.md"] = _page(kind, schema)
        pages[f"schemas/{kind}.schema.json"] = (
            msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
        )
    return pages


def _page(kind: str, schema: dict[str, Any]) -> str:
    root, parts = schema["$ref"].rpartition("/")[2], schema["$defs"]
    sections = [
        f"# {kind}\n",
        f"{first_line(KINDS[kind])}\n",
        f"JSON Schema: [{kind}.schema.json](../schemas/{kind}.schema.json)\n",
    ]
    texts = _texts(KINDS[kind])
    for name in [root, *sorted(parts.keys() - {root})]:
        part = parts[name]
        if "properties" not in part:
            continue
        sections += [f"## {name}\n", _fields(part, texts.get(name, {}))]
    classes = [
        (code(path), class_) for path, class_ in classified_fields(kind).items() if class_ != "internal"
    ]
    if classes:
        sections += ["## Classified fields\n", table(("field", "class"), classes)]
    return "\n".join(sections)


def _fields(part: dict[str, Any], texts: dict[str, str]) -> str:
    needed = set(part.get("required", ()))
    rows = [
        (code(name), _type(field), "needed" if name in needed else "", texts.get(name, ""))
        for name, field in part["properties"].items()
    ]
    return table(("field", "type", "", "what it is"), rows)


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"] if one.get("type") != "null"))
    if "enum" in field:
        return ", ".join(code(value) if value != "" else "empty" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return f"text → {_type(field.get('additionalProperties') or {})}"
    is_decimal = "pattern" in field and field.get("type") == "string"
    return "decimal" if is_decimal else str(field.get("format") or field.get("type") or "any")


def _texts(struct: type, found: dict[str, dict[str, str]] | None = None) -> dict[str, dict[str, str]]:
    """Texts of the fields of a struct and of all structs inside it, by struct and field."""
    found = {} if found is None else found
    if struct.__name__ in found:
        return found
    found[struct.__name__] = {}
    for base in reversed(struct.__mro__):
        found[struct.__name__] |= attributes_of(base)
    info = msgspec.inspect.type_info(struct)
    if isinstance(info, msgspec.inspect.StructType):
        for field in info.fields:
            for inner in _structs(field.type):
                _texts(inner, found)
    return found


def _structs(info: Any) -> list[type]:
    if isinstance(info, msgspec.inspect.StructType):
        return [info.cls]
    inner = [
        *getattr(info, "types", ()),
        *filter(None, [getattr(info, "item_type", None), getattr(info, "value_type", None)]),
    ]
    return [struct for one in inner for struct in _structs(one)]
