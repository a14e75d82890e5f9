"""Errors as problem+json (RFC 9457), with our code."""

from __future__ import annotations

from typing import Final

import msgspec

from crossdock.core.errors import (
    AuthenticationError,
    ConfigError,
    ConflictError,
    CrossdockError,
    NotYetError,
    RejectedError,
    RetryableError,
    SupersededError,
)

__all__ = ["Problem", "fault_of_ours", "problem_of"]

_STATUS_BY_CODE: Final = {
    "T-SIG": 401,
    "T-TRN-AUTH": 401,
    "T-NO-ROUTE": 404,
    "T-TOO-BIG": 413,
    "T-MEDIA": 415,
    "T-FORMAT": 400,
    "B-DUP-DOC": 409,
}


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of an error's answer."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    mend: str = ""
    where: str = ""


def fault_of_ours(place: str) -> CrossdockError:
    """What a client is told of a fault of ours: where, and nothing of what was in it."""
    return CrossdockError(
        f"a fault of ours, at {place}",
        code="T-POISON",
        mend="try again; if it stays, report it with the hub's log",
    )


def problem_of(error: CrossdockError) -> Problem:
    """What a client is told of `error`: never its detail, which is for the log."""
    status = _STATUS_BY_CODE.get(error.code)
    if status is None:
        if isinstance(error, AuthenticationError):
            status = 401
        elif isinstance(error, (ConflictError, SupersededError)):
            status = 409
        elif isinstance(error, (RetryableError, ConfigError, NotYetError)):
            status = 503
        elif isinstance(error, RejectedError):
            status = 422
        else:
            status = 500
    return Problem(
        type=f"urn:crossdock:error:{error.code}",
        title=error.text,
        status=status,
        code=error.code,
        mend=error.mend,
        where=str(error.place),
    )
