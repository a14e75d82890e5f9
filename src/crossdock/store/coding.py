"""How small structured things lie in the journal: JSON, and the identities that hashes stand for."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from crossdock.core.delivery import DeliveryState
from crossdock.core.errors import Place
from crossdock.core.ids import hash64
from crossdock.store.board import Row
from crossdock.store.contract import NewException

__all__ = [
    "body_pieces",
    "decode_json",
    "decode_place",
    "delivery_event",
    "encode_json",
    "exception_identity",
    "external_hash",
]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")
_PLACE: Final = msgspec.json.Decoder(Place)


def encode_json(value: Any) -> str:
    """JSON text; decimals as strings."""
    return _ENCODER.encode(value).decode()


def decode_json(text: str | bytes) -> Any:
    return msgspec.json.decode(text) if text else {}


def decode_place(text: str) -> Place:
    return _PLACE.decode(text) if text else Place()


def body_pieces(body: bytes, piece_bytes: int) -> tuple[bytes, list[bytes]]:
    """The piece that lies with the message's row, and the pieces that follow."""
    if len(body) <= piece_bytes:
        return body, []
    return body[:piece_bytes], [body[i : i + piece_bytes] for i in range(piece_bytes, len(body), piece_bytes)]


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


def delivery_event(row: Row, outcome: str = "") -> tuple[str, str]:
    """(kind, data as JSON) of a delivery that ended or was parked."""
    data: dict[str, Any] = {"interface": row.interface, "operation": row.operation}
    if row.named is not None:
        data["named"] = row.named
    if outcome:
        data["outcome"] = outcome
    return _KINDS[row.state], encode_json(data)


_KINDS: Final = {int(state): f"delivery.{state.name.lower()}" for state in DeliveryState}
