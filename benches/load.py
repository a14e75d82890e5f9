"""A load generator: raw HTTP/1.1 over keep-alive connections, one request at a time on each. A process of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

import uvloop

from benches.workload import webhooks

__all__: list[str] = []


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is whole."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        at = buffer.lower().find(b"content-length:", 0, end)
        length = int(buffer[at + 15 : buffer.find(b"\r\n", at)])
        if len(buffer) < end + 4 + length:
            self._buffer = buffer
            return
        self._buffer = b""
        self._run.answered(int(buffer[9:12]), time.perf_counter() - self._sent_at)
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        self._run.closed()

    def _next(self) -> None:
        request = self._run.next_request()
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


class _Run:
    """All requests, shared by the connections."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = iter(requests)
        self._open = 0
        self.statuses: dict[int, int] = {}
        self.latencies_s: list[float] = []
        self.ended = asyncio.Event()

    def next_request(self) -> bytes | None:
        return next(self._requests, None)

    def answered(self, status: int, took_s: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies_s.append(took_s)

    def closed(self) -> None:
        self._open -= 1
        if not self._open:
            self.ended.set()

    async def go(self, port: int, connections: int) -> float:
        loop = asyncio.get_running_loop()
        self._open = connections
        started = time.perf_counter()
        for _ in range(connections):
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
        await self.ended.wait()
        return time.perf_counter() - started


async def _main(port: int, count: int, first: int, connections: int) -> None:
    run = _Run(webhooks(count, first=first))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started_at = time.monotonic()
    cpu = time.process_time()
    took_s = await run.go(port, connections)
    ordered = sorted(run.latencies_s)
    result = {
        "started_at": started_at,
        "took_s": took_s,
        "cpu_s": time.process_time() - cpu,
        "statuses": run.statuses,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("port", "count", "first", "connections"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(given.port, given.count, given.first, given.connections))
