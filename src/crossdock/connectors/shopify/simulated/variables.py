"""Strict checks of GraphQL variables: the input types that our documents use, as Shopify declares them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crossdock.connectors.shopify.simulated.graphql import GraphqlError, Operation

__all__ = ["ENUMS", "INPUTS", "check_variables"]

INPUTS: dict[str, dict[str, str]] = {
    "FulfillmentInput": {
        "lineItemsByFulfillmentOrder": "[FulfillmentOrderLineItemsInput!]!",
        "notifyCustomer": "Boolean",
        "trackingInfo": "FulfillmentTrackingInput",
    },
    "FulfillmentOrderLineItemsInput": {
        "fulfillmentOrderId": "ID!",
        "fulfillmentOrderLineItems": "[FulfillmentOrderLineItemInput!]",
    },
    "FulfillmentOrderLineItemInput": {"id": "ID!", "quantity": "Int!"},
    "FulfillmentTrackingInput": {
        "company": "String",
        "number": "String",
        "numbers": "[String!]",
        "url": "URL",
        "urls": "[URL!]",
    },
    "InventorySetQuantitiesInput": {
        "name": "String!",
        "quantities": "[InventoryQuantityInput!]!",
        "reason": "String!",
        "referenceDocumentUri": "String",
    },
    "InventoryQuantityInput": {
        "changeFromQuantity": "Int",
        "inventoryItemId": "ID!",
        "locationId": "ID!",
        "quantity": "Int!",
    },
    "OrderCancelRefundMethodInput": {"originalPaymentMethodsRefund": "Boolean"},
    "ProductSetIdentifiers": {"handle": "String", "id": "ID"},
    "ProductSetInput": {
        "descriptionHtml": "String",
        "handle": "String",
        "productOptions": "[OptionSetInput!]",
        "productType": "String",
        "status": "ProductStatus",
        "tags": "[String!]",
        "title": "String",
        "variants": "[ProductVariantSetInput!]",
        "vendor": "String",
    },
    "OptionSetInput": {"name": "String", "position": "Int", "values": "[OptionValueSetInput!]"},
    "OptionValueSetInput": {"name": "String"},
    "VariantOptionValueInput": {"name": "String", "optionName": "String"},
    "ProductVariantSetInput": {
        "barcode": "String",
        "compareAtPrice": "Money",
        "id": "ID",
        "inventoryItem": "InventoryItemInput",
        "optionValues": "[VariantOptionValueInput!]!",
        "price": "Money",
        "sku": "String",
        "taxable": "Boolean",
    },
    "ProductVariantsBulkInput": {
        "barcode": "String",
        "compareAtPrice": "Money",
        "id": "ID",
        "inventoryItem": "InventoryItemInput",
        "price": "Money",
        "taxable": "Boolean",
    },
    "InventoryItemInput": {
        "cost": "Decimal",
        "harmonizedSystemCode": "String",
        "requiresShipping": "Boolean",
        "sku": "String",
        "tracked": "Boolean",
    },
}

ENUMS: dict[str, frozenset[str]] = {
    "OrderCancelReason": frozenset({"CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"}),
    "ProductStatus": frozenset({"ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"}),
}
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_KINDS: dict[str, tuple[type, ...]] = {
    "ID": (str, int),
    "String": (str,),
    "Int": (int,),
    "Boolean": (bool,),
    "URL": (str,),
}


def check_variables(operation: Operation, variables: Mapping[str, Any]) -> None:
    """Hold the variables of a request to the operation's declarations.

    Raises:
        GraphqlError: INVALID_VARIABLE, in Shopify's words.
    """
    for name, kind in operation.variables.items():
        problems = list(_problems(kind, variables.get(name), ()))
        if problems:
            path, explanation = problems[0]
            where = ".".join(str(step) for step in path)
            raise GraphqlError(
                f"Variable ${name} of type {kind} was provided invalid value"
                + (f" for {where} ({explanation})" if path else ""),
                "INVALID_VARIABLE",
                value=variables.get(name),
                problems=[{"path": list(path), "explanation": explanation} for path, explanation in problems],
            )
    unknown = set(variables) - set(operation.variables)
    if unknown:
        # The real API ignores these; a connector that sends one has a slip that it should hear of here.
        raise GraphqlError(
            f"variables that are not declared: {', '.join(sorted(unknown))}", "INVALID_VARIABLE"
        )


def _problems(
    kind: str, value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if value is None:
        if kind.endswith("!"):
            yield path, "Expected value to not be null"
        return
    kind = kind.removesuffix("!")
    if kind.startswith("["):
        if not isinstance(value, list):
            yield path, "Expected value to be a list"
            return
        for index, one in enumerate(value):
            yield from _problems(kind[1:-1], one, (*path, index))
    elif kind in INPUTS:
        yield from _input_problems(kind, value, path)
    elif kind in ENUMS:
        if value not in ENUMS[kind]:
            yield path, f'Expected "{value}" to be one of: {", ".join(sorted(ENUMS[kind]))}'
    elif not _is_scalar(kind, value):
        yield path, f"Could not coerce value {value!r} to {kind}"


def _is_scalar(kind: str, value: Any) -> bool:
    if isinstance(value, bool) and kind != "Boolean":
        return False
    if kind in {"Money", "Decimal"}:
        return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None
    return isinstance(value, _KINDS[kind])


def _input_problems(
    kind: str, value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if not isinstance(value, dict):
        yield path, f"Expected value to be a {kind}"
        return
    for name in value:
        if name not in INPUTS[kind]:
            yield (*path, name), f"Field is not defined on {kind}"
    for name, inner in INPUTS[kind].items():
        if name in value or inner.endswith("!"):
            yield from _problems(inner, value.get(name), (*path, name))
