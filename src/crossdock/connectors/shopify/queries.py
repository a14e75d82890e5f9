"""Every GraphQL document that we send. A test holds each to Shopify's published Admin schema."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "DOCUMENTS",
    "FIND_ORDERS",
    "FIND_VARIANTS",
    "FULFILLMENT_CREATE",
    "FULFILLMENT_ORDER_LINES",
    "INVENTORY_BY_SKU",
    "INVENTORY_LEVELS",
    "INVENTORY_SET",
    "ORDERS",
    "ORDER_CANCEL",
    "ORDER_LINES",
    "ORDER_STATE",
    "ORDER_TO_FULFIL",
    "PRODUCTS",
    "PRODUCT_BY_HANDLE",
    "PRODUCT_SET",
    "PRODUCT_VARIANTS",
    "SHOP",
    "VARIANTS_UPDATE",
    "is_mutation",
    "operation_name",
    "search_term",
]

_MONEY = "shopMoney { amount currencyCode }"
_ADDRESS = (
    "{ name firstName lastName company address1 address2 city province provinceCode zip country "
    "countryCodeV2 phone }"
)
_TAX_LINES = f"taxLines {{ title rate priceSet {{ {_MONEY} }} }}"
_ORDER_LINE = f"""
      id name title variantTitle sku quantity currentQuantity requiresShipping taxable
      variant {{ id }} product {{ id }}
      originalUnitPriceSet {{ {_MONEY} }}
      totalDiscountSet {{ {_MONEY} }}
      discountAllocations {{ allocatedAmountSet {{ {_MONEY} }} }}
      {_TAX_LINES}
"""
_VARIANT = "id title sku barcode price compareAtPrice position inventoryItem { id } createdAt updatedAt"

SHOP: Final = """
query Shop($location: ID!) {
  shop { id name myshopifyDomain currencyCode }
  location(id: $location) { id name isActive }
}
"""

ORDERS: Final = f"""
query Orders($query: String!, $first: Int!, $after: String) {{
  orders(query: $query, first: $first, after: $after, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id name number email phone note tags poNumber sourceName test taxesIncluded currencyCode
      createdAt updatedAt processedAt cancelledAt cancelReason closedAt
      displayFinancialStatus displayFulfillmentStatus
      customer {{ id firstName lastName defaultEmailAddress {{ emailAddress }} }}
      shippingAddress {_ADDRESS}
      billingAddress {_ADDRESS}
      subtotalPriceSet {{ {_MONEY} }}
      totalPriceSet {{ {_MONEY} }}
      totalTaxSet {{ {_MONEY} }}
      totalDiscountsSet {{ {_MONEY} }}
      currentSubtotalPriceSet {{ {_MONEY} }}
      currentTotalPriceSet {{ {_MONEY} }}
      currentTotalTaxSet {{ {_MONEY} }}
      currentTotalDiscountsSet {{ {_MONEY} }}
      {_TAX_LINES}
      shippingLines(first: 5) {{
        nodes {{ id title code originalPriceSet {{ {_MONEY} }} discountedPriceSet {{ {_MONEY} }} {_TAX_LINES} }}
      }}
      lineItems(first: 20) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ {_ORDER_LINE} }}
      }}
    }}
  }}
}}
"""

ORDER_LINES: Final = f"""
query OrderLines($id: ID!, $first: Int!, $after: String) {{
  order(id: $id) {{
    lineItems(first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_ORDER_LINE} }}
    }}
  }}
}}
"""

FIND_ORDERS: Final = """
query FindOrders($query: String!, $first: Int!) {
  orders(query: $query, first: $first) { nodes { id name } }
}
"""

ORDER_STATE: Final = """
query OrderState($id: ID!) {
  order(id: $id) { id name cancelledAt cancelReason displayFulfillmentStatus }
}
"""

ORDER_CANCEL: Final = """
mutation OrderCancel($orderId: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $notifyCustomer: Boolean, $refundMethod: OrderCancelRefundMethodInput, $staffNote: String) {
  orderCancel(orderId: $orderId, reason: $reason, restock: $restock, notifyCustomer: $notifyCustomer, refundMethod: $refundMethod, staffNote: $staffNote) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}
