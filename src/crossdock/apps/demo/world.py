"""The demo's world: simulators in this process, the hub in one of its own, and a project folder between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import random
import shutil
import socket
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp

from crossdock.apps.demo.odoo_view import OdooAccess
from crossdock.apps.remote import find_running_hub
from crossdock.core.clock import SystemClock
from crossdock.core.errors import ConfigError, RetryableError
from crossdock.kit import Simulator, find_manifests, load_entry

__all__ = ["World", "project_folder"]

_READY_S = 60.0
_TOPICS = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled", "refunds/create")
"""What the merchant has subscribed the hub to."""


def project_folder() -> pathlib.Path:
    """Where the example project stands: in the repository, or packaged beside the code.

    Raises:
        ConfigError: neither.
    """
    here = pathlib.Path(__file__).resolve()
    for folder in (here.parents[4] / "examples", here.parents[2] / "examples"):
        if (folder / "distribution" / "crossdock.yaml").is_file():
            return folder / "distribution"
    raise ConfigError("examples/distribution is not there", code="T-CONFIG", mend="install Crossdock again")


class World:
    """Everything around the hub, and the hub as a process that can be killed.

    Args:
        folder: where the project, the journal and the inbox are put.
        seed: of all chance.
        odoo: a real Odoo in place of the simulator.
        run: name of this day: what is numbered on it is numbered on no other.
        shop_terms: the shop's currency, tax rate, first order number, ….
    """

    def __init__(
        self,
        folder: pathlib.Path,
        *,
        seed: int,
        odoo: OdooAccess | None,
        shop_terms: Mapping[str, Any],
        run: str,
    ) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.random = random.Random(seed)  # noqa: S311 - a demo's chance
        self.port = _free_port()
        self._odoo = odoo
        self.shop: Any = self._simulator(
            "shopify", products=0, capacity=20_000, restore_per_s=2_000, terms=shop_terms
        )
        self.wms: Any = self._simulator("wms", shipment_prefix=f"SH-{run}-")
        self.odoo: Any = None if odoo else self._simulator("odoo")
        self.access: OdooAccess | None = odoo
        self.kills = 0
        self._hub: asyncio.subprocess.Process | None = None
        self._environ: dict[str, str] = {}
        self._log: Any = None

    @property
    def inbox(self) -> pathlib.Path:
        return self.folder / "inbox"

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Copy the project, start the simulators, and say where everything is."""
        shutil.copytree(project_folder(), self.folder, dirs_exist_ok=True)
        self.inbox.mkdir(exist_ok=True)
        main = self.folder / "crossdock.yaml"
        main.write_text(
            main.read_text(encoding="utf-8").replace("port: 8100", f"port: {self.port}"), encoding="utf-8"
        )
        for simulator in self._simulators():
            await simulator.start()
        if self.odoo is not None:
            settings = self.odoo.settings()
            self.access = OdooAccess(settings["base_url"], settings["database"], settings["api_key"])
        assert self.access is not None
        shop, wms = self.shop.settings(), self.wms.settings()
        self._environ = {
            "CROSSDOCK_DEMO_SHOP_URL": shop["base_url"],
            "CROSSDOCK_DEMO_SHOP_TOKEN": shop["access_token"].reveal(),
            "CROSSDOCK_DEMO_SHOP_SECRET": shop["webhook_secret"].reveal(),
            "CROSSDOCK_DEMO_SHOP_DOMAIN": shop["shop_domain"],
            "CROSSDOCK_DEMO_SHOP_LOCATION": shop["location_id"],
            "CROSSDOCK_DEMO_WMS_URL": wms["base_url"],
            "CROSSDOCK_DEMO_WMS_TOKEN": wms["token"].reveal(),
            "CROSSDOCK_DEMO_WMS_SECRET": wms["webhook_secret"].reveal(),
            "CROSSDOCK_DEMO_ODOO_URL": self.access.url,
            "CROSSDOCK_DEMO_ODOO_DB": self.access.database,
            "CROSSDOCK_DEMO_ODOO_KEY": self.access.key.reveal(),
            "CROSSDOCK_DEMO_INBOX": str(self.inbox),
        }
        self.shop.hooks.url = f"{self.hub_url}/hooks/shop"
        self.shop.hooks.topics = set(_TOPICS)
        self.wms.hub_url = f"{self.hub_url}/hooks/wms/events"

    async def stop(self) -> None:
        await self.stop_hub()
        for simulator in self._simulators():
            await simulator.stop()
        if self._log is not None:
            self._log.close()

    async def start_hub(self) -> None:
        """Start the hub's process and wait until it takes messages.

        Raises:
            RetryableError: it does not come up; its log says why.
        """
        if self._log is None:
            self._log = (self.folder / "hub.log").open("ab")
        hub = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "crossdock", "up", "--json-logs", "--project", str(self.folder),
            env={**os.environ, **self._environ}, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_READY_S):
                while not await self._ready():
                    if hub.returncode is not None:
                        tail = (self.folder / "hub.log").read_text(encoding="utf-8", errors="replace")[-1500:]
                        raise RetryableError(
                            f"the hub ended with {hub.returncode}: {tail}",
                            mend=f"see {self.folder}/hub.log",
                        )
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise RetryableError("the hub does not come up", mend=f"see {self.folder}/hub.log") from error
        self._hub = hub

    async def stop_hub(self) -> None:
        """Let the hub end as a person would."""
        if self._hub is None or self._hub.returncode is not None:
            return
        self._hub.terminate()
        try:
            await asyncio.wait_for(self._hub.wait(), 45)
        except TimeoutError:
            self._hub.kill()
            await self._hub.wait()

    async def kill_hub(self) -> None:
        """Kill it with -9, now, whatever it is doing."""
        assert self._hub is not None
        hub, self._hub = self._hub, None
        hub.kill()
        await hub.wait()
        self.kills += 1

    def demand_hub(self) -> None:
        """Nothing, while the hub runs or is being started again.

        Raises:
            RetryableError: it ended by itself.
        """
        if self._hub is not None and self._hub.returncode is not None:
            raise RetryableError(
                f"the hub ended by itself with {self._hub.returncode}", mend=f"see {self.folder}/hub.log"
            )

    async def ask_hub(self, path: str) -> Any:
        """What the operations API says.

        Raises:
            RetryableError: no hub answers just now.
        """
        run = find_running_hub(self.folder)
        if run is None:
            raise RetryableError("no hub runs")
        headers = {"Authorization": f"Bearer {run.token}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.get(f"{self.hub_url}{path}", timeout=aiohttp.ClientTimeout(total=20)) as response,
            ):
                return await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RetryableError(f"the hub does not answer: {error}") from error

    async def _ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.hub_url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as response,
            ):
                return response.status == 200 and find_running_hub(self.folder) is not None
        return False

    def _simulators(self) -> list[Simulator]:
        return [one for one in (self.shop, self.wms, self.odoo) if one is not None]

    def _simulator(self, kind: str, **options: Any) -> Any:
        manifest = find_manifests()[kind]
        return load_entry(manifest.simulator, kind)(
            clock=self.clock,
            randomness=random.Random(self.random.getrandbits(64)),  # noqa: S311 - a demo's chance
            **options,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
