"""Intake: signed 4 KB webhook → on disk (FULL) → 202, one process, against a bare ASGI + SQLite floor of the same form."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvloop

from benches.processes import HUB_CORE, OTHER_CORE, child, cpu_s
from benches.project import write_project
from crossdock.apps.api import Server, make_app
from crossdock.apps.bootstrap import build_routes, build_systems, open_project_journal
from crossdock.apps.operations import Operations
from crossdock.apps.process import spare_garbage_collection
from crossdock.core.clock import SystemClock
from crossdock.govern import load_project
from crossdock.kit import Secret
from crossdock.pipeline import Hub

__all__ = ["run"]

_CONNECTIONS = 128
_WARM = 1_000


def run(messages: int = 10_000, rounds: int = 5) -> dict[str, Any]:
    """Medians of alternating rounds: webhooks a second of the hub's intake and of the floor, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = write_project(folder, port=0, sink_port=1)
        floor_flags = ["-m", "benches.intake", "floor", "--folder", name]
        hub_flags = ["-m", "benches.intake", "hub", "--folder", name]
        with (
            child(floor_flags, core=HUB_CORE) as floor,
            child(hub_flags, core=HUB_CORE, environ=environ) as hub,
        ):
            served = {"floor": _Served(floor), "hub": _Served(hub)}
            for one in served.values():
                one.round(_WARM)
            results: dict[str, list[dict[str, float]]] = {"floor": [], "hub": []}
            for _ in range(rounds):
                for which, one in served.items():
                    results[which].append(one.round(messages))
    numbers: dict[str, Any] = {}
    for which, rows in results.items():
        numbers |= {f"{which}_{key}": statistics.median(row[key] for row in rows) for key in rows[0]}
    pairs = zip(results["hub"], results["floor"], strict=True)
    numbers["ratio"] = statistics.median(hub["per_s"] / floor["per_s"] for hub, floor in pairs)
    numbers["cpu_ratio"] = numbers["floor_cpu_us"] / numbers["hub_cpu_us"]
    return numbers


class _Served:
    """A server in a child process, and rounds of load against it."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._port = int(process.stdout.readline())
        self._sent = 0

    def round(self, count: int) -> dict[str, float]:
        flags = ["--port", str(self._port), "--count", str(count), "--first", str(self._sent)]
        self._sent += count
        with child(
            ["-m", "benches.load", *flags, "--connections", str(_CONNECTIONS)], core=OTHER_CORE
        ) as load:
            assert load.stdin is not None
            assert load.stdout is not None
            load.stdout.readline()
            cpu = cpu_s(self._process.pid)
            load.stdin.write("go\n")
            load.stdin.flush()
            answer = json.loads(load.stdout.readline())
        if answer["statuses"] != {"202": count}:
            msg = f"webhooks were refused: {answer['statuses']}"
            raise RuntimeError(msg)
        return {
            "per_s": count / answer["took_s"],
            "cpu_us": (cpu_s(self._process.pid) - cpu) / count * 1e6,
            "load_core_share": answer["cpu_s"] / answer["took_s"],
            "p50_ms": answer["p50_ms"],
            "p99_ms": answer["p99_ms"],
        }


# ── the floor ────────────────────────────────────────────────────────────────────────────────────────


class _Floor:
    """What is left when nothing is checked: body to disk by a thread that commits all there is, then 202."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[tuple[asyncio.Future[int], bytes]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._write, daemon=True).start()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        future: asyncio.Future[int] = self._loop.create_future()
        self._jobs.put((future, body))
        answer = b'{"message_id":"m%d"}' % await future
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 202, "headers": head})
        await send({"type": "http.response.body", "body": answer})

    def _write(self) -> None:
        db = sqlite3.connect(self._path, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        last = 0
        while True:
            jobs = [self._jobs.get()]
            while not self._jobs.empty():
                jobs.append(self._jobs.get())
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT INTO message VALUES (?, ?)", [(last + n, body) for n, (_, body) in enumerate(jobs, 1)]
            )
            db.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, jobs, last)
            last += len(jobs)


def _resolve(jobs: list[tuple[asyncio.Future[int], bytes]], last: int) -> None:
    for n, (future, _) in enumerate(jobs, 1):
        future.set_result(last + n)


# ── the two servers ──────────────────────────────────────────────────────────────────────────────────


async def _serve(which: str, folder: Path) -> None:
    spare_garbage_collection()  # as `crossdock up` does
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    if which == "floor":
        await _until(stop, Server(_Floor(folder / "floor.sqlite3"), host="127.0.0.1", port=0))
        return
    clock = SystemClock()
    project = load_project(folder)
    systems = build_systems(project, clock=clock, randomness=random.Random(0))
    routes = build_routes(project, systems)
    journal = await open_project_journal(project, clock=clock)
    # Its loops are not started: what is measured is intake alone. `benches.journey` takes in and delivers.
    hub = Hub(journal, systems, routes, worker="bench", clock=clock, randomness=random.Random(0))
    operations = Operations(journal, hub=hub, interfaces=project.interfaces)
    app = make_app(hub, operations, token=Secret("bench"), clock=clock, max_body_bytes=20_000_000)
    await _until(stop, Server(app, host="127.0.0.1", port=0))
    await journal.close()


async def _until(stop: asyncio.Event, server: Server) -> None:
    await server.start()
    os.write(sys.stdout.fileno(), f"{server.port}\n".encode())
    await stop.wait()
    await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=("floor", "hub", "both"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.which == "both":
        print(json.dumps(run(), indent=1))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(given.which, given.folder))
