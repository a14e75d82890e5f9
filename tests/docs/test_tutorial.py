"""The tutorial, done by a reader who copies each block: it ends as it says."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-project.md"
BLOCK = re.compile(r"(?:Save this as `([\w.]+)`[^\n]*\n\n)?```(bash|csv|text)\n(.*?)```", re.DOTALL)
PATIENCE_S = 30.0


def pause(seconds):
    threading.Event().wait(seconds)


class Reader:
    """A shell in which `cd` lasts, and a second one in which the hub runs."""

    def __init__(self, folder):
        self.folder = folder
        self.environ = {
            **os.environ,
            "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        self.environ.pop("CROSSDOCK_PROJECT", None)
        self.hub = self.log = None
        self.said = ""

    def save(self, name, text):
        self.folder.joinpath(name).write_text(text)

    def type(self, block):
        for line in block.splitlines():
            if line == "crossdock up":
                self.start_hub()
            elif line.startswith("cd "):
                self.folder = self.folder / line.removeprefix("cd ")
            elif line:
                done = subprocess.run(
                    line,
                    check=False,
                    shell=True,
                    cwd=self.folder,
                    env=self.environ,
                    capture_output=True,
                    text=True,
                )
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                self.said += done.stdout
                if line.startswith("cp ") or " retry " in line:
                    self.wait_until_quiet()

    def start_hub(self):
        # The reader has port 8100 to himself; a test may not.
        settings = self.folder / "crossdock.yaml"
        settings.write_text(settings.read_text().replace("port: 8100", "port: 0"))
        self.log = self.folder.joinpath("hub.log").open("w+")
        self.hub = subprocess.Popen(
            ["crossdock", "up"],
            cwd=self.folder,
            env=self.environ,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self.wait_for(lambda: self.folder.joinpath(".crossdock-run.json").exists(), "the hub's run file")

    def wait_until_quiet(self):
        inbox = self.folder / "inbox"
        self.wait_for(lambda: not [path for path in inbox.iterdir() if path.is_file()], "an empty inbox")
        pause(1.0)  # from the journal to the outbox

    def wait_for(self, reached, what):
        ends_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert self.hub.poll() is None, f"the hub ended: {self.told()}"
            assert time.monotonic() < ends_s, f"waited for {what}: {self.told()}"
            pause(0.1)

    def told(self):
        """What the hub has logged, and what it holds."""
        shown = subprocess.run(
            ["crossdock", "exceptions", "list", "--json"],
            check=False,
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
        )
        return self.folder.joinpath("hub.log").read_text() + shown.stdout + shown.stderr

    def leave(self):
        if self.hub is not None:
            self.hub.send_signal(signal.SIGTERM)
            assert self.hub.wait(PATIENCE_S) == 0


@pytest.fixture
def reader(tmp_path):
    one = Reader(tmp_path)
    yield one
    if one.hub is not None:
        one.hub.kill()
        one.hub.wait()
        one.log.close()


@pytest.mark.slow
def test_each_block_copied_the_tutorial_ends_as_it_says(reader):
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    assert blocks[0][2].startswith("make ")
    for name, language, text in blocks[1:]:
        if language == "csv":
            reader.save(name, text)
        elif language == "bash":
            reader.type(text)
    outbox = reader.folder / "outbox"
    reader.wait_for(lambda: len(list(outbox.glob("*.json"))) >= 4, "four orders in the outbox")
    keys = sorted("-".join(path.name.split("-")[1:3]) for path in outbox.glob("*.json"))
    assert keys == ["A-1", "A-2", "A-3", "A-4"]
    shown = next(text for _, language, text in blocks if language == "text" and "T-ELE-CHAR" in text)
    for line in shown.splitlines():
        assert line.strip() in reader.said
    assert "Faults: none" in reader.said
    again = subprocess.run(
        ["crossdock", "messages", "show", "m2"],
        check=True,
        cwd=reader.folder,
        env=reader.environ,
        capture_output=True,
        text=True,
    )
    assert again.stdout.count("duplicate") == 2
    reader.leave()
