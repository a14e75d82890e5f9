"""What is written into Odoo, one module per business object; the connector's verbs call them."""

from crossdock.connectors.odoo.operations.desk import Desk

__all__ = ["Desk"]
