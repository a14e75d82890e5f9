"""Create-only `load`: the one way in which Odoo makes a record once without a module installed over there.

With `noupdate` and `mode=update` in the context a record that bears the external id already is answered and
not written, whatever people have made of it since. 8 at once make one; the others are told that they lost a
race, and are tried again here.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.faults import error_for_load_message
from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, RejectedError, RetryableError

__all__ = ["CREATE_ONLY", "Loader", "NewRecord"]

CREATE_ONLY = {"noupdate": True, "mode": "update"}
_TRIES = 4
_PATIENCE_S = 0.15


@dataclasses.dataclass(frozen=True)
class NewRecord:
    """A record to create: columns of `load` and their text, and those of its lines.

    Attributes:
        name: external id.
        head: column → text, without `id`.
        lines: for each line, column → text with its own `id`; columns without the field's prefix.
        field: one2many that the lines belong to.
    """

    name: str
    head: Mapping[str, str]
    lines: Sequence[Mapping[str, str]] = ()
    field: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order. An empty cell would switch off Odoo's own default: only given ones are sent."""
        inner = [f"{self.field}/{name}" for name in self.lines[0]] if self.lines else []
        return ("id", *self.head, *inner)

    def rows(self) -> list[list[str]]:
        """The record's rows: the head stands beside the first line."""
        head = [self.name, *self.head.values()]
        if not self.lines:
            return [head]
        blank = [""] * len(head)
        return [[*(blank if n else head), *line.values()] for n, line in enumerate(self.lines)]


class Loader:
    """Loads records of one client; bad ones are taken out and the rest is sent."""

    def __init__(self, client: OdooClient, *, clock: Clock, randomness: random.Random) -> None:
        self._client = client
        self._clock = clock
        self._random = randomness

    async def load(
        self, model: str, records: Sequence[NewRecord], *, context: Mapping[str, Any] | None = None
    ) -> list[int | CrossdockError]:
        """The id of each record, made now or before, or why it was refused; in the order of `records`."""
        results: list[int | CrossdockError] = [RejectedError("not loaded", code="T-OUTCOME")] * len(records)
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, record in enumerate(records):
            groups.setdefault(record.columns, []).append(place)
        for columns, places in groups.items():
            found = await self._load_alike(
                model, columns, [records[place] for place in places], context or {}
            )
            for place, result in zip(places, found, strict=True):
                results[place] = result
        return results

    async def load_one(
        self, model: str, record: NewRecord, *, context: Mapping[str, Any] | None = None
    ) -> int:
        """The id of one record, made now or before.

        Raises:
            CrossdockError: it was refused.
        """
        result = (await self.load(model, [record], context=context))[0]
        if isinstance(result, CrossdockError):
            raise result
        return result

    async def _load_alike(
        self, model: str, columns: Sequence[str], records: Sequence[NewRecord], context: Mapping[str, Any]
    ) -> list[int | CrossdockError]:
        results: dict[int, int | CrossdockError] = {}
        left = list(range(len(records)))
        while left:
            answer = await self._send(model, columns, [records[place] for place in left], context)
            if answer["ids"]:
                results.update(zip(left, answer["ids"], strict=True))
                break
            refused = self._refused(model, [records[place] for place in left], answer["messages"])
            if not refused:
                halves = await self._halves(
                    model, columns, [records[p] for p in left], context, answer["messages"]
                )
                results.update(zip(left, halves, strict=True))
                break
            results.update({left[number]: error for number, error in refused.items()})
            left = [place for number, place in enumerate(left) if number not in refused]
        return [results[place] for place in range(len(records))]

    async def _send(
        self, model: str, columns: Sequence[str], records: Sequence[NewRecord], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One call; a lost race, which leaves nothing behind of the whole batch, is tried again."""
        data = [row for record in records for row in record.rows()]
        for number in range(1, _TRIES + 1):
            try:
                answer: dict[str, Any] = await self._client.call(
                    model, "load", fields=list(columns), data=data, context={**context, **CREATE_ONLY}
                )
            except RetryableError as error:
                if error.code != "T-ODOO-LOCK" or number == _TRIES:
                    raise
            else:
                lost = _lost_race(model, answer)
                if lost is None:
                    return answer
                if number == _TRIES:
                    raise lost
            await self._clock.sleep(_PATIENCE_S * number * (1 + self._random.random()))
        raise AssertionError

    def _refused(
        self, model: str, records: Sequence[NewRecord], messages: Sequence[Mapping[str, Any]]
    ) -> dict[int, CrossdockError]:
        """The records that messages name, by number. Odoo names all bad references of a batch at once."""
        owners = [number for number, record in enumerate(records) for _ in record.rows()]
        refused: dict[int, CrossdockError] = {}
        for message in messages:
            if message.get("type") == "error" and isinstance(message.get("rows"), dict):
                owner = owners[min(int(message["rows"]["from"]), len(owners) - 1)]
                refused.setdefault(owner, error_for_load_message(message, where=model))
        if len(refused) > 1:
            # A fault of the batch as a whole is put down to its first record: judged when the others are out.
            refused.pop(0, None)
        if not refused and len(records) == 1:
            said = messages[0] if messages else {"message": "load answered no id and no message"}
            refused[0] = error_for_load_message(said, where=model)
        return refused

    async def _halves(
        self,
        model: str,
        columns: Sequence[str],
        records: Sequence[NewRecord],
        context: Mapping[str, Any],
        messages: Sequence[Mapping[str, Any]],
    ) -> list[int | CrossdockError]:
        """No message names a record: a right that lacks refuses all alike, anything else is halved."""
        if messages:
            error = error_for_load_message(messages[0], where=model)
            if error.code == "T-ODOO-ACCESS":
                return [error] * len(records)
        half = len(records) // 2
        return [
            *await self._load_alike(model, columns, records[:half], context),
            *await self._load_alike(model, columns, records[half:], context),
        ]


def _lost_race(model: str, answer: Mapping[str, Any]) -> RetryableError | None:
    if answer["ids"]:
        return None
    for message in answer["messages"]:
        error = error_for_load_message(message, where=model)
        if isinstance(error, RetryableError):
            return error
    return None
