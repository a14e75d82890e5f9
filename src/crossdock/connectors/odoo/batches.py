"""Batches of deliveries: each gets its own result, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.kit import Delivery, Receipt

__all__ = ["Batch", "refusals_apart"]

Result = Receipt | CrossdockError


class Batch:
    """Deliveries on their way through the steps of an operation; who has a result is out of the next step.

    Attributes:
        results: by place in the batch, so far.
    """

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._deliveries = list(deliveries)
        self.results: dict[int, Result] = {}

    @property
    def open(self) -> list[tuple[int, Delivery]]:
        """Those without a result, with their places."""
        return [(n, one) for n, one in enumerate(self._deliveries) if n not in self.results]

    def each(self, step: Callable[[Delivery], Any]) -> dict[int, Any]:
        """What `step` makes of each open delivery; its typed error becomes the delivery's result."""
        made: dict[int, Any] = {}
        for place, delivery in self.open:
            try:
                made[place] = step(delivery)
            except CrossdockError as error:
                self.results[place] = error
        return made

    def in_order(self) -> list[Result]:
        """One result per delivery."""
        return [self.results[place] for place in range(len(self._deliveries))]


async def refusals_apart(
    ids: Sequence[int], act: Callable[[Sequence[int]], Awaitable[Any]]
) -> Mapping[int, CrossdockError]:
    """Do `act` to all `ids` in one call; a refusal, which rolls all of them back, is halved until it stands alone.

    Returns:
        The errors by id; those not in it are done.
    """
    if not ids:
        return {}
    try:
        await act(ids)
    except RejectedError as error:
        if len(ids) == 1:
            return {ids[0]: error}
        half = len(ids) // 2
        first = await refusals_apart(ids[:half], act)
        return {**first, **await refusals_apart(ids[half:], act)}
    except CrossdockError as error:
        return dict.fromkeys(ids, error)
    return {}
