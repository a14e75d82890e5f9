"""What tells one Odoo database from another."""

from __future__ import annotations

import hashlib

from crossdock.connectors.odoo.client import OdooClient
from crossdock.core.errors import RejectedError

__all__ = ["database_identity"]


async def database_identity(client: OdooClient) -> str:
    """`uuid:…` where the service user may read `database.uuid` (administrators), else `born:…`.

    `born` stands for the moments at which the database's first user, company, language and unit were made, while
    it was initialised: the same for a copy, as its uuid is, and another for any other database that was not made
    within the same second. '' where none of them can be read. A key that gains or loses administrator's rights
    changes the form: confirm the new identity then.
    """
    try:
        uuid = await client.call("ir.config_parameter", "get_param", key="database.uuid")
    except RejectedError:
        uuid = ""
    if uuid:
        return f"uuid:{uuid}"
    moments = []
    for model in ("res.users", "res.company", "res.lang", "uom.uom"):
        try:
            rows = await client.search_read(model, [], ("create_date",), order="id", limit=1)
        except RejectedError:
            continue
        moments += [f"{model}={row['create_date']}" for row in rows]
    return (
        f"born:{hashlib.blake2b(' '.join(moments).encode(), digest_size=12).hexdigest()}" if moments else ""
    )
