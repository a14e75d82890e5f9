"""The whole journey: signed webhook → journal → mapping → validation → delivery → POST → settled, hub on one core."""

from __future__ import annotations

import json
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benches.processes import HUB_CORE, OTHER_CORE, child, cpu_s
from benches.project import write_project

__all__ = ["run"]

_WARM = 1_000
_CONNECTIONS = 200


def run(messages: int = 6_000, rounds: int = 3) -> dict[str, Any]:
    """The median round: orders settled a second, CPU of the hub an order, and how long its ledger took besides."""
    with tempfile.TemporaryDirectory() as name, child(["-m", "benches.sink"], core=OTHER_CORE) as sink:
        assert sink.stdout is not None
        sink_port = int(sink.stdout.readline())
        folder, port = Path(name), _free_port()
        environ = write_project(folder, port=port, sink_port=sink_port)
        command = ["-m", "crossdock", "up", "--json-logs", "--project", str(folder)]
        with child(command, core=HUB_CORE, environ=environ) as hub:
            _wait_ready(folder, hub)
            bench = _Bench(hub, port, sink_port, folder / "journal.sqlite3")
            bench.round(_WARM)
            results = [bench.round(messages) for _ in range(rounds)]
    middle = statistics.median_low(result["per_s"] for result in results)
    return next(result for result in results if result["per_s"] == middle)


class _Bench:
    """Rounds against one running hub."""

    def __init__(self, hub: subprocess.Popen[str], port: int, sink_port: int, journal: Path) -> None:
        self._hub = hub
        self._port = port
        self._count_url = f"http://127.0.0.1:{sink_port}/count"
        self._journal = journal
        self._sent = 0

    def round(self, count: int) -> dict[str, Any]:
        """Send `count` orders; times until all are settled, and until the ledger has taken them up."""
        arguments = {"port": self._port, "count": count, "first": self._sent, "connections": _CONNECTIONS}
        flags = [text for key, value in arguments.items() for text in (f"--{key}", str(value))]
        with child(["-m", "benches.load", *flags], core=OTHER_CORE) as load:
            assert load.stdin is not None
            assert load.stdout is not None
            load.stdout.readline()
            cpu = cpu_s(self._hub.pid)
            load.stdin.write("go\n")
            load.stdin.flush()
            answer = json.loads(load.stdout.readline())
        self._sent += count
        if answer["statuses"] != {"202": count}:
            msg = f"the hub refused webhooks: {answer['statuses']}"
            raise RuntimeError(msg)
        self._wait(lambda: self._at_sink() >= self._sent, "the sink has not got all orders")
        self._wait(lambda: self._settled() >= self._sent, "not all deliveries are settled")
        took_s = time.monotonic() - answer["started_at"]
        cpu_settled = cpu_s(self._hub.pid) - cpu
        self._wait(self._ledger_done, "the ledger does not catch up")
        with_ledger_s = time.monotonic() - answer["started_at"]
        return {
            "per_s": count / took_s,
            "with_ledger_per_s": count / with_ledger_s,
            "accept_per_s": count / answer["took_s"],
            "cpu_us": cpu_settled / count * 1e6,
            "with_ledger_cpu_us": (cpu_s(self._hub.pid) - cpu) / count * 1e6,
            "core_share": cpu_settled / took_s,
            "hook_p50_ms": answer["p50_ms"],
            "hook_p99_ms": answer["p99_ms"],
        }

    def _wait(self, done: Any, text: str) -> None:
        until = time.monotonic() + 120
        while not done():
            if time.monotonic() > until or self._hub.poll() is not None:
                raise RuntimeError(text)
            time.sleep(0.02)  # noqa: TID251 - a bench waits for other processes

    def _at_sink(self) -> int:
        with urllib.request.urlopen(self._count_url, timeout=5) as answer:
            count: int = json.load(answer)["count"]
            return count

    def _settled(self) -> int:
        return self._ask("SELECT count(*) FROM delivery_state WHERE state = 50")

    def _ledger_done(self) -> bool:
        return bool(
            self._ask(
                "SELECT (SELECT max(id) FROM event) = (SELECT position FROM cursor WHERE name = 'ledger')"
            )
        )

    def _ask(self, statement: str) -> int:
        db = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)
        try:
            return db.execute(statement).fetchone()[0] or 0
        finally:
            db.close()


def _wait_ready(folder: Path, hub: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not (folder / ".crossdock-run.json").exists():
        if hub.poll() is not None or time.monotonic() > until:
            msg = "the hub does not come up"
            raise RuntimeError(msg)
        time.sleep(0.05)  # noqa: TID251 - a bench waits for other processes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
