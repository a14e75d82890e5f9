"""Master data: created once, then only the fields that the payload names are written, and only where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossdock.connectors.odoo.batches import Batch
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk, gone
from crossdock.connectors.odoo.values import as_number, number, plain
from crossdock.core.errors import ConflictError, CrossdockError
from crossdock.kit import Delivery

__all__ = ["as_cells", "differing", "ensure_records", "known_by", "shown", "update"]

Values = Mapping[str, Any]
"""Field of Odoo → value as `write` takes it: text, bool, Decimal, or the id of a many2one."""


async def known_by(desk: Desk, model: str, field: str, keys: Iterable[str]) -> dict[str, int]:
    """Records by a reference of their own (`ref`, `default_code`), the active one where others are archived.

    Raises:
        ConflictError: two active records bear the same: nobody can tell which is meant.
    """
    wanted = sorted({key for key in keys if key})
    if not wanted:
        return {}
    rows = await desk.client.search_read(
        model,
        [[field, "in", wanted], ["company_id", "in", [False, desk.client.company_id]]],
        (field, "active"),
        order="active desc,id",
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        other = found.setdefault(row[field], row)
        if other is not row and other["active"] and row["active"]:
            raise ConflictError(
                f"{model} {other['id']} and {row['id']} both have {field} {row[field]}",
                mend="archive one of them in Odoo, or give it another number",
            )
    return {key: int(row["id"]) for key, row in found.items()}


async def ensure_records(
    desk: Desk,
    batch: Batch,
    model: str,
    wanted: Mapping[int, Values],
    *,
    reference: str,
    new: Callable[[Delivery, Values], NewRecord],
) -> dict[int, int]:
    """The ids of the batch's records by place: those we know, those with the same reference, or made now."""
    deliveries = dict(batch.open)
    ids = {place: int(deliveries[place].external_id) for place in wanted if deliveries[place].external_id}
    references = {place: str(vals.get(reference) or "") for place, vals in wanted.items() if place not in ids}
    try:
        known = await known_by(desk, model, reference, references.values())
    except ConflictError:
        known = await _known_apart(desk, batch, model, reference, references)
    missing: dict[int, NewRecord] = {}
    for place, text in references.items():
        if place in batch.results:
            continue
        if text in known:
            ids[place] = known[text]
        else:
            missing[place] = new(deliveries[place], wanted[place])
    for place, result in zip(missing, await desk.loader.load(model, list(missing.values())), strict=True):
        if isinstance(result, CrossdockError):
            batch.results[place] = result
        else:
            ids[place] = result
    return ids


async def _known_apart(
    desk: Desk, batch: Batch, model: str, reference: str, references: Mapping[int, str]
) -> dict[str, int]:
    """As `known_by`, one by one: only the record whose reference is not unique is refused."""
    known: dict[str, int] = {}
    for place, text in references.items():
        try:
            known.update(await known_by(desk, model, reference, [text]))
        except ConflictError as error:
            batch.results[place] = error
    return known


async def update(
    desk: Desk, batch: Batch, model: str, wanted: Mapping[int, Values], ids: Mapping[int, int]
) -> None:
    """Write what differs. Records that are gone are conflicts; a refused write is that record's own."""
    fields = sorted({name for vals in wanted.values() for name in vals})
    stored = await desk.client.read(model, ids.values(), fields)
    deliveries = dict(batch.open)
    for place, record_id in ids.items():
        if record_id not in stored:
            batch.results[place] = gone(model, record_id, deliveries[place])
            continue
        vals = differing(wanted[place], stored[record_id])
        if vals:
            try:
                await desk.client.call(model, "write", [record_id], vals=vals)
            except CrossdockError as error:
                batch.results[place] = error


def differing(wanted: Values, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `wanted` whose stored value is another."""
    return {name: value for name, value in wanted.items() if not _same(value, stored.get(name))}


def _same(wanted: Any, stored: Any) -> bool:
    if isinstance(stored, Sequence) and not isinstance(stored, str) and len(stored) == 2:
        stored = stored[0]
    if isinstance(wanted, Decimal):
        return number(stored) == wanted
    if isinstance(wanted, bool):
        return bool(stored) == wanted
    if wanted == "" or wanted is None:
        return not stored
    return bool(wanted == stored)


def as_cells(values: Values, many2one: Iterable[str]) -> dict[str, str]:
    """The values as columns of `load`; empty ones are left to Odoo's defaults."""
    relations = set(many2one)
    cells = {}
    for name, value in values.items():
        if value == "" or value is None:
            continue
        text = (
            plain(value)
            if isinstance(value, Decimal)
            else str(int(value))
            if isinstance(value, bool)
            else str(value)
        )
        cells[f"{name}/.id" if name in relations else name] = text
    return cells


def shown(
    payload: Mapping[str, Any], texts: Iterable[str], numbers: Iterable[str], flags: Iterable[str]
) -> dict[str, Any]:
    """The fields that `payload` names, typed; those it does not name are not touched."""
    values: dict[str, Any] = {}
    for name in texts:
        if name in payload and payload[name] is not None:
            values[name] = str(payload[name])
    for name in numbers:
        if name in payload and payload[name] not in {None, ""}:
            values[name] = as_number(payload, name)
    for name in flags:
        if name in payload and payload[name] not in {None, ""}:
            values[name] = (
                payload[name] if isinstance(payload[name], bool) else str(payload[name]).lower() == "true"
            )
    return values
