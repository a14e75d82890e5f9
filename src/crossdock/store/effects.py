"""What becomes of a new delivery, decided purely: once per effect key, newest source version only."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Final

from crossdock.core.codes import code as code_of
from crossdock.core.delivery import ACTIVE, DeliveryState
from crossdock.core.documents import compare_source_versions
from crossdock.core.ids import format_id
from crossdock.store.contract import NewDelivery, NewException

__all__ = [
    "Effect",
    "Rival",
    "Verdict",
    "duplicate_exception",
    "is_revision",
    "judge",
    "newer_in_place",
    "newer_rival",
]

_REVISION: Final = re.compile(r"\+r(\d+)$")
_LIVE: Final = frozenset({*ACTIVE, DeliveryState.DELIVERED})
_REPLACEABLE: Final = frozenset(
    {
        DeliveryState.READY,
        DeliveryState.HELD,
        DeliveryState.RETRYING,
        DeliveryState.WAITING,
        DeliveryState.PARKED,
    }
)


@dataclasses.dataclass(slots=True)
class Effect:
    """A delivery that asked for the same effect before (the same effect key, or a revision of it)."""

    delivery_id: int
    effect_key: str
    state: int
    digest: bytes
    message_id: int
    named: int | None


@dataclasses.dataclass(slots=True)
class Rival:
    """An earlier `supersede` delivery of the same ordering key and operation."""

    delivery_id: int
    version: str
    state: int
    effect_done: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a new delivery enters the journal.

    Attributes:
        effect_key: its own, with '+r1' and so on behind it for another content.
        named: the delivery that stands for it, when it is DUPLICATE or SUPERSEDED.
        conflicts_with: the delivery whose effect it asks for with another content.
        replaces: rivals that it supersedes.
    """

    state: DeliveryState
    effect_key: str
    named: int | None = None
    conflicts_with: int | None = None
    replaces: tuple[int, ...] = ()


def judge(
    new: NewDelivery, digest: bytes, message_id: int, effects: Sequence[Effect], rivals: Sequence[Rival]
) -> Verdict:
    """Decide on a new delivery.

    Args:
        new: as asked for.
        digest: of its document.
        message_id: the message it comes from; the same message again is a reprocessing.
        effects: all deliveries with its effect key or a revision of it, by id.
        rivals: for `supersede`: all of its ordering key and operation that are active or delivered.
    """
    if new.state is DeliveryState.SHADOWED:
        return Verdict(DeliveryState.SHADOWED, new.effect_key)
    live = [effect for effect in effects if effect.state in _LIVE]
    twin = next((effect for effect in reversed(live) if effect.digest == digest), None)
    later = max((r.delivery_id for r in rivals), default=0)
    if twin is not None and (later <= twin.delivery_id or not new.supersede):
        return Verdict(DeliveryState.DUPLICATE, new.effect_key, named=twin.delivery_id)
    again = twin or next((e for e in effects if e.digest == digest and e.message_id == message_id), None)
    if new.supersede and later and again is not None and again.message_id == message_id:
        # Yesterday's value, reprocessed: newer ones were applied or are coming.
        return Verdict(DeliveryState.SUPERSEDED, new.effect_key, named=max(later, again.named or 0))
    if new.supersede and (by := newer_rival(new.source_version, rivals)) is not None:
        return Verdict(DeliveryState.SUPERSEDED, new.effect_key, named=by)
    # A value that comes back after another one (5, 6, 5) is a new effect, not a double of the first.
    effect_key = _revised(new.effect_key, effects) if live else new.effect_key
    if live and twin is None and new.on_conflict != "revise":
        return Verdict(DeliveryState.PARKED, effect_key, conflicts_with=live[-1].delivery_id)
    replaces = tuple(
        r.delivery_id for r in rivals if new.supersede and r.state in _REPLACEABLE and not r.effect_done
    )
    return Verdict(new.state, effect_key, replaces=replaces)


def newer_rival(version: str, rivals: Sequence[Rival]) -> int | None:
    """The newest rival whose numbered source version is above `version`; unnumbered ones have no order."""
    newest: Rival | None = None
    for rival in rivals:
        if not version or not rival.version or compare_source_versions(version, rival.version) >= 0:
            continue
        if newest is None or compare_source_versions(rival.version, newest.version) > 0:
            newest = rival
    return newest.delivery_id if newest else None


def newer_in_place(delivery_id: int, version: str, rivals: Sequence[Rival]) -> int | None:
    """The rival that took the place of a delivery; of unnumbered ones the one that came later."""
    later = [r.delivery_id for r in rivals if r.delivery_id > delivery_id and not (r.version and version)]
    return newer_rival(version, rivals) or max(later, default=None)


def is_revision(effect_key: str, base: str) -> bool:
    """Whether `effect_key` is `base` itself or '+r…' behind it."""
    return effect_key == base or (
        effect_key.startswith(base) and bool(_REVISION.match(effect_key[len(base) :]))
    )


def duplicate_exception(new: NewDelivery, document_key: str, conflicts_with: int) -> NewException:
    """The exception of a delivery that asks for a done effect with another content."""
    known = code_of("B-DUP-DOC")
    return NewException(
        code=known.name,
        severity=known.severity,
        class_=known.class_,
        owner=known.owner,
        stage="translate",
        text=f"{new.operation} of {document_key} at {new.target} was asked for before with another content "
        f"({format_id('d', conflicts_with)})",
        mend=known.mend,
        system=new.target,
        interface=new.interface,
    )


def _revised(effect_key: str, effects: Sequence[Effect]) -> str:
    found = [_REVISION.search(effect.effect_key[len(effect_key) :]) for effect in effects]
    return f"{effect_key}+r{max((int(m[1]) for m in found if m), default=0) + 1}"
