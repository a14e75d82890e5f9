"""One target system as the pipeline runs it: its connector, its limits, its health."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from crossdock.core.interface import SystemDefinition
from crossdock.kit import Connector
from crossdock.pipeline.breaker import Breaker
from crossdock.pipeline.sizing import BatchSize

__all__ = ["TargetSystem"]


@dataclasses.dataclass
class TargetSystem:
    """A running system.

    Attributes:
        wake: set when the journal has something for this target.
        rescan: what it has may be older than what was claimed last: released followers, facts that arrived.
        sizes: batch size found so far, by operation.
    """

    definition: SystemDefinition
    connector: Connector[Any]
    breaker: Breaker = dataclasses.field(default_factory=Breaker)
    wake: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    rescan: bool = True
    sizes: dict[str, BatchSize] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.definition.name

    def released(self) -> None:
        """Something older than the newest claimed may be READY again."""
        self.rescan = True
        self.wake.set()

    def size_of(self, operation: str) -> BatchSize:
        """The adaptive batch size of an operation."""
        if operation not in self.sizes:
            self.sizes[operation] = BatchSize(most=self.connector.verbs.writes[operation].batch)
        return self.sizes[operation]
