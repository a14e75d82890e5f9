"""Every fault has a code and points at its place; where it can, it stops no other record."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from crossdock.core.errors import ConfigError, RejectedError
from crossdock.formats import BadRecord, Record, decode, encode


def outcome(name: str, raw: str | bytes, **options: Any) -> list[Any]:
    """Data of good records, errors of bad ones, in their order."""
    chunks = [raw.encode() if isinstance(raw, str) else raw]
    items = list(decode(name, chunks, options=options, source="in.txt"))
    assert [item.number for item in items] == list(range(1, len(items) + 1))
    return [item.error if isinstance(item, BadRecord) else item.data for item in items]


def refusal(name: str, raw: str | bytes, **options: Any) -> RejectedError:
    with pytest.raises(RejectedError) as caught:
        outcome(name, raw, **options)
    return caught.value


def where(error: RejectedError) -> tuple[str, int | None, int | None]:
    assert error.place.source == "in.txt"
    assert error.mend
    return error.code, error.place.line, error.place.column


JSON_FAULTS = [
    ('{"a": NaN}', "T-FORMAT", 1, 7, "NaN"),
    ('{"a": 1,\n "b": -Infinity}', "T-FORMAT", 2, 8, "Infinity"),
    ('{"a": 1,\r\n\r\n "é": tru}', "T-FORMAT", 3, 7, "invalid character"),
    ('{"a": 1', "T-FORMAT", 1, 8, "ends before"),
    ('{"a": "x', "T-FORMAT", 1, 9, "ends before"),
    ('{"a": 1}\n}', "T-FORMAT", 2, 1, "trailing"),
    ('{"a": 1,\n"b": {"c": 1, "c": 2}}', "T-FORMAT", 2, 15, "twice"),
    ('{"a": 1, "\\u0061": 2}', "T-FORMAT", 1, 10, "twice"),
    ('{"a" :1,"b":2,"b":3}', "T-FORMAT", 1, 15, "twice"),
    ('{"a": "\\u003a", "b":2,"b":3}', "T-FORMAT", 1, 23, "twice"),
    ('{"a": 1e99999999}', "T-FORMAT", 1, 7, "too large"),
    ('{"e5": "1e99999", "a": [1, -2.5E+99999]}', "T-FORMAT", 1, 28, "too large"),
    ('{"a": ' + "9" * 5000 + "}", "T-FORMAT", 1, 7, "too large"),
    ('{"é": "\\ud800"}', "T-CHARSET", 1, 8, "surrogate"),
    ("[1, 2]", "T-FORMAT", 1, 1, "not an object"),
    ("", "T-FORMAT", 1, 1, "empty"),
    (" \n", "T-FORMAT", 1, 1, "empty"),
    (b'{"a": "\xff"}', "T-CHARSET", 1, 8, "0xFF"),
    ('{"a":' * 200 + "1" + "}" * 200, "T-FORMAT", 1, 1, "deeper than 100"),
    ("[" * 100_000, "T-FORMAT", 1, 1, "deeper"),
]


@pytest.mark.parametrize(("raw", "code", "line", "column", "text"), JSON_FAULTS)
def test_a_json_fault_names_line_and_column(raw, code, line, column, text):
    error = refusal("json", raw)
    assert where(error) == (code, line, column)
    assert text in error.text


def test_a_colon_in_a_text_is_no_repeated_key():
    raw = '{"a": "x:y\\":", "b:": "\\u003a", "c": [":", {":": "::"}], "d": 0.5}'
    assert len(outcome("json", raw)[0]) == 4


def test_repeated_keys_can_be_let_through():
    assert outcome("json", '{"a": 1, "a": 2}', strict_keys=False) == [{"a": 2}]


def test_a_bad_item_of_a_json_list_stops_no_other():
    first, second, third, fourth, fifth = outcome(
        "json", '{"orders": [{"n": 1},\n {"n": tru},\n 7, {"n": 1, "n": 1}, {"n": 2}]}', records="orders"
    )
    assert (first, fifth) == ({"n": 1}, {"n": 2})
    assert where(second) == ("T-FORMAT", 2, 8)
    assert where(third) == ("T-FORMAT", 3, 2)
    assert where(fourth) == ("T-FORMAT", 3, 14)


LIST_FAULTS = [
    ('{"orders": [{"n": 1}', 1, 21, "ends before"),
    ('{"orders": [{"n": 1},\n{"n": tru}, {"n"', 2, 17, "ends before"),
    ('{"orders": [{"n": tru, {', 1, 19, "invalid"),
    ('{"orders": [{"n": 1} {"n": 2}]}', 1, 22, "followed by"),
    ('{"orders": [{"n": 1},]}', 1, 22, "value must stand"),
    ('{"orders": [{"n": 1}],\n "x": NaN}', 2, 7, "NaN"),
    ('{"orders": [\n{"n": 1}], "x": NaN}', 2, 17, "NaN"),
    ('{"x": NaN, "orders": [\n{"n": 1}]}', 1, 7, "NaN"),
    ('{"orders": [{"n": 1}], "orders": []}', 1, 24, "twice"),
    ('{"orders": [{"n": 1}]} x', 1, 24, "trailing"),
    ('{"orders": [{"n": 1}]', 1, 22, "ends before"),
    ('{"other": []}', 1, 13, "no list at orders"),
    ('{"orders": {}}', 1, 12, "no list at orders"),
    ('{"orders" []}', 1, 11, "followed by :"),
    ("{orders: []}", 1, 2, "in quotes"),
    ("[]", 1, 1, "no list at orders"),
    ("", 1, 1, "empty"),
]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("raw", "line", "column", "text"), LIST_FAULTS)
def test_a_fault_around_a_json_list_names_line_and_column(raw, line, column, text, size):
    chunks = [raw.encode()[begin : begin + size] for begin in range(0, len(raw), size)]
    with pytest.raises(RejectedError) as caught:
        list(decode("json", chunks, options={"records": "orders"}, source="in.txt"))
    assert text in caught.value.text
    assert where(caught.value) == ("T-FORMAT", line, column)


def test_a_bad_line_of_json_lines_stops_no_other():
    good, bad, long, last = outcome(
        "jsonl", '{"a":1}\n\n{"a":\n' + '{"a":"' + "x" * 100 + '"}\n{"a":2}', max_record_bytes=50
    )
    assert (good, last) == ({"a": 1}, {"a": 2})
    assert where(bad) == ("T-FORMAT", 3, 6)
    assert where(long) == ("T-TOO-BIG", 4, None)


def test_csv_rows_with_too_many_or_too_few_columns_stop_no_other():
    good, many, few, last = outcome("csv", "a,b\n1,2\n1,é,3\n1\n3,4\n")
    assert (good, last) == ({"a": "1", "b": "2"}, {"a": "3", "b": "4"})
    assert where(many) == ("T-FORMAT", 3, 5)
    assert many.place.value == "3"
    assert where(few) == ("T-FORMAT", 4, 2)
    assert "1 columns, the headings 2" in few.text


def test_an_unclosed_quote_costs_its_own_line_only():
    first, bad, *rest = outcome("csv", 'a,b\n1,2\n3,"4\n5,6\n7,"8\n9"\n')
    assert (first, rest) == ({"a": "1", "b": "2"}, rest)
    # The quote finds its end in line 5, where something follows it.
    assert where(bad) == ("T-FORMAT", 3, 1)
    assert rest == [{"a": "5", "b": "6"}, {"a": "7", "b": "8\n9"}]


def test_an_unclosed_quote_in_the_last_rows_is_found():
    bad, last = outcome("csv", 'a,b\n3,"4\n5,6\n')
    assert where(bad) == ("T-FORMAT", 2, 1)
    assert last == {"a": "5", "b": "6"}


def test_rows_after_an_unclosed_quote_keep_their_line_numbers():
    _, good, short = decode("csv", [b'a,b\n3,"4\n5,6\n7\n'], source="in.txt")
    assert isinstance(good, Record)
    assert (good.place_of("b").line, good.place_of("b").column) == (3, 3)
    assert isinstance(short, BadRecord)
    assert where(short.error) == ("T-FORMAT", 4, 2)


def test_undecodable_bytes_stop_no_other_row():
    bad, good = outcome("csv", b"a,b\nx,caf\xe9\n\xc3\xa9,2\n")
    assert where(bad) == ("T-CHARSET", 2, 6)
    assert "0xE9" in bad.text
    assert good == {"a": "é", "b": "2"}


def test_a_declared_encoding_is_used():
    assert outcome("csv", "a;b\n€;é\n".encode("cp1252"), encoding="cp1252") == [{"a": "€", "b": "é"}]
    assert outcome("csv", "a;b\n€;é\n".encode("utf-16"), encoding="utf-16") == [{"a": "€", "b": "é"}]
    assert outcome("json", '{"a": "é"}'.encode("latin-1"), encoding="latin-1") == [{"a": "é"}]
    assert where(refusal("csv", b"a\x00b", encoding="utf-16"))[0] == "T-CHARSET"
    assert where(refusal("json", b'{"a": "\xe9"}', encoding="ascii"))[0] == "T-CHARSET"


@pytest.mark.parametrize(
    ("raw", "options", "line", "column", "text"),
    [
        ("", {}, 1, 1, "empty"),
        ("\n\n", {}, 1, 1, "empty"),
        ("a;b;a\n", {}, 1, 5, "twice"),
        ("a, a\n", {}, 1, 3, "twice"),
        ("a,b\n1,2\n", {"group_by": "order"}, 1, 1, "'order' is missing"),
        ("a,b\n1,2\n", {"columns": ["a", "c"]}, 1, 1, "'c' is missing"),
        ('a,"b\n', {}, 1, 1, "cannot be read"),
    ],
)
def test_a_fault_of_csv_headings_ends_the_file(raw, options, line, column, text):
    error = refusal("csv", raw, **options)
    assert where(error) == ("T-FORMAT", line, column)
    assert text in error.text


def test_an_endless_csv_line_is_refused_in_time():
    error = refusal("csv", "a,b\n" + "x" * 5000, max_record_bytes=1000)
    assert where(error) == ("T-TOO-BIG", 2, None)


def test_a_flood_of_unclosed_quotes_ends_the_file():
    assert "cannot be read" in refusal("csv", "a,b\n" + '1,"2"x\n' * 1001).text


def test_columns_without_heading_must_stay_empty():
    good, bad = outcome("csv", "a;b;\n1;2;\n3;4;5\n")
    assert good == {"a": "1", "b": "2"}
    assert where(bad) == ("T-FORMAT", 3, 5)


ORDERS = "order,sku,qty\nA,x,1\nA,y,2\n{bad}B,z,3\nC,w,4\n"


def test_a_group_holds_its_rows_and_finds_their_cells():
    chunks = [ORDERS.format(bad="").encode()]
    first, second, third = decode("csv", chunks, options={"group_by": "order"}, source="in.txt")
    assert isinstance(first, Record)
    assert first.data == {
        "order": "A",
        "rows": [{"order": "A", "sku": "x", "qty": "1"}, {"order": "A", "sku": "y", "qty": "2"}],
    }
    assert str(first.place_of("rows[1].qty")) == "in.txt · line 3, column 5 · rows[1].qty"
    assert first.place_of("order").line == 2
    assert isinstance(third, Record)
    assert third.place_of("rows[0].sku").value == "w"
    assert second.number == 2


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("A,y\n", ["A held", "B", "C"]),  # its key says A
        ("B,y\n", ["A", "B held", "C"]),  # its key says B
        ("X,y\n", ["A", "X held", "B", "C"]),
        ('A,"y\n', ["A held", "B held", "C"]),  # nobody can tell
    ],
)
def test_a_bad_row_holds_back_the_whole_order_it_may_belong_to(bad, expected):
    items = outcome("csv", ORDERS.format(bad=bad), group_by=["order"])
    shown = [
        item.text.partition("rows of order ")[2][0] + " held"
        if isinstance(item, RejectedError)
        else item["order"]
        for item in items
    ]
    assert shown == expected
    assert all(item.place.line == 4 for item in items if isinstance(item, RejectedError))


def test_a_bad_row_without_any_group_is_told_of():
    assert [where(item)[1] for item in outcome("csv", 'order,sku\nA,"y\n', group_by="order")] == [2]


def test_a_bad_row_before_the_first_group_holds_it_back():
    held, free = outcome("csv", 'order,sku\nA,"y\nA,z\nB,z\n', group_by="order")
    assert where(held) == ("T-FORMAT", 2, 1)
    assert free["order"] == "B"


def test_a_bad_last_row_holds_back_the_last_group():
    free, held = outcome("csv", 'order,sku\nA,z\nB,z\nB,"y', group_by="order")
    assert free["order"] == "A"
    assert where(held) == ("T-FORMAT", 4, 1)


def test_a_group_without_end_is_refused():
    error = refusal("csv", "order,sku\n" + "A,x\n" * 10, group_by="order", max_group_rows=9)
    assert where(error) == ("T-TOO-BIG", 11, 1)


XML_FAULTS = [
    ("", "T-FORMAT", 1, "empty"),
    ("<orders><order>", "T-FORMAT", 1, "ends before"),
    ("<orders>\n<order><a></order></orders>", "T-FORMAT", 2, "mismatched tag"),
    ("<orders><order>&x;</order></orders>", "T-FORMAT", 1, "undefined entity"),
    ("<orders><x/></orders>", "T-FORMAT", 1, "no element order"),
    ('<!DOCTYPE a [<!ENTITY x "y">]><orders/>', "T-FORMAT", 1, "DTD"),
    ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><orders/>', "T-FORMAT", 1, "DTD"),
    (b"<orders><order>\xe9</order></orders>", "T-CHARSET", 1, "0xE9"),
    ('<?xml version="1.0" encoding="klingon"?><orders/>', "T-CHARSET", 1, "klingon"),
    ("<a>" * 101, "T-FORMAT", 1, "deeper"),
    ("<orders/> x", "T-FORMAT", 1, "malformed"),
]


@pytest.mark.parametrize(("raw", "code", "line", "text"), XML_FAULTS)
def test_an_xml_fault_names_its_line(raw, code, line, text):
    error = refusal("xml", raw, record="order")
    assert where(error)[:2] == (code, line)
    assert text in error.text


def test_a_broken_xml_tag_is_found_to_the_column():
    assert where(refusal("xml", "<a>\n <é></b></a>"))[1:] == (2, 7)


def test_an_xml_record_beyond_the_limit_is_refused():
    raw = [b"<r><order>", *[b"x" * 1000] * 100]
    with pytest.raises(RejectedError) as caught:
        list(decode("xml", raw, options={"record": "order", "max_record_bytes": 5000}))
    assert caught.value.code == "T-TOO-BIG"


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_bad_cell_of_a_sheet_stops_no_other_row():
    raw = workbook(["order", "qty"], ["A", 1], ["B", "#N/A"], ["C", 2, "stray"], [], ["D", 3])
    first, error, stray, last = outcome("xlsx", raw)
    assert (first, last) == ({"order": "A", "qty": 1}, {"order": "D", "qty": 3})
    assert where(error) == ("T-FORMAT", 3, 2)
    assert error.place.segment == "Sheet!B3"
    assert where(stray) == ("T-FORMAT", 4, 3)


def test_a_bad_cell_of_a_sheet_holds_back_its_order():
    raw = workbook(["order", "qty"], ["A", 1], ["A", "#N/A"], ["B", 2])
    held, free = outcome("xlsx", raw, group_by="order")
    assert where(held) == ("T-FORMAT", 3, 2)
    assert free["order"] == "B"


@pytest.mark.parametrize(
    ("raw", "options", "text"),
    [
        (b"", {}, "empty"),
        (b"a,b\n1,2\n", {}, "not an XLSX"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 100, {}, "old .xls"),
        (workbook(["a"])[:-30], {}, "not an XLSX"),
        (workbook(["a", "a"]), {}, "twice"),
        (workbook(), {}, "no row of headings"),
        (workbook(["a"]), {"sheet": "Orders"}, "no sheet 'Orders'; it has: Sheet"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused(raw, options, text):
    error = refusal("xlsx", raw, **options)
    assert error.code == "T-FORMAT"
    assert text in error.text


def with_part(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["a"], ["b"]))) as old, zipfile.ZipFile(file, "w", 8) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    error = refusal("xlsx", with_part(SHEET, b" " * 30_000_000), max_uncompressed_bytes=20_000_000)
    assert error.code == "T-TOO-BIG"


def test_a_large_workbook_is_refused():
    assert refusal("xlsx", workbook(["a"]), max_file_bytes=1000).code == "T-TOO-BIG"


def test_rows_outside_of_the_stated_size_of_a_sheet_are_read():
    raw = workbook(["a", "b"], [1, 2], [3, 4])
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheet = archive.read(SHEET)
    assert b'ref="A1:B3"' in sheet
    items = outcome("xlsx", with_part(SHEET, sheet.replace(b'ref="A1:B3"', b'ref="A1:A2"')))
    assert items == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@pytest.mark.parametrize(
    "content",
    [
        b"<broken",
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "' + b"x" * 1000 + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8))
        + b"]><worksheet>&i;</worksheet>",
        (b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        b'<row r="4000000000"><c r="A4000000000"><v>1</v></c></row></sheetData></worksheet>'),
    ],
    ids=["malformed", "billion laughs", "a row beyond the end"],
)  # fmt: skip
def test_hostile_sheets_are_refused(content):
    assert refusal("xlsx", with_part(SHEET, content)).code == "T-FORMAT"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("yaml", {}),
        ("csv", {"delimeter": ";"}),
        ("csv", {"delimiter": ";;"}),
        ("csv", {"header_row": 0}),
        ("csv", {"encoding": "klingon"}),
        ("csv", {"encoding": "base64"}),
        ("csv", {"group_by": "rows"}),
        ("json", {"records": 1}),
        ("xlsx", {"sheet": "a/b"}),
    ],
)
def test_wrong_options_are_our_fault_not_the_senders(name, options):
    with pytest.raises(ConfigError) as caught:
        list(decode(name, [b"rows,b\n"], options=options))
    assert caught.value.mend


@pytest.mark.parametrize(
    ("name", "records", "options", "code"),
    [
        ("json", [{"a": float("nan")}], {}, "T-FORMAT"),
        ("json", [{"a": object()}], {}, "T-FORMAT"),
        ("jsonl", [{"a": "\ud800"}], {}, "T-CHARSET"),
        ("csv", [{"a": [1]}], {}, "T-FORMAT"),
        ("csv", [{"a": 1}, {"a": 1, "b": 2}], {}, "T-FORMAT"),
        ("csv", [{"a": "€"}], {"encoding": "latin-1"}, "T-CHARSET"),
        ("csv", [{"a": "x,y"}], {"quotechar": ""}, "T-FORMAT"),
        ("xlsx", [{"a": "x" * 32_768}], {}, "T-TOO-BIG"),
        ("xml", [{"a b": 1}], {}, "T-FORMAT"),
        ("xml", [{"a": "\x00"}], {}, "T-CHARSET"),
        ("xml", [{"a": [[1]]}], {}, "T-FORMAT"),
    ],
)
def test_what_a_format_cannot_hold_exactly_is_not_written(name, records, options, code):
    with pytest.raises(RejectedError) as caught:
        b"".join(encode(name, records, options=options))
    assert caught.value.code == code
    assert caught.value.mend


@pytest.mark.parametrize("records", [[], [{"a": 1}, {"a": 2}]])
@pytest.mark.parametrize(("name", "options"), [("json", {}), ("xml", {"root": ""})])
def test_a_body_without_a_list_holds_one_record(name, options, records):
    with pytest.raises(ConfigError):
        b"".join(encode(name, records, options=options))
