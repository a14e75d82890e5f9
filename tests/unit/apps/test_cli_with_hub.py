"""The commands while a hub runs: they go through its operations API, and answer as they do without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from typer.testing import CliRunner

from crossdock.apps.bootstrap import RunFile
from crossdock.apps.cli import shown
from crossdock.apps.cli.main import app
from crossdock.apps.remote import find_running_hub
from crossdock.apps.starter import write_starter

HEAD = "order_no,customer,order_date,line_no,sku,quantity,price,currency\n"
PATIENCE_S = 20.0


class Desk:
    """A starter project in a folder, its hub in a process of its own, and the commands in this one."""

    def __init__(self, folder):
        self.folder = folder
        self.hub = None
        write_starter(folder)
        settings = folder / "crossdock.yaml"
        settings.write_text(settings.read_text().replace("port: 8100", "port: 0"))

    def start(self):
        self.hub = subprocess.Popen(
            [sys.executable, "-m", "crossdock", "up", "-p", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        )
        self.wait_for(lambda: find_running_hub(self.folder) is not None)
        return self

    def stop(self):
        """End the hub as a service manager does; what it said."""
        hub, self.hub = self.hub, None
        if hub is None:
            return ""
        hub.send_signal(signal.SIGTERM)
        said, _ = hub.communicate(timeout=PATIENCE_S)
        assert hub.returncode == 0, said
        return said

    def kill(self):
        """End a hub that a failed test left behind."""
        if self.hub is not None:
            self.hub.kill()
            self.hub.communicate()
            self.hub = None

    def wait_for(self, reached):
        ends_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert self.hub is None or self.hub.poll() is None, "the hub ended"
            assert time.monotonic() < ends_s, "waited in vain"
            threading.Event().wait(0.05)

    def run(self, *words, code=0):
        result = CliRunner().invoke(app, [*(str(word) for word in words), "-p", str(self.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.stdout + result.stderr
        return result

    def plain(self, *words):
        return json.loads(self.run(*words, "--json").stdout)

    def take(self, name, *rows):
        """Import a file of orders and wait until the hub is done with it; its message's id."""
        path = self.folder.parent / name
        path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
        taken = self.plain("import", path, "-i", "file-orders")["message_id"]
        self.wait_for(lambda: self.settled(taken))
        return taken

    def settled(self, message):
        found = self.plain("messages", "show", message)
        states = {delivery["state"] for delivery in found["deliveries"]}
        return found["message"]["state"] != "accepted" and states <= {"delivered", "duplicate", "cancelled"}


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setattr(shown.out, "width", 200)
    monkeypatch.setattr(shown._err, "width", 200)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    one = Desk(tmp_path_factory.mktemp("running") / "hub").start()
    yield one
    one.kill()


def good(key):
    return f"{key},C1,2026-11-23,1,X,2,3.50,EUR"


def bad(key):
    return f"{key},C[/]1,2026-11-23,1,X,two,3.50,EUR"


def exception_of(desk, message):
    (row,) = desk.plain("messages", "show", message)["exceptions"]
    return f"e{row['id']}"


def test_an_order_is_followed_from_its_file_to_its_delivery(desk):
    message = desk.take("good.csv", good("G/1"))
    text = desk.run("messages", "show", message).stdout
    assert "file.write" in text
    assert "delivered" in text
    assert "sales_order" in desk.run("transactions", "show", "G/1").stdout
    found = desk.plain("transactions", "show", "G/1")
    assert [row["state"] for row in found["deliveries"]] == ["delivered"]
    assert (
        desk.plain("messages", "list", "--key", "G/1", "--interface", "file-orders")[0]["state"]
        == "translated"
    )


def test_an_exception_is_shown_with_its_place_and_what_to_do(desk):
    exception = exception_of(desk, desk.take("bad.csv", good("B-1"), bad("B-2")))
    text = desk.run("exceptions", "show", exception).stdout
    for part in (
        "T-ELE-CHAR",
        "'two' is not a number",
        "line 3, column 26",
        "mend",
        "runbook",
        "docs/runbooks/value.md",
    ):
        assert part in text
    assert desk.plain("exceptions", "show", exception)["place"]["line"] == 3
    assert exception in desk.run("exceptions", "list", "--code", "T-ELE-CHAR").stdout
    groups = desk.plain("exceptions", "list", "--grouped")
    assert "T-ELE-CHAR" in {row["code"] for row in groups}
    assert "T-ELE-CHAR" in desk.run("exceptions", "list", "--grouped").stdout


