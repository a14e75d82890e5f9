"""The translator: takes accepted messages in order, in batches, through `translate`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, RejectedError, RetryableError
from crossdock.core.ids import MessageId
from crossdock.mapping import LookupRef, MissingReferencesError
from crossdock.pipeline.keys import meant_by
from crossdock.pipeline.outcomes import exception_for
from crossdock.pipeline.routes import Routes
from crossdock.pipeline.translate import Decoded, KeyQuestion, Keys, decode_message, questions_of, translate
from crossdock.store.contract import Journal, MessageState, StoredMessage, Translated, Xref

__all__ = ["Translator"]

_LOG = structlog.get_logger()
_BATCH = 200
_WHOLE_BODY_BYTES = 1_000_000
_QUICK_BODY_BYTES = 200_000
"""Larger messages are decoded and mapped in a thread."""
_PATIENT_FAILURES = 3
"""How often a whole batch is tried again before each of its messages is tried alone."""
_PATIENCE_S = 20.0
"""How long a message may refer to what is not there yet."""
_AGAIN_S = 0.3
_AT_A_STRETCH_S = 0.002
"""How long translation may keep the loop to itself."""
_MOST_DEFERRED = 1_000


class Translator:
    """Translates everything that was accepted."""

    def __init__(
        self,
        journal: Journal,
        routes: Routes,
        *,
        clock: Clock,
        arrived: asyncio.Event,
        wake: Callable[[frozenset[str]], None],
    ) -> None:
        self._journal = journal
        self._routes = routes
        self._clock = clock
        self._arrived = arrived
        self._wake = wake
        self._deferred: dict[MessageId, float] = {}
        self._failures = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Translate until `stop` is set."""
        while not stop.is_set():
            try:
                count = await self.translate_batch()
                self._failures = 0
            except CrossdockError as error:
                _LOG.warning("translator starts over", error=str(error))
                self._failures += 1
                count = 0
            if count == 0:
                nap_s = _AGAIN_S if self._deferred else 1.0
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), nap_s)
                self._arrived.clear()

    async def translate_batch(self) -> int:
        """Translate the oldest accepted messages that are not deferred; how many."""
        now_s = self._clock.monotonic_s()
        found = await self._journal.untranslated(after=MessageId(0), limit=_BATCH + len(self._deferred))
        messages = [message for message in found if self._deferred.get(message.id, 0.0) <= now_s]
        if not messages:
            return 0
        decoded = [await self._decode(message) for message in messages]
        keys = await self._answer(decoded)
        results = []
        yield_s = self._clock.monotonic_s() + _AT_A_STRETCH_S
        for one in decoded:
            if one.message.size_bytes <= _QUICK_BODY_BYTES:
                result = self._translate(one, keys)
            else:
                result = await asyncio.to_thread(self._translate, one, keys)
            if result is not None:
                self._deferred.pop(one.message.id, None)
                results.append(result)
            if self._clock.monotonic_s() > yield_s:
                await asyncio.sleep(0)  # the intake's answers come first
                yield_s = self._clock.monotonic_s() + _AT_A_STRETCH_S
        if not results:
            return 0
        return await self._commit(messages, results)

    async def _commit(self, messages: Sequence[StoredMessage], results: Sequence[Translated]) -> int:
        """Commit what became of a batch; one that cannot be committed is found, and stops nobody else."""
        try:
            await self._commit_together(messages, results)
        except RetryableError:
            if self._failures < _PATIENT_FAILURES:
                raise  # the journal is away: all of it later
        except Exception as error:  # noqa: BLE001 - one message's fault stops nobody else
            _LOG.warning("batch not committed", messages=len(results), error=repr(error))
        else:
            return len(results)
        by_id = {message.id: message for message in messages}
        for result in results:
            try:
                await self._commit_together(messages, [result])
            except Exception as error:
                if isinstance(error, RetryableError) and self._failures < _PATIENT_FAILURES:
                    raise
                # Should even that not be possible, the journal is at fault and not the message.
                await self._commit_together(messages, [_our_fault(by_id[result.message_id], error)])
        return len(results)

    async def _commit_together(
        self, messages: Sequence[StoredMessage], results: Sequence[Translated]
    ) -> None:
        await self._keep_source_ids(messages, results)
        self._wake((await self._journal.commit_translated(results)).woken_targets)

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
        """Decode a message; a large one in a thread, for the intake goes on meanwhile."""
        try:
            if message.size_bytes <= _QUICK_BODY_BYTES:
                return decode_message(message, self._routes)
            chunks = None
            if message.size_bytes > _WHOLE_BODY_BYTES:
                chunks = [chunk async for chunk in self._journal.read_body(message.id)]
            return await asyncio.to_thread(decode_message, message, self._routes, body=chunks)
        except CrossdockError:
            raise
        except Exception as error:  # noqa: BLE001 - one message's fault stops nobody else
            return Decoded(message, (), (_fault_of(message, error),))

    async def _answer(self, decoded: Sequence[Decoded]) -> Keys:
        """Ask the journal for all keys that the batch needs, one question for each kind."""
        asked: dict[KeyQuestion, set[str]] = {}
        for one in decoded:
            for question, ids in questions_of(one).items():
                asked.setdefault(question, set()).update(ids)
        answers: dict[tuple[str, str], dict[LookupRef, str]] = {}
        for (system, company, kind), ids in asked.items():
            found = await self._journal.find_keys(system, company, kind, sorted(ids))
            known = answers.setdefault((system, company), {})
            known.update(
                (LookupRef(kind, external_id), meant_by(kind, key)) for external_id, key in found.items()
            )
        return answers

    def _translate(self, decoded: Decoded, keys: Keys) -> Translated | None:
        """Translate one message; None when what it refers to may still come.

        A source may show what another call is just making (a delivery of an order whose creation is not settled
        yet): for a while a missing reference is no exception. A fault of ours becomes the message's exception and
        stops nobody else.
        """
        message = decoded.message
        young = self._clock.micros() - message.received_at < _PATIENCE_S * 1e6
        patient = young and len(self._deferred) < _MOST_DEFERRED
        try:
            return translate(decoded, keys, patient=patient)
        except MissingReferencesError:
            self._deferred[message.id] = self._clock.monotonic_s() + _AGAIN_S
            return None
        except Exception as error:  # noqa: BLE001 - one message's fault stops nobody else
            return _our_fault(message, error)


def _our_fault(message: StoredMessage, error: Exception) -> Translated:
    fault = _fault_of(message, error)
    row = exception_for(fault, stage="translate", system=message.system, interface="", transaction="")
    return Translated(message.id, MessageState.FAILED, exceptions=(row,))


def _fault_of(message: StoredMessage, error: Exception) -> RejectedError:
    _LOG.error("translation failed", message=message.id, exc_info=error)
    return RejectedError(
        f"message m{message.id} could not be translated: {type(error).__name__}",
        code="T-MAP",
        mend="this is a fault of the mapping's code or of ours: see the log",
        detail=repr(error)[:500],
    )
