"""Parties (canonical §2): customers, suppliers, carriers, warehouses, with their addresses and terms."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

from typing import Literal

from crossdock.core.documents.base import Address, Contact, Document, Part
from crossdock.core.quantity import Money

__all__ = ["EdiId", "Party", "PartyAddress", "PartyRole", "Routing", "Terms"]

PartyRole = Literal[
    "customer", "supplier", "carrier", "warehouse_3pl", "bank", "bill_to", "ship_to", "remit_to"
]


class EdiId(Part, kw_only=True):
    """An address in an EDI network."""

    standard: Literal["x12", "edifact"]
    id: str
    qualifier: str = ""
    usage: Literal["production", "test"] = "production"


class PartyAddress(Part, kw_only=True):
    """One of a party's addresses; `key` is how orders name it."""

    key: str
    role: PartyRole | None = None
    gln: str = ""
    address: Address


class Terms(Part, kw_only=True):
    """What was agreed with the party."""

    payment_term: str = ""
    incoterm: str = ""
    price_list: str = ""
    credit_limit: Money | None = None
    tax_position: str = ""


class Routing(Part, kw_only=True):
    """How goods and messages go to the party."""

    carrier: str = ""
    service: str = ""
    account: str = ""
    label_template: str = ""
    asn_required: bool = False
    edi_profile: str = ""


class Party(Document, kw_only=True, tag="party"):
    """Somebody we deal with. `parent` is the key of the party it belongs to."""

    party_no: str = ""
    name: str = ""
    is_company: bool | None = None
    parent: str = ""
    roles: list[PartyRole] = []
    gln: str = ""
    duns: str = ""
    scac: str = ""
    vat: str = ""
    edi_ids: list[EdiId] = []
    email: str = ""
    phone: str = ""
    language: str = ""
    address: Address | None = None
    addresses: list[PartyAddress] = []
    contacts: list[Contact] = []
    terms: Terms | None = None
    status: Literal["prospect", "active", "on_hold", "blocked"] = "active"
    hold_reason: str = ""
    routing: Routing | None = None
