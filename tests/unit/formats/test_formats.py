"""What each format makes of ordinary files, and how formats are recognised."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from crossdock import formats
from crossdock.core.errors import RejectedError
from crossdock.formats import FORMATS, Record, decode, encode, format_for, media_type_of
from crossdock.formats.records import parse_path


def data(name: str, raw: str | bytes, **options: Any) -> list[Any]:
    records = list(decode(name, [raw.encode() if isinstance(raw, str) else raw], options=options))
    assert all(isinstance(record, Record) for record in records), records
    return [record.data for record in records]


def text(name: str, records: list[Any], **options: Any) -> str:
    return b"".join(encode(name, records, options=options)).decode()


def test_the_face_is_what_others_code_against():
    assert formats.__all__ == [
        "FORMATS",
        "BadRecord",
        "Format",
        "Record",
        "RecordReader",
        "RecordWriter",
        "decode",
        "encode",
        "format_for",
        "media_type_of",
    ]
    assert list(FORMATS) == ["json", "jsonl", "csv", "xlsx", "xml"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/problem+json", "json"),
        ("application/x-ndjson", "jsonl"),
        ("text/csv; header=present", "csv"),
        ("in/2026/ORDERS.CSV", "csv"),
        ("stock.v2.xlsx", "xlsx"),
        ("application/soap+xml", "xml"),
        ("xml", "xml"),
    ],
)
def test_a_format_is_recognised_by_content_type_or_name(name, expected):
    assert format_for(name) == expected


@pytest.mark.parametrize("name", ["", "orders", "application/pdf", "a.csv/b", "orders.", "json.bak"])
def test_an_unknown_format_is_refused(name):
    with pytest.raises(RejectedError):
        format_for(name)


def test_every_format_is_recognised_by_the_media_type_we_send():
    assert {format_for(media_type_of(name)) for name in FORMATS} == set(FORMATS)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("", ()),
        ("lines[3].quantity", ("lines", 3, "quantity")),
        ("[0][1]", (0, 1)),
        ('["Unit.Price"].x', ("Unit.Price", "x")),
        ('a["q\\"q"]', ("a", 'q"q')),
        ("a.@id", ("a", "@id")),
        ("odd[", ("odd[",)),
    ],
)
def test_paths_are_names_and_indexes(path, steps):
    assert parse_path(path) == steps


def test_json_numbers_with_a_fraction_are_decimal():
    (record,) = data("json", '{"a": 1.10, "b": 2, "c": 1e2, "d": 0.1000000000000000055511151231257827}')
    assert [type(value) for value in record.values()] == [Decimal, int, Decimal, Decimal]
    assert str(record["a"]) == "1.10"
    assert str(record["d"]) == "0.1000000000000000055511151231257827"


def test_a_missing_value_is_placed_at_what_should_hold_it():
    raw = b'{"id": 1,\n "lines": [{"sku": "x"}]}'
    (record,) = decode("json", [raw], source="hook")
    assert isinstance(record, Record)
    place = record.place_of("lines[0].quantity")
    assert (place.line, place.column, place.path, place.value) == (2, 12, "lines[0].quantity", "")
    assert str(record.place_of("lines[7].sku")) == "hook · line 2, column 11 · lines[7].sku"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter):
    rows = [["sku", "name, long", "price"], ["a", '"x;y|z"', '"1,5"'], ["b", "", "2"]]
    raw = "\n".join(delimiter.join(row) for row in rows).replace("name, long", '"name, long"')
    found = data("csv", raw)
    assert found[0] == {"sku": "a", "name, long": "x;y|z", "price": "1,5"}
    assert len(found) == 2


def test_a_decimal_comma_does_not_make_the_comma_a_delimiter():
    assert data("csv", "sku;price\na;1,5\nb;2,5\n")[0] == {"sku": "a", "price": "1,5"}


def test_a_file_of_one_column_has_no_delimiter():
    assert data("csv", "sku\na\n\nb\n") == [{"sku": "a"}, {"sku": "b"}]


def test_the_separator_line_of_a_spreadsheet_is_no_row():
    (record,) = decode("csv", [b"sep=|\r\na|b\r\n1|2\r\n"])
    assert isinstance(record, Record)
    assert record.data == {"a": "1", "b": "2"}
    assert record.place_of("b").line == 3


def test_headings_may_stand_lower_or_lack():
    assert data("csv", "Report of today\n\na,b\n1,2\n", header_row=3) == [{"a": "1", "b": "2"}]
    assert data("csv", "1;2\n", header_row=0, columns=["a", "b"]) == [{"a": "1", "b": "2"}]
    assert text("csv", [{"a": 1, "b": 2}], header_row=0, columns=["b", "a"]) == "2,1\r\n"


def test_empty_csv_rows_are_no_records_unless_asked():
    assert data("csv", "a,b\n,\n1,2\n,\n") == [{"a": "1", "b": "2"}]
    assert len(data("csv", "a,b\n,\n1,2\n,\n", skip_empty_rows=False)) == 3


def test_quotes_can_mean_nothing():
    assert data("csv", 'a;b\n"1;2"\n', quotechar="") == [{"a": '"1', "b": '2"'}]


def test_csv_is_written_for_machines_unless_a_spreadsheet_is_meant():
    record = {"a": "=1+1", "b": Decimal("-5.10"), "c": "@x", "d": None, "e": dt.date(2026, 11, 23), "f": True}
    assert text("csv", [record]) == "a,b,c,d,e,f\r\n=1+1,-5.10,@x,,2026-11-23,true\r\n"
    assert text("csv", [record], spreadsheet_safe=True).endswith("\r\n'=1+1,-5.10,'@x,,2026-11-23,true\r\n")


def test_chosen_columns_are_written_in_their_order():
    records = [{"a": 1, "b": 2, "c": 3}, {"c": 4}]
    assert text("csv", records, columns=["c", "a"]) == "c,a\r\n3,1\r\n4,\r\n"


def test_numbers_are_written_digit_for_digit():
    record = {"a": Decimal("1E+3"), "b": Decimal("0.10"), "c": Decimal("1E-7"), "d": 0.1}
    assert text("csv", [record]).splitlines()[1] == "1000,0.10,0.0000001,0.1"
    assert text("jsonl", [record]) == '{"a":1E+3,"b":0.10,"c":1E-7,"d":0.1}\n'


def test_times_are_written_as_iso_text():
    moment = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    assert (
        text("json", [{"at": moment, "on": moment.date()}])
        == '{"at":"2026-11-23T09:00:00Z","on":"2026-11-23"}'
    )


def test_xml_becomes_names_texts_and_lists():
    raw = """<?xml version="1.0"?>
    <o:orders xmlns:o="urn:x" xmlns="urn:y"><!-- two -->
      <o:order id="1" o:kind="a&amp;b"><line>x</line><line n="2">y</line><note/><t>a <b>c</b> d</t></o:order>
      <order><line><![CDATA[<x>]]></line></order>
    </o:orders>"""
    first, second = data("xml", raw, record="order", lists=["line"])
    assert first == {
        "@id": "1",
        "@kind": "a&b",
        "line": ["x", {"@n": "2", "#text": "y"}],
        "note": "",
        "t": {"b": "c", "#text": "a  d"},
    }
    assert second == {"line": ["<x>"]}
    assert data("xml", raw, record="orders/order") == [first, {"line": "<x>"}]
    assert data("xml", "<order/>") == [{}]
    assert data("xml", "<orders/>", record="order") == []


def test_xml_records_inside_records_belong_to_them():
    assert data("xml", "<r><p><p>x</p></p></r>", record="p") == [{"p": "x"}]


def test_a_path_finds_only_its_own_xml_elements():
    assert data("xml", "<r><x><o>1</o></x><o>2</o></r>", record="/r/o") == [{"#text": "2"}]


def test_xml_values_are_found_at_tag_text_and_attribute():
    raw = b'<r>\n <o id="7">\n  <l s=\'a\'>x</l><l s="b"><![CDATA[y]]></l><e/>\n </o></r>'
    (record,) = decode("xml", [raw], options={"record": "o"})
    assert isinstance(record, Record)

    def spot(path: str) -> tuple[int | None, int | None, str]:
        place = record.place_of(path)
        return place.line, place.column, place.value

    assert spot("") == (2, 2, "")
    assert spot("@id") == (2, 9, "7")
    assert spot("l[0].#text") == (3, 12, "x")
    assert spot("l[0].@s") == (3, 9, "a")
    assert spot("l[1]") == (3, 35, "y")
    assert spot("l[1].@s") == (3, 23, "b")
    assert spot("e") == (3, 43, "")
    assert spot("missing.x") == (2, 2, "")


def test_xml_is_written_with_root_record_and_namespace():
    records = [{"@id": 1, "line": [{"q": Decimal("1.50")}, None], "none": None, "t": "a<b"}]
    assert text("xml", records, root="orders", record="order", namespace="urn:x") == (
        '<?xml version="1.0" encoding="utf-8"?>\n<orders xmlns="urn:x">\n'
        '<order id="1"><line><q>1.50</q></line><line></line><t>a&lt;b</t></order>\n</orders>\n'
    )
    assert text("xml", [{"a": 1}], root="", record="doc").endswith("\n<doc><a>1</a></doc>\n")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Readme"
    sheet = book.create_sheet("Orders")
    sheet.append(["Report"])
    sheet.append(["order", "price", "on", "at", "time", "flag", "text", "sum", 2026])
    moment = dt.datetime(2026, 11, 23)
    sheet.append(["A", 19.99, moment.date(), moment, dt.time(8, 30), True, "0012", "=1+1", 0.1])
    sheet.append([])
    sheet.append(["B", 3, moment, moment.replace(hour=9), None, False, "a_x000D_b", None, 1e21])
    sheet["C5"].number_format = "yyyy-mm-dd"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_sheet_of_a_spreadsheet_program_is_read():
    first, second = decode(
        "xlsx", [workbook()], options={"sheet": "Orders", "header_row": 2}, source="o.xlsx"
    )
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.data == {
        "order": "A",
        "price": Decimal("19.99"),
        "on": "2026-11-23",
        "at": "2026-11-23T00:00:00",
        "time": "08:30:00",
        "flag": True,
        "text": "0012",
        "sum": None,  # this writer saved no value with the formula
        "2026": Decimal("0.1"),
    }
    assert second.data["on"] == "2026-11-23"
    assert second.data["at"] == "2026-11-23T09:00:00"
    assert second.data["text"] == "a\rb"
    assert second.data["2026"] == Decimal("1e21")
    assert not any(isinstance(value, float) for value in (*first.data.values(), *second.data.values()))
    assert str(second.place_of("price")) == "o.xlsx · line 5, column 2 · segment Orders!B5 · price"
    assert second.place_of("price").value == "3"


def test_rows_of_a_sheet_are_grouped_into_orders():
    records = [{"order": "A", "sku": "x"}, {"order": "A", "sku": "y"}, {"order": "B", "sku": "z"}]
    raw = b"".join(encode("xlsx", records))
    first, second = decode("xlsx", [raw], options={"group_by": "order"})
    assert isinstance(first, Record)
    assert first.data == {"order": "A", "rows": records[:2]}
    assert first.place_of("rows[1].sku").segment == "Sheet1!B3"
    assert isinstance(second, Record)
    assert second.data["rows"] == records[2:]


def test_a_written_sheet_holds_text_that_looks_like_a_formula_as_text():
    raw = b"".join(encode("xlsx", [{"a": "=1+1", "b": "#N/A", "c": Decimal("12345678901234567.89")}]))
    cells = openpyxl.load_workbook(io.BytesIO(raw)).active[2]
    assert [(cell.value, cell.data_type) for cell in cells[1:]] == [
        ("#N/A", "s"),
        ("12345678901234567.89", "s"),
    ]
    assert data("xlsx", raw)[0]["a"] == "=1+1"


def test_the_same_records_make_the_same_workbook():
    assert b"".join(encode("xlsx", [{"a": 1}])) == b"".join(encode("xlsx", [{"a": 1}]))
