"""A delivery: one document on its way to one target. Its states, keys and moves (docs/adr/0001)."""

from __future__ import annotations

import enum
from typing import Final

from crossdock.core.ids import hash64

__all__ = [
    "ACTIVE",
    "BLOCKING",
    "LANES",
    "MOVES",
    "TERMINAL",
    "DeliveryState",
    "effect_key",
    "lane_of",
    "may_move",
    "ordering_key",
]

LANES: Final = 64
"""Lanes of each target. A key's lane never changes, so this number is fixed for a journal's life."""


class DeliveryState(enum.IntEnum):
    """Where a delivery stands. Numbers are what the journal stores; below 50 is still to be done.

    `leased` of the design is the lane's lease (one owner for a whole lane), not a state of a row.
    """

    READY = 1  # may be sent as soon as its key is free
    SENT = 2  # a call is or was on its way; after a crash its outcome is unknown
    RETRYING = 3  # failed without effect; due again at due_at; holds its key
    WAITING = 4  # a fact is missing; woken by the fact, or by its deadline (due_at)
    AWAITING_ACK = 5  # sent, and the partner's own answer is still to come; deadline due_at
    PARKED = 6  # an exception holds it, and its key
    HELD = 7  # behind an earlier delivery of its key that is retrying, waiting or parked
    DELIVERED = 50
    DUPLICATE = 51  # the same effect has been asked for already: `named` is that delivery
    SUPERSEDED = 52  # a newer version was applied or is coming: `named` is that delivery
    CANCELLED = 53  # a person said so
    SHADOWED = 54  # mode shadow: everything but the write
    DEAD = 55  # given up, with its exception


ACTIVE: Final = frozenset(s for s in DeliveryState if s < 50)
TERMINAL: Final = frozenset(s for s in DeliveryState if s >= 50)
BLOCKING: Final = frozenset({DeliveryState.RETRYING, DeliveryState.PARKED, DeliveryState.WAITING})
"""States that hold the followers of a key. WAITING holds them only when the fact awaited is about another
object: who waits for his own object's creation must let it pass."""

_S = DeliveryState
_ENDS = {_S.DELIVERED, _S.SUPERSEDED, _S.CANCELLED, _S.SHADOWED, _S.DEAD}
MOVES: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    _S.READY: frozenset({_S.SENT, _S.RETRYING, _S.WAITING, _S.PARKED, _S.HELD, *_ENDS}),
    _S.SENT: frozenset({_S.READY, _S.RETRYING, _S.WAITING, _S.AWAITING_ACK, _S.PARKED, *_ENDS}),
    _S.RETRYING: frozenset({_S.READY, _S.PARKED, *_ENDS}),
    _S.WAITING: frozenset({_S.READY, _S.HELD, _S.PARKED, *_ENDS}),
    _S.AWAITING_ACK: frozenset({_S.DELIVERED, _S.PARKED, _S.RETRYING, _S.DEAD, _S.CANCELLED}),
    _S.PARKED: frozenset({_S.READY, _S.HELD, *_ENDS}),
    _S.HELD: frozenset({_S.READY, *_ENDS}),
    _S.DELIVERED: frozenset({_S.READY}),  # redeliver: the same effect under the same effect key
    _S.DUPLICATE: frozenset(),
    _S.SUPERSEDED: frozenset(),
    _S.CANCELLED: frozenset({_S.READY}),
    _S.SHADOWED: frozenset({_S.READY}),
    _S.DEAD: frozenset({_S.READY}),
}


def may_move(before: DeliveryState, after: DeliveryState) -> bool:
    """Whether a delivery in state `before` may become `after`."""
    return after in MOVES[before]


def ordering_key(target: str, company: str, object_kind: str, object_key: str) -> str:
    """What must stay in order together: one business object of one company at one target."""
    return f"{target}|{company}|{object_kind}:{object_key}"


def effect_key(
    target: str, company: str, object_kind: str, object_key: str, operation: str, revision: str
) -> str:
    """What must happen once. Targets that keep idempotency keys are given exactly this text."""
    return f"{target}|{company}|{object_kind}:{object_key}|{operation}|{revision}"


def lane_of(key: str) -> int:
    """The lane, 0 to 63, of an ordering key."""
    return hash64(key) % LANES
