"""JSON Schema of the canonical documents, as `crossdock schema` prints it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from crossdock.core.documents import KINDS

__all__ = ["DECIMAL_PATTERN", "schema_of"]

DECIMAL_PATTERN: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of a document kind; decimals are strings.

    Raises:
        KeyError: no such kind.
    """
    (root,), components = msgspec.json.schema_components([KINDS[kind]], ref_template="#/$defs/{name}")
    schema = {"$schema": _DIALECT, "title": kind, **root, "$defs": components}
    _sharpen_decimals(schema)
    return schema


def _sharpen_decimals(node: Any) -> None:
    """Replace the open format `decimal` by a pattern that any validator knows."""
    if isinstance(node, list):
        for item in node:
            _sharpen_decimals(item)
    elif isinstance(node, dict):
        if node.get("format") == "decimal":
            del node["format"]
            node["pattern"] = DECIMAL_PATTERN
        for item in node.values():
            _sharpen_decimals(item)
