"""The page of exception codes."""

from __future__ import annotations

from typing import get_args

from crossdock.core.codes import CODES, CodeClass
from reference.markdown import code, table

__all__ = ["codes_page"]

_SEVERITY = {"I": "information", "W": "warning", "E": "error"}


def codes_page() -> str:
    """All codes by class, for each of which there is one runbook."""
    parts = [
        "# Exception codes\n",
        (
            "A code is stable: rules, dashboards and runbooks may name it. `B-…` codes are business, `T-…` codes "
            "technical. The owner is who decides: `ops` operations, `edi` the EDI desk, `it` the integration "
            "engineers, `partner` the sender. Each class has a runbook.\n"
        ),
    ]
    for class_ in get_args(CodeClass):
        rows = [
            (code(one.name), one.title, _SEVERITY[one.severity], one.owner, one.text, one.mend)
            for one in CODES.values()
            if one.class_ == class_
        ]
        parts += [
            f"## {class_}\n",
            f"Runbook: [{class_}](../runbooks/{class_}.md)\n",
            table(("code", "title", "severity", "owner", "what it means", "what to do"), rows),
        ]
    return "\n".join(parts)
