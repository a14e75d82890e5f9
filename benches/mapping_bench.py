"""Speed of mapping: a 20-line shop order into a sales order, beside a mapper written by hand."""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from crossdock.core.documents import Address, OrderTotals, SalesLine, SalesOrder
from crossdock.core.quantity import Money, Quantity
from crossdock.mapping import build_environment, compile_mapping, parse_mapping

MAPPING = """
map: shopify.order -> sales_order
fields:
  key:            { from: id, as: text }
  order_no:       { from: name }
  buyer_po:       { from: [po_number, name] }
  source_version: { from: updated_at }
  order_date:     { from: created_at, as: date, zone: "{system.zone}" }
  customer:       { from: customer.id, lookup: party }
  currency:       { from: currency }
  ship_to_address:
    from: shipping_address
    fields:
      name:     { from: name }
      lines:    { items: [{ from: address1 }, { from: address2 }] }
      city:     { from: city }
      region:   { from: province_code }
      postcode: { from: zip }
      country:  { from: country_code }
      phone:    { from: phone }
  totals:
    fields:
      net:   { from: subtotal_price }
      tax:   { from: total_tax }
      gross: { from: total_price }
  lines:
    each: line_items
    when: quantity > 0
    fields:
      line_id:        { from: id, as: text }
      product:        { from: sku, lookup: product }
      description:    { from: title }
      quantity:       { from: quantity, as: quantity, unit: EA }
      unit_price:     { from: price, as: money }
      discount_total: { from: total_discount, as: money }
      tax_total:      { from: "tax_lines[0].price", as: money }
      tax_rate:       { from: "tax_lines[0].rate" }
"""
VARIABLES = {"system.zone": "Europe/Amsterdam"}
ZONE = ZoneInfo("Europe/Amsterdam")


def orders(count: int, lines: int = 20, *, fresh: bool = False) -> list[dict]:
    """Orders as a shop sends them: 5,000 articles, each with its price. `fresh`: no amount was ever seen before."""
    chance = random.Random(7)
    prices = [chance.randrange(100, 50_000) for _ in range(5_000)]
    made = []
    for number in range(count):
        items = []
        for line in range(lines):
            article, quantity = chance.randrange(5_000), chance.randrange(1, 12)
            cents = chance.randrange(10**9) if fresh else prices[article]
            items.append(
                {
                    "id": 10_000_000 + number * 100 + line,
                    "sku": f"SKU-{article:05d}",
                    "title": f"Article {article}",
                    "quantity": quantity,
                    "price": f"{cents / 100:.2f}",
                    "total_discount": f"{cents * quantity / 1000:.2f}" if fresh or not line else "0.00",
                    "tax_lines": [{"price": f"{cents * quantity * 21 / 10_000:.2f}", "rate": "0.21"}],
                }
            )
        made.append(
            {
                "id": 450_789_000 + number,
                "name": f"#{1000 + number}",
                "created_at": f"2026-11-23T{number % 24:02d}:{number % 60:02d}:11-05:00",
                "updated_at": f"2026-11-24T{number % 24:02d}:{number % 60:02d}:12-05:00",
                "currency": "EUR",
                "subtotal_price": f"{number + 100}.10",
                "total_tax": f"{number + 20}.20",
                "total_price": f"{number + 120}.30",
                "customer": {"id": 1 + number % 97, "email": "buyer@example.com"},
                "shipping_address": {
                    "name": "Receiving dock",
                    "address1": "Harbour road 1",
                    "address2": None,
                    "city": "Rotterdam",
                    "province_code": "ZH",
                    "zip": "3011 AA",
                    "country_code": "NL",
                    "phone": "+31 10 000 0000",
                },
                "line_items": items,
            }
        )
    return made


def map_by_hand(record: dict, lookups: dict, zone: ZoneInfo) -> SalesOrder:
    """The floor: the same result, with neither faults nor places."""
    currency = record["currency"]
    address = record["shipping_address"]
    lines = [
        SalesLine(
            line_id=str(item["id"]),
            product=lookups["product", item["sku"]],
            description=item["title"],
            quantity=Quantity(Decimal(item["quantity"]), "EA"),
            unit_price=Money(Decimal(item["price"]), currency),
            discount_total=Money(Decimal(item["total_discount"]), currency),
            tax_total=Money(Decimal(item["tax_lines"][0]["price"]), currency),
            tax_rate=Decimal(item["tax_lines"][0]["rate"]),
        )
        for item in record["line_items"]
        if item["quantity"] > 0
    ]
    created: date = datetime.fromisoformat(record["created_at"]).astimezone(zone).date()
    return SalesOrder(
        key=str(record["id"]),
        order_no=record["name"],
        buyer_po=record.get("po_number") or record["name"],
        source_version=record["updated_at"],
        order_date=created,
        customer=lookups["party", str(record["customer"]["id"])],
        currency=currency,
        ship_to_address=Address(
            name=address["name"],
            lines=[line for line in (address["address1"], address["address2"]) if line],
            city=address["city"],
            region=address["province_code"],
            postcode=address["zip"],
            country=address["country_code"],
            phone=address["phone"],
        ),
        totals=OrderTotals(
            net=Money(Decimal(record["subtotal_price"]), currency),
            tax=Money(Decimal(record["total_tax"]), currency),
            gross=Money(Decimal(record["total_price"]), currency),
        ),
        lines=lines,
    )


def run(rounds: int) -> dict:
    """Microseconds an order, best of five: by hand, `needs`, `run`, both; and all again with amounts never seen."""
    compiled = compile_mapping(parse_mapping(MAPPING, source="mapping_bench"), build_environment())
    measured = {}
    for name, fresh in (("", False), ("fresh_", True)):
        records = orders(rounds, fresh=fresh)
        lookups = {ref: f"K{ref.value}" for record in records for ref in compiled.needs(record, VARIABLES)}
        for record in records:
            assert compiled.run(record, lookups=lookups, variables=VARIABLES) == map_by_hand(
                record, lookups, ZONE
            )
        hand = _best(records, map_by_hand, lookups, ZONE)
        needs = _best(records, compiled.needs, VARIABLES)
        mapped = _best(records, partial(compiled.run, lookups=lookups, variables=VARIABLES))
        measured |= {f"{name}by_hand_us": hand, f"{name}needs_us": needs, f"{name}run_us": mapped}
        measured |= {f"{name}all_us": needs + mapped, f"{name}ratio_to_hand": (needs + mapped) / hand}
    return {name: round(value, 2) for name, value in measured.items()}


def _best(records: list[dict], work, *arguments) -> float:
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for record in records:
            work(record, *arguments)
        best = min(best, time.perf_counter() - start)
    return best / len(records) * 1e6


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 500)))
