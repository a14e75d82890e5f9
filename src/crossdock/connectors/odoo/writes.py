"""The write verbs of the Odoo connector, with the forms of their payloads.

Numbers of payloads are text, int or Decimal; ids are Odoo's database ids, as number or text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from crossdock.connectors.odoo.batches import Result
from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.operations import Desk
from crossdock.connectors.odoo.operations.counts import count_inventory, look_up_count
from crossdock.connectors.odoo.operations.deliveries import (
    INCOMING,
    OUTGOING,
    look_up_transfer,
    validate_transfers,
)
from crossdock.connectors.odoo.operations.invoices import (
    create_credit_note,
    create_invoice,
    look_up_credit_note,
    look_up_invoice,
)
from crossdock.connectors.odoo.operations.order_changes import (
    amend_order,
    cancel_order,
    look_up_amend,
    look_up_cancel,
)
from crossdock.connectors.odoo.operations.parties import look_up_party, upsert_parties
from crossdock.connectors.odoo.operations.payments import create_payment, look_up_payment
from crossdock.connectors.odoo.operations.products import look_up_product, upsert_products
from crossdock.connectors.odoo.operations.purchases import (
    confirm_purchases,
    create_purchases,
    look_up_purchase,
    look_up_purchase_confirm,
)
from crossdock.connectors.odoo.operations.returns import create_return, look_up_return
from crossdock.connectors.odoo.operations.sales_orders import (
    confirm_orders,
    create_orders,
    look_up_confirm,
    look_up_order,
    place_orders,
)
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.clock import Clock
from crossdock.kit import Context, Delivery, Found, Receipt, looks_up, writes

__all__ = ["Writes"]

_USER = "base.group_user"
_SALES = "sales_team.group_sale_salesman_all_leads"
_STOCK = "stock.group_stock_user"
_INVOICING = "account.group_account_invoice"
_PURCHASE = "purchase.group_purchase_user"
_CONTACTS = "base.group_partner_manager"
_PRODUCTS = "product.group_product_manager"


class Writes:
    """Write verbs; mixed into the connector."""

    client: OdooClient
    settings: OdooSettings
    clock: Clock
    context: Context

    def _desk(self, delivery: Delivery) -> Desk:
        """The tools for the delivery's company."""
        randomness: random.Random = self.context.random
        return Desk.set_up(
            self.client, self.settings, company=delivery.company, clock=self.clock, randomness=randomness
        )

    @writes("party.upsert", once="natural", document="party", batch=100, rights=(_USER, _CONTACTS))
    async def upsert_party(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Make a contact or bring it up to date.

        Payload: name, ref (our number), email, phone, vat, is_company, active, lang, website, comment, street,
        street2, city, zip, country_code (ISO), state_code, parent_id, property_payment_term_id,
        addresses: [{key, type: delivery|invoice|other, name, email, phone, street, street2, city, zip,
        country_code, state_code}]. Only fields that are given are written. A contact with the same `ref` is taken.
        """
        return await upsert_parties(self._desk(deliveries[0]), deliveries)

    @looks_up("party.upsert")
    async def look_up_party(self, delivery: Delivery) -> Found:
        """Whether the contact is there with these values."""
        return await look_up_party(self._desk(delivery), delivery)

    @writes("product.upsert", once="natural", document="product", batch=100, rights=(_USER, _PRODUCTS))
    async def upsert_product(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Make a product or bring it up to date.

        Payload: default_code (the SKU, required), name, barcode, type (consu|service), is_storable, tracking
        (none|lot|serial), invoice_policy (order|delivery), list_price, standard_price, weight, volume, sale_ok,
        purchase_ok, active, description_sale, categ_id, uom_id. Only fields that are given are written.
        """
        return await upsert_products(self._desk(deliveries[0]), deliveries)

    @looks_up("product.upsert")
    async def look_up_product(self, delivery: Delivery) -> Found:
        """Whether the product is there with these values."""
        return await look_up_product(self._desk(delivery), delivery)

    @writes(
        "sales_order.create", once="external_id", document="sales_order", batch=200, rights=(_USER, _SALES)
    )
    async def create_sales_order(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Make a quotation, once; compare its totals with what was promised.

        Payload: partner_id, partner_invoice_id, partner_shipping_id, client_order_ref, origin, date_order,
        commitment_date, warehouse_id, pricelist_id, payment_term_id, team_id, carrier_id, note,
        lines: [{key (line id), product_id, quantity, price_unit, discount (percent), name, uom_id}],
        promised: {net, tax, gross, currency}. `name` and `uom_id` are used where all lines have them.
        Held (key parked, order there): B-PRICE-MISM, B-TAX-MISM, B-CURR-MISM, T-ROUND.
        """
        return await create_orders(self._desk(deliveries[0]), deliveries)

    @writes("sales_order.place", once="external_id", document="sales_order", batch=50, rights=(_USER, _SALES))
    async def place_sales_order(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Make an order, compare it, and confirm it if nothing speaks against. Payload: as sales_order.create."""
        return await place_orders(self._desk(deliveries[0]), deliveries)

    @looks_up("sales_order.create", "sales_order.place")
    async def look_up_sales_order(self, delivery: Delivery) -> Found:
        """Whether the order is there (placed: confirmed as well)."""
        return await look_up_order(self._desk(delivery), delivery)

    @writes("sales_order.confirm", once="natural", document="sales_order", batch=50, rights=(_USER, _SALES))
    async def confirm_sales_order(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Confirm a quotation. Payload: order_id (or the cross-reference of the document)."""
        return await confirm_orders(self._desk(deliveries[0]), deliveries)

    @looks_up("sales_order.confirm")
    async def look_up_confirmation(self, delivery: Delivery) -> Found:
        """Whether the order is confirmed."""
        return await look_up_confirm(self._desk(delivery), delivery)

    @writes("sales_order.amend", once="natural", document="sales_order", rights=(_USER, _SALES))
    async def amend_sales_order(self, delivery: Delivery) -> Receipt:
        """Bring lines of an order to absolute values.

        Payload: order_id, lines: [{key, line_id, action (add|change|delete|''), product_id, quantity, price_unit,
        discount, before: {quantity, price_unit}}], promised. A line without line_id is found by its key, or added.
        `before` is what the change was made against: another value over there is a conflict (B-CHG-CONFLICT).
        Below what is delivered: B-CHG-LATE.
        """
        return await amend_order(self._desk(delivery), delivery)

    @looks_up("sales_order.amend")
    async def look_up_amendment(self, delivery: Delivery) -> Found:
        """Whether the lines are as the change wants them."""
        return await look_up_amend(self._desk(delivery), delivery)

    @writes("sales_order.cancel", once="natural", document="sales_order", rights=(_USER, _SALES, _STOCK))
    async def cancel_sales_order(self, delivery: Delivery) -> Receipt:
        """Cancel an order of which nothing was delivered (else B-CXL-LATE). Payload: order_id."""
        return await cancel_order(self._desk(delivery), delivery)

    @looks_up("sales_order.cancel")
    async def look_up_cancellation(self, delivery: Delivery) -> Found:
        """Whether the order is cancelled."""
        return await look_up_cancel(self._desk(delivery), delivery)

    @writes(
        "delivery.validate",
        once="external_id",
        document="shipment",
        batch=50,
        rights=(_USER, _STOCK),
    )
    async def validate_delivery(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Book a shipment: quantities, lots and tracking of an order's open transfer, then its validation.

        Once by a marker that we choose, written with the quantities under a guard that Odoo refuses on a finished
        transfer: a second call, late or at the same time, finds it done.

        Payload: order_id (or picking_id), tracking, carrier_id, backorder (false closes short),
        lines: [{line_id (order line), quantity, lots: [{name, quantity}]}]. Rows of one line are added up.
        More than is open: B-OVER-PICK. Unknown lot: B-LOT-MISM. Nothing open any more: conflict.
        """
        return await validate_transfers(self._desk(deliveries[0]), deliveries, OUTGOING)

    @writes(
        "receipt.validate",
        once="external_id",
        document="receipt",
        batch=50,
        rights=(_USER, _STOCK),
    )
    async def validate_receipt(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Book goods in on a purchase order; more than was ordered is taken.

        Payload: order_id (or picking_id), backorder, tracking, lines: [{line_id (purchase line), quantity,
        lots: [{name, quantity}]}]. Lots that Odoo does not know are made.
        """
        return await validate_transfers(self._desk(deliveries[0]), deliveries, INCOMING)

    @looks_up("delivery.validate", "receipt.validate")
    async def look_up_validation(self, delivery: Delivery) -> Found:
        """Whether a finished transfer bears this shipment's marker."""
        return await look_up_transfer(self._desk(delivery), delivery)

    @writes("return.create", once="external_id", document="return", rights=(_USER, _STOCK))
    async def create_return(self, delivery: Delivery) -> Receipt:
        """Make the return transfer of delivered goods; with `validate` they are booked in.

        Payload: order_id or picking_id (what went out), ref (RMA number), to_refund (default true), validate
        (default false), lines: [{line_id (order line), quantity, lots}]. More than went out: B-RET-QTY.
        """
        return await create_return(self._desk(delivery), delivery)

    @looks_up("return.create")
    async def look_up_return(self, delivery: Delivery) -> Found:
        """Whether the return is there (and booked in, where that was asked for)."""
        return await look_up_return(self._desk(delivery), delivery)

    @writes(
        "invoice.create", once="lookup_then_create", document="invoice", rights=(_USER, _SALES, _INVOICING)
    )
    async def create_invoice(self, delivery: Delivery) -> Receipt:
        """Invoice what an order has to be invoiced, and post it if its totals keep the promise.

        Payload: order_id, post (default true), promised: {net, tax, gross, currency}. Held as a draft: B-INV-TOTAL,
        B-INV-TAX. Nothing to invoice: T-ODOO-VALID.
        """
        return await create_invoice(self._desk(delivery), delivery)

    @looks_up("invoice.create")
    async def look_up_invoice(self, delivery: Delivery) -> Found:
        """Whether the invoice is there."""
        return await look_up_invoice(self._desk(delivery), delivery)

    @writes("credit_note.create", once="external_id", document="credit_note", rights=(_USER, _INVOICING))
    async def create_credit_note(self, delivery: Delivery) -> Receipt:
        """Credit a posted invoice, whole or by lines; Odoo reconciles both.

        Payload: invoice_id, reason, date, post (default true), promised, lines: [{line_id (order line), quantity,
        price_unit}] (none = the whole invoice). More than was invoiced: B-INV-QTY.
        """
        return await create_credit_note(self._desk(delivery), delivery)

    @looks_up("credit_note.create")
    async def look_up_credit_note(self, delivery: Delivery) -> Found:
        """Whether the credit note is there."""
        return await look_up_credit_note(self._desk(delivery), delivery)

    @writes("payment.create", once="external_id", document="payment", rights=(_USER, _INVOICING))
    async def create_payment(self, delivery: Delivery) -> Receipt:
        """Book a payment of an invoice and reconcile both. Payload: invoice_id, amount, memo, date, journal_id."""
        return await create_payment(self._desk(delivery), delivery)

    @looks_up("payment.create")
    async def look_up_payment(self, delivery: Delivery) -> Found:
        """Whether the payment is there, posted and reconciled."""
        return await look_up_payment(self._desk(delivery), delivery)

    @writes(
        "purchase_order.create",
        once="external_id",
        document="purchase_order",
        batch=100,
        rights=(_USER, _PURCHASE),
    )
    async def create_purchase_order(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Make a request for quotation, once.

        Payload: partner_id (supplier), partner_ref, origin, date_order, date_planned, picking_type_id,
        dest_address_id (drop ship), lines: [{key, product_id, quantity, price_unit, name, date_planned}], promised.
        """
        return await create_purchases(self._desk(deliveries[0]), deliveries)

    @looks_up("purchase_order.create")
    async def look_up_purchase_order(self, delivery: Delivery) -> Found:
        """Whether the purchase order is there."""
        return await look_up_purchase(self._desk(delivery), delivery)

    @writes(
        "purchase_order.confirm",
        once="natural",
        document="purchase_order",
        batch=50,
        rights=(_USER, _PURCHASE),
    )
    async def confirm_purchase_order(self, deliveries: Sequence[Delivery]) -> Sequence[Result]:
        """Confirm a purchase order. Payload: order_id (or the cross-reference of the document)."""
        return await confirm_purchases(self._desk(deliveries[0]), deliveries)

    @looks_up("purchase_order.confirm")
    async def look_up_purchase_confirmation(self, delivery: Delivery) -> Found:
        """Whether the purchase order is confirmed."""
        return await look_up_purchase_confirm(self._desk(delivery), delivery)

    @writes("inventory.count", once="natural", document="inventory_position", rights=(_USER, _STOCK))
    async def count_inventory(self, delivery: Delivery) -> Receipt:
        """Set the counted quantity of a product at a location.

        Payload: product_id, location_id or warehouse_id, lot, quantity, marker, counted_at. A count older than
        the setting count_max_age_s is refused: B-STK-VAR.
        """
        return await count_inventory(self._desk(delivery), delivery)

    @looks_up("inventory.count")
    async def look_up_count(self, delivery: Delivery) -> Found:
        """Whether the count was applied, or changes nothing."""
        return await look_up_count(self._desk(delivery), delivery)
