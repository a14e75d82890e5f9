"""Products (canonical §1): the trade item and its packing hierarchy."""
# ruff: noqa: RUF012 - msgspec gives each struct its own copy of an empty list or dict default

from __future__ import annotations

from typing import ClassVar, Literal

from crossdock.core.documents.base import Document, Part
from crossdock.core.quantity import Packaging

__all__ = ["Hazmat", "PartnerItem", "Product"]


class PartnerItem(Part, kw_only=True):
    """What a customer or supplier calls the product."""

    party_id: str
    item_no: str
    name: str = ""


class Hazmat(Part, kw_only=True):
    """Dangerous goods data."""

    un_no: str
    hazard_class: str = ""
    packing_group: str = ""


class Product(Document, kw_only=True, tag="product"):
    """A trade item. `key` is the SKU unless the project says otherwise.

    Attributes:
        gtin: 14 digits, padded on the left.
        names, descriptions: by language (`de`, `pt-BR`); `name` and `description` are the main ones.
        packagings: the only source of conversions between units.
    """

    NUMBER: ClassVar[str] = "sku"

    sku: str = ""
    name: str = ""
    description: str = ""
    names: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    gtin: str = ""
    brand: str = ""
    manufacturer_pn: str = ""
    partner_items: list[PartnerItem] = []
    base_uom: str = "EA"
    packagings: list[Packaging] = []
    tracking: Literal["none", "lot", "serial"] = "none"
    shelf_life_days: int | None = None
    min_remaining_days: int | None = None
    hazmat: Hazmat | None = None
    hs_code: str = ""
    country_of_origin: str = ""
    status: Literal["draft", "active", "discontinued", "blocked"] = "active"
    catch_weight: bool = False
