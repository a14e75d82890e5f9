"""Faults of products, parties and price lists: identifiers, packagings, prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crossdock.core.documents import Party, PriceList, Product
from crossdock.core.identifiers import IdentifierError, parse_gln, parse_gtin
from crossdock.core.validate.fault import Fault, repeated

__all__ = ["party_faults", "price_list_faults", "product_faults"]


def product_faults(product: Product) -> Iterator[Fault]:
    """Faults of a product."""
    yield from _identifier_faults(parse_gtin, product.gtin, "gtin")
    for place, packaging in enumerate(product.packagings):
        path = f"packagings[{place}]"
        yield from _identifier_faults(parse_gtin, packaging.gtin, f"{path}.gtin")
        if packaging.qty_of_child <= 0:
            text = f"a {packaging.uom} of {packaging.qty_of_child} holds nothing"
            yield Fault.at("B-UOM-CONV", text, f"{path}.qty_of_child", value=packaging.qty_of_child)
    for place, gtin in repeated(packaging.gtin for packaging in product.packagings):
        text = f"GTIN {gtin} is on two packagings"
        yield Fault.at("T-ELE-CODE", text, f"packagings[{place}].gtin", value=gtin)


def party_faults(party: Party) -> Iterator[Fault]:
    """Faults of a party."""
    yield from _identifier_faults(parse_gln, party.gln, "gln")
    for place, address in enumerate(party.addresses):
        yield from _identifier_faults(parse_gln, address.gln, f"addresses[{place}].gln")
    for place, key in repeated(address.key for address in party.addresses):
        text = f"address key {key} stands twice"
        yield Fault.at("T-SCHEMA", text, f"addresses[{place}].key", value=key)


def price_list_faults(prices: PriceList) -> Iterator[Fault]:
    """Faults of a price list."""
    first, last = prices.valid_from, prices.valid_to
    if first is not None and last is not None and first > last:
        yield Fault.at(
            "B-DATE-PAST",
            f"valid from {first} but only to {last}",
            "valid_to",
            value=last,
            mend="Correct the dates.",
        )
    names = (
        f"{line.product}|{line.uom}|{line.min_qty}|{line.price_type}|{line.valid_from}"
        for line in prices.lines
    )
    for place, _ in repeated(names):
        text = f"two prices for {prices.lines[place].product} from the same quantity and day on"
        yield Fault.at("B-PRICE-MISM", text, f"lines[{place}]")
    for place, line in enumerate(prices.lines):
        path = f"lines[{place}].price"
        if line.price.currency != prices.currency:
            text = f"the list is in {prices.currency}, but this price is in {line.price.currency}"
            yield Fault.at("B-CURR-MISM", text, path, value=line.price.currency)
        if line.price.amount < 0:
            yield Fault.at(
                "B-PRICE-MISM", f"{line.product} has a price below zero", path, value=line.price.amount
            )


def _identifier_faults(parse: Callable[[str], str], value: str, path: str) -> Iterator[Fault]:
    if not value:
        return
    try:
        parse(value)
    except IdentifierError as error:
        yield Fault.at(error.code, error.text, path, value=value, mend=error.mend)
