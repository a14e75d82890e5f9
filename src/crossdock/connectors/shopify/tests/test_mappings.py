"""The connector's mappings: clean, tested, and the same for a webhook and a sweep."""

import pathlib
from decimal import Decimal

import msgspec
import pytest

from crossdock.connectors.shopify import Shopify
from crossdock.connectors.shopify.simulated.hooks import body_of
from crossdock.mapping import build_environment, compile_mapping, lint, parse_form, parse_mapping, run_tests

FOLDER = pathlib.Path(__file__).parent.parent
FORMS = [parse_form(path.read_text(), source=path.name) for path in sorted(FOLDER.glob("forms/*.yaml"))]
ENVIRONMENT = build_environment(forms=FORMS)
MAPPINGS = {
    path.stem: path for path in sorted(FOLDER.glob("mappings/*.yaml")) if not path.name.endswith(".test.yaml")
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_is_clean_and_passes_its_own_tests(name: str) -> None:
    path = MAPPINGS[name]
    text = path.read_text()
    spec = parse_mapping(text, source=path.name)
    incoming = spec.source_form.startswith("shopify.")
    faults = [
        fault for fault in lint(spec, environment=ENVIRONMENT) if incoming or "is not used" not in str(fault)
    ]
    assert faults == []
    results = run_tests(text, path.with_suffix(".test.yaml").read_text(), ENVIRONMENT, source=path.name)
    assert results
    assert [str(result) for result in results if not result.passed] == []


def test_every_mapping_that_a_write_names_is_there() -> None:
    named = {spec.mapping for spec in Shopify.verbs.writes.values() if spec.mapping}
    assert named == set(MAPPINGS) - {"shopify-order"}


async def test_a_webhook_and_a_sweep_of_one_order_map_to_the_same_document(shop, connector, clock) -> None:
    for _ in range(30):
        order = shop.shop.place_order()
        if shop.randomness.random() < 0.3:
            shop.shop.edit_order(order, {order["line_items"][0]["sku"]: 1})
    clock.advance(60)
    text = MAPPINGS["shopify-order"].read_text()
    compiled = compile_mapping(parse_mapping(text, source="shopify-order.yaml"), ENVIRONMENT)
    variables = {"system.zone": "Europe/Berlin"}

    def mapped(record):
        known = {ref: f"known-{ref.value}" for ref in compiled.needs(record, variables)}
        return compiled.run(record, lookups=known, variables=variables)

    decoder = msgspec.json.Decoder(float_hook=Decimal)
    async for record in connector.read("order", None):
        hook = decoder.decode(body_of(shop.shop.orders[int(record.key)]))
        document = mapped(record.payload)
        assert document == mapped(hook)
        lines = sum(
            line.unit_price.amount * line.quantity.value - line.discount_total.amount
            for line in document.lines
        )
        charges = sum(charge.amount.amount for charge in document.allowances_charges)
        assert lines + charges == document.totals.net.amount
