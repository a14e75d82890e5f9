"""Master data that Odoo has already, by our keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.connectors.odoo.client import OdooClient
from crossdock.core.errors import ConflictError

__all__ = ["find_by"]

_AT_ONCE = 500


async def find_by(
    client: OdooClient,
    model: str,
    field: str,
    keys: Sequence[str],
    *,
    shared: bool = True,
    domain: Sequence[Any] = (),
) -> dict[str, str]:
    """Ids of active records by `field`, of the client's company or (where `shared`) of none.

    Raises:
        ConflictError: two active records bear one key: to guess would book on the wrong one.
    """
    found: dict[str, str] = {}
    wanted = sorted({key for key in keys if key})
    company: list[Any] = [["company_id", "in", [False, client.company_id]]] if shared else []
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        rows = await client.search_read(
            model, [[field, "in", part], *company, *domain], (field,), context={"active_test": True}
        )
        for row in rows:
            key, record_id = str(row[field]), str(row["id"])
            if found.setdefault(key, record_id) != record_id:
                raise ConflictError(
                    f"{model} {found[key]} and {record_id} both have {field} {key}",
                    mend="archive one of them in Odoo, or give it another number",
                )
    return found