def test_a_mended_copy_of_a_message_goes_through_and_doubles_nothing(desk):
    message = desk.take("mend.csv", good("M-1"), bad("M-2"))
    mended = desk.folder.parent / "mended.csv"
    mended.write_text(f"{HEAD}{good('M-1')}\n{good('M-2')}\n")
    exception = exception_of(desk, message)
    done = desk.plain("exceptions", "retry", exception, "--edit", mended, "--reason", "two is 2")
    desk.wait_for(lambda: desk.settled(done["retried"]))
    states = [row["state"] for row in desk.plain("messages", "show", done["retried"])["deliveries"]]
    assert sorted(states) == ["delivered", "duplicate"]
    assert desk.plain("exceptions", "show", exception)["state"] == "resolved"
    assert len(list(desk.folder.glob("outbox/*M-1*"))) == 1


def test_an_exception_is_resolved_or_ignored_with_a_reason(desk):
    for name, words, state in (("r.csv", (), "resolved"), ("i.csv", ("--ignore",), "ignored")):
        exception = exception_of(desk, desk.take(name, bad(f"R-{state}")))
        text = desk.run("exceptions", "resolve", exception, "--reason", "of no use", *words).stdout
        assert text == f"{exception} is {state}\n"
        assert f"{state} (of no use)" in desk.run("exceptions", "show", exception).stdout
        listed = {
            state: {f"e{row['id']}" for row in desk.plain("exceptions", "list", "--state", state)}
            for state in ("open", "all", state)
        }
        assert exception not in listed["open"]
        assert exception in listed[state]
        assert exception in listed["all"]


def test_a_message_is_replayed_and_what_is_done_stays_done(desk):
    message = desk.take("again.csv", good("P-1"))
    answer = desk.plain("messages", "replay", message, "--reason", "a test")
    assert answer == {"message_id": message, "edited": False}
    desk.wait_for(lambda: desk.settled(message))
    assert len(list(desk.folder.glob("outbox/*P-1*"))) == 1


def test_the_registry_and_the_doctor_know_the_running_hub(desk):
    assert [row["id"] for row in desk.plain("interfaces", "list")] == ["file-orders"]
    assert desk.plain("interfaces", "show", "file-orders")["version"] == 1
    rows = {row["part"]: row for row in desk.plain("doctor")}
    assert rows["journal"]["state"] == "running"
    assert f"pid {desk.hub.pid}" in rows["journal"]["what"]


@pytest.mark.parametrize(
    ("words", "code", "mend"),
    [
        (("messages", "show", "m999"), "T-NO-ROUTE", "crossdock messages list"),
        (("exceptions", "show", "e999"), "T-NO-ROUTE", "crossdock exceptions list"),
        (("transactions", "show", "no/such"), "B-UNK-REF", "an order's key"),
        (("interfaces", "show", "no-such"), "T-NO-ROUTE", "file-orders"),
    ],
)
def test_what_is_not_there_is_refused_as_without_a_hub(desk, words, code, mend):
    result = desk.run(*words, code=1)
    assert result.stderr.startswith(f"{code}  ")
    assert mend in result.stderr


def test_a_second_hub_of_the_project_is_refused(desk):
    words = [sys.executable, "-m", "crossdock", "up", "-p", str(desk.folder)]
    second = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert "mend:" in second.stderr
    assert find_running_hub(desk.folder).pid == desk.hub.pid


def test_the_journal_answers_alike_through_a_hub_and_without_it(tmp_path):
    desk = Desk(tmp_path / "hub").start()
    try:
        message = desk.take("both.csv", good("A-1"), bad("A-2"))
        desk.wait_for(lambda: desk.plain("transactions", "show", "A-1")["ledger"])
        questions = (
            ("messages", "list"),
            ("messages", "show", message),
            ("exceptions", "list", "--state", "all"),
            ("exceptions", "list", "--grouped"),
            ("exceptions", "show", "e1"),
            ("transactions", "show", "A-1"),
            ("interfaces", "list"),
        )
        running = [desk.plain(*words) for words in questions]
        said = desk.stop()
    finally:
        desk.kill()
    assert "listens on http://127.0.0.1:" in said
    assert not (desk.folder / ".crossdock-run.json").exists()
    assert [desk.plain(*words) for words in questions] == running
    assert desk.run("exceptions", "retry", "e1", "--reason", "a test").stdout == f"tried again: {message}\n"


def test_a_hub_that_does_not_answer_is_told_with_what_to_do(tmp_path):
    desk = Desk(tmp_path / "hub")
    run = RunFile(url="http://127.0.0.1:9", token="none", pid=os.getpid())
    (desk.folder / ".crossdock-run.json").write_text(
        json.dumps({"url": run.url, "token": run.token, "pid": run.pid})
    )
    result = desk.run("messages", "list", code=1)
    assert result.stderr.startswith("T-TRN-CONN  the running hub at http://127.0.0.1:9")
    assert "delete .crossdock-run.json" in result.stderr


def test_a_run_file_of_a_hub_that_was_killed_is_passed_over(tmp_path):
    desk = Desk(tmp_path / "hub")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = desk.folder / ".crossdock-run.json"
    path.write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "none", "pid": gone.pid}))
    assert desk.run("messages", "list").stdout == "Messages: none\n"
