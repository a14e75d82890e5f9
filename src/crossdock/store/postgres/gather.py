"""Group commit: what callers ask for while a transaction runs goes into the next one, together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

__all__ = ["Gatherer"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_MOST: Final = 500


class Gatherer(Generic[Item, Answer]):
    """Collects single calls into batches.

    Args:
        work: does a batch in one transaction; the answers in its order. A batch that fails is done again item by
            item, so that only the one at fault fails.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Answer:
        """The answer for `item`, once its batch is committed."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            await self._do(batch)
        self._task = None

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to who asked
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            for one in batch:
                await self._do([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _fail(future: asyncio.Future[Answer], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
