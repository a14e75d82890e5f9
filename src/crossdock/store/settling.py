"""What an outcome does to its delivery, decided purely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crossdock.core.delivery import DeliveryState, may_move
from crossdock.core.errors import ConflictError, RejectedError
from crossdock.core.ids import format_id
from crossdock.store.board import Board, Row
from crossdock.store.coding import About, EventLine, event_lines
from crossdock.store.contract import DeliverySettled, NewException, NewMessage, StoredMessage

__all__ = [
    "KEEPS_FACTS",
    "Outcomes",
    "about",
    "check_cancel",
    "check_exception_state",
    "check_retry",
    "edited",
    "pass_deadline",
]

_S = DeliveryState
_RESOLVES: Final = {_S.DELIVERED: "delivered", _S.SUPERSEDED: "superseded", _S.CANCELLED: "cancelled"}
_TIMED: Final = frozenset({_S.RETRYING, _S.WAITING, _S.AWAITING_ACK})
_REPEATED: Final = frozenset({_S.READY, _S.WAITING, _S.AWAITING_ACK})
_RETRIABLE: Final = frozenset({_S.PARKED, _S.DEAD, _S.CANCELLED, _S.SHADOWED, _S.DELIVERED})
_EXCEPTION_STATES: Final = frozenset({"open", "ack", "resolved", "ignored"})
_CANCELLABLE: Final = frozenset({_S.READY, _S.RETRYING, _S.WAITING, _S.AWAITING_ACK, _S.PARKED, _S.HELD})
KEEPS_FACTS: Final = frozenset({_S.WAITING, _S.PARKED})
"""States in which a delivery waits for facts."""


def about(row: Row) -> About:
    """What a row's events and exceptions are about."""
    return row.message_id, row.document_id, row.id


class Outcomes:
    """Outcomes applied to a board.

    Attributes:
        moved: those that changed their delivery. The others' deliveries were cancelled or superseded meanwhile:
            they keep their attempts and cross-references.
        left: deliveries whose former facts are over.
    """

    def __init__(self, board: Board, outcomes: Sequence[DeliverySettled]) -> None:
        self.all = outcomes
        self.moved = [outcome for outcome in outcomes if _moves(board.rows[outcome.id], outcome)]
        self._board = board
        for outcome in self.moved:
            _apply(board, board.rows[outcome.id], outcome)
        self.left = [int(o.id) for o in self.moved if board.rows[o.id].before in KEEPS_FACTS]

    @property
    def attempts(self) -> list[DeliverySettled]:
        return [outcome for outcome in self.all if outcome.attempted]

    @property
    def events(self) -> list[EventLine]:
        rows = self._board.rows
        return [line for o in self.moved if o.events for line in event_lines(o.events, about(rows[o.id]))]

    @property
    def raised(self) -> list[tuple[NewException, About]]:
        rows = self._board.rows
        return [(o.exception, about(rows[o.id])) for o in self.moved if o.exception is not None]

    @property
    def resolved(self) -> dict[int, str]:
        """Resolutions of what was open about the deliveries, by delivery."""
        return {int(o.id): _RESOLVES[o.state] for o in self.moved if o.state in _RESOLVES}

    @property
    def texts(self) -> dict[int, str]:
        """What the deliveries' events say."""
        return {int(o.id): o.outcome for o in self.moved}

    @property
    def waits(self) -> list[tuple[int, str]]:
        """(delivery id, fact) of what is waited for now."""
        return [(int(o.id), fact) for o in self.moved if o.state in KEEPS_FACTS for fact in o.facts]


def pass_deadline(board: Board, row: Row) -> bool:
    """A deadline has passed: WAITING becomes PARKED. False for states that have none.

    AWAITING_ACK stays, its deadline goes. So does WAITING that lets its key's others pass: parked it would hold
    the very one that may bring its fact.
    """
    if row.state == _S.WAITING and row.holds:
        board.move(row, _S.PARKED)
        return True
    if row.state in {_S.AWAITING_ACK, _S.WAITING}:
        row.due_at, row.dirty = 0, True
        return True
    return False


def check_retry(row: Row) -> None:
    """
    Raises:
        ConflictError: the delivery goes on by itself, or another took its place.
    """
    state = DeliveryState(row.state)
    if state not in _RETRIABLE:
        raise ConflictError(
            f"delivery {format_id('d', row.id)} is {state.name.lower()}: there is nothing to retry",
            mend="only parked, dead, cancelled, shadowed and delivered ones can be retried",
        )


def check_cancel(row: Row) -> None:
    """
    Raises:
        ConflictError: the delivery is being sent, or over.
    """
    state = DeliveryState(row.state)
    if state not in _CANCELLABLE:
        raise ConflictError(
            f"delivery {format_id('d', row.id)} is {state.name.lower()} and cannot be cancelled",
            mend="wait until its outcome is known" if state is _S.SENT else "nothing is left to cancel",
        )


def check_exception_state(state: str) -> None:
    """
    Raises:
        RejectedError: an exception has no such state.
    """
    if state not in _EXCEPTION_STATES:
        known = ", ".join(sorted(_EXCEPTION_STATES))
        raise RejectedError(f"an exception cannot become {state!r}", mend=f"one of: {known}")


def edited(message: StoredMessage, body: bytes, told: str) -> NewMessage:
    """The copy of a message with another body; its origin says whose copy it is."""
    return NewMessage(
        system=message.system,
        topic=message.topic,
        body=body,
        content_type=message.content_type,
        headers=message.headers,
        dedupe_key=message.dedupe_key,
        company=message.company,
        origin=f"{format_id('m', message.id)}, edited {told}",
    )


def _moves(row: Row, outcome: DeliverySettled) -> bool:
    before = DeliveryState(row.state)
    return may_move(before, outcome.state) or (before is outcome.state and before in _REPEATED)


def _apply(board: Board, row: Row, outcome: DeliverySettled) -> None:
    due_at = outcome.due_at if outcome.state in _TIMED else 0
    board.move(row, outcome.state, due_at=due_at, holds=outcome.state is _S.WAITING and outcome.holds_key)
    row.effect_done = outcome.effect_done or (row.effect_done and outcome.state is not _S.READY)
    if outcome.named is not None:
        row.named = outcome.named
    if outcome.attempted:
        row.attempts += 1
