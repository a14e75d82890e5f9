"""A stock Odoo in memory that answers as the recorded server did.

Not simulated: what an accountant sees behind an invoice (tax and receivable items), manufacturing, units other
than the product's own, several variants of a template, price lists, fiscal positions, mails, and the web client.
"""

from crossdock.connectors.odoo.simulator.demo import DemoSize
from crossdock.connectors.odoo.simulator.latency import LatencyModel
from crossdock.connectors.odoo.simulator.server import OdooSimulator
from crossdock.connectors.odoo.simulator.setup import ADMIN_KEY, PLAIN_KEY, SERVICE_KEY, Account

__all__ = [
    "ADMIN_KEY",
    "PLAIN_KEY",
    "SERVICE_KEY",
    "Account",
    "DemoSize",
    "LatencyModel",
    "OdooSimulator",
]
