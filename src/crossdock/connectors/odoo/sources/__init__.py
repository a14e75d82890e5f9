"""What is read out of Odoo, one module per kind of record; the connector's verbs call them."""

from crossdock.connectors.odoo.sources.changes import Changes

__all__ = ["Changes"]
