"""The order of keys, decided purely: who is held behind whom, who is released. Both backends load, ask and write."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from crossdock.core.delivery import ACTIVE, TERMINAL, DeliveryState

__all__ = ["STUCK", "Board", "Row"]

STUCK: Final = (DeliveryState.RETRYING, DeliveryState.WAITING, DeliveryState.PARKED, DeliveryState.HELD)
"""States that may hold followers, or are held. The rows that a board needs besides those that move."""

_READY: Final = int(DeliveryState.READY)
_SENT: Final = int(DeliveryState.SENT)
_HELD: Final = int(DeliveryState.HELD)
_WAITING: Final = int(DeliveryState.WAITING)
_BLOCKING: Final = frozenset({int(DeliveryState.RETRYING), int(DeliveryState.PARKED)})
_KEEPS: Final = frozenset({_READY, _SENT, _HELD})
_TERMINAL: Final = frozenset(int(state) for state in TERMINAL)


@dataclasses.dataclass(slots=True)
class Row:
    """The narrow, mutable part of a delivery, and what its events say.

    Attributes:
        holds: whether WAITING holds the key's followers.
        before: the state in the journal; 0 for a new row.
        dirty: whether anything is to be written.
    """

    id: int
    key_hash: int
    target: str
    lane: int
    state: int
    due_at: int
    attempts: int
    sent_at: int
    effect_done: bool
    named: int | None
    holds: bool
    document_id: int
    message_id: int
    transaction: str
    interface: str
    operation: str
    before: int = 0
    dirty: bool = False

    @property
    def blocks(self) -> bool:
        """Whether later rows of the key must wait for this one."""
        return self.state in _BLOCKING or (self.state == _WAITING and self.holds)

    @property
    def ended(self) -> bool:
        return self.state in _TERMINAL


class Board:
    """Rows of some keys, and the moves made on them in one transaction."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self._keys: dict[int, list[Row]] = {}
        self._touched: set[int] = set()
        self._freed: set[int] = set()

    def add(self, rows: Iterable[Row]) -> None:
        """Take up rows that the journal holds; those known already stay as they are."""
        for row in rows:
            if row.id not in self.rows:
                row.before = row.state
                self.rows[row.id] = row
                self._keys.setdefault(row.key_hash, []).append(row)

    def insert(self, row: Row) -> None:
        """Take up a new row; `arrange` says whether it is held."""
        self.rows[row.id] = row
        self._keys.setdefault(row.key_hash, []).append(row)
        self._touched.add(row.key_hash)

    def move(self, row: Row, state: DeliveryState, *, due_at: int = 0, holds: bool = False) -> None:
        """Put a row into a state. One that becomes READY may end up HELD, behind an earlier one."""
        row.state = int(state)
        row.due_at = due_at
        row.holds = holds
        row.dirty = True
        self._touched.add(row.key_hash)
        if not row.blocks and row.state not in _KEEPS:
            self._freed.add(row.key_hash)

    def arrange(self) -> None:
        """Hold READY rows behind blocking ones; release held rows of keys where something got out of the way."""
        for key in self._touched:
            rows = self._keys[key]
            if len(rows) > 1:
                self._arrange_key(sorted(rows, key=lambda row: row.id), release=key in self._freed)
        self._touched.clear()
        self._freed.clear()

    @staticmethod
    def _arrange_key(rows: list[Row], *, release: bool) -> None:
        blocked = False
        for row in rows:
            if row.state == _HELD:
                if release and not blocked:
                    row.state, row.dirty = _READY, True
                else:
                    # What is held goes before everything behind it, though its blocker be READY again.
                    blocked = True
            elif row.state == _READY and blocked:
                row.state, row.dirty = _HELD, True
            elif row.blocks:
                blocked = True

    def written(self) -> list[Row]:
        """Known rows that changed."""
        return [row for row in self.rows.values() if row.dirty and row.before]

    def reported(self) -> list[Row]:
        """Rows that came to an end or were parked: they make events."""
        parked = int(DeliveryState.PARKED)
        return [
            row
            for row in self.rows.values()
            if row.state != row.before and (row.state in _TERMINAL or row.state == parked)
        ]

    def woken(self) -> frozenset[str]:
        """Targets with rows that are READY anew."""
        return frozenset(
            row.target for row in self.rows.values() if row.state == _READY and (row.dirty or not row.before)
        )


assert frozenset(STUCK) < ACTIVE, "only what is still to be done can hold or be held"
