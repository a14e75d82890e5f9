"""What is sent: 20-line orders that add up, as signed webhooks ready for the wire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from decimal import Decimal

import msgspec

__all__ = ["PARTIES", "PRODUCTS", "SECRET", "SHOP", "order_body", "webhooks"]

SECRET = "bench-secret"
SHOP = "bench.myshopify.com"
PRODUCTS = 5_000
PARTIES = 97
_LINES = 20
_CENT = Decimal("0.01")
_RATE = Decimal("0.21")


def order_body(number: int, chance: random.Random) -> bytes:
    """An order of 20 lines, close to 4 KB, whose totals are those of its lines."""
    lines, net, tax = [], Decimal(0), Decimal(0)
    for line in range(_LINES):
        article, quantity = chance.randrange(PRODUCTS), chance.randrange(1, 12)
        price = Decimal(100 + article * 37 % 49_900) * _CENT
        amount = price * quantity
        discount = (amount / 10).quantize(_CENT) if line == 0 else Decimal("0.00")
        line_tax = ((amount - discount) * _RATE).quantize(_CENT)
        net += amount - discount
        tax += line_tax
        lines.append(
            {
                "id": 10_000_000 + number * 100 + line,
                "sku": f"SKU-{article:05d}",
                "title": f"Article {article}, boxed",
                "quantity": quantity,
                "price": str(price),
                "total_discount": str(discount),
                "tax_lines": [{"price": str(line_tax), "rate": "0.21"}],
            }
        )
    order = {
        "id": 450_789_000 + number,
        "name": f"#{100_000 + number}",
        "created_at": f"2026-11-23T{number % 24:02d}:{number % 60:02d}:11-05:00",
        "updated_at": f"2026-11-24T{number % 24:02d}:{number % 60:02d}:12-05:00",
        "currency": "EUR",
        "subtotal_price": str(net),
        "total_tax": str(tax),
        "total_price": str(net + tax),
        "customer": {"id": 1 + number % PARTIES, "email": "buyer@example.com"},
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
        "line_items": lines,
    }
    return msgspec.json.encode(order)


def webhooks(count: int, *, first: int, seed: int = 7) -> list[bytes]:
    """`count` requests to `/hooks/shop/orders/create`, each another order, signed as a shop signs."""
    chance = random.Random(seed)
    return [_request(order_body(number, chance), number) for number in range(first, first + count)]


def _request(body: bytes, number: int) -> bytes:
    mac = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    head = (
        "POST /hooks/shop/orders/create HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: Shopify-Captain-Hook\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "X-Shopify-Topic: orders/create\r\n"
        f"X-Shopify-Shop-Domain: {SHOP}\r\n"
        f"X-Shopify-Event-Id: 98880550-7158-44d4-b7cd-{number:012d}\r\n"
        f"X-Shopify-Hmac-Sha256: {mac}\r\n"
        "\r\n"
    )
    return head.encode() + body
