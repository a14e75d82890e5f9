"""Who orders in the simulated shop: trade customers, the same for the same number."""

from __future__ import annotations

from typing import Any

__all__ = ["customer"]

_CITIES = (
    ("Hamburg", "20095", "DE", "Germany", "Hamburg", "HH"),
    ("Lyon", "69002", "FR", "France", "Auvergne-Rhône-Alpes", "ARA"),
    ("Gdańsk", "80-001", "PL", "Poland", "Pomerania", "PM"),
    ("Malmö", "211 20", "SE", "Sweden", "Skåne", "M"),
    ("São João da Madeira", "3700-001", "PT", "Portugal", "Aveiro", "PT-01"),
)
_TRADES = ("Hardware", "Plumbing & Heating", "Marine", "Workwear", "Electrical", "Tools")


def customer(number: int) -> dict[str, Any]:
    """The customer of a number as an order shows him, with his `address` beside it."""
    city, postcode, code, country, region, region_code = _CITIES[number % len(_CITIES)]
    company = f"{city} {_TRADES[number % len(_TRADES)]} {number}"
    first, last = "Purchasing", f"Desk {number}"
    address = {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "company": company,
        "address1": f"Dock Road {number}",
        "address2": f"Gate {number % 9 + 1}",
        "city": city,
        "province": region,
        "province_code": region_code,
        "zip": postcode,
        "country": country,
        "country_code": code,
        "phone": None,
    }
    customer_id = 6_000_000 + number
    return {
        "id": customer_id,
        "email": f"purchasing{number}@example.com",
        "first_name": first,
        "last_name": last,
        "admin_graphql_api_id": f"gid://shopify/Customer/{customer_id}",
        "address": address,
    }
