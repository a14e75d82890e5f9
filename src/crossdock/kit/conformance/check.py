"""What a check of the conformance suite is, and which parts of a connector it is run for."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from crossdock.kit.conformance.bench import Bench
from crossdock.kit.connector import Connector

__all__ = ["Case", "Check", "Scope", "Verdict", "check", "subjects"]

Scope = Literal[
    "declared",
    "connector",
    "secrets",
    "write",
    "racing",
    "batch",
    "lookup",
    "read",
    "deletions",
    "hook",
    "find",
]
"""What a check is run for.

declared: the class, without a simulator. connector: the connector as a whole. secrets: likewise, if it has any.
write: each write that is done once. racing: those for which racing is safe. batch: those that take several.
lookup: those with a look-up. read: each source; deletions: those that tell what is gone. hook: each topic.
find: each kind of master data it finds.
"""

_RACING = frozenset({"external_id", "idempotency_key", "natural"})

Run = Callable[[Bench, str], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Check:
    """One promise, proven for each subject of its scope."""

    name: str
    scope: Scope
    text: str
    run: Run


@dataclasses.dataclass(frozen=True)
class Case:
    """A check and the operation, source or topic it is run for; '' where it is for the whole connector."""

    check: Check
    subject: str

    @property
    def id(self) -> str:
        return f"{self.check.name}[{self.subject}]" if self.subject else self.check.name


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How a case ended; `text` says why it did not pass."""

    case: str
    state: Literal["passed", "failed", "skipped", "waived"]
    text: str = ""


def check(scope: Scope) -> Callable[[Run], Check]:
    """Make a check of an async function `(bench, subject)`; its name and first line become the check's."""

    def decorate(function: Run) -> Check:
        name = getattr(function, "__name__", "")
        text = (function.__doc__ or "").strip().split("\n")[0]
        return Check(name=name, scope=scope, text=text, run=function)

    return decorate


def subjects(scope: Scope, connector: type[Connector[Any]]) -> list[str]:
    """What of `connector` a check of `scope` is run for."""
    verbs = connector.verbs
    writes = {name: spec for name, spec in verbs.writes.items() if spec.once != "none"}
    found: dict[Scope, list[str]] = {
        "declared": [""],
        "connector": [""],
        "secrets": [""] if any(info.secret for info in connector.settings_class.describe()) else [],
        "write": list(writes),
        "racing": [name for name, spec in writes.items() if spec.once in _RACING],
        "batch": [name for name, spec in verbs.writes.items() if spec.batch > 1],
        "lookup": [name for name, spec in verbs.writes.items() if spec.lookup],
        "read": list(verbs.reads),
        "deletions": [name for name, spec in verbs.reads.items() if spec.deletions],
        "hook": list(verbs.receives),
        "find": list(verbs.finds),
    }
    return found[scope]
