"""Exception codes: stable names for what needs a decision, with owner, class, wording and runbook."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Final, Literal, cast, get_args

import msgspec

from crossdock.core.code_table import BUSINESS, TECHNICAL

__all__ = ["CODES", "CodeClass", "ExceptionCode", "Owner", "Severity", "classify", "code"]

Severity = Literal["I", "W", "E"]
Owner = Literal["ops", "edi", "it", "partner"]
CodeClass = Literal[
    "value",
    "missing_reference",
    "business_rule",
    "duplicate",
    "conflict",
    "authentication",
    "rate",
    "connection",
    "timeout",
    "schema",
    "configuration",
]


class ExceptionCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about a code.

    Attributes:
        name: `B-UNK-ITEM`; never changes.
        severity: I information, W warning, E error.
        owner: who decides: operations, EDI desk, IT or the partner.
        class_: which of eleven kinds of trouble it is; each has a runbook.
        text: what it means. `mend`: what a person does.
        runbook: path in the repository.
    """

    name: str
    severity: Severity
    owner: Owner
    class_: CodeClass
    title: str
    text: str
    mend: str
    runbook: str


def code(name: str) -> ExceptionCode:
    """All about a code.

    Raises:
        KeyError: there is no such code; invented ones would have no owner and no runbook.
    """
    return CODES[name]


def classify(name: str) -> CodeClass:
    """The class of a code.

    Raises:
        KeyError: there is no such code.
    """
    return CODES[name].class_


def _parse_table(table: str) -> dict[str, ExceptionCode]:
    codes: dict[str, ExceptionCode] = {}
    for row in table.strip().splitlines():
        name, severity, owner, class_, title, text, mend = (cell.strip() for cell in row.split(" | "))
        assert severity in get_args(Severity), row
        assert owner in get_args(Owner), row
        assert class_ in get_args(CodeClass), row
        assert name not in codes, row
        codes[name] = ExceptionCode(
            name,
            cast("Severity", severity),
            cast("Owner", owner),
            cast("CodeClass", class_),
            title,
            text,
            mend,
            f"docs/runbooks/{class_}.md",
        )
    return codes


CODES: Final[Mapping[str, ExceptionCode]] = types.MappingProxyType(
    _parse_table(BUSINESS) | _parse_table(TECHNICAL)
)
