"""What a hub sets for its whole process."""

from __future__ import annotations

import gc

__all__ = ["spare_garbage_collection"]


def spare_garbage_collection() -> None:
    """Look for cycles seldom: a batch of documents is thousands of objects without any, and what was loaded stays.

    With Python's own thresholds the search was a tenth of the hub's CPU time (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
