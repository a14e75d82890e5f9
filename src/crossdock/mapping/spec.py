"""A mapping as parsed: what each target field is made of, and where that is written."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from crossdock.core.errors import Place
from crossdock.mapping.expressions import Expression
from crossdock.mapping.paths import Path
from crossdock.mapping.shapes import Shape

__all__ = ["FIELD_KEYS", "CodeTable", "FieldSpec", "MappingSpec", "Template"]

FIELD_KEYS: Final[dict[str, str]] = {
    "from": "path of the source field; a list of paths means the first that is there (all of them with `join`)",
    "value": "a constant; `{name}` in it stands for a variable",
    "expr": "a small expression over source fields",
    "python": "a registered Python function, `module:function`; it gets the value, or the record when there is no `from`",
    "join": "text between the parts of `from`; missing parts are left out",
    "as": "type: text, integer, decimal, boolean, date, datetime, quantity, money, list or any (default: the target's)",
    "format": "for dates: a strptime form, `epoch_s` or `epoch_ms`",
    "zone": "for dates: the time zone of values without offset (default `{system.zone}`, else UTC)",
    "unit": "for quantities: a unit, or a field block that gives it",
    "packaging_of": "for quantities: path of the product whose packaging converts to the base unit",
    "currency": "for money: a currency, or a field block that gives it (default: the document's own `currency`)",
    "table": "code table to translate with: `name` or `name.column`",
    "lookup": "kind of cross-reference to look the value up in (product, party, …)",
    "default": "the target's value when there is none",
    "required": "true: a record without it is refused; false: a look-up may have no answer",
    "when": "an expression: the field (or list item) is left out unless it holds",
    "fields": "the fields of an object; with `from`, paths inside start at that object",
    "each": "path of a list: one item for each of its items; paths inside start at the item",
    "item": "with `each`: the value of each item, where items are not objects",
    "items": "a list written out, item by item; items without a value are left out",
    "classification": "who may see it, where the source's own class is not enough",
}


class Template(msgspec.Struct, frozen=True):
    """Text with variables: `parts` alternate between plain text and variable names."""

    text: str
    parts: tuple[str, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def constant(self) -> bool:
        return len(self.parts) == 1


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What one target field is made of; `FIELD_KEYS` says what each key means."""

    place: Place
    sources: tuple[Path, ...] = ()
    source_places: tuple[Place, ...] = ()
    has_value: bool = False
    value: Any = None
    expr: Expression | None = None
    python: str = ""
    join: str | None = None
    as_type: str = ""
    form: str = ""
    zone: Template | None = None
    unit: FieldSpec | None = None
    packaging_of: Path | None = None
    currency: FieldSpec | None = None
    table: str = ""
    lookup: str = ""
    has_default: bool = False
    default: Any = None
    required: bool | None = None
    when: Expression | None = None
    fields: dict[str, FieldSpec] | None = None
    each: Path | None = None
    item: FieldSpec | None = None
    items: tuple[FieldSpec, ...] | None = None
    classification: str = ""
    key_places: dict[str, Place] = {}

    def place_of(self, key: str) -> Place:
        """Where `key` is written; the field's own place when it isn't."""
        return self.key_places.get(key, self.place)


class CodeTable(msgspec.Struct, frozen=True):
    """A code table: code → column → value.

    Attributes:
        first: the column that a plain `table: name` takes.
        default: columns for codes that are not listed; None = such a code is a fault.
        unchecked: codes that nobody has compared with their source yet.
        provenance: where the facts are from.
    """

    name: str
    entries: dict[str, dict[str, Any]]
    first: str = "to"
    default: dict[str, Any] | None = None
    unchecked: frozenset[str] = frozenset()
    provenance: str = ""


class MappingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed mapping file."""

    source: str
    source_form: str
    target_form: str
    place: Place
    fields: dict[str, FieldSpec]
    tables: dict[str, CodeTable] = {}
    unused: tuple[Path, ...] = ()
    source_schema: Shape | None = None
    target_schema: Shape | None = None
    version: str = ""
