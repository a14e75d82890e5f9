"""The Odoo connector, found through its manifest."""

from crossdock.connectors.odoo.connector import Odoo
from crossdock.connectors.odoo.settings import OdooSettings

__all__ = ["Odoo", "OdooSettings"]
