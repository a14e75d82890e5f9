"""The server: one ASGI application for hooks, operations, health and metrics; uvicorn carries it."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from crossdock.apps.api.asgi import App, Receive, Scope, Send, send_json, send_problem, send_text
from crossdock.apps.api.hooks import Hooks
from crossdock.apps.api.ops import make_ops_app
from crossdock.apps.metrics import Metrics
from crossdock.apps.operations import Operations
from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError, RejectedError
from crossdock.kit import Secret
from crossdock.pipeline import Hub

__all__ = ["Server", "make_app"]


def make_app(hub: Hub, operations: Operations, *, token: Secret, clock: Clock, max_body_bytes: int) -> App:
    """The whole application.

    `/hooks/…` is handled here on raw ASGI; `/healthz` says that the process lives, `/readyz` that it takes
    messages; `/metrics` is Prometheus text; the rest is the operations API.
    """
    metrics = Metrics()
    hooks = Hooks(hub.intake, metrics, clock=clock, max_body_bytes=max_body_bytes)
    ops = make_ops_app(operations, token)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith("/hooks/"):
            await hooks(scope, receive, send)
        elif path == "/healthz":
            await send_json(send, 200, {"status": "pass"})
        elif path == "/readyz":
            await _ready(hub, send)
        elif path == "/metrics":
            breakers = {name: system.breaker.probing() for name, system in hub.systems.items()}
            text = metrics.show(await hub.journal.counts(), breakers)
            await send_text(send, 200, text, content_type="text/plain; version=0.0.4; charset=utf-8")
        elif path == "/openapi.json":
            await send_json(send, 200, ops.openapi_schema.to_schema())
        elif path.startswith("/ops/"):
            await ops(scope, receive, send)  # type: ignore[arg-type]
        else:
            await send_problem(
                send,
                RejectedError(f"nothing is served at {path}", code="T-NO-ROUTE", mend="see /openapi.json"),
            )

    return app


async def _ready(hub: Hub, send: Send) -> None:
    failed = hub.failed()
    if failed is None:
        systems = {
            name: {"open": system.breaker.probing(), "reason": system.breaker.reason}
            for name, system in hub.systems.items()
        }
        await send_json(send, 200, {"status": "pass", "systems": systems})
    else:
        await send_json(send, 503, {"status": "fail", "reason": type(failed).__name__})


class Server:
    """uvicorn in this process's loop, without taking over its signals."""

    def __init__(self, app: App, *, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                proxy_headers=False,  # nothing here asks where a request came from
                access_log=False,
                log_config=None,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve in the background; returns when requests are taken."""
        self._task = asyncio.create_task(self._serve())
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _serve(self) -> None:
        # `_serve` and not `serve`: the latter takes over the process's signals, which belong to `up`.
        await self._server._serve(sockets=[self._socket])  # noqa: SLF001


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            code="T-CONFIG",
            mend="is another hub running? give another port in crossdock.yaml",
        ) from error
    listener.listen(2048)
    return listener
