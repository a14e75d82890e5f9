"""The translator: takes accepted messages in order, in batches, through `translate`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

import structlog

from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.core.ids import MessageId
from crossdock.pipeline.outcomes import exception_for
from crossdock.pipeline.routes import Routes
from crossdock.pipeline.translate import Decoded, KeyQuestion, decode_message, questions_of, translate
from crossdock.store.contract import Journal, MessageState, StoredMessage, Translated, Xref

__all__ = ["Translator"]

_LOG = structlog.get_logger()
_BATCH = 200
_WHOLE_BODY_BYTES = 1_000_000


class Translator:
    """Translates everything that was accepted."""

    def __init__(
        self,
        journal: Journal,
        routes: Routes,
        *,
        arrived: asyncio.Event,
        wake: Callable[[frozenset[str]], None],
    ) -> None:
        self._journal = journal
        self._routes = routes
        self._arrived = arrived
        self._wake = wake

    async def run(self, stop: asyncio.Event) -> None:
        """Translate until `stop` is set."""
        while not stop.is_set():
            try:
                count = await self.translate_batch()
            except CrossdockError as error:
                _LOG.warning("translator starts over", error=str(error))
                count = 0
            if count == 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), 1.0)
                self._arrived.clear()

    async def translate_batch(self) -> int:
        """Translate the oldest accepted messages; how many."""
        messages = await self._journal.untranslated(after=MessageId(0), limit=_BATCH)
        if not messages:
            return 0
        decoded = [await self._decode(message) for message in messages]
        keys = await self._answer(decoded)
        results = []
        for one in decoded:
            results.append(_translate(one, keys))
            await asyncio.sleep(0)  # the intake's answers come first
        await self._keep_source_ids(messages, results)
        settled = await self._journal.commit_translated(results)
        self._wake(settled.woken_targets)
        return len(results)

    async def _keep_source_ids(
        self, messages: Sequence[StoredMessage], results: Sequence[Translated]
    ) -> None:
        """Keep what sources call their documents. Before the commit: without its document it does no harm."""
        systems = {message.id: message.system for message in messages}
        xrefs = [
            Xref(systems[result.message_id], document.company, document.kind, document.key, source_id)
            for result in results
            for document in result.documents
            for source_id in document.source_ids
        ]
        if xrefs:
            self._wake((await self._journal.put_xrefs(xrefs)).woken_targets)

    async def _decode(self, message: StoredMessage) -> Decoded:
        if message.size_bytes <= _WHOLE_BODY_BYTES:
            return decode_message(message, self._routes)
        chunks = [chunk async for chunk in self._journal.read_body(message.id)]
        return decode_message(message, self._routes, body=chunks)

    async def _answer(self, decoded: Sequence[Decoded]) -> Mapping[KeyQuestion, Mapping[str, str]]:
        """Ask the journal for all keys that the batch needs, one question for each kind."""
        asked: dict[KeyQuestion, set[str]] = {}
        for one in decoded:
            for question, ids in questions_of(one).items():
                asked.setdefault(question, set()).update(ids)
        return {
            (system, company, kind): await self._journal.find_keys(system, company, kind, sorted(ids))
            for (system, company, kind), ids in asked.items()
        }


def _translate(decoded: Decoded, keys: Mapping[KeyQuestion, Mapping[str, str]]) -> Translated:
    """Translate one message; a fault of ours becomes its exception and stops nobody else."""
    try:
        return translate(decoded, keys)
    except Exception as error:  # noqa: BLE001 - one message's fault stops nobody else
        message = decoded.message
        _LOG.exception("translation failed", message=message.id)
        fault = RejectedError(
            f"message m{message.id} could not be translated: {type(error).__name__}",
            code="T-MAP",
            mend="this is a fault of the mapping's code or of ours: see the log",
            detail=repr(error)[:500],
        )
        row = exception_for(fault, stage="translate", system=message.system, interface="", transaction="")
        return Translated(message.id, MessageState.FAILED, exceptions=(row,))
