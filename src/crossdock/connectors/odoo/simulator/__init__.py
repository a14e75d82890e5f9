"""A stock Odoo in memory that answers as the recorded server did.

Not simulated: the tax and receivable items of invoices (only their amounts), warehouses with several steps,
units other than a product's own, several variants of a template, price lists, fiscal positions, service
products' time, down payments, mails, scheduled actions, record rules other than companies' and API keys',
`copy`, XML-RPC, the web client, and the other field names that Odoo 14 to 18 have.

`fields/` and `rights.json` are facts of a real Odoo 19.0 Community of 2026-11-23: fields_get, the groups that
imply each other, and the access rules by model. An unknown field is therefore refused as the server does.
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
