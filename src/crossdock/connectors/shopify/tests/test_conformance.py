"""The conformance suite on the simulated shop."""

from crossdock.connectors.shopify import Shopify
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.kit.conformance import conformance

TestShopify = conformance(Shopify, simulator=ShopifySimulator)
