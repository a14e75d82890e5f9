"""The pages of what a running hub serves: HTTP and metrics."""

from __future__ import annotations

import inspect
import re
from typing import Any

from crossdock.apps.api.ops import OpsController
from crossdock.apps.metrics import METRICS
from reference.markdown import code, first_line, table

__all__ = ["http_page", "metrics_page"]

_RAW = (
    (
        "POST",
        "/hooks/{system}/{topic}",
        "A webhook of a system: verified, committed, then answered 202 with `message_id` and `duplicate`.",
    ),
    ("GET", "/healthz", "200 while the process lives."),
    (
        "GET",
        "/readyz",
        "200 while messages are taken, with each system's breaker; 503 after a worker has failed.",
    ),
    ("GET", "/metrics", "Prometheus text."),
    ("GET", "/openapi.json", "The operations API as OpenAPI."),
)


def metrics_page() -> str:
    """Each metric with what it counts."""
    return "\n".join(
        [
            "# Metrics\n",
            "Served at `/metrics` in Prometheus text.\n",
            table(("metric", "what it is"), [(code(name), text) for name, text in METRICS.items()]),
        ]
    )


def http_page() -> str:
    """What is served, and how refusals look."""
    return "\n".join(
        [
            "# HTTP\n",
            "A hub listens where `crossdock.yaml` says (`host`, `port`).\n",
            table(("method", "path", "what it does"), [(m, code(p), text) for m, p, text in _RAW]),
            (
                "A webhook is refused with 401 for a bad signature (`T-SIG`), 413 where it is too big (`T-TOO-BIG`) and "
                "415 for a media type that is not taken (`T-MEDIA`). Every refusal is `application/problem+json` "
                "(RFC 9457) with `code`, one of the [exception codes](exception-codes.md).\n"
            ),
            "## Operations API\n",
            (
                "Each request carries `Authorization: Bearer …`; the token is made anew at each start and stands in the "
                "hub's run file in the project's folder, readable by the hub's user alone. The command line finds it there.\n"
            ),
            table(("method", "path", "what it does"), _operations()),
        ]
    )


def _operations() -> list[tuple[str, str, str]]:
    handlers = inspect.getmembers(OpsController, lambda one: hasattr(one, "http_methods"))
    rows = [
        (", ".join(sorted(handler.http_methods - {"OPTIONS", "HEAD"})), code(_path(path)), _doc(handler))
        for _, handler in handlers
        for path in handler.paths
    ]
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _path(path: str) -> str:
    """`/ops/messages/{message}` from Litestar's `/messages/{message:str}`."""
    return "/ops/" + re.sub(r"\{(\w+):\w+\}", r"{\1}", path).lstrip("/")


def _doc(handler: Any) -> str:
    return first_line(handler.fn)
