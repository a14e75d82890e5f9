"""The Odoo connector: which verbs an Odoo has, how each happens once, and the rights it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.faults import error_for_answer
from crossdock.connectors.odoo.finds import find_by
from crossdock.connectors.odoo.hints import hint_of
from crossdock.connectors.odoo.identity import database_identity
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.connectors.odoo.sources import Changes
from crossdock.connectors.odoo.sources.accounting import read_invoices, read_payments
from crossdock.connectors.odoo.sources.catalogue import read_parties, read_products
from crossdock.connectors.odoo.sources.orders import read_fulfilment_orders, read_sales_orders
from crossdock.connectors.odoo.sources.stock import read_inventory_positions
from crossdock.connectors.odoo.writes import Writes
from crossdock.core.errors import ConfigError
from crossdock.kit import (
    Connector,
    Context,
    Cursor,
    HookEvent,
    HookRequest,
    Http,
    Record,
    finds,
    reads,
    receives,
)

__all__ = ["Odoo"]


class Odoo(Writes, Connector[OdooSettings]):
    """One Odoo database, 14 to 19; nothing is installed over there.

    Orders and master data work on all of them; transfers and returns need 17 or later.
    """

    def __init__(self, settings: OdooSettings, context: Context) -> None:
        super().__init__(settings, context)
        self.client = OdooClient(self.http, settings)
        self._changes = Changes(self.client, settings)

    def make_http(self) -> Http:
        return Http(
            clock=self.clock,
            base_url=self.settings.base_url,
            timeout_s=self.settings.timeout_s,
            on_status=error_for_answer,
        )

    async def check(self) -> None:
        """Prove address, database, key, companies and warehouse.

        Raises:
            ConfigError: the service user may not work in a company of the settings, or the warehouse is not there.
        """
        await self.client.user_id()
        ids = self.settings.company_ids
        rows = await self.client.call(
            "res.company", "search_read", domain=[["id", "in", ids]], fields=["name"]
        )
        missing = sorted(set(ids) - {row["id"] for row in rows})
        if missing:
            raise ConfigError(
                f"the service user sees no company {', '.join(map(str, missing))}",
                code="T-CONFIG",
                mend="add it to the user's allowed companies in Odoo, or mend `companies`",
            )
        warehouse = self.settings.warehouse
        if warehouse and warehouse not in await self.client.read("stock.warehouse", [warehouse], ("name",)):
            raise ConfigError(
                f"warehouse {warehouse} is not in Odoo", code="T-CONFIG", mend="mend `warehouse`"
            )

    async def identity(self) -> str:
        """The database's uuid, or what stands for it: see `database_identity`."""
        return await database_identity(self.client)

    @reads("product", document="product", deletions=True)
    async def read_product(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Product variants by time of change, of themselves or of their template."""
        async for record in read_products(self._changes, since):
            yield record

    @reads("party", document="party", deletions=True)
    async def read_party(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Contacts and addresses by time of change."""
        async for record in read_parties(self._changes, since):
            yield record

    @reads("sales_order", document="sales_order", deletions=True)
    async def read_sales_order(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Orders with their lines by time of change, of the lines' texts as well."""
        async for record in read_sales_orders(self._changes, since):
            yield record

    @reads("fulfilment_order", document="fulfilment_order")
    async def read_fulfilment_order(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Outgoing transfers that are to be done, with order, lines and address."""
        async for record in read_fulfilment_orders(self._changes, since):
            yield record

    @reads("inventory_position", document="inventory_position")
    async def read_inventory_position(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Stock per product and warehouse, of products that moved, were reserved or counted."""
        async for record in read_inventory_positions(self._changes, since):
            yield record

    @reads("invoice", document="invoice")
    async def read_invoice(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Posted customer invoices and credit notes by time of change."""
        async for record in read_invoices(self._changes, since):
            yield record

    @reads("payment", document="payment")
    async def read_payment(self, since: Cursor | None) -> AsyncIterator[Record]:
        """Payments of customers by time of change."""
        async for record in read_payments(self._changes, since):
            yield record

    @finds("product")
    async def find_product(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Product ids by default_code."""
        return await find_by(self.client.of(company), "product.product", "default_code", keys)

    @finds("party")
    async def find_party(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Contact ids by reference."""
        return await find_by(self.client.of(company), "res.partner", "ref", keys)

    @finds("sales_order")
    async def find_sales_order(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Order ids by the customer's reference; cancelled ones are left out."""
        return await find_by(
            self.client.of(company),
            "sale.order",
            "client_order_ref",
            keys,
            domain=[["state", "!=", "cancel"]],
        )

    @finds("location")
    async def find_location(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Location ids by their full name, e.g. WH/Stock."""
        return await find_by(self.client.of(company), "stock.location", "complete_name", keys)

    @finds("carrier")
    async def find_carrier(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Delivery method ids by name."""
        return await find_by(self.client.of(company), "delivery.carrier", "name", keys)

    @finds("warehouse")
    async def find_warehouse(self, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """Warehouse ids by short name, e.g. WH."""
        return await find_by(self.client.of(company), "stock.warehouse", "code", keys)

    @receives("*")
    async def receive_hint(self, request: HookRequest) -> HookEvent:
        """A webhook of an automation rule: says which sources to read at once, and nothing more."""
        return hint_of(request, self.settings.hook_secret)
