"""How small structured things lie in the journal: JSON, and the identities that hashes stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import Place
from crossdock.core.ids import hash64
from crossdock.store.board import Board
from crossdock.store.contract import NewEvent, NewException

__all__ = [
    "About",
    "EventLine",
    "decode_json",
    "decode_place",
    "delivery_events",
    "encode_json",
    "event_lines",
    "exception_event",
    "exception_identity",
    "external_hash",
]

About = tuple[int | None, int | None, int | None]
"""(message id, document id, delivery id)."""
EventLine = tuple[str, str, About, str, str, bool]
"""(kind, system, about, transaction, data as JSON, whether to find it by its transaction alone)."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")
_PLACE: Final = msgspec.json.Decoder(Place)


def encode_json(value: Any) -> str:
    """JSON text; decimals as strings."""
    return _ENCODER.encode(value).decode()


def decode_json(text: str | bytes) -> Any:
    return msgspec.json.decode(text) if text else {}


def decode_place(text: str) -> Place:
    return _PLACE.decode(text) if text else Place()


def external_hash(system: str, company: str, kind: str, external_id: str) -> int:
    """Stands for an id over there."""
    return hash64(f"{system}|{company}|{kind}|{external_id}")


def exception_identity(
    exception: NewException, message_id: int | None, document_id: int | None, delivery_id: int | None
) -> int:
    """What is counted rather than doubled: code and delivery; else code, message, document and place.

    The place counts where there is no delivery: a file with three bad orders has three exceptions.
    """
    if delivery_id is not None:
        return hash64(f"{exception.code}|{message_id}|{delivery_id}")
    if message_id is not None or document_id is not None:
        return hash64(
            f"{exception.code}|{message_id}|{document_id}|{exception.interface}|{exception.place}|{exception.text}"
        )
    return hash64(f"{exception.code}||{exception.system}|{exception.interface}|{exception.transaction}")


def event_lines(events: Iterable[NewEvent], about: About) -> list[EventLine]:
    """Callers' events: they may name another transaction than their document does."""
    return [
        (e.kind, e.system, about, e.transaction, encode_json(e.data), bool(e.transaction)) for e in events
    ]


def delivery_events(board: Board, outcomes: Mapping[int, str]) -> list[EventLine]:
    """Events of the deliveries that ended or were parked."""
    lines: list[EventLine] = []
    for row in board.reported():
        data: dict[str, Any] = {"interface": row.interface, "operation": row.operation}
        if row.named is not None:
            data["named"] = row.named
        if outcome := outcomes.get(row.id):
            data["outcome"] = outcome
        about = (row.message_id, row.document_id, row.id)
        lines.append((_KINDS[row.state], row.target, about, row.transaction, encode_json(data), False))
    return lines


def exception_event(
    kind: str, system: str, about: About, transaction: str, data: Mapping[str, Any]
) -> EventLine:
    """An exception was raised or resolved; without a document it is found by its transaction."""
    return (kind, system, about, transaction, encode_json(data), bool(transaction) and about[1] is None)


_KINDS: Final = {int(state): f"delivery.{state.name.lower()}" for state in DeliveryState}
