"""Prometheus metrics of a hub. Every name is listed in docs/reference/metrics.md."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["METRICS", "Metrics"]

METRICS = {
    "crossdock_hooks_accepted_total": "webhooks committed and answered 202, by system and whether a duplicate",
    "crossdock_hooks_refused_total": "webhooks refused, by system and code",
    "crossdock_hook_seconds": "seconds from a webhook's first byte to its answer, by system",
    "crossdock_messages": "messages in the journal by state",
    "crossdock_deliveries": "deliveries in the journal by state",
    "crossdock_exceptions": "exceptions by state",
    "crossdock_breaker_open": "1 while a system's breaker is open",
}


class Metrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._hooks: dict[tuple[str, bool], tuple[Counter, Histogram]] = {}
        self._accepted = Counter(
            "crossdock_hooks_accepted",
            METRICS["crossdock_hooks_accepted_total"],
            ["system", "duplicate"],
            registry=self._registry,
        )
        self._refused = Counter(
            "crossdock_hooks_refused",
            METRICS["crossdock_hooks_refused_total"],
            ["system", "code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "crossdock_hook_seconds", METRICS["crossdock_hook_seconds"], ["system"], registry=self._registry
        )
        self._rows = {
            name: Gauge(f"crossdock_{name}", METRICS[f"crossdock_{name}"], ["state"], registry=self._registry)
            for name in ("messages", "deliveries", "exceptions")
        }
        self._open = Gauge(
            "crossdock_breaker_open", METRICS["crossdock_breaker_open"], ["system"], registry=self._registry
        )

    def accepted(self, system: str, *, duplicate: bool, seconds: float) -> None:
        count, histogram = self._of_hooks(system, duplicate)
        count.inc()
        histogram.observe(seconds)

    def _of_hooks(self, system: str, duplicate: bool) -> tuple[Counter, Histogram]:  # noqa: FBT001 - a label
        """The two that every accepted webhook touches: finding them by label costs more than counting."""
        found = self._hooks.get((system, duplicate))
        if found is None:
            found = (
                self._accepted.labels(system, str(duplicate).lower()),
                self._seconds.labels(system),
            )
            self._hooks[system, duplicate] = found
        return found

    def refused(self, system: str, code: str) -> None:
        self._refused.labels(system, code).inc()

    def show(self, counts: Mapping[str, Mapping[str, int]], breakers: Mapping[str, bool]) -> str:
        """The exposition text, with the journal's counts as of now."""
        for name, gauge in self._rows.items():
            for state, count in counts.get(name, {}).items():
                gauge.labels(state).set(count)
        for system, is_open in breakers.items():
            self._open.labels(system).set(int(is_open))
        return generate_latest(self._registry).decode()
