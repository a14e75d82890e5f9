"""Errors, named by what the engine does next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = [
    "AlreadyDoneError",
    "AuthenticationError",
    "ConfigError",
    "ConflictError",
    "CrossdockError",
    "NotYetError",
    "OutcomeUnknownError",
    "Place",
    "RejectedError",
    "RetryableError",
    "SupersededError",
    "ThrottledError",
]


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in its source a value stands, so that an error can point at it.

    `line` and `column` count from 1. `path` is the field path in the record or
    document (`lines[3].quantity`). `value` is the offending value as text, cut to 200 characters.
    """

    source: str = ""
    line: int | None = None
    column: int | None = None
    path: str = ""
    segment: str = ""
    value: str = ""

    def __str__(self) -> str:
        where = [self.source] if self.source else []
        if self.line is not None:
            where.append(f"line {self.line}" + (f", column {self.column}" if self.column is not None else ""))
        if self.segment:
            where.append(f"segment {self.segment}")
        if self.path:
            where.append(self.path)
        return " · ".join(where)


class CrossdockError(Exception):
    """Base of all our errors. The type says what the engine does next.

    Args:
        text: one sentence for the operator: what is wrong, where.
        code: stable code (`crossdock.core.codes`), such as `B-UNK-ITEM`.
        place: where the fault stands, if known.
        mend: what to do about it, for the operator.
        detail: for the engineer: the other side's answer. Secrets are filtered before this.
    """

    default_code = "T-POISON"

    def __init__(
        self,
        text: str,
        *,
        code: str | None = None,
        place: Place | None = None,
        mend: str = "",
        detail: Mapping[str, Any] | str | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or self.default_code
        self.place = place or Place()
        self.mend = mend
        self.detail = detail

    def __str__(self) -> str:
        where = str(self.place)
        return (
            f"{self.code}: {self.text}"
            + (f" ({where})" if where else "")
            + (f" → {self.mend}" if self.mend else "")
        )


class ConfigError(CrossdockError):
    """The project or its settings are wrong: stop and call a person."""

    default_code = "T-PROFILE"


class AuthenticationError(CrossdockError):
    """The other side does not accept our credentials: the system's deliveries wait, a person is called."""

    default_code = "T-TRN-AUTH"


class RetryableError(CrossdockError):
    """The call certainly had no effect; try again later (connection refused, 503, serialization failure)."""

    default_code = "T-TRN-CONN"


class ThrottledError(RetryableError):
    """The other side asks for patience; `retry_after_s` seconds if it said how long."""

    default_code = "T-API-429"

    def __init__(self, text: str, *, retry_after_s: float | None = None, **kwargs: Any) -> None:
        super().__init__(text, **kwargs)
        self.retry_after_s = retry_after_s


class OutcomeUnknownError(CrossdockError):
    """The call may or may not have had its effect: look before sending again (time-out, reset after send, 5xx)."""

    default_code = "T-TRN-TIMEOUT"


class RejectedError(CrossdockError):
    """The other side understood and refused: park it, a person or a rule decides."""

    default_code = "T-API-4XX"


class ConflictError(RejectedError):
    """The record over there is no longer what we think (edited, cancelled or deleted by a person)."""

    default_code = "T-API-CONFLICT"


class NotYetError(CrossdockError):
    """A fact is missing that is expected to come: wait for it until the deadline.

    Attributes:
        facts: names of the missing facts, as `crossdock.core.facts.fact_name` builds them; any one of
            them arriving wakes the delivery up.
    """

    default_code = "B-UNK-REF"

    def __init__(self, text: str, *, facts: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(text, **kwargs)
        self.facts = facts


class AlreadyDoneError(CrossdockError):
    """The effect is there already: success. `external_id` names what was found."""

    default_code = "T-STALE"

    def __init__(self, text: str, *, external_id: str = "", **kwargs: Any) -> None:
        super().__init__(text, **kwargs)
        self.external_id = external_id


class SupersededError(CrossdockError):
    """A newer version has been applied already: nothing is sent. `by` names the newer one."""

    default_code = "T-STALE"

    def __init__(self, text: str, *, by: str = "", **kwargs: Any) -> None:
        super().__init__(text, **kwargs)
        self.by = by
