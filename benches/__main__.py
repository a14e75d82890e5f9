"""`python -m benches`: every figure that has a bar, measured now, as ratios to a floor of the same run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

import msgspec

from benches import intake, journey, mapping_bench, odoo_batches, store_bench
from benches.report import Figure, machine, show

__all__ = ["BENCHES", "main"]


def _intake(*, quick: bool) -> Iterator[Figure]:
    found = intake.run(3_000, 3) if quick else intake.run()
    yield Figure(
        "intake: signed 4 KB webhook → on disk → 202, to a bare ASGI + SQLite floor",
        found["ratio"],
        "of the floor",
        bar=0.5,
        detail=f"{found['hub_per_s']:,.0f} and {found['floor_per_s']:,.0f} webhooks/s;"
        f" {found['hub_cpu_us']:.0f} and {found['floor_cpu_us']:.0f} µs CPU each",
    )


def _journey(*, quick: bool) -> Iterator[Figure]:
    found = journey.run(2_000, 1) if quick else journey.run()
    yield Figure(
        "journey of a 20-line order: webhook → journal → mapped, checked → POST → settled, one core",
        found["per_s"],
        "orders/s",
        bar=1_500,
        detail=f"{found['cpu_us']:.0f} µs CPU each; the hub had {found['core_share']:.0%} of its core",
    )
    yield Figure(
        "the same, until the ledger has taken all orders up",
        found["with_ledger_per_s"],
        "orders/s",
        detail=f"{found['with_ledger_cpu_us']:.0f} µs CPU each",
    )


def _odoo(*, quick: bool) -> Iterator[Figure]:
    del quick
    for name, found in odoo_batches.run().items():
        yield Figure(
            f"orders created and confirmed in {name}, to one-by-one JSON calls",
            found["ratio"],
            "times",
            bar=3.5,
            detail=f"{found['batched_ms']:.1f} and {found['one_by_one_ms']:.1f} ms an order",
        )


def _mapping(*, quick: bool) -> Iterator[Figure]:
    found = mapping_bench.run(200 if quick else 500)
    yield Figure(
        "mapping of a 20-line order, look-ups named and record mapped",
        found["all_us"],
        "µs",
        bar=100,
        at_most=True,
        detail=f"{found['ratio_to_hand']:.2f} times a mapper by hand;"
        f" {found['fresh_all_us']:.0f} µs with amounts never seen",
    )


def _store(*, quick: bool) -> Iterator[Figure]:
    found = store_bench.run(4_000 if quick else 20_000)
    yield Figure(
        "journal: accept, translate, claim, sent, settled",
        found["cycle_cpu_us"],
        "µs CPU",
        detail=f"{found['cycle_per_s']:,.0f} messages/s; accept alone {found['accept_to_floor']:.2f} of bare inserts",
    )


BENCHES: dict[str, Callable[..., Iterator[Figure]]] = {
    "intake": _intake,
    "journey": _journey,
    "odoo": _odoo,
    "mapping": _mapping,
    "store": _store,
}


def main() -> int:
    """Measure, show; 0, but with --check 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[*BENCHES, []], help="some of them; all when left away")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--quick", action="store_true", help="fewer messages; a rough look")
    given = parser.parse_args()
    figures = []
    for name in given.which or BENCHES:
        sys.stderr.write(f"{name} …\n")
        figures += list(BENCHES[name](quick=given.quick))
    if given.json:
        found = {"machine": machine(), "figures": [figure.as_json() for figure in figures]}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        show(figures)
    return 1 if given.check and any(figure.passed is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
