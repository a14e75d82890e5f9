"""Parties: contacts of Odoo with their delivery and invoice addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.batches import Batch, Result
from crossdock.connectors.odoo.external_ids import external_name, resolve_name
from crossdock.connectors.odoo.loading import NewRecord
from crossdock.connectors.odoo.operations.desk import Desk
from crossdock.connectors.odoo.operations.masters import (
    as_cells,
    differing,
    ensure_records,
    known_by,
    shown,
    update,
)
from crossdock.connectors.odoo.values import as_id, as_lines, as_text
from crossdock.core.errors import CrossdockError, Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt, XrefClaim

__all__ = ["PARTY_KIND", "look_up_party", "upsert_parties"]

PARTY_KIND = "party"
_TEXTS = (
    "name",
    "email",
    "phone",
    "vat",
    "ref",
    "street",
    "street2",
    "city",
    "zip",
    "lang",
    "comment",
    "website",
)
_ADDRESS = ("name", "email", "phone", "street", "street2", "city", "zip", "ref")
_RELATIONS = ("country_id", "state_id", "parent_id", "property_payment_term_id")


async def upsert_parties(desk: Desk, deliveries: Sequence[Delivery]) -> list[Result]:
    """Contacts, made or brought up to date; see the verb for the payload's form."""
    batch = Batch(deliveries)
    places = await _Places.read(desk, deliveries)
    wanted = batch.each(lambda one: _values(places, one.payload))
    ids = await ensure_records(
        desk, batch, "res.partner", wanted, reference="ref", new=lambda one, vals: _new(one, vals, "")
    )
    await update(desk, batch, "res.partner", wanted, ids)
    addresses = await _addresses(desk, batch, places, ids)
    for place, partner_id in ids.items():
        if place not in batch.results:
            batch.results[place] = Receipt(str(partner_id), addresses.get(place, ()))
    return batch.in_order()


async def look_up_party(desk: Desk, delivery: Delivery) -> Found:
    """Whether the contact is there with the payload's values."""
    places = await _Places.read(desk, [delivery])
    wanted = _values(places, delivery.payload)
    record_id = int(delivery.external_id or 0) or await resolve_name(desk.client, _name(delivery))
    if not record_id:
        ref = str(wanted.get("ref") or "")
        record_id = (await known_by(desk, "res.partner", "ref", [ref])).get(ref)
    if not record_id:
        return Found("absent")
    stored = (await desk.client.read("res.partner", [record_id], sorted(wanted))).get(record_id)
    if stored is None or differing(wanted, stored):
        return Found("absent", text=f"res.partner {record_id} has other values")
    return Found("done", Receipt(str(record_id)))


class _Places:
    """Countries and states by code, read once per batch."""

    def __init__(self, countries: Mapping[str, int], states: Mapping[tuple[str, str], int]) -> None:
        self._countries = countries
        self._states = states

    @classmethod
    async def read(cls, desk: Desk, deliveries: Sequence[Delivery]) -> _Places:
        forms = [
            form
            for one in deliveries
            for form in (one.payload, *as_lines(one.payload, "addresses", required=False))
        ]
        codes = sorted({as_text(form, "country_code").upper() for form in forms} - {""})
        if not codes:
            return cls({}, {})
        countries = await desk.client.search_read("res.country", [["code", "in", codes]], ("code",))
        states = []
        if any(as_text(form, "state_code") for form in forms):
            states = await desk.client.search_read(
                "res.country.state", [["country_id.code", "in", codes]], ("code", "country_id")
            )
        by_id = {row["id"]: row["code"] for row in countries}
        return cls(
            {row["code"]: row["id"] for row in countries},
            {(by_id[row["country_id"][0]], row["code"]): row["id"] for row in states},
        )

    def values(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """country_id and state_id of a form; a state that Odoo does not know is left out (it stays in the lines)."""
        country, state = as_text(form, "country_code").upper(), as_text(form, "state_code").upper()
        if not country:
            return {}
        if country not in self._countries:
            raise RejectedError(
                f"country {country} is not known in Odoo",
                code="B-ADDR-BAD",
                place=Place(path="country_code", value=country),
            )
        found: dict[str, Any] = {"country_id": self._countries[country]}
        if (country, state) in self._states:
            found["state_id"] = self._states[country, state]
        return found


def _name(delivery: Delivery, part: str = "") -> str:
    return external_name(PARTY_KIND, delivery.company, delivery.document_key, part)


def _values(places: _Places, payload: Mapping[str, Any]) -> dict[str, Any]:
    values = shown(payload, _TEXTS, (), ("is_company", "active"))
    values.update(places.values(payload))
    for name in ("parent_id", "property_payment_term_id"):
        if relation := as_id(payload, name, required=False):
            values[name] = relation
    return values


def _new(delivery: Delivery, values: Mapping[str, Any], part: str) -> NewRecord:
    if not part and not values.get("name"):
        raise RejectedError(
            "name is missing", code="T-SCHEMA", place=Place(path="name"), mend="mend the mapping"
        )
    return NewRecord(_name(delivery, part), as_cells(values, _RELATIONS))


async def _addresses(
    desk: Desk, batch: Batch, places: _Places, ids: Mapping[int, int]
) -> dict[int, tuple[XrefClaim, ...]]:
    """Addresses of the batch's parties: each by create-only load under the party, then what differs."""
    deliveries = dict(batch.open)
    wanted: list[tuple[int, str, dict[str, Any], NewRecord]] = []
    for place, partner_id in ids.items():
        if place in batch.results:
            continue
        try:
            for form in as_lines(deliveries[place].payload, "addresses", required=False):
                key = as_text(form, "key", required=True)
                values = {**shown(form, _ADDRESS, (), ()), **places.values(form)}
                values |= {"parent_id": partner_id, "type": as_text(form, "type") or "delivery"}
                wanted.append((place, key, values, _new(deliveries[place], values, key)))
        except CrossdockError as error:
            batch.results[place] = error
    loaded = await desk.loader.load("res.partner", [record for *_, record in wanted]) if wanted else []
    claims: dict[int, tuple[XrefClaim, ...]] = {}
    made: list[tuple[dict[str, Any], int]] = []
    for (place, key, values, _), result in zip(wanted, loaded, strict=True):
        if isinstance(result, CrossdockError):
            batch.results[place] = result
            continue
        made.append((values, result))
        claims[place] = (
            *claims.get(place, ()),
            XrefClaim(PARTY_KIND, key, str(result)),
        )
    await _update_addresses(desk, made)
    return claims


async def _update_addresses(desk: Desk, made: Sequence[tuple[dict[str, Any], int]]) -> None:
    fields = sorted({name for values, _ in made for name in values})
    stored = (
        await desk.client.read("res.partner", [record_id for _, record_id in made], fields) if made else {}
    )
    for values, record_id in made:
        vals = differing(values, stored.get(record_id, values))
        if vals:
            await desk.client.call("res.partner", "write", [record_id], vals=vals)
