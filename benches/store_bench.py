"""The journal's cost: accept from 100 producers, and the whole cycle of a message, against a bare SQLite floor."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from crossdock.core.clock import SystemClock
from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import DeliveryId, MessageId
from crossdock.store import open_journal
from crossdock.store.contract import (
    DeliverySettled,
    Journal,
    MessageState,
    NewArtefact,
    NewDelivery,
    NewDocument,
    NewMessage,
    Translated,
    Xref,
)

__all__ = ["run"]

T = TypeVar("T")

_BODY = (b'{"lines": [' + b'{"sku": "4711", "quantity": "2", "price": "9.95"},' * 90)[:4_000] + b"]}"
_BATCH = 100
_PRODUCERS = 100


def run(messages: int = 10_000, *, postgres_url: str = "") -> dict[str, float]:
    """Numbers of one run: rates, CPU per message, and ratios to the floor measured in the same run."""
    with tempfile.TemporaryDirectory() as folder:
        floor = _floor(Path(folder) / "floor.db", messages)
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        numbers = asyncio.run(_measure(url, messages))
    result = {"floor_per_s": floor, **numbers, "accept_to_floor": numbers["accept_per_s"] / floor}
    if postgres_url:
        pg = asyncio.run(_measure(postgres_url, messages))
        result |= {f"postgres_{name}": value for name, value in pg.items()}
    return {name: round(value, 3) for name, value in result.items()}


def _floor(path: Path, messages: int) -> float:
    """Rows of the same size by a bare executemany, each hundred committed to disk."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, system TEXT, received_at INTEGER, body BLOB)")
    started = time.perf_counter()
    for first in range(0, messages, _BATCH):
        db.execute("BEGIN IMMEDIATE")
        rows = [(first + i + 1, "shop", first, _BODY) for i in range(_BATCH)]
        db.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", rows)
        db.execute("COMMIT")
    took = time.perf_counter() - started
    db.close()
    return messages / took


class _Stopwatch:
    """Wall and CPU time of named steps."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    async def time(self, name: str, work: Awaitable[T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        result = await work
        self.wall[name] = self.wall.get(name, 0) + time.perf_counter() - wall
        self.cpu[name] = self.cpu.get(name, 0) + time.process_time() - cpu
        return result


async def _measure(url: str, messages: int) -> dict[str, float]:
    journal = await open_journal(url, environment="bench", clock=SystemClock())
    watch = _Stopwatch()
    await watch.time("accept", _accept(journal, messages))
    await _cycle(journal, watch, messages)
    await journal.close()
    per_message = {f"{name}_cpu_us": value / messages * 1e6 for name, value in watch.cpu.items()}
    return {
        "accept_per_s": messages / watch.wall["accept"],
        "cycle_per_s": messages / sum(watch.wall.values()),
        "cycle_cpu_us": sum(watch.cpu.values()) / messages * 1e6,
        **per_message,
    }


async def _accept(journal: Journal, messages: int) -> None:
    async def produce(producer: int) -> None:
        for i in range(messages // _PRODUCERS):
            key = f"{producer}-{i}"
            body = key.encode() + _BODY
            await journal.accept(
                NewMessage("shop", "order.created", body, "application/json", {"h": key}, key)
            )

    await asyncio.gather(*(produce(n) for n in range(_PRODUCERS)))


async def _cycle(journal: Journal, watch: _Stopwatch, messages: int) -> None:
    lease = await journal.lease_lanes("odoo", "bench", want=64, ttl_s=3600)
    after, claimed = MessageId(0), DeliveryId(0)
    for _ in range(messages // _BATCH):
        stored = await watch.time("untranslated", journal.untranslated(after=after, limit=_BATCH))
        after = stored[-1].id
        translated = [_translated(message.id) for message in stored]
        await watch.time("translate", journal.commit_translated(translated))
        rows = await watch.time("claim", journal.claim(lease, after=claimed, limit=_BATCH))
        claimed = rows[-1].id
        artefact = NewArtefact("odoo", "order.create", _BODY, tuple(row.id for row in rows))
        (artefact_id,) = await watch.time("mark_sent", journal.mark_sent(lease, [artefact]))
        outcomes = [
            DeliverySettled(
                row.id,
                DeliveryState.DELIVERED,
                artefact_id=artefact_id,
                outcome="done",
                answer=b'{"id": 42}',
                xrefs=(Xref("odoo", "1", "order", row.object_key, str(row.id)),),
            )
            for row in rows
        ]
        await watch.time("settle", journal.settle(lease, outcomes))


def _translated(message_id: MessageId) -> Translated:
    key = f"SO-{message_id}"
    delivery = NewDelivery(
        interface="orders",
        interface_version=1,
        target="odoo",
        company="1",
        operation="order.create",
        object_kind="order",
        object_key=key,
        effect_key=f"odoo|1|order:{key}|order.create|1",
        source_version="1",
    )
    document = NewDocument(
        "sales_order",
        key,
        "1",
        "1",
        key.encode() + _BODY,
        "orders",
        transactions=(key,),
        deliveries=(delivery,),
    )
    return Translated(message_id, MessageState.TRANSLATED, documents=(document,))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for name, value in run(count, postgres_url=os.environ.get("CROSSDOCK_BENCH_POSTGRES", "")).items():
        print(f"{name:28} {value:>12}")
