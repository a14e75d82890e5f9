"""Names that we give to Odoo's records: made from our keys alone, so that a repeat finds what the first call made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from crossdock.connectors.odoo.client import OdooClient
from crossdock.core.errors import RejectedError

__all__ = ["MODULE", "external_name", "marker", "name_ids", "resolve_name"]

MODULE = "__crossdock__"
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")
_READABLE = 40


def external_name(kind: str, company: str, key: str, part: str = "") -> str:
    """The external id of our document, or of a `part` (line) of it: readable, and unique by its hash."""
    whole = f"{kind}\x1f{company}\x1f{key}\x1f{part}"
    stamp = hashlib.blake2b(whole.encode(), digest_size=8).hexdigest()
    readable = _UNSAFE.sub("_", f"{kind}_{key}_{part}" if part else f"{kind}_{key}")[:_READABLE].strip("_")
    return f"{MODULE}.{readable}_{stamp}"


def marker(effect_kind: str, company: str, key: str) -> str:
    """The message id under which an effect is noted in a record's history, in the transaction that has it."""
    stamp = hashlib.blake2b(f"{effect_kind}\x1f{company}\x1f{key}".encode(), digest_size=12).hexdigest()
    return f"<{effect_kind}-{stamp}@crossdock>"


async def name_ids(client: OdooClient, model: str, ids: Iterable[int]) -> dict[str, int]:
    """Our names of the records `ids`: name → id; records without one are left out.

    `get_external_id` needs no right on ir.model.data, which is for administrators.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    answer = await client.call(model, "get_external_id", wanted)
    return {name: int(key) for key, name in answer.items() if name}


async def resolve_name(client: OdooClient, name: str) -> int | None:
    """The id of the record that bears `name`; None if there is none (any more)."""
    module, _, bare = name.partition(".")
    try:
        answer: Sequence[object] = await client.call(
            "ir.model.data", "check_object_reference", module=module, xml_id=bare
        )
    except RejectedError as error:
        if "External ID not found" in error.text:
            return None
        raise
    return int(str(answer[1])) if answer[1] else None
