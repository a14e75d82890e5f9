"""How long calls take: measured on a real server, five lines an order, one worker."""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Sequence

__all__ = ["LatencyModel"]

_BATCHES = (1, 10, 50, 200)
_CREATE_MS = (142.0, 30.0, 22.0, 20.0)
_CONFIRM_MS = (256.0, 76.0, 62.0, 58.0)
_MEASURED: dict[str, Sequence[float]] = {
    "load": _CREATE_MS,
    "create": _CREATE_MS,
    "action_confirm": _CONFIRM_MS,
    "button_confirm": _CONFIRM_MS,
    "button_validate": _CONFIRM_MS,
    "process": _CONFIRM_MS,
    "create_invoices": _CONFIRM_MS,
    "action_post": _CONFIRM_MS,
}
_READ_MS = 10.0
_READ_RECORD_MS = 0.05
_HEAVY_MODELS = (
    "sale.order",
    "purchase.order",
    "stock.picking",
    "account.move",
    "stock.backorder.confirmation",
    "sale.advance.payment.inv",
)


@dataclasses.dataclass(frozen=True)
class LatencyModel:
    """Costs of calls.

    Attributes:
        scale: 1.0 is the measured server; 0.1 is ten times as fast.
        workers: calls that run at a time; the rest wait.
    """

    scale: float = 1.0
    workers: int = 4

    def cost_s(self, model: str, method: str, records: int) -> float:
        """Seconds that a call of `records` records takes."""
        count = max(1, records)
        table = _MEASURED.get(method) if model in _HEAVY_MODELS else None
        each_ms = _per_record_ms(table, count) if table else 0.0
        whole_ms = each_ms * count if table else _READ_MS + _READ_RECORD_MS * count
        return whole_ms * self.scale / 1000


def _per_record_ms(table: Sequence[float], count: int) -> float:
    if count >= _BATCHES[-1]:
        return table[-1]
    at = bisect.bisect_right(_BATCHES, count) - 1
    low, high = _BATCHES[at], _BATCHES[at + 1]
    share = math.log(count / low) / math.log(high / low)
    return table[at] + (table[at + 1] - table[at]) * share
