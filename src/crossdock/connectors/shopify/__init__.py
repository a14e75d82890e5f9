"""Shopify: orders and refunds in by webhook and sweep; fulfilments, stock, products and cancellations out."""

from crossdock.connectors.shopify.connector import Shopify
from crossdock.connectors.shopify.settings import ShopifySettings

__all__ = ["Shopify", "ShopifySettings"]
