"""Large files are streamed, and one webhook body costs little more than decoding it."""

from __future__ import annotations

import itertools
import timeit
import tracemalloc
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.formats import Record, decode, encode

MEGABYTE = 1024 * 1024
CSV_ROW = b"10001;SKU-4711;A product of middling name, blue;12;19.99;2026-11-23\n"
JSON_ITEM = (
    b'{"order": 10001, "lines": [{"sku": "SKU-4711", "title": "A \\"product\\"", "quantity": 12.5}]},\n'
)
XML_ITEM = (
    b'<order id="10001"><line><sku>SKU-4711</sku><title>A product</title><qty>12.5</qty></line></order>\n'
)


def stream(head: bytes, row: bytes, tail: bytes, size: int) -> Iterator[bytes]:
    """`size` bytes or a little more, in chunks whose borders fall anywhere."""
    yield head
    block = row * 1000
    for _ in range(size // len(block) + 1):
        yield block[:10_007]
        yield block[10_007:]
    yield tail


def peak_of(items: Iterable[Any]) -> tuple[int, int]:
    """How many items there were, and the most memory held at once."""
    tracemalloc.start()
    try:
        count = sum(1 for item in items if isinstance(item, Record | bytes))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


STREAMS: list[tuple[str, dict[str, Any], bytes, bytes, bytes]] = [
    ("csv", {}, b"order;sku;name;qty;price;on\n", CSV_ROW, b""),
    ("jsonl", {}, b"", JSON_ITEM.replace(b"},\n", b"}\n"), b""),
    ("json", {"records": "orders"}, b'{"orders": [', JSON_ITEM, b"{}]}"),
    ("xml", {"record": "order"}, b"<orders>", XML_ITEM, b"</orders>"),
]


@pytest.mark.parametrize(("name", "options", "head", "row", "tail"), STREAMS, ids=[row[0] for row in STREAMS])
def test_two_megabytes_never_lie_in_memory(name, options, head, row, tail):
    count, peak = peak_of(decode(name, stream(head, row, tail, 2 * MEGABYTE), options=options))
    assert count > 2 * MEGABYTE // len(row)
    assert peak < 1.2 * MEGABYTE


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "head", "row", "tail"), STREAMS, ids=[row[0] for row in STREAMS])
def test_sixty_megabytes_never_lie_in_memory(name, options, head, row, tail):
    count, peak = peak_of(decode(name, stream(head, row, tail, 60 * MEGABYTE), options=options))
    assert count > 60 * MEGABYTE // len(row)
    assert peak < 1.2 * MEGABYTE


@pytest.mark.parametrize("name", ["csv", "jsonl", "xml", "xlsx"])
def test_records_are_written_as_they_come(name):
    records = (
        {"order": number, "sku": f"SKU-{number}", "price": Decimal("19.99")} for number in itertools.count()
    )
    chunks, peak = peak_of(encode(name, itertools.islice(records, 8_000)))
    assert chunks > 1
    assert peak < 1.2 * MEGABYTE


def body() -> bytes:
    lines = [
        {"id": n, "sku": f"SKU-{n}", "title": "A product: blue", "quantity": n, "price": "19.99", "taxed": True,
         "weight": 0.5 + n, "tax_lines": [{"title": "VAT", "rate": "0.21", "price": "4.20"}]}
        for n in range(24)
    ]  # fmt: skip
    return msgspec.json.encode({"id": 1, "name": "#1001", "customer": {"id": 7}, "line_items": lines})


def test_a_webhook_body_costs_little_more_than_its_decoding():
    raw = body()
    assert 3_500 < len(raw) < 4_500
    plain = msgspec.json.Decoder(float_hook=Decimal)

    def best_us(call: Any) -> float:
        return min(timeit.repeat(call, number=200, repeat=15)) / 200 * 1e6

    floor = best_us(lambda: plain.decode(raw))
    loose = best_us(lambda: list(decode("json", [raw], options={"strict_keys": False})))
    strict = best_us(lambda: list(decode("json", [raw])))
    # Measured: about 1.3 and 1.8 times; the room is for shared machines.
    assert loose < 3 * floor, (floor, loose)
    assert strict < 4 * floor, (floor, strict)
