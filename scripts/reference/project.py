"""The page of a project's files: every key of crossdock.yaml, of systems and of interfaces."""

from __future__ import annotations

import typing
from typing import Any

import msgspec

from crossdock.core.interface import (
    InterfaceDefinition,
    InterfaceSource,
    InterfaceTarget,
    Objective,
    Policy,
    SystemDefinition,
)
from crossdock.govern.project import HubSettings
from reference.markdown import attributes_of, code, first_line, shown_default, table

__all__ = ["FILES", "project_page", "undescribed"]

FILES: tuple[tuple[str, str, type], ...] = (
    ("crossdock.yaml", "The hub.", HubSettings),
    ("systems/NAME.yaml", "One system; the file is named after it.", SystemDefinition),
    ("interfaces/ID.yaml", "One interface; the file is named after it.", InterfaceDefinition),
    ("source: of an interface", "", InterfaceSource),
    ("targets: of an interface", "", InterfaceTarget),
    ("policy: of a target", "", Policy),
    ("objective: of an interface", "", Objective),
)

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}

# Where the struct's docstring leaves a field to its name.
_TEXTS = {
    ("HubSettings", "name"): "how the hub calls itself",
    ("SystemDefinition", "title"): "what people call it",
    ("SystemDefinition", "owner"): "team that decides about it",
    ("InterfaceDefinition", "id"): "its name everywhere; the file's name",
    ("InterfaceDefinition", "version"): "counted up with each change of meaning",
    ("InterfaceDefinition", "title"): "what it is, in one line",
    ("InterfaceDefinition", "domain"): "part of the business it belongs to, such as sales",
    ("InterfaceDefinition", "owner"): "team that decides about its exceptions",
    ("InterfaceDefinition", "criticality"): "how much hangs on it",
    ("InterfaceDefinition", "pattern"): "how it synchronises",
    ("InterfaceDefinition", "source"): "where its messages come from, see below",
    ("InterfaceDefinition", "document"): "kind of canonical document that it carries",
    ("InterfaceDefinition", "targets"): "where each document goes, see below",
    ("InterfaceDefinition", "runbook"): "file that says what to do when it fails; must be there",
    ("InterfaceDefinition", "objective"): "what it promises, see below",
    ("InterfaceDefinition", "format"): "form of the message's body: json, jsonl, csv, xlsx or xml",
    ("InterfaceDefinition", "format_options"): "options of the format, such as `group_by` for CSV",
    (
        "InterfaceDefinition",
        "mapping",
    ): "mapping from the source's record to the document; empty = it is the document",
    (
        "InterfaceDefinition",
        "when",
    ): "rule over the document; one that it refuses is filtered by the rule's text",
    ("InterfaceDefinition", "classification"): "who may see its bodies",
    ("InterfaceDefinition", "retention_days"): "how long its messages are kept",
    ("InterfaceDefinition", "active"): "false: it takes nothing",
    ("InterfaceTarget", "policy"): "how it is retried, timed and waited for, see below",
    ("InterfaceSource", "system"): "name of a system of the project",
    ("Objective", "latency_s"): "95 of 100 messages are delivered within these seconds",
}


def project_page() -> str:
    """Each file with its keys."""
    parts = [
        "# A project's files\n",
        "A hub is a folder in git. `crossdock check` reads it whole and names each fault with file, line and mend.\n",
        (
            "```text\n"
            "crossdock.yaml       the hub\n"
            "systems/*.yaml       one system each\n"
            "interfaces/*.yaml    one interface each\n"
            "mappings/*.yaml      mappings, each with its *.test.yaml\n"
            "runbooks/*.md        what to do when an interface fails\n"
            "```\n"
        ),
    ]
    for title, text, struct in FILES:
        parts += [f"## {title}\n", f"{text or first_line(struct)}\n", _keys(struct)]
    return "\n".join(parts)


def undescribed() -> list[str]:
    """Keys that have no text: there must be none."""
    return [
        f"{struct.__name__}.{name}"
        for _, _, struct in FILES
        for name in struct.__struct_fields__  # type: ignore[attr-defined]
        if not _text(struct, name)
    ]


def _keys(struct: type) -> str:
    info: Any = msgspec.inspect.type_info(struct)
    hints = typing.get_type_hints(struct)
    rows = [
        (code(field.name), _type(hints[field.name]), _default(field), _text(struct, field.name))
        for field in info.fields
    ]
    return table(("key", "type", "default", "what it is"), rows)


def _type(hint: Any) -> str:
    """`text`, `list of text`, or the words that may stand there."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return ", ".join(code(word) for word in inner)
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"name → {_type(inner[1])}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "block"
    return _WORDS.get(hint, "any value")


def _text(struct: type, name: str) -> str:
    return attributes_of(struct).get(name) or _TEXTS.get((struct.__name__, name), "")


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    if field.default is not msgspec.NODEFAULT:
        return "see below" if isinstance(field.default, msgspec.Struct) else shown_default(field.default)
    return shown_default(field.default_factory())
