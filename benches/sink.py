"""A sink over HTTP: takes orders, each idempotency key once. A process of its own, on raw sockets so as not to be the limit."""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

import httptools
import uvloop

__all__: list[str] = []


class _Sink(asyncio.Protocol):
    """One connection. `POST /orders` answers with the order's id, `GET /count` with how many there are."""

    ids: ClassVar[dict[bytes, int]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._key = b""
        self._path = b""

    def on_url(self, url: bytes) -> None:
        self._path = url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"idempotency-key":
            self._key = value

    def on_message_complete(self) -> None:
        if self._path == b"/count":
            body = b'{"count":%d}' % len(self.ids)
        elif not self._key:
            self._answer(b"400 Bad Request", b'{"error":"no idempotency key"}')
            return
        else:
            body = b'{"id":"S%d"}' % self.ids.setdefault(self._key, len(self.ids) + 1)
        self._answer(b"200 OK", body)

    def _answer(self, status: bytes, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, len(body), body)
        )


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
