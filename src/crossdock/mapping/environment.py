"""What mappings may refer to besides their own file: kinds, forms, code tables, Python functions, look-up kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from crossdock.core.documents import KINDS
from crossdock.mapping.shapes import Form, Shape, shape_of_kind
from crossdock.mapping.spec import CodeTable, MappingSpec
from crossdock.mapping.tables import bundled_tables

__all__ = ["LOOKUP_KINDS", "Environment", "build_environment"]

LOOKUP_KINDS: frozenset[str] = frozenset(KINDS) | {
    "product", "party", "ship_to", "carrier", "warehouse", "location", "unit", "currency", "payment_term", "tax",
    "price_list", "company", "packaging", "country", "region", "sales_line", "purchase_line", "line", "picking",
    "package", "lot", "user", "team", "journal", "account",
}  # fmt: skip


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What mappings may refer to. Build it with `build_environment`.

    Attributes:
        forms: declared forms by name, for sides that are not canonical.
        tables: code tables by name; a project's or partner's own replace the bundled ones.
        functions: `module:function` → the Python function; it takes the value and gives the value.
        lookup_kinds: kinds that `lookup:` may name.
        variables: names that `{…}` may use; None = any.
    """

    forms: Mapping[str, Form] = {}
    tables: Mapping[str, CodeTable] = {}
    functions: Mapping[str, Callable[[Any], Any]] = {}
    lookup_kinds: frozenset[str] = LOOKUP_KINDS
    variables: frozenset[str] | None = None

    def shape_of(self, form: str, declared: Shape | None) -> tuple[Shape | None, bool]:
        """The shape of a side and whether it is open to fields beyond it; None = nothing is known about it."""
        if form in KINDS:
            return shape_of_kind(form), False
        if declared is not None:
            return declared, False
        found = self.forms.get(form)
        return (found.shape, found.open) if found is not None else (None, True)

    def table(self, spec: MappingSpec, name: str) -> tuple[CodeTable, str] | None:
        """The table and column that `table: name.column` means; the file's own tables come first."""
        for table_name, column in ((name, ""), name.rpartition(".")[::2]):
            table = spec.tables.get(table_name) or self.tables.get(table_name)
            if table is not None:
                return table, column or table.first
        return None


def build_environment(
    *,
    forms: Iterable[Form] = (),
    tables: Iterable[CodeTable] = (),
    functions: Mapping[str, Callable[[Any], Any]] | None = None,
    lookup_kinds: Iterable[str] = (),
    variables: Iterable[str] | None = None,
) -> Environment:
    """An environment with the bundled tables and look-up kinds, and what a project adds to them."""
    return Environment(
        forms={form.name: form for form in forms},
        tables={**bundled_tables(), **{table.name: table for table in tables}},
        functions=dict(functions or {}),
        lookup_kinds=LOOKUP_KINDS | frozenset(lookup_kinds),
        variables=None if variables is None else frozenset(variables),
    )
