"""Names of facts that a delivery can wait for."""

from __future__ import annotations

__all__ = ["STEP", "fact_name"]

STEP = "step"
"""Kind of the cross-reference that says that an effect is there; its key is the effect key."""


def fact_name(system: str, company: str, kind: str, key: str) -> str:
    """The fact 'the object (`kind`, `key`) is known in `system` for `company`': a cross-reference exists."""
    return f"{system}|{company}|{kind}|{key}"
