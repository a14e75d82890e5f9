"""kill -9 of the hub's process at random moments: everything accepted is delivered, once, in order per key (promise 10)."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import msgspec
import pytest

KILLS = 16
ORDERS = 9
PAUSE = threading.Event()
"""Never set: to wait on."""
ROOT = pathlib.Path(__file__).parents[2]

FILES = {
    "crossdock.yaml": "name: chaos\nenvironment: dev\nstore: sqlite:///journal.db\nport: 0\n",
    "runbooks/orders.md": "Look at the files.\n",
    "systems/orders-in.yaml": (
        "name: orders-in\nconnector: files\nowner: test\nsettings: {inbox: inbox, pattern: '*.json', settle_s: 0}\n"
    ),
    "systems/orders-out.yaml": (
        "name: orders-out\nconnector: files\nowner: test\ncall_life_s: 1\n"
        "settings: {outbox: outbox, name: '{key}-{version}'}\n"
    ),
    "interfaces/orders.yaml": (
        "id: orders\nversion: 1\ntitle: Orders\ndomain: sales\nowner: test\ncriticality: high\n"
        "pattern: micro-batch\nrunbook: runbooks/orders.md\ndocument: sales_order\n"
        "source: {system: orders-in, topics: [file], every_s: 0.05}\n"
        "targets: [{system: orders-out, operation: file.write}]\n"
    ),
}


def make_project(folder: pathlib.Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("inbox", "outbox", "partner"):
        (folder / name).mkdir()


def start(folder: pathlib.Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with (folder / "hub.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "crossdock", "up"],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment,
        )


class Shop(threading.Thread):
    """Drops orders into the inbox, each whole, numbered in the order in which they are dropped."""

    def __init__(self, folder: pathlib.Path, dice: random.Random) -> None:
        super().__init__(daemon=True)
        self.inbox = folder / "inbox"
        self.dice = dice
        self.dropped: dict[str, list[int]] = {}
        self.closing = threading.Event()

    def run(self) -> None:
        n = 0
        while not self.closing.is_set():
            n += 1
            key = f"{10000 + self.dice.randrange(ORDERS)}"
            line = {"line_id": "1", "product": "X", "quantity": {"value": "1", "uom": "EA"}}
            order = {"key": key, "order_no": key, "customer": "C1", "currency": "EUR", "lines": [line]}
            temporary = self.inbox / ".new"
            temporary.write_bytes(msgspec.json.encode({**order, "source_version": str(n)}))
            temporary.rename(self.inbox / f"order-{n:06}.json")
            self.dropped.setdefault(key, []).append(n)
            self.closing.wait(0.004 + 0.03 * self.dice.random())


class Partner(threading.Thread):
    """Takes files out of the outbox; a file written twice is met twice."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(daemon=True)
        self.outbox = folder / "outbox"
        self.taken = folder / "partner"
        self.got: dict[str, list[tuple[int, int]]] = {}
        self.count = 0
        self.closing = threading.Event()

    def run(self) -> None:
        while not self.closing.wait(0.02):
            for path in self.outbox.glob("[!.]*.json"):
                self.count += 1
                written_ns = path.stat().st_mtime_ns
                order = msgspec.json.decode(path.read_bytes())
                path.rename(self.taken / f"{self.count:06}.json")
                self.got.setdefault(order["key"], []).append((written_ns, int(order["source_version"])))

    def orders(self) -> dict[str, list[int]]:
        """The versions of each order, as they were written one after the other."""
        return {key: [version for _, version in sorted(some)] for key, some in self.got.items()}


@pytest.mark.chaos
def test_a_hub_killed_at_random_moments_loses_doubles_and_swaps_nothing(tmp_path):
    seed = int(os.environ.get("CROSSDOCK_CHAOS_SEED", "20261123"))
    dice = random.Random(seed)
    make_project(tmp_path)
    shop, partner = Shop(tmp_path, random.Random(seed + 1)), Partner(tmp_path)
    partner.start()
    shop.start()
    log = tmp_path / "hub.log"
    for kill in range(KILLS):
        hub = start(tmp_path)
        before = partner.count
        end = time.monotonic() + 20
        if kill % 4:
            # In the midst of work, most of the time; now and then while it starts.
            while partner.count == before and time.monotonic() < end:
                assert hub.poll() is None, log.read_text()[-2_000:]
                PAUSE.wait(0.01)
        PAUSE.wait(dice.random() * 0.8)
        assert hub.poll() is None, log.read_text()[-2_000:]
        hub.send_signal(signal.SIGKILL)
        hub.wait()
    shop.closing.set()
    shop.join()
    hub = start(tmp_path)
    wanted = sum(map(len, shop.dropped.values()))
    end = time.monotonic() + 60
    while partner.count < wanted and time.monotonic() < end:
        assert hub.poll() is None, log.read_text()[-2_000:]
        PAUSE.wait(0.05)
    PAUSE.wait(1.0)
    hub.send_signal(signal.SIGTERM)
    assert hub.wait(timeout=45) == 0, log.read_text()[-2_000:]
    partner.closing.set()
    partner.join()
    assert partner.orders() == shop.dropped, f"seed {seed}"
    assert wanted > 200
