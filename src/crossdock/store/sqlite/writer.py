"""The one thread that writes: it commits what many callers ask for in one transaction (group commit)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from crossdock.core.errors import CrossdockError, RetryableError
from crossdock.store.sqlite.tx import Tx

__all__ = ["Writer"]

T = TypeVar("T")
Work = Callable[[Tx], Any]
Merged = Callable[[Tx, Sequence[Any]], Sequence[Any]]
_MOST_JOBS: Final = 1_000


@dataclasses.dataclass(slots=True)
class _Job:
    future: asyncio.Future[Any]
    work: Work | None = None
    merged: Merged | None = None
    item: Any = None


_Answer = tuple["asyncio.Future[Any]", BaseException | None, Any]


class Writer:
    """Runs work on the write connection. A future is answered only after its transaction is on disk."""

    def __init__(self, tx: Tx, loop: asyncio.AbstractEventLoop) -> None:
        self._tx = tx
        self._loop = loop
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._asked: list[_Job] = []
        self._thread = threading.Thread(target=self._run, name="crossdock-journal", daemon=True)
        self._open = True
        self._thread.start()

    async def do(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in the next transaction; what it returned, once that is committed.

        Raises:
            CrossdockError: raised by `work`, whose changes are then undone; others' stay.
            RetryableError: the transaction could not be committed.
        """
        result: T = await self._put(_Job(self._loop.create_future(), work=work))
        return result

    async def merge(self, work: Merged, item: Any) -> Any:
        """Run `work` once for the items of all callers that ask for the same at the same time; this item's answer."""
        return await self._put(_Job(self._loop.create_future(), merged=work, item=item))

    async def close(self) -> None:
        """Finish what was asked for and end the thread."""
        if self._open:
            self._open = False
            self._hand_over()
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    async def _put(self, job: _Job) -> Any:
        if not self._open:
            raise RetryableError("the journal is closed", mend="start the hub again")
        # What is asked for in one turn of the loop is handed over together: waking the thread for each message
        # of a burst made small transactions of it, and cost more than writing them.
        if not self._asked:
            self._loop.call_soon(self._hand_over)
        self._asked.append(job)
        return await job.future

    def _hand_over(self) -> None:
        if self._asked:
            self._jobs.put(self._asked)
            self._asked = []

    def _run(self) -> None:
        while True:
            jobs, goes_on = self._take()
            if jobs:
                answers = self._commit(jobs)
                # A loop that is closed has nobody left who waits.
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(_resolve, answers)
            if not goes_on:
                return

    def _take(self) -> tuple[list[_Job], bool]:
        """All jobs that are there, at least one; False once the end was asked for."""
        jobs: list[_Job] = []
        more = self._jobs.get()
        while more is not None:
            jobs += more
            if len(jobs) >= _MOST_JOBS:
                return jobs, True
            try:
                more = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _commit(self, jobs: list[_Job]) -> list[_Answer]:
        db = self._tx.db
        try:
            db.execute("BEGIN IMMEDIATE")
            self._tx.begin()
            answers = self._work(jobs)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._tx.undo()
            failure = _failure(error)
            return [(job.future, failure, None) for job in jobs]
        self._tx.committed()
        return answers

    def _work(self, jobs: list[_Job]) -> list[_Answer]:
        answers: list[_Answer] = []
        groups: dict[Merged, list[_Job]] = {}
        for job in jobs:
            if job.merged is not None:
                groups.setdefault(job.merged, []).append(job)
        for merged, members in groups.items():
            error, results = self._guarded(functools.partial(merged, self._tx, [job.item for job in members]))
            if error is None:
                answers += [(job.future, None, result) for job, result in zip(members, results, strict=True)]
            elif len(members) == 1:
                answers.append((members[0].future, error, None))
            else:
                # One of them is at fault: each for itself, so that only that one fails.
                for job in members:
                    error, results = self._guarded(functools.partial(merged, self._tx, [job.item]))
                    answers.append((job.future, error, None if error else results[0]))
        for job in jobs:
            if job.work is not None:
                error, result = self._guarded(functools.partial(job.work, self._tx))
                answers.append((job.future, error, result))
        return answers

    def _guarded(self, work: Callable[[], Any]) -> tuple[BaseException | None, Any]:
        """Run work within a savepoint: it is done whole, or its error is returned and nothing is done."""
        db = self._tx.db
        db.execute("SAVEPOINT work")
        try:
            result = work()
        except Exception as error:
            if not db.in_transaction:
                raise
            db.execute("ROLLBACK TO work")
            db.execute("RELEASE work")
            self._tx.undo()
            return (error if isinstance(error, CrossdockError) else _failure(error)), None
        db.execute("RELEASE work")
        return None, result


def _failure(error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
    failure = RetryableError(
        f"the journal could not be written: {error}",
        code="T-TRN-NOSPACE" if full else "T-TRN-CONN",
        mend="make room on its disk" if full else "look at its disk and at the log",
    )
    failure.__cause__ = error
    return failure


def _resolve(answers: list[_Answer]) -> None:
    for future, error, result in answers:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