"""

_FULFILLMENT_ORDER_LINE = "id totalQuantity remainingQuantity lineItem { id sku }"

ORDER_TO_FULFIL: Final = f"""
query OrderToFulfil($id: ID!, $lines: Int!) {{
  order(id: $id) {{
    id name cancelledAt
    fulfillments(first: 100) {{
      id status createdAt
      trackingInfo(first: 20) {{ number company url }}
      fulfillmentLineItems(first: 250) {{ nodes {{ quantity lineItem {{ id }} }} }}
    }}
    fulfillmentOrders(first: 20) {{
      nodes {{
        id status
        assignedLocation {{ location {{ id name }} }}
        lineItems(first: $lines) {{
          pageInfo {{ hasNextPage endCursor }}
          nodes {{ {_FULFILLMENT_ORDER_LINE} }}
        }}
      }}
    }}
  }}
}}
"""

FULFILLMENT_ORDER_LINES: Final = f"""
query FulfillmentOrderLines($id: ID!, $lines: Int!, $after: String) {{
  fulfillmentOrder(id: $id) {{
    lineItems(first: $lines, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_FULFILLMENT_ORDER_LINE} }}
    }}
  }}
}}
"""

FULFILLMENT_CREATE: Final = """
mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id name status trackingInfo(first: 20) { number company url } }
    userErrors { field message }
  }
}
"""

INVENTORY_BY_SKU: Final = """
query InventoryBySku($query: String!, $first: Int!, $after: String) {
  inventoryItems(query: $query, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku }
  }
}
"""

INVENTORY_LEVELS: Final = """
query InventoryLevels($ids: [ID!]!, $location: ID!, $names: [String!]!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id sku tracked
      inventoryLevel(locationId: $location) { id quantities(names: $names) { name quantity } }
    }
  }
}
"""

INVENTORY_SET: Final = """
mutation InventorySet($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id createdAt referenceDocumentUri }
    userErrors { field message code }
  }
}
"""

PRODUCTS: Final = f"""
query Products($query: String!, $first: Int!, $after: String) {{
  products(query: $query, first: $first, after: $after, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id title handle descriptionHtml vendor productType status tags createdAt updatedAt
      options {{ id name position values }}
      variants(first: 50) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ {_VARIANT} }}
      }}
    }}
  }}
}}
"""

PRODUCT_VARIANTS: Final = f"""
query ProductVariants($id: ID!, $first: Int!, $after: String) {{
  product(id: $id) {{
    variants(first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_VARIANT} }}
    }}
  }}
}}
"""

FIND_VARIANTS: Final = """
query FindVariants($query: String!, $first: Int!) {
  productVariants(query: $query, first: $first) {
    nodes {
      id sku
      selectedOptions { name value }
      inventoryItem { id }
      product { id handle variantsCount { count } }
    }
  }
}
"""

PRODUCT_BY_HANDLE: Final = """
query ProductByHandle($handle: String!) {
  productByIdentifier(identifier: { handle: $handle }) {
    id handle
    variantsCount { count }
    variants(first: 2) { nodes { id sku selectedOptions { name value } } }
  }
}
"""

PRODUCT_SET: Final = """
mutation ProductSet($identifier: ProductSetIdentifiers, $input: ProductSetInput!) {
  productSet(identifier: $identifier, input: $input, synchronous: true) {
    product { id handle variants(first: 2) { nodes { id sku inventoryItem { id } } } }
    userErrors { field message code }
  }
}
"""

VARIANTS_UPDATE: Final = """
mutation VariantsUpdate($productId: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $productId, variants: $variants) {
    productVariants { id sku inventoryItem { id } }
    userErrors { field message code }
  }
}
"""

DOCUMENTS: Final[tuple[str, ...]] = (
    SHOP,
    ORDERS,
    ORDER_LINES,
    FIND_ORDERS,
    ORDER_STATE,
    ORDER_CANCEL,
    ORDER_TO_FULFIL,
    FULFILLMENT_ORDER_LINES,
    FULFILLMENT_CREATE,
    INVENTORY_BY_SKU,
    INVENTORY_LEVELS,
    INVENTORY_SET,
    PRODUCTS,
    PRODUCT_VARIANTS,
    FIND_VARIANTS,
    PRODUCT_BY_HANDLE,
    PRODUCT_SET,
    VARIANTS_UPDATE,
)

_HEAD: Final = re.compile(r"\s*(query|mutation)\s+(\w+)")


def operation_name(document: str) -> str:
    """The name of a document's operation."""
    found = _HEAD.match(document)
    assert found is not None
    return found[2]


def is_mutation(document: str) -> bool:
    """Whether a document changes something."""
    found = _HEAD.match(document)
    return found is not None and found[1] == "mutation"


def search_term(field: str, value: str, comparator: str = "") -> str:
    r"""One term of Shopify's search syntax, its value quoted: `sku:'A-1'`.

    Source: https://shopify.dev/docs/api/usage/search-syntax (quotes and backslashes are escaped by a backslash).
    """
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{field}:{comparator}'{quoted}'"
