"""What every operation works with: client, loader, settings, clock."""

from __future__ import annotations

import dataclasses
import random

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.loading import Loader
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.clock import Clock
from crossdock.core.errors import ConflictError
from crossdock.kit import Delivery

__all__ = ["Desk", "gone"]


@dataclasses.dataclass(frozen=True)
class Desk:
    """The tools of one call of a verb, set up for one company."""

    client: OdooClient
    loader: Loader
    settings: OdooSettings
    clock: Clock

    @classmethod
    def set_up(
        cls,
        client: OdooClient,
        settings: OdooSettings,
        *,
        company: str,
        clock: Clock,
        randomness: random.Random,
    ) -> Desk:
        """A desk for `company`.

        Raises:
            ConfigError: the settings do not know the company.
        """
        own = client.of(company)
        return cls(own, Loader(own, clock=clock, randomness=randomness), settings, clock)


def gone(model: str, record_id: int, delivery: Delivery) -> ConflictError:
    """The error for a record that we know and a person has deleted: it is never made again by itself."""
    return ConflictError(
        f"{delivery.document_kind} {delivery.document_key}: {model} {record_id} was deleted in Odoo",
        code="T-ODOO-MISSING",
        mend="decide whether it is made again by hand; its id here is kept as a tombstone",
    )
