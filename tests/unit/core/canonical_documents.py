"""Documents for the tests of core: a plain order, and one of every kind with all of its parts filled in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from crossdock.core import documents as d
from crossdock.core.quantity import Measure, Money, Packaging, Quantity

D = Decimal

AT = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 2)


def eur(amount: str) -> Money:
    return Money(D(amount), "EUR")


def ea(value: str) -> Quantity:
    return Quantity(D(value), "EA")


def sales_order(line_count: int = 2, **changes: Any) -> d.SalesOrder:
    """3 at 12.50 less 1.25 on each line, 19 % tax rounded per line: all totals add up."""
    net, tax = D("36.25") * line_count, D("6.89") * line_count
    fields: dict[str, Any] = {
        "key": "10001",
        "order_no": "10001",
        "currency": "EUR",
        "customer": "C-7",
        "totals": d.OrderTotals(
            net=Money(net, "EUR"), tax=Money(tax, "EUR"), gross=Money(net + tax, "EUR"), line_count=line_count
        ),
        "lines": [
            d.SalesLine(
                line_id=f"L{n}",
                product=f"SKU-{n}",
                quantity=ea("3"),
                unit_price=eur("12.50"),
                discount_total=eur("1.25"),
                tax_rate=D(19),
                tax_total=eur("6.89"),
            )
            for n in range(1, line_count + 1)
        ],
    }
    return d.SalesOrder(**fields | changes)


def invoice(**changes: Any) -> d.Invoice:
    """Two lines, an allowance, a charge, 19 % tax, a prepayment: all of EN 16931's sums hold."""
    fields: dict[str, Any] = {
        "key": "INV-1",
        "invoice_no": "INV-1",
        "order_key": "10001",
        "currency": "EUR",
        "lines": [
            d.InvoiceLine(line_id="L1", line_no="1", quantity=ea("2"), unit_price=eur("10"), net=eur("20")),
            d.InvoiceLine(line_id="L2", line_no="2", quantity=ea("1"), unit_price=eur("85"), net=eur("85")),
        ],
        "allowances_charges": [
            d.AllowanceCharge(indicator="allowance", amount=eur("10")),
            d.AllowanceCharge(indicator="charge", amount=eur("5")),
        ],
        "taxes": [d.TaxTotal(category="S", rate=D(19), taxable=eur("100"), tax=eur("19"))],
        "totals": d.InvoiceTotals(
            line_net=eur("105"),
            allowances=eur("10"),
            charges=eur("5"),
            tax_exclusive=eur("100"),
            tax=eur("19"),
            tax_inclusive=eur("119"),
            prepaid=eur("19"),
            payable=eur("100"),
        ),
    }
    return d.Invoice(**fields | changes)


def shipment(**changes: Any) -> d.Shipment:
    """A pallet with two cartons, two lines of one order."""
    fields: dict[str, Any] = {
        "key": "S1",
        "shipment_no": "S1",
        "order_key": "10001",
        "shipped_at": AT,
        "carrier": d.Carrier(name="Parcel line", scac="PLIN"),
        "weight": Measure(D("12.5"), "KGM"),
        "handling_units": [
            d.HandlingUnit(hu_id="P1", type="pallet", sscc="340123450000000017"),
            d.HandlingUnit(hu_id="K1", parent_id="P1"),
            d.HandlingUnit(hu_id="K2", parent_id="P1"),
        ],
        "contents": [
            d.Content(line_id="L1", quantity=ea("2"), hu_id="K1", lot="A"),
            d.Content(line_id="L1", quantity=ea("1"), hu_id="K2", lot="B"),
            d.Content(line_id="L2", quantity=ea("3"), hu_id="K2", serials=["s1", "s2", "s3"], expiry=DAY),
        ],
    }
    return d.Shipment(**fields | changes)


def one_of_each() -> list[d.Document]:
    """A document of every kind, without faults."""
    address = d.Address(name="Receiver", lines=["Street 1"], city="Town", postcode="12345", country="DE")
    return [
        d.Product(
            key="SKU-1",
            sku="SKU-1",
            gtin="04006381333931",
            names={"de": "Stift"},
            partner_items=[d.PartnerItem(party_id="C-7", item_no="4711")],
            packagings=[
                Packaging(level="each", uom="EA"),
                Packaging(level="case", uom="CS", qty_of_child=D(12)),
            ],
            hazmat=d.Hazmat(un_no="1263"),
        ),
        d.Party(
            key="C-7",
            name="Customer",
            roles=["customer", "bill_to"],
            gln="4012345000009",
            address=address,
            addresses=[d.PartyAddress(key="C-7/1", role="ship_to", address=address)],
            contacts=[d.Contact(name="Desk", email="desk@example.com")],
            terms=d.Terms(payment_term="30 days", credit_limit=eur("1000")),
        ),
        d.PriceList(
            key="PL-1",
            list_no="PL-1",
            currency="EUR",
            lines=[d.PriceLine(product="SKU-1", price=eur("9.99"), min_qty=D(10))],
        ),
        sales_order(
            ship_to_address=address, refs=[d.Ref("odoo", "sale.order,7", role="marker")], occurred_at=AT
        ),
        d.PurchaseOrder(
            key="PO-1",
            po_no="PO-1",
            supplier="V-1",
            lines=[
                d.PurchaseLine(
                    line_id="P1",
                    quantity=ea("5"),
                    confirmed_schedule=[d.ConfirmedSchedule(qty=D(5), date=DAY)],
                )
            ],
        ),
        d.FulfilmentOrder(
            key="R1",
            release_no="R1",
            order_key="10001",
            ship_by=AT,
            lines=[d.FulfilmentLine(line_id="L1", quantity=ea("3"), qty_picked=D(2))],
        ),
        d.InventoryPosition(key="WH|SKU-1", product="SKU-1", location="WH", on_hand=D("4.5"), as_of=AT),
        d.InventoryEvent(
            key="E1", type="ship", product="SKU-1", quantity=ea("-3"), order_key="10001", line_id="L1"
        ),
        shipment(),
        d.Receipt(
            key="RC1",
            receipt_no="RC1",
            order_key="PO-1",
            lines=[d.ReceiptLine(line_id="P1", qty_expected=D(5), qty_received=D(4), qty_short=D(1))],
        ),
        invoice(),
        d.Payment(
            key="PAY-1",
            payment_no="PAY-1",
            amount=eur("100"),
            lines=[d.PaymentLine(invoice="INV-1", paid=eur("98"), gross=eur("100"), discount=eur("2"))],
        ),
        d.ReturnOrder(
            key="RMA-1",
            rma_no="RMA-1",
            order_key="10001",
            lines=[d.ReturnLine(line_id="L1", quantity=ea("1"), reason="damaged")],
        ),
        d.Load(
            key="LD-1",
            load_no="LD-1",
            stops=[d.Stop(seq=1, type="pickup", window_from=AT)],
            tender=[d.Tender(carrier="PLIN", response="accepted")],
            order_keys=["10001", "10002"],
        ),
        d.TrackingEvent(
            key="T1",
            status="delivered",
            event_at=AT,
            shipment_no="S1",
            order_key="10001",
            pod=d.ProofOfDelivery(signed_by="Receiver", at=AT),
        ),
    ]
