"""Which deliveries may go next: the order of keys, decided purely (docs/adr/0002)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import DeliveryId
from crossdock.store.contract import ClaimedDelivery

__all__ = ["BatchKey", "Window"]


class BatchKey(NamedTuple):
    """Deliveries that may share a call: one operation, company and interface target."""

    operation: str
    company: str
    interface: str
    interface_version: int
    target_index: int


class Window:
    """The oldest READY deliveries of a target, in order, and the keys that are on their way.

    A delivery may be picked when no older one of its key is in the window or on its way. The journal keeps
    followers of blocked keys out (HELD), so what is not here cannot be overtaken.
    """

    def __init__(self, capacity: int = 5_000) -> None:
        self.capacity = capacity
        self._rows: dict[DeliveryId, ClaimedDelivery] = {}
        self._sorted = True
        self._busy: set[str] = set()
        self._flying: set[DeliveryId] = set()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def room(self) -> int:
        return self.capacity - len(self._rows)

    def flies(self, row: ClaimedDelivery) -> bool:
        """Whether the row is on its way."""
        return row.id in self._flying

    def add(self, rows: Iterable[ClaimedDelivery]) -> int:
        """Take up rows that are not known yet; how many."""
        added = 0
        last = next(reversed(self._rows), DeliveryId(0))
        for row in rows:
            if row.id in self._rows or row.id in self._flying or row.state is not DeliveryState.READY:
                continue
            self._sorted = self._sorted and row.id > last
            last = row.id
            self._rows[row.id] = row
            added += 1
        return added

    def pick(
        self, limit: dict[str, int], default_limit: int, *, most: int | None = None
    ) -> dict[BatchKey, list[ClaimedDelivery]]:
        """Take what may go now: the head of each free key, grouped by what may share a call.

        Args:
            limit: most deliveries to take for an operation.
            default_limit: for operations not named there.
            most: most deliveries in all.
        """
        taken: dict[BatchKey, list[ClaimedDelivery]] = {}
        counts: dict[str, int] = {}
        for row in self._heads():
            if most is not None and sum(counts.values()) >= most:
                break
            room = limit.get(row.operation, default_limit) - counts.get(row.operation, 0)
            if room <= 0:
                continue
            counts[row.operation] = counts.get(row.operation, 0) + 1
            key = BatchKey(row.operation, row.company, row.interface, row.interface_version, row.target_index)
            taken.setdefault(key, []).append(row)
        for rows in taken.values():
            self.take(rows)
        return taken

    def take(self, rows: Iterable[ClaimedDelivery]) -> None:
        """Mark rows as on their way: their keys are busy until `done`."""
        for row in rows:
            self._rows.pop(row.id, None)
            self._flying.add(row.id)
            self._busy.add(row.ordering_key)

    def done(self, rows: Iterable[ClaimedDelivery]) -> None:
        """The rows are settled in the journal: their keys are free."""
        for row in rows:
            self._land(row)

    def put_back(self, rows: Iterable[ClaimedDelivery]) -> None:
        """The rows were not sent and are READY still: each stands before its key's followers again."""
        for row in rows:
            if self._land(row):
                self._rows[row.id] = row
                self._sorted = False

    def forget_key(self, key: str) -> None:
        """Drop the key's rows: the journal holds them now (HELD)."""
        for row_id in [i for i, row in self._rows.items() if row.ordering_key == key]:
            del self._rows[row_id]

    def clear(self) -> None:
        """Forget what is not on its way: the next claim starts from the journal."""
        self._rows.clear()
        self._sorted = True

    def _land(self, row: ClaimedDelivery) -> bool:
        """Free the row's key; False if the row is not on its way, and its key another one's."""
        if row.id not in self._flying:
            return False
        self._flying.discard(row.id)
        self._busy.discard(row.ordering_key)
        return True

    def _heads(self) -> Iterator[ClaimedDelivery]:
        if not self._sorted:
            self._rows = dict(sorted(self._rows.items()))
            self._sorted = True
        met: set[str] = set()
        for row in list(self._rows.values()):
            key = row.ordering_key
            if key in met:
                continue
            met.add(key)
            if key not in self._busy:
                yield row
