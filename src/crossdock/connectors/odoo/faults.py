"""Odoo's faults become our errors: by the error's name first, then by its text; statuses are the house's table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.core.errors import (
    AuthenticationError,
    ConflictError,
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from crossdock.kit import Answer

__all__ = [
    "error_for_answer",
    "error_for_load_message",
    "error_for_name",
    "error_for_rpc",
    "is_access",
    "wizard",
]

_LOCKED = ("could not serialize access", "deadlock detected", "could not obtain lock")
_LOCKS = frozenset(
    {
        "SerializationFailure",
        "DeadlockDetected",
        "LockNotAvailable",
        "TransactionRollbackError",
        "LockError",
        "ConcurrencyError",
    }
)
_DENIED = frozenset({"AccessDenied", "Unauthorized", "SessionExpiredException", "SessionExpired"})
_REFUSED = frozenset({"UserError", "ValidationError", "RedirectWarning", "Warning"})
_PROGRAMMING = frozenset(
    {
        "ValueError", "KeyError", "TypeError", "AttributeError", "AssertionError", "BadRequest", "UnprocessableEntity",
        "InvalidTextRepresentation", "NumericValueOutOfRange", "DataError", "IntegrityError", "UniqueViolation",
        "NotNullViolation", "ForeignKeyViolation", "CheckViolation", "UndefinedColumn", "ProgrammingError",
    }
)  # fmt: skip
_ACCESS_TEXTS = (
    "You are not allowed to",
    "top-secret records",
    "You don't have the access rights",
    "Failed to read field",
)
_GROUPS = re.compile(r"following groups:\s*\n((?:\s*- .+\n?)+)")
_MAX_TEXT = 600
_NEW_KEY = "make a new API key for the service user (Preferences > Account Security) and set it as api_key"


def error_for_name(name: str, message: str, *, where: str) -> CrossdockError | None:
    """The error that an exception of Odoo means; None where its name says nothing about what was done.

    One call is one transaction, so every named refusal is certainly without effect.
    """
    short = name.rpartition(".")[2]
    text = f"{where}: {_shortened(message)}"
    if short in _LOCKS or any(mark in message for mark in _LOCKED):
        return RetryableError(text, code="T-ODOO-LOCK")
    if short in _DENIED:
        return AuthenticationError(text, mend=_NEW_KEY)
    if short == "MissingError":
        return ConflictError(text, code="T-ODOO-MISSING")
    code, mend = _refusal(short, message)
    return RejectedError(text, code=code, mend=mend) if code else None


def _refusal(short: str, message: str) -> tuple[str, str]:
    """Code and mend of a refusal; two empty texts for a name that says nothing."""
    if short == "AccessError" or (short in _REFUSED and is_access(message)):
        return "T-ODOO-ACCESS", _right_that_lacks(message)
    if short in _REFUSED:
        return "T-ODOO-VALID", ""
    if short == "NotFound":
        return "T-CONFIG", "install the Odoo application this model or method belongs to"
    if short in _PROGRAMMING:
        return "T-SCHEMA", "the form does not fit this Odoo: compare its fields with the mapping"
    return "", ""


def error_for_answer(answer: Answer) -> CrossdockError | None:
    """The error of a JSON-2 answer that names its exception; None leaves it to the table of statuses."""
    if answer.status < 400 or answer.status in {429, 503}:
        return None
    fault = _decoded(answer.body)
    name, message = fault.get("name"), fault.get("message")
    if not isinstance(name, str) or not isinstance(message, str):
        return None
    return error_for_name(name, message, where="Odoo")


def error_for_rpc(fault: Mapping[str, Any], *, where: str) -> CrossdockError:
    """The error of a JSON-RPC answer: always status 200, the exception stands in `data`."""
    data = fault.get("data") or {}
    name, message = str(data.get("name", "")), str(data.get("message", fault.get("message", "")))
    named = error_for_name(name, message, where=where)
    if named is not None:
        return named
    return OutcomeUnknownError(f"{where}: {name or 'a fault'}: {_shortened(message)}", code="T-API-5XX")


def error_for_load_message(message: Mapping[str, Any], *, where: str) -> CrossdockError:
    """The error of one message of `load`, which answers 200 with `ids: false` for everything that fails.

    Rights and lost races stand there as text alone.
    """
    said = str(message.get("message", ""))
    text = f"{where}: {_shortened(said)}"
    if any(mark in said for mark in _LOCKED):
        return RetryableError(text, code="T-ODOO-LOCK")
    if is_access(said):
        return RejectedError(text, code="T-ODOO-ACCESS", mend=_right_that_lacks(said))
    if said.startswith("No matching record found") or "does not exist or has been deleted" in said:
        return RejectedError(
            text,
            code="T-ODOO-MISSING",
            mend="the record it refers to is gone in Odoo: mend the cross-reference",
        )
    if "does not seem to be" in said or "Unknown column" in said:
        return RejectedError(text, code="T-SCHEMA", mend="mend the mapping at the named field")
    return RejectedError(text, code="T-ODOO-VALID")


def is_access(message: str) -> bool:
    """Whether a text of Odoo is about rights."""
    return any(mark in message for mark in _ACCESS_TEXTS)


def wizard(answer: Any, *, where: str) -> RejectedError | None:
    """The exception for a question that Odoo asks instead of acting; None if `answer` is none."""
    if not isinstance(answer, dict) or not str(answer.get("type", "")).startswith("ir.actions.act_window"):
        return None
    asked = answer.get("res_model", "?")
    return RejectedError(
        f"{where}: Odoo asks a person by {asked}", code="T-WIZARD", detail={"wizard": str(asked)}
    )


def _right_that_lacks(message: str) -> str:
    found = _GROUPS.search(message)
    groups = [line.strip(" -\t") for line in found.group(1).splitlines() if line.strip()] if found else []
    if groups:
        return f"give the service user one of: {', '.join(groups)}"
    return "give the service user the right the message names; the least rights of each operation are in the docs"


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _shortened(message: str) -> str:
    return " ".join(message.split())[:_MAX_TEXT]
