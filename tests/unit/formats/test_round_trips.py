"""What is written is read back, however it is cut into chunks, and every value is found in the raw text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.formats import Record, decode, encode

NASTY = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            '"', '""', "a\nb", "a\r\nb", "a\rb", ",;\t|", "=1+1", "_x0041_", "_x000D_", " lead", "tail ", "\\",
            "]]>", "<a/>", "&amp;", "é€😀", "{}[]:", '\\"', "\u2028\x85\x0b", "'", "NaN", "-", "x" * 300,
        ]
    ),
)  # fmt: skip
XML_TEXT = st.text(
    st.one_of(
        st.characters(min_codepoint=0x20, blacklist_categories=("Cs",), blacklist_characters="\ufffe\uffff"),
        st.sampled_from("\t\n\r<>&'\"]"),
    ),
    max_size=12,
)
DECIMALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**11), max_value=10**11),
    st.sampled_from([Decimal("0.10"), Decimal("1E-7"), Decimal("19.99"), Decimal("-0.0"), Decimal("1.005")]),
)
KEYS = st.text("abcXYZ_.é [", min_size=1, max_size=6)
QUICK = settings(max_examples=80, deadline=None)


def cut(raw: bytes, size: int) -> Iterator[bytes]:
    for begin in range(0, len(raw), size):
        yield raw[begin : begin + size]


def read(name: str, raw: bytes, options: dict[str, Any] | None = None, size: int = 65536) -> list[Record]:
    records = list(decode(name, cut(raw, size), options=options, source="file"))
    assert all(isinstance(record, Record) for record in records), records
    return records


def write(name: str, records: list[dict[str, Any]], options: dict[str, Any] | None = None) -> bytes:
    return b"".join(encode(name, records, options=options))


def text_at(raw: bytes, line: int | None, column: int | None) -> str:
    text = raw.decode()
    lines: list[str] = []
    start = 0
    while start <= len(text):
        ends = [end for end in (text.find("\n", start), text.find("\r", start)) if end >= 0]
        if not ends:
            lines.append(text[start:])
            break
        end = min(ends)
        width = 2 if text.startswith("\r\n", end) else 1
        lines.append(text[start : end + width])
        start = end + width
    assert line is not None
    assert column is not None
    return "".join([lines[line - 1][column - 1 :], *lines[line:]])


JSON_VALUES = st.recursive(
    st.one_of(NASTY, DECIMALS, st.integers(-(2**70), 2**70), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
JSON_RECORDS = st.lists(st.dictionaries(KEYS, JSON_VALUES, max_size=4), max_size=4)


def exact(value: Any) -> Any:
    """Numbers with their text, so that 1 and 1.0 differ as they do in JSON; -0 has no sign as an int."""
    if isinstance(value, Decimal):
        return ("number", str(value) if "." in str(value) or "E" in str(value) else str(int(value)))
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return ("number", str(value))
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    return [exact(inner) for inner in value] if isinstance(value, list) else value


@QUICK
@given(JSON_RECORDS, st.sampled_from([".", "orders", "data.orders"]), st.integers(1, 30))
def test_json_lists_come_back_exactly(records, path, size):
    raw = write("json", records, {"records": path})
    found = read("json", raw, {"records": path}, size)
    assert [exact(record.data) for record in found] == [exact(record) for record in records]
    assert [record.number for record in found] == list(range(1, len(records) + 1))


@QUICK
@given(st.lists(st.dictionaries(KEYS, JSON_VALUES, max_size=4), min_size=1, max_size=4), st.integers(1, 30))
def test_json_lines_come_back_exactly(records, size):
    raw = write("jsonl", records)
    found = read("jsonl", raw, None, size)
    assert [exact(record.data) for record in found] == [exact(record) for record in records]


@QUICK
@given(st.dictionaries(KEYS, JSON_VALUES, max_size=4))
def test_a_json_body_comes_back_exactly(record):
    assert exact(read("json", write("json", [record]))[0].data) == exact(record)


CSV_OPTIONS: dict[str, Any] = {"delimiter": ",", "skip_empty_rows": False}


@QUICK
@given(st.lists(st.tuples(NASTY, DECIMALS, NASTY), min_size=1, max_size=4), st.integers(1, 30))
def test_csv_comes_back_exactly(rows, size):
    records = [{"a": a, "é;": b, "c d": c} for a, b, c in rows]
    found = read("csv", write("csv", records, CSV_OPTIONS), CSV_OPTIONS, size)
    expected = [
        {key: value if isinstance(value, str) else format(value, "f") for key, value in r.items()}
        for r in records
    ]
    assert [record.data for record in found] == expected


@QUICK
@given(st.lists(st.tuples(NASTY, DECIMALS, NASTY), min_size=1, max_size=4))
def test_every_csv_cell_is_found_in_the_raw_text(rows):
    records = [{"a": a, "b": b, "c": c} for a, b, c in rows]
    raw = write("csv", records, CSV_OPTIONS)
    for record in read("csv", raw, CSV_OPTIONS):
        for name, value in record.data.items():
            place = record.place_of(name)
            assert (place.source, place.path, place.value) == ("file", name, value[:200])
            rest = text_at(raw, place.line, place.column)
            quoted = '"' + value.replace('"', '""') + '"'
            assert rest.startswith((value, quoted) if value else (",", "\r\n", '""'))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            step = f'["{key}"]' if set(key) & set(".[]") else f".{key}" if path else key
            yield from leaves(inner, path + step)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


@QUICK
@given(JSON_RECORDS, st.integers(1, 40))
def test_every_json_value_is_found_in_the_raw_text(records, size):
    raw = write("json", records, {"records": "data.orders"}).replace(b"\n", b"\r\n \n")
    for record in read("json", raw, {"records": "data.orders"}, size):
        assert text_at(raw, record.place_of().line, record.place_of().column).startswith("{")
        for path, value in leaves(record.data):
            place = record.place_of(path)
            text = (
                value if isinstance(value, str) else {None: "null", True: "true", False: "false"}.get(value)
            )
            if isinstance(value, Decimal | int) and not isinstance(value, bool):
                text = str(value)
            assert place.value == text[:200]
            rest = text_at(raw, place.line, place.column)
            assert rest.startswith(b"".join(encode("json", [{"x": value}])).decode()[5:-1])


XML_OPTIONS: dict[str, Any] = {"root": "orders", "record": "order", "lists": ["line"]}


XML_RECORDS = st.lists(
    st.builds(
        lambda a, b, c, lines: {"@id": a, "name": b, "total": c, "line": lines},
        XML_TEXT, XML_TEXT, DECIMALS.map(lambda value: format(value, "f")),
        st.lists(st.builds(lambda a, b: {"@id": a, "sku": b}, XML_TEXT, XML_TEXT), max_size=3),
    ),
    max_size=3,
)  # fmt: skip


@QUICK
@given(XML_RECORDS, st.integers(1, 30), st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "cp1252"]))
def test_xml_comes_back_exactly(records, size, encoding):
    raw = write("xml", records, {**XML_OPTIONS, "encoding": encoding})
    found = read("xml", raw, XML_OPTIONS, size)
    expected = [{key: value for key, value in record.items() if value != []} for record in records]
    assert [record.data for record in found] == expected


@QUICK
@given(XML_RECORDS)
def test_every_xml_value_is_found_in_the_raw_text(records):
    raw = write("xml", records, XML_OPTIONS)
    for record in read("xml", raw, XML_OPTIONS, 50):
        assert text_at(raw, record.place_of().line, record.place_of().column).startswith("<order")
        for path, value in leaves(record.data):
            place = record.place_of(path)
            assert place.value == value[:200]
            rest = text_at(raw, place.line, place.column)
            if value[:1].isalnum():
                assert rest.startswith(value[0])
            elif not value:
                assert rest[0] in '<"'


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(NASTY, DECIMALS, NASTY, st.booleans()), min_size=1, max_size=4), st.integers(10, 5000)
)
def test_xlsx_comes_back_exactly(rows, size):
    pytest.importorskip("openpyxl")
    records = [{"a": a, "b": b, "c": c, "d": d} for a, b, c, d in rows]
    found = read("xlsx", write("xlsx", records, {"sheet": "Orders & co"}), None, size)
    for record, wanted in zip(found, records, strict=True):
        assert (record.data["a"], record.data["c"]) == (wanted["a"], wanted["c"])
        assert Decimal(record.data["b"]) == wanted["b"]
        assert not isinstance(record.data["b"], float)
        assert record.data["d"] is wanted["d"]


@pytest.mark.parametrize(
    ("name", "options", "raw"),
    [
        ("json", {"records": "d.o"}, '{"x":"]\\"",\r\n"d":{"é":[{}],"o":[{"a":"\\u20ac\\\\"},\r\n {"b":[1.50,{}]}] }, "y":1}'),
        ("json", None, '\ufeff{"a": "é"}'),
        ("jsonl", None, '{"a":"é€"}\r\n\r\n{"b":1}'),
        ("csv", None, '\ufeffa;é\r\n"1\r\n""€";2\r\n3;4\r5;6\n'),
        ("xml", {"record": "o"}, '<?xml version="1.0"?>\r\n<r><o a="é>">€</o><o/><o><x><![CDATA[<]]></x></o></r>'),
    ],
)  # fmt: skip
def test_chunk_borders_never_matter(name, options, raw):
    def shape(size: int) -> list[Any]:
        return [
            (
                record.data,
                record.number,
                [record.place_of(path) for path in ("", "a", "é", "b[1]", "x", "@a", "#text")],
            )
            for record in read(name, raw.encode(), options, size)
        ]

    whole = shape(10_000)
    assert whole
    for size in itertools.chain(range(1, 12), (17, 64)):
        assert shape(size) == whole
