"""Every command on a starter project with no hub running: what it prints, in both forms, and how it ends."""

from __future__ import annotations

import json
import pathlib

import pytest
from typer.testing import CliRunner

from crossdock.apps.cli import shown
from crossdock.apps.cli.main import app

ORDERS = """order_no,customer,order_date,line_no,sku,quantity,price,currency
A-1,C[/]1,2026-11-23,1,X,2,3.50,EUR
A-2,C1,2026-11-23,1,X,two,3.50,EUR
"""


@pytest.fixture
def crossdock(tmp_path, monkeypatch):
    """Runs a command in a starter project; gives its exit code, output and errors."""
    monkeypatch.delenv("CROSSDOCK_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shown.out, "width", 200)
    monkeypatch.setattr(shown._err, "width", 200)
    runner = CliRunner()

    def run(*words, code=0):
        result = runner.invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.stdout + result.stderr
        return result

    run("init", "hub")
    monkeypatch.chdir(tmp_path / "hub")
    return run


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


def edit(name, old, new):
    path = pathlib.Path(name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def plain(result):
    return json.loads(result.stdout)


def refused(result, code, mend):
    """The error on stderr: its code, and what to do about it."""
    assert result.stderr.startswith(f"{code}  ")
    assert "mend:" in result.stderr
    assert mend in result.stderr


# ── a project's life ─────────────────────────────────────────────────────────────────────────────────


def test_init_says_what_it_wrote_and_what_comes_next(crossdock, tmp_path):
    result = crossdock("init", tmp_path / "other")
    assert result.stdout.count("written: ") == 7
    assert f"next: cd {tmp_path / 'other'} && crossdock check && crossdock up" in result.stdout
    assert (tmp_path / "other" / "inbox").is_dir()


def test_init_in_json_names_the_files(crossdock, tmp_path):
    paths = plain(crossdock("init", tmp_path / "other", "--json"))
    assert str(tmp_path / "other" / "crossdock.yaml") in paths


def test_init_leaves_a_folder_alone_that_is_not_empty(crossdock):
    refused(crossdock("init", ".", code=1), "T-CONFIG", "empty or not there yet")


def test_check_of_a_sound_project_finds_nothing(crossdock):
    assert crossdock("check").stdout == "Faults: none\n"
    assert plain(crossdock("check", "--json")) == []


def test_check_tells_each_fault_with_file_line_and_mend(crossdock):
    edit("interfaces/file-orders.yaml", "file.write", "file.wrote")
    shown_to_people = crossdock("check", code=1).stdout
    assert "Faults: 1" in shown_to_people
    assert "orders-out has no operation 'file.wrote'" in shown_to_people
    assert "interfaces/file-orders.yaml · line 21" in shown_to_people
    assert "one of: file.write" in shown_to_people
    (fault,) = plain(crossdock("check", "--json", code=1))
    assert fault["severity"] == "error"
    assert fault["place"]["line"] == 21


def test_check_with_warnings_tells_what_is_worth_a_look_and_still_exits_with_0(crossdock):
    pathlib.Path("mappings/csv-order.test.yaml").unlink()
    assert "it has no tests" not in crossdock("check").stdout
    assert "it has no tests" in crossdock("check", "--warnings").stdout
    (warning,) = plain(crossdock("check", "--warnings", "--json"))
    assert warning["severity"] == "warning"
    assert "csv-order.test.yaml" in warning["mend"]


def test_a_folder_that_is_no_project_is_refused_by_every_command_that_needs_one(crossdock, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for words in (
        ("check",),
        ("doctor",),
        ("up",),
        ("messages", "list"),
        ("exceptions", "list"),
        ("transactions", "show", "A-1"),
        ("interfaces", "list"),
        ("mapping", "test"),
    ):
        refused(crossdock(*words, "-p", empty, code=1), "T-CONFIG", "crossdock init DIR")


def test_doctor_asks_every_part(crossdock):
    rows = plain(crossdock("doctor", "--json"))
    assert [(row["part"], row["state"]) for row in rows] == [
        ("project", "ok"), ("journal", "ok"), ("orders-in", "ok"), ("orders-out", "ok"),
    ]  # fmt: skip
    assert "no faults" in crossdock("doctor").stdout


def test_doctor_goes_on_behind_a_part_that_is_faulty(crossdock):
    edit("systems/orders-out.yaml", "outbox: outbox", "outbox: env:NOT_SET_ANYWHERE")
    rows = {row["part"]: row for row in plain(crossdock("doctor", "--json", code=1))}
    assert rows["project"]["state"] == rows["orders-out"]["state"] == "faulty"
    assert "1 fault; see: crossdock check" in rows["project"]["what"]
    assert "NOT_SET_ANYWHERE is not set" in rows["orders-out"]["what"]
    assert rows["orders-in"]["state"] == "ok"


def test_up_refuses_a_project_with_faults_and_names_them(crossdock):
    edit("interfaces/file-orders.yaml", "file.write", "file.wrote")
    result = crossdock("up", code=1)
    assert "orders-out has no operation 'file.wrote'" in result.stderr
    assert "the project has 1 fault\n" in result.stderr


def test_up_refuses_a_role_that_it_does_not_have(crossdock):
    refused(crossdock("up", "--role", "worker", code=1), "T-CONFIG", "leave --role away")


def test_schema_gives_one_kind_or_all_or_files(crossdock, tmp_path):
    assert "title" in plain(crossdock("schema", "sales_order"))
    assert {"sales_order", "shipment", "invoice"} <= set(plain(crossdock("schema")))
    crossdock("schema", "payment", "--folder", tmp_path / "schemas")
    assert [path.name for path in (tmp_path / "schemas").iterdir()] == ["payment.schema.json"]
    refused(crossdock("schema", "order", code=1), "T-CONFIG", "sales_order")


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────


def test_import_takes_a_file_once(crossdock, orders):
    assert "orders.csv is taken as m1" in crossdock("import", orders, "-i", "file-orders").stdout
    assert "taken before, as m1" in crossdock("import", orders, "-i", "file-orders").stdout
    assert plain(crossdock("import", orders, "-i", "file-orders", "--json")) == {
        "message_id": "m1",
        "duplicate": True,
    }


def test_import_refuses_what_is_not_there(crossdock, orders):
    refused(crossdock("import", orders, "-i", "orders", code=1), "T-CONFIG", "one of: file-orders")
    assert "does not exist" in crossdock("import", "none.csv", "-i", "file-orders", code=2).stderr


def test_messages_list_shows_and_filters(crossdock, orders):
    assert crossdock("messages", "list").stdout == "Messages: none\n"
    crossdock("import", orders, "-i", "file-orders")
    assert "accepted" in crossdock("messages", "list").stdout
    (row,) = plain(crossdock("messages", "list", "--json", "--text", "A-2", "--system", "orders-in"))
    assert (row["id"], row["topic"], row["state"]) == (1, "file", "accepted")
    for words in (("--state", "failed"), ("--text", "A-9"), ("--before", "m1"), ("--system", "orders-out")):
        assert plain(crossdock("messages", "list", "--json", *words)) == []


def test_messages_list_refuses_filters_that_are_none(crossdock):
    assert "none of accepted" in crossdock("messages", "list", "--state", "done", code=2).stderr
    assert "such as m12" in crossdock("messages", "list", "--before", "zz", code=2).stderr


def test_messages_show_shows_brackets_of_a_body_as_they_are(crossdock, orders):
    crossdock("import", orders, "-i", "file-orders")
    for name in ("m1", "1"):
        assert "C[/]1" in crossdock("messages", "show", name).stdout
    assert plain(crossdock("messages", "show", "m1", "--json"))["message"]["body"] == ORDERS
    refused(crossdock("messages", "show", "m9", code=1), "T-NO-ROUTE", "crossdock messages list")
    assert "such as m12" in crossdock("messages", "show", "e1", code=2).stderr


def test_messages_replay_takes_a_message_up_again_as_it_was_or_mended(crossdock, orders, tmp_path):
    crossdock("import", orders, "-i", "file-orders")
    assert "taken up again as m1" in crossdock("messages", "replay", "m1", "--reason", "a test").stdout
    mended = tmp_path / "mended.csv"
    mended.write_text(ORDERS.replace("two", "2"))
    answer = plain(crossdock("messages", "replay", "m1", "--edit", mended, "--json"))
    assert answer == {"message_id": "m2", "edited": True}
    assert "A-2,C1,2026-11-23,1,X,2" in crossdock("messages", "show", "m2").stdout
    refused(crossdock("messages", "replay", "m9", code=1), "T-NO-ROUTE", "crossdock messages list")


def test_a_mended_message_must_be_there_and_be_text(crossdock, orders, tmp_path):
    crossdock("import", orders, "-i", "file-orders")
    assert "does not exist" in crossdock("messages", "replay", "m1", "--edit", "none.csv", code=2).stderr
    latin = tmp_path / "latin.csv"
    latin.write_bytes("Malmö".encode("latin-1"))
    refused(crossdock("messages", "replay", "m1", "--edit", latin, code=1), "T-CONFIG", "UTF-8")


# ── exceptions, transactions, interfaces ─────────────────────────────────────────────────────────────


def test_exceptions_of_an_empty_journal_are_none(crossdock):
    assert crossdock("exceptions", "list").stdout == "Exceptions: none\n"
    assert crossdock("exceptions", "list", "--grouped").stdout == "Exceptions by cause: none\n"
    assert plain(crossdock("exceptions", "list", "--state", "all", "--json")) == []
    assert "none of open" in crossdock("exceptions", "list", "--state", "closed", code=2).stderr


@pytest.mark.parametrize("words", [("show",), ("retry",), ("resolve", "--reason", "a test")])
def test_an_exception_that_is_not_there_is_refused(crossdock, words):
    verb, *rest = words
    refused(crossdock("exceptions", verb, "e9", *rest, code=1), "T-NO-ROUTE", "crossdock exceptions list")
    assert "such as e12" in crossdock("exceptions", verb, "m9", *rest, code=2).stderr


def test_an_exception_is_not_resolved_without_a_reason(crossdock):
    assert "--reason" in crossdock("exceptions", "resolve", "e1", code=2).stderr


def test_a_transaction_that_nobody_knows_is_refused(crossdock):
    refused(crossdock("transactions", "show", "A-1", code=1), "B-UNK-REF", "an order's key")


def test_interfaces_list_and_show(crossdock):
    assert "orders-out file.write" in crossdock("interfaces", "list").stdout
    assert [row["id"] for row in plain(crossdock("interfaces", "list", "--json"))] == ["file-orders"]
    text = crossdock("interfaces", "show", "file-orders").stdout
    assert "runbooks/file-orders.md" in text
    assert "external_id" in text
    assert plain(crossdock("interfaces", "show", "file-orders", "--json"))["owner"] == "sales-operations"
    refused(crossdock("interfaces", "show", "orders", code=1), "T-NO-ROUTE", "file-orders")


# ── mappings, connectors ─────────────────────────────────────────────────────────────────────────────


def test_mapping_test_passes_and_fails_as_the_tests_do(crossdock):
    assert "two rows of one order become two lines" in crossdock("mapping", "test").stdout
    assert all(row["passed"] for row in plain(crossdock("mapping", "test", "csv-order", "--json")))
    edit("mappings/csv-order.test.yaml", "key: A-1", "key: A-2")
    assert "key: expected 'A-2', found 'A-1'" in crossdock("mapping", "test", code=1).stdout
    refused(crossdock("mapping", "test", "orders", code=1), "T-CONFIG", "one of: csv-order")


def test_a_mapping_without_tests_fails_and_the_others_are_tested_all_the_same(crossdock):
    text = pathlib.Path("mappings/csv-order.yaml").read_text()
    pathlib.Path("mappings/a-copy.yaml").write_text(text)
    rows = plain(crossdock("mapping", "test", "--json", code=1))
    assert [(row["mapping"], row["passed"]) for row in rows] == [("a-copy", False), ("csv-order", True)]


def test_mapping_run_reads_the_file_as_the_interface_does(crossdock, orders):
    result = crossdock("mapping", "run", "csv-order", orders, "-s", "orders-in", code=1)
    (document,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert document["key"] == "A-1"
    assert document["customer"] == "C[/]1"
    refused(result, "T-ELE-CHAR", "Use digits")
    assert "line 3, column 23" in result.stderr


def test_mapping_run_ends_well_when_all_records_were_mapped(crossdock, orders):
    orders.write_text(ORDERS.replace("two", "2"))
    result = crossdock("mapping", "run", "csv-order", orders, "-s", "orders-in")
    assert len(result.stdout.splitlines()) == 2


def test_mapping_run_takes_a_record_as_json_where_it_is_told_to(crossdock, tmp_path):
    path = tmp_path / "order.json"
    path.write_text(
        json.dumps({"rows": [{"order_no": "A-1", "currency": "EUR", "order_date": "2026-11-23"}]})
    )
    result = crossdock("mapping", "run", "csv-order", path, "-s", "orders-in", "--format", "json", code=1)
    assert "rows[0].line_no" in result.stderr


@pytest.mark.parametrize("verb", ["run", "lineage"])
def test_a_mapping_or_system_that_is_not_there_is_refused(crossdock, orders, verb):
    file = [orders] if verb == "run" else []
    refused(
        crossdock("mapping", verb, "csv-order", *file, "-s", "x", code=1), "T-CONFIG", "one of: orders-in"
    )
    refused(crossdock("mapping", verb, "x", *file, "-s", "orders-in", code=1), "T-CONFIG", "csv-order")


def test_a_lookup_that_is_none_is_refused(crossdock, orders):
    words = ("mapping", "run", "csv-order", orders, "-s", "orders-in", "--lookup", "party")
    assert "kind:value=key" in crossdock(*words, code=2).stderr


def test_mapping_lineage_tells_the_source_of_every_field(crossdock):
    assert "rows[].sku" in crossdock("mapping", "lineage", "csv-order", "-s", "orders-in").stdout
    rows = plain(crossdock("mapping", "lineage", "csv-order", "-s", "orders-in", "--json"))
    quantity = next(row for row in rows if row["target"] == "lines[].quantity")
    assert quantity["source"] == ["rows[].quantity"]
    assert quantity["through"] == ["as:quantity"]


def test_connector_list_tells_how_each_write_happens_once(crossdock):
    assert "file.write (external_id)" in crossdock("connector", "list").stdout
    kinds = {row["kind"]: row for row in plain(crossdock("connector", "list", "--json"))}
    assert {"files", "odoo", "shopify", "wms"} <= set(kinds)
    assert kinds["odoo"]["writes"]["sales_order.create"] == "external_id"


def test_connector_new_writes_a_folder_once(crossdock, tmp_path):
    text = crossdock("connector", "new", "acme_wms", "--folder", tmp_path).stdout
    assert f"prove it with: python -m pytest {tmp_path / 'acme_wms'}" in text
    assert (tmp_path / "acme_wms" / "connector.py").is_file()
    refused(crossdock("connector", "new", "acme_wms", "--folder", tmp_path, code=1), "T-CONFIG", "")
    refused(crossdock("connector", "new", "Acme WMS", "--folder", tmp_path, code=1), "T-CONFIG", "")
    paths = plain(crossdock("connector", "new", "acme_tms", "--folder", tmp_path, "--json"))
    assert str(tmp_path / "acme_tms" / "manifest.yaml") in paths


def test_the_version_is_told_and_no_command_is_help(crossdock):
    assert crossdock("--version").stdout.count(".") == 2
    for group in ("messages", "exceptions", "transactions", "interfaces", "mapping", "connector"):
        assert "--help" in crossdock(group, code=2).output
