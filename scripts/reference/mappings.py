"""The pages of mapping files: keys, functions, look-ups and code tables."""

from __future__ import annotations

from crossdock.mapping import FIELD_KEYS, FUNCTIONS, LOOKUP_KINDS, bundled_tables
from reference.markdown import code, table

__all__ = ["mappings_page", "tables_page"]


def mappings_page() -> str:
    """Keys of a field, functions of expressions, kinds of look-ups."""
    functions = [
        (
            f.group,
            code(f.signature),
            f.doc + (" Called even where its first argument is missing." if f.takes_missing else ""),
        )
        for f in FUNCTIONS.values()
    ]
    return "\n".join(
        [
            "# Mapping files\n",
            "How to write one: [write a mapping](../how-to/write-a-mapping.md).\n",
            "## Keys of a field\n",
            table(("key", "what it says"), [(code(key), text) for key, text in FIELD_KEYS.items()]),
            "## Functions\n",
            "The list is closed. What is more than this is a named Python function with its own test (`python:`).\n",
            table(("group", "function", "what it gives"), functions),
            "## Kinds of look-ups\n",
            ", ".join(code(kind) for kind in sorted(LOOKUP_KINDS)) + ".\n",
            "## Code tables\n",
            "See [code tables](code-tables.md).\n",
        ]
    )


def tables_page() -> str:
    """Each bundled table with its codes."""
    parts = [
        "# Code tables\n",
        (
            "They come with Crossdock and are defaults: a project's own table of the same name replaces one. "
            "A code marked with ° has not been compared with its source yet.\n"
        ),
    ]
    for name, one in sorted(bundled_tables().items()):
        columns = list(dict.fromkeys(column for row in one.entries.values() for column in row))
        rows = [
            (
                code(entry) + ("°" if entry in one.unchecked else ""),
                *(_shown(row.get(column)) for column in columns),
            )
            for entry, row in one.entries.items()
        ]
        parts += [
            f"## {name}\n",
            f"{one.provenance}\n" if one.provenance else "",
            table(("code", *columns), rows),
        ]
        if one.default is not None:
            parts.append(
                f"Any other code: {', '.join(f'{k} = {_shown(v)}' for k, v in one.default.items())}.\n"
            )
    return "\n".join(parts)


def _shown(value: object) -> str:
    return "" if value is None else code(value)
