"""Our documents, our variables and the simulator's answers against Shopify's published Admin schema."""

import pathlib
from decimal import Decimal
from typing import Any

import graphql
import msgspec
import pytest
from graphql.execution.values import get_variable_values

from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.simulated.graphql import parse_operation, requested_cost
from crossdock.connectors.shopify.simulated.variables import ENUMS, INPUTS

SCHEMA = graphql.build_schema((pathlib.Path(__file__).parent / "data" / "admin_schema.graphql").read_text())


@pytest.mark.parametrize("document", queries.DOCUMENTS, ids=queries.operation_name)
def test_a_document_is_valid_in_the_admin_schema(document: str) -> None:
    assert graphql.validate(SCHEMA, graphql.parse(document)) == []


def test_a_slip_in_a_document_would_be_seen() -> None:
    slip = queries.ORDER_STATE.replace("cancelledAt", "canceledAt")
    assert graphql.validate(SCHEMA, graphql.parse(slip))


def test_all_documents_are_listed() -> None:
    texts = {
        v
        for v in vars(queries).values()
        if isinstance(v, str) and v.lstrip().startswith(("query ", "mutation "))
    }
    assert texts == set(queries.DOCUMENTS)


@pytest.mark.parametrize("name", INPUTS)
def test_the_simulators_input_types_are_shopifys(name: str) -> None:
    real = SCHEMA.type_map[name]
    assert isinstance(real, graphql.GraphQLInputObjectType)
    for field, kind in INPUTS[name].items():
        assert str(real.fields[field].type) == kind, f"{name}.{field}"
    required = {field for field, spec in real.fields.items() if graphql.is_required_input_field(spec)}
    assert required <= INPUTS[name].keys()


@pytest.mark.parametrize("name", ENUMS)
def test_the_simulators_enums_are_shopifys(name: str) -> None:
    real = SCHEMA.type_map[name]
    assert isinstance(real, graphql.GraphQLEnumType)
    assert set(real.values) == ENUMS[name]


@pytest.mark.parametrize("document", queries.DOCUMENTS, ids=queries.operation_name)
def test_a_document_stays_below_the_cost_of_one_query(document: str) -> None:
    operation = parse_operation(document)
    variables: dict[str, Any] = dict.fromkeys(operation.variables, "x")
    variables |= {"first": 10, "lines": 50, "ids": ["x"] * 100}
    assert requested_cost(operation, variables) < 1_000


async def test_what_is_sent_and_answered_fits_the_schema(shop, connector, delivery) -> None:
    """A tour through all verbs: variables are coerced, answers completed by graphql-core with the real types."""
    seen = {}
    answer = shop.answer

    def heard(document: str, variables: dict[str, Any]) -> dict[str, Any]:
        given = answer(document, variables)
        wire = msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(given["data"]))
        parsed = graphql.parse(document)
        definition = parsed.definitions[0]
        assert isinstance(definition, graphql.OperationDefinitionNode)
        coerced = get_variable_values(SCHEMA, definition.variable_definitions or (), variables)
        assert not isinstance(coerced, list), coerced
        checked = graphql.execute_sync(
            SCHEMA,
            parsed,
            root_value=wire,
            variable_values=variables,
            type_resolver=lambda *_: "InventoryItem",
        )
        assert checked.errors is None, checked.errors
        assert checked.data == wire
        seen[queries.operation_name(document)] = True
        return given

    shop.capacity = shop._level = 1e6
    product = shop.shop.add_product("PAIR-1")
    shop.shop.add_variant(product, "PAIR-2", title="Large")
    for number in range(60):
        shop.shop.add_variant(product, f"PAIR-{number + 3}", title=f"No. {number}")
    order = shop.shop.place_order(
        [(f"SKU-{n:04}", 1) for n in range(1, 31)] + [(f"PAIR-{n}", 1) for n in range(1, 41)]
    )
    shop.shop.edit_order(order, {"SKU-0001": 0})
    shop.answer = heard
    await connector.check()
    [_ async for _ in connector.read("order", None)]
    [_ async for _ in connector.read("product", None)]
    await connector.find("order", [order["name"]], "")
    line = order["line_items"][1]["id"]
    shipped = {
        "order_id": order["id"],
        "tracking_numbers": ["1Z1"],
        "lines": [{"line_id": line, "quantity": 1}],
    }
    cancelled = shop.shop.place_order()
    for operation, payload in (
        ("fulfilment.create", shipped | {"carrier": "UPS", "tracking_url": "https://ups.example/1Z1"}),
        (
            "fulfilment.create",
            shipped | {"lines": [{"line_id": line, "quantity": 1}], "tracking_numbers": ["1Z2"]},
        ),
        ("inventory.set", {"sku": "SKU-0002", "quantity": Decimal(5)}),
        ("inventory.set", {"sku": "SKU-0002", "quantity": Decimal(-5)}),
        ("product.upsert", {"sku": "PAIR-2", "price": Decimal("2.50"), "cost": Decimal("1.2")}),
        (
            "product.upsert",
            {"sku": "NEW-1", "title": "New", "price": Decimal("2.50"), "tags": ["a"], "status": "DRAFT"},
        ),
        ("order.cancel", {"order_name": cancelled["name"], "note": "by phone"}),
    ):
        await connector.write(operation, [delivery(operation, payload)])
    assert set(seen) == {queries.operation_name(document) for document in queries.DOCUMENTS}
