"""The other side of the folders: a partner who drops files, well or badly, and takes what is written."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from aiohttp import web

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError
from crossdock.kit import Delivery, Faults, Simulator, WriteSample

__all__ = ["FilesSimulator"]

_HOUR_NS = 3_600_000_000_000


class FilesSimulator(Simulator):
    """A folder with an inbox and an outbox, and the partner who works on them. Nothing listens on a port."""

    kind = "files"

    def __init__(self, *, clock: Clock, randomness: random.Random, faults: Faults | None = None) -> None:
        super().__init__(clock=clock, randomness=randomness, faults=faults)
        self._folder: pathlib.Path | None = None
        self._dropped = 0
        self._began_ns = clock.micros() * 1000 - _HOUR_NS

    @property
    def folder(self) -> pathlib.Path:
        if self._folder is None:
            raise ConfigError("the simulator is not started", mend="await start() first")
        return self._folder

    @property
    def inbox(self) -> pathlib.Path:
        return self.folder / "inbox"

    @property
    def outbox(self) -> pathlib.Path:
        return self.folder / "outbox"

    @property
    def done(self) -> pathlib.Path:
        return self.inbox / "done"

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Folders have no paths of HTTP."""
        return ()

    def settings(self) -> dict[str, Any]:
        """Both folders; files count as settled at once, as tests decide when they are whole."""
        return {"inbox": str(self.inbox), "outbox": str(self.outbox), "settle_s": 0}

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Make the folders; returns their address as a file URL."""
        del host, port
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="crossdock-files-"))
        self.inbox.mkdir()
        self.outbox.mkdir()
        self.url = self._folder.as_uri()
        return self.url

    async def stop(self) -> None:
        """Take the folders away, as a share that is no longer mounted."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # What a partner does.

    def drop(self, name: str, body: bytes) -> pathlib.Path:
        """Put a whole file into the inbox in one step, as a careful partner does."""
        path = self.inbox / name
        temporary = self.folder / name
        temporary.write_bytes(body)
        temporary.replace(path)
        return path

    def drop_half(self, name: str, body: bytes) -> Callable[[], None]:
        """Write the first half under the final name, as a careless partner does; call the answer for the rest."""
        path, half = self.inbox / name, len(body) // 2
        path.write_bytes(body[:half])

        def finish() -> None:
            with path.open("ab") as file:
                file.write(body[half:])

        return finish

    def drop_malformed(self, name: str = "orders.json") -> pathlib.Path:
        """A file that ends in the middle and will never be whole."""
        return self.drop(name, b'[{"order": "10001", "lines": [{"sku": "A')

    def drop_twice(self, name: str, body: bytes) -> list[pathlib.Path]:
        """The same bytes under two names: the partner's job ran again."""
        path = pathlib.PurePath(name)
        return [self.drop(name, body), self.drop(f"{path.stem} (1){path.suffix}", body)]

    def age(self, name: str, seconds: float) -> None:
        """Let the inbox's file be last changed `seconds` ago; below zero, the share's clock is ahead."""
        changed_ns = self.clock.micros() * 1000 - int(seconds * 1_000_000_000)
        os.utime(self.inbox / name, ns=(changed_ns, changed_ns))

    def written(self) -> dict[str, bytes]:
        """What the partner sees in the outbox: whole files only, or it is a fault of ours."""
        return {
            path.name: path.read_bytes()
            for path in sorted(self.outbox.iterdir())
            if path.is_file() and not path.name.startswith(".")
        }

    def take(self) -> dict[str, bytes]:
        """Read what is in the outbox and delete it, as a partner's job does."""
        files = self.written()
        for name in files:
            (self.outbox / name).unlink()
        return files

    # What conformance asks for.

    def write_samples(self) -> Mapping[str, Callable[[int], Awaitable[WriteSample]]]:
        """One document a file; a number that is none is refused."""
        return {"file.write": self._sample}

    async def seed(self, source: str, count: int) -> Sequence[str]:
        """Drop `count` files; pairs of them changed at the same time, all a while ago."""
        del source
        names = []
        for _ in range(count):
            self._dropped += 1
            name = f"orders-{self._dropped:05}.json"
            path = self.drop(name, b'{"order": "%d"}' % self._dropped)
            self._set_changed(path, self._dropped // 2)
            names.append(name)
        return names

    async def touch(self, source: str, key: str) -> None:
        """The partner drops the file again, with another body."""
        del source
        self._dropped += 1
        path = self.drop(key, b'{"order": "%d", "again": true}' % self._dropped)
        self._set_changed(path, self._dropped // 2)

    def _set_changed(self, path: pathlib.Path, step: int) -> None:
        changed_ns = self._began_ns + step * 1_000_000
        os.utime(path, ns=(changed_ns, changed_ns))

    async def _sample(self, number: int) -> WriteSample:
        name = f"sales_order-{number}-1.json"
        good = Delivery(
            operation="file.write",
            payload={"order": str(number), "total": Decimal("10.50")},
            effect_key=f"files|1|sales_order:{number}|file.write|1",
            ordering_key=f"files|1|order:{number}",
            company="1",
            object_kind="order",
            object_key=str(number),
            document_kind="sales_order",
            document_key=str(number),
            source_version="1",
        )
        bad = dataclasses.replace(good, payload={"order": str(number), "total": Decimal("NaN")})
        return WriteSample(good, lambda: int(name in self.written()), rejected=bad)
