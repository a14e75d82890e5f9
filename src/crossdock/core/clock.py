"""Time is passed in: the one module that asks the machine for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "format_utc", "parse_utc", "to_micros", "to_utc"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Clock(Protocol):
    """What tells the time and sleeps."""

    def now(self) -> dt.datetime:
        """The present, aware, in UTC."""
        ...

    def micros(self) -> int:
        """The present as microseconds since 1970-01-01 UTC: the journal's form of time."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps: for durations only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return to_utc(self.micros())

    def micros(self) -> int:
        return time.time_ns() // 1000

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that moves only when told to; `sleep` moves it."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) -> None:
        self._micros = to_micros(start)

    def now(self) -> dt.datetime:
        return to_utc(self._micros)

    def micros(self) -> int:
        return self._micros

    def monotonic_s(self) -> float:
        return self._micros / 1_000_000

    def advance(self, seconds: float) -> None:
        self._micros += round(seconds * 1_000_000)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


def to_utc(micros: int) -> dt.datetime:
    """Microseconds since 1970 as an aware UTC time, exactly."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def to_micros(moment: dt.datetime) -> int:
    """An aware time as microseconds since 1970, exactly.

    Raises:
        ValueError: `moment` has no zone.
    """
    if moment.tzinfo is None:
        msg = "a time without a zone has no place in the journal"
        raise ValueError(msg)
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def format_utc(moment: dt.datetime) -> str:
    """RFC 3339 in UTC with a Z: `2026-11-23T09:00:00Z`."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def parse_utc(text: str) -> dt.datetime:
    """An RFC 3339 time as aware UTC.

    Raises:
        ValueError: not RFC 3339, or without a zone.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = f"{text!r} has no zone"
        raise ValueError(msg)
    return moment.astimezone(dt.UTC)
