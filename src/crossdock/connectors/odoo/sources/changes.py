"""Which records have changed since a watermark, looking at the models of their children as well.

Odoo stamps a change with the *start* of its transaction, so a long one commits behind the watermark: reads go
back by `overlap_s`, and what is given again unchanged is dropped by the engine. Times are cut to seconds when
Odoo shows them, while it keeps microseconds: pages go on *from* the last second, not after it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.errors import RejectedError
from crossdock.kit import Cursor

__all__ = ["Changes", "Child"]

_FORM = "%Y-%m-%d %H:%M:%S"


@dataclasses.dataclass(frozen=True)
class Child:
    """A model whose changes count as changes of the record that its field `points` to."""

    model: str
    points: str
    domain: tuple[Any, ...] = ()


class Changes:
    """Change times and ids, oldest first, in pages."""

    def __init__(self, client: OdooClient, settings: OdooSettings) -> None:
        self.client = client
        self.settings = settings

    async def pages(
        self,
        model: str,
        domain: Sequence[Any],
        since: Cursor | None,
        children: Sequence[Child] = (),
        *,
        also: Mapping[int, str] | None = None,
    ) -> AsyncIterator[list[tuple[str, int]]]:
        """Pages of (change time, id) of the records of `model` in `domain`.

        Without `since` all records, by their own change time; with it those that changed from the cursor's time
        less the overlap on, whose children did, or that `also` names with their times.
        """
        if since is None:
            async for page in self._own(model, domain, ""):
                yield page
            return
        start = self.start_of(since)
        times: dict[int, str] = dict(also or {})
        async for page in self._own(model, domain, start):
            times.update({key: max(time, times.get(key, "")) for time, key in page})
        for child in children:
            found = await self.client.latest_changes(
                child.model, [["write_date", ">=", start], *child.domain], child.points
            )
            for key, time in found.items():
                times[key] = max(times.get(key, ""), time)
        ordered = sorted((time, key) for key, time in times.items())
        size = self.settings.page_size
        for place in range(0, len(ordered), size):
            yield ordered[place : place + size]

    def start_of(self, since: Cursor) -> str:
        """The time from which is read for a cursor.

        Raises:
            RejectedError: the cursor is not one of ours.
        """
        try:
            moment = dt.datetime.strptime(since.value, _FORM).replace(tzinfo=dt.UTC)
        except ValueError as error:
            raise RejectedError(
                f"{since.value!r} is no watermark of this source",
                code="T-CONFIG",
                mend="reset the source's watermark",
            ) from error
        return (moment - dt.timedelta(seconds=self.settings.overlap_s)).strftime(_FORM)

    async def _own(
        self, model: str, domain: Sequence[Any], start: str
    ) -> AsyncIterator[list[tuple[str, int]]]:
        """Pages by write_date and id. Where one second fills a whole page, the page grows until it gets past it."""
        seen: set[int] = set()
        size = self.settings.page_size
        while True:
            bound = [["write_date", ">=", start]] if start else []
            rows = await self.client.search_read(
                model, [*bound, *domain], ("write_date",), order="write_date,id", limit=size
            )
            fresh = [(row["write_date"], row["id"]) for row in rows if row["id"] not in seen]
            if fresh:
                yield fresh
            if len(rows) < size:
                return
            last = rows[-1]["write_date"]
            size = size * 2 if last == start else self.settings.page_size
            start = last
            seen = {row["id"] for row in rows if row["write_date"] == last}
