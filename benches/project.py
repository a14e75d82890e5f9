"""The benches' project: a shop's signed orders to a sink, in a temporary folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benches.mapping_bench import MAPPING
from benches.workload import PARTIES, PRODUCTS, SECRET, SHOP
from crossdock.core.clock import SystemClock
from crossdock.store import open_journal
from crossdock.store.contract import Xref

__all__ = ["write_project"]

_FILES = {
    "crossdock.yaml": "name: bench\nenvironment: dev\nstore: sqlite:///journal.sqlite3\nport: {port}\n",
    "systems/shop.yaml": """
name: shop
connector: shopify
zone: Europe/Amsterdam
settings:
  base_url: http://127.0.0.1:9
  shop_domain: {shop}
  access_token: env:CROSSDOCK_BENCH_SECRET
  webhook_secret: env:CROSSDOCK_BENCH_SECRET
  location_id: "1"
""",
    "systems/sink.yaml": """
name: sink
connector: bench_sink
concurrency: 32
settings:
  base_url: http://127.0.0.1:{sink_port}
""",
    "interfaces/orders.yaml": """
id: orders
version: 1
title: Orders of the shop to the sink
domain: sales
owner: bench
criticality: low
pattern: event
runbook: runbooks/orders.md
source:
  system: shop
  topics: [orders/create]
document: sales_order
mapping: shop-order
targets:
  - system: sink
    operation: order.send
""",
    "runbooks/orders.md": "Measure again.\n",
    # An installed package's entry point, so that the hub finds the connector as it finds anybody's.
    "site/crossdock_bench-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: crossdock-bench\nVersion: 1.0\n",
    "site/crossdock_bench-1.0.dist-info/entry_points.txt": (
        "[crossdock.connectors]\nbench_sink = benches.sink_connector\n"
    ),
}


def write_project(folder: Path, *, port: int, sink_port: int) -> dict[str, str]:
    """Write the project, and the shop's customers and products into its journal; the environment its hub needs."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(port=port, sink_port=sink_port, shop=SHOP), encoding="utf-8")
    mapping = folder / "mappings" / "shop-order.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text(MAPPING, encoding="utf-8")
    asyncio.run(_fill(folder / "journal.sqlite3"))
    return {"CROSSDOCK_BENCH_SECRET": SECRET, "PYTHONPATH": str(folder / "site")}


async def _fill(path: Path) -> None:
    journal = await open_journal(f"sqlite:///{path}", environment="dev", clock=SystemClock())
    xrefs = [Xref("shop", "", "product", f"P-{n:05d}", f"SKU-{n:05d}") for n in range(PRODUCTS)]
    xrefs += [Xref("shop", "", "party", f"C-{n}", str(n)) for n in range(1, PARTIES + 1)]
    await journal.put_xrefs(xrefs)
    await journal.close()
