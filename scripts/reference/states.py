"""The page of a delivery's states, drawn from the table of moves that the journal keeps to."""

from __future__ import annotations

from crossdock.core.delivery import ACTIVE, BLOCKING, MOVES, DeliveryState
from reference.markdown import code, table

__all__ = ["states_page"]

_TEXTS = {
    DeliveryState.READY: "may be sent as soon as its key is free",
    DeliveryState.SENT: "a call is or was on its way; after a crash its outcome is unknown, and looked up",
    DeliveryState.RETRYING: "failed without effect; due again later, and holds its key",
    DeliveryState.WAITING: "a fact is missing; woken by the fact, or by its deadline",
    DeliveryState.AWAITING_ACK: "sent, and the partner's own answer is still to come",
    DeliveryState.PARKED: "an exception holds it, and its key",
    DeliveryState.HELD: "behind an earlier delivery of its key that is retrying, waiting or parked",
    DeliveryState.DELIVERED: "the effect is there",
    DeliveryState.DUPLICATE: "the same effect was asked for before; that delivery is named",
    DeliveryState.SUPERSEDED: "a newer version was applied or is coming; that delivery is named",
    DeliveryState.CANCELLED: "a person said so",
    DeliveryState.SHADOWED: "mode shadow: everything but the write",
    DeliveryState.DEAD: "given up, with its exception",
}


def states_page() -> str:
    """States with their meaning, and every move between two of them."""
    rows = [
        (
            code(_name(state)),
            "to be done" if state in ACTIVE else "ended",
            "yes" if state in BLOCKING else "no",
            _TEXTS[state],
            ", ".join(code(_name(after)) for after in sorted(MOVES[state])) or "none",
        )
        for state in DeliveryState
    ]
    # The ends that almost every state may reach would hide the rest of the picture.
    drawn = [
        f"    {_name(before)} --> {_name(after)}"
        for before, afters in MOVES.items()
        for after in sorted(afters)
        if after in ACTIVE or after is DeliveryState.DELIVERED
    ]
    return "\n".join(
        [
            "# States of a delivery\n",
            (
                "A delivery is one document on its way to one target. Why these states: "
                "[ADR 1](../adr/0001-the-delivery.md).\n"
            ),
            "```mermaid\nstateDiagram-v2\n    [*] --> ready\n"
            + "\n".join(drawn)
            + "\n    delivered --> [*]\n```\n",
            "The picture leaves out the moves to the other ends; the table has them all.\n",
            table(("state", "", "holds its key", "what it means", "may become"), rows),
        ]
    )


def _name(state: DeliveryState) -> str:
    return state.name.lower()
