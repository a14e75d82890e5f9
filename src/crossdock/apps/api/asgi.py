"""The little of ASGI that the hooks need: whole bodies with a limit, and answers in JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from crossdock.apps.api.problem import problem_of
from crossdock.core.errors import CrossdockError, RejectedError

__all__ = [
    "App",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "read_body",
    "send_json",
    "send_problem",
    "send_text",
]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ENCODER = msgspec.json.Encoder(decimal_format="string")


async def read_body(receive: Receive, *, max_bytes: int) -> bytes:
    """The request's body.

    Raises:
        RejectedError: it is larger than `max_bytes` (T-TOO-BIG).
        ConnectionError: the client went away before the end.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            msg = "the client went away before its body's end"
            raise ConnectionError(msg)
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise RejectedError(
                f"the body is larger than {max_bytes} bytes",
                code="T-TOO-BIG",
                mend="send less at once, or raise max_body_bytes in crossdock.yaml",
            )
        if not message.get("more_body"):
            return part if not parts else b"".join([*parts, part])
        parts.append(part)


async def send_json(send: Send, status: int, content: Any, *, headers: dict[str, str] | None = None) -> None:
    """Answer with JSON."""
    await _send(send, status, _ENCODER.encode(content), "application/json", headers)


async def send_text(
    send: Send, status: int, text: str, *, content_type: str = "text/plain; charset=utf-8"
) -> None:
    """Answer with text."""
    await _send(send, status, text.encode(), content_type, None)


async def send_problem(send: Send, error: CrossdockError) -> None:
    """Answer with problem+json."""
    problem = problem_of(error)
    await _send(send, problem.status, _ENCODER.encode(problem), "application/problem+json", None)


async def _send(
    send: Send, status: int, body: bytes, content_type: str, headers: dict[str, str] | None
) -> None:
    head = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    if headers:
        head += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
