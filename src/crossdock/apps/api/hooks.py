"""`POST /hooks/{system}/{topic}`: verify, commit, answer 202. On raw ASGI, because a burst of webhooks is the peak."""

from __future__ import annotations

import functools
import urllib.parse
from typing import Final

import structlog

from crossdock.apps.api.asgi import Receive, Scope, Send, read_body, send_json, send_problem
from crossdock.apps.api.problem import fault_of_ours
from crossdock.apps.metrics import Metrics
from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.core.ids import format_id
from crossdock.kit import HookRequest
from crossdock.pipeline import Intake

__all__ = ["Hooks"]

_LOG = structlog.get_logger()
_MEDIA: Final = frozenset(
    {
        "application/json",
        "application/xml",
        "text/xml",
        "text/csv",
        "text/plain",
        "application/cloudevents+json",
    }
)


class Hooks:
    """The inbound webhooks of all systems."""

    def __init__(self, intake: Intake, metrics: Metrics, *, clock: Clock, max_body_bytes: int) -> None:
        self._intake = intake
        self._metrics = metrics
        self._clock = clock
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s = self._clock.monotonic_s()
        system, _, topic = scope["path"].removeprefix("/hooks/").partition("/")
        try:
            request = await self._request(scope, receive, topic)
            accepted = await self._intake.take_hook(system, request)
        except CrossdockError as error:
            await self._refuse(system, error, send)
            return
        except ConnectionError:
            self._metrics.refused(self._label(system), "T-TRN-CONN")
            return
        except Exception as error:  # noqa: BLE001 - a worker's boundary
            # Not to the client: what is in it may be a secret of the request's.
            _LOG.exception("hook failed", system=system, topic=topic, error=type(error).__name__)
            await self._refuse(system, fault_of_ours(scope["path"]), send)
            return
        self._metrics.accepted(
            system,
            duplicate=bool(accepted and accepted.duplicate),
            seconds=self._clock.monotonic_s() - started_s,
        )
        if accepted is None:
            await send_json(send, 202, {"message_id": None, "duplicate": False, "hint": True})
            return
        answer = {"message_id": format_id("m", accepted.message_id), "duplicate": accepted.duplicate}
        await send_json(send, 202, answer)

    async def _refuse(self, system: str, error: CrossdockError, send: Send) -> None:
        self._metrics.refused(self._label(system), error.code)
        await send_problem(send, error)

    def _label(self, system: str) -> str:
        """The system's name for metrics; anybody may invent others, and each would stay for ever."""
        return system if self._intake.knows(system) else ""

    async def _request(self, scope: Scope, receive: Receive, topic: str) -> HookRequest:
        if scope["method"] != "POST":
            raise RejectedError("webhooks are sent with POST", code="T-NO-ROUTE", mend="send it with POST")
        # ASGI has names in lower case already.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = _media_type(headers.get("content-type", "application/json"))
        if media not in _MEDIA:
            raise RejectedError(
                f"bodies of type {media!r} are not taken here",
                code="T-MEDIA",
                mend=f"one of: {', '.join(sorted(_MEDIA))}",
            )
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._max_body_bytes:
            raise RejectedError(
                f"the body is larger than {self._max_body_bytes} bytes",
                code="T-TOO-BIG",
                mend="send less at once, or raise max_body_bytes in crossdock.yaml",
            )
        body = await read_body(receive, max_bytes=self._max_body_bytes)
        question = scope.get("query_string", b"")
        query = dict(urllib.parse.parse_qsl(question.decode("latin-1"))) if question else {}
        return HookRequest(topic=topic, headers=headers, body=body, query=query)


@functools.lru_cache(maxsize=1_000)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
