"""Dates and moments: reading them, and what a local time means when the clocks change.

A moment without an offset is local time of the field's `zone` (`{system.zone}` if it names none). Twice a
year that is not clear by itself: an hour that happens twice is taken as its *first* time (still summer
time), and a time inside the hour that is skipped is counted on from before the change (02:30 becomes 03:30).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossdock.mapping.faults import ValueFaultError

__all__ = ["load_zone", "to_date", "to_local", "to_moment"]

_MEND = "Name its form with `format:` (such as '%d.%m.%Y'), or correct the value at its source."


@lru_cache(maxsize=1024)
def load_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        ValueFaultError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        text = f"{name[:60]!r} is not a time zone"
        raise ValueFaultError(
            text, code="T-PROFILE", mend="Use an IANA name such as Europe/Amsterdam."
        ) from error


def to_moment(value: Any, zone: str, form: str = "") -> datetime | None:
    """A moment in UTC from text, a date (its midnight in `zone`) or a datetime; None for a missing one.

    `form` is a strptime pattern, or `epoch_s` or `epoch_ms` for seconds or milliseconds since 1970.
    """
    if value is None or value == "":
        return None
    if value.__class__ is str:
        return _moment_of_text(value, zone, form)
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    if isinstance(value, date):
        return _in_utc(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - the zone is put on there
    if form.startswith("epoch") and isinstance(value, int) and not isinstance(value, bool):
        return _moment_of_epoch(value, form)
    raise _refused(value, "a date and time")


def to_date(value: Any, zone: str, form: str = "") -> date | None:
    """A date; a moment with an offset becomes the date it was in `zone`, one without keeps its own."""
    if value is None or value == "":
        return None
    if value.__class__ is str:
        return _date_of_text(value, zone, form)
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else _local(value, zone)).date()
    if isinstance(value, date):
        return value
    moment = to_moment(value, zone, form)
    return None if moment is None else _local(moment, zone).date()


def to_local(value: Any, zone: str) -> datetime | None:
    """The moment as clocks in `zone` showed it, with its offset."""
    moment = to_moment(value, zone)
    return None if moment is None else _local(moment, zone)


@lru_cache(maxsize=4096)
def _moment_of_text(text: str, zone: str, form: str) -> datetime | None:
    if form.startswith("epoch"):
        if not text.isdecimal() or len(text) > 16:
            raise _refused(text, "a number of seconds or milliseconds")
        return _moment_of_epoch(int(text), form)
    parsed = _parsed(text, form)
    return None if parsed is None else _in_utc(parsed, zone)


@lru_cache(maxsize=4096)
def _date_of_text(text: str, zone: str, form: str) -> date | None:
    if form.startswith("epoch"):
        moment = _moment_of_text(text, zone, form)
        return None if moment is None else _local(moment, zone).date()
    parsed = _parsed(text, form)
    if parsed is None:
        return None
    return (parsed if parsed.tzinfo is None else _local(parsed, zone)).date()


def _parsed(text: str, form: str) -> datetime | None:
    bare = text.strip()
    if not bare:
        return None
    try:
        return datetime.strptime(bare, form) if form else datetime.fromisoformat(bare)  # noqa: DTZ007 - the zone comes later
    except ValueError as error:
        raise _refused(
            text, f"a date of the form {form}" if form else "an ISO date such as 2026-11-23"
        ) from error


def _moment_of_epoch(number: int, form: str) -> datetime:
    try:
        if form == "epoch_ms":
            return datetime.fromtimestamp(number // 1000, UTC).replace(microsecond=number % 1000 * 1000)
        return datetime.fromtimestamp(number, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise _refused(number, "a moment") from error


def _in_utc(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=load_zone(zone), fold=0)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise _refused(moment, "a moment that UTC can hold") from error


def _local(moment: datetime, zone: str) -> datetime:
    wanted = load_zone(zone)
    try:
        return moment.astimezone(wanted)
    except (OverflowError, ValueError) as error:
        raise _refused(moment, f"a moment that {zone} can hold") from error


def _refused(value: Any, wanted: str) -> ValueFaultError:
    return ValueFaultError(f"{str(value)[:60]!r} is not {wanted}", code="T-ELE-DATE", mend=_MEND)
