"""The demo, as a user runs it, small: it ends by itself, and everything adds up."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def demo(folder, *options: str, timeout_s: float = 300) -> tuple[int, dict]:
    run = subprocess.run(
        [sys.executable, "-m", "crossdock", "demo", "--folder", str(folder), "--json", *options],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_small_day_adds_up(tmp_path):
    code, report = demo(tmp_path / "day", "--orders", "24", "--files", "6")
    faults = {check["name"]: check["faults"] for check in report["checks"] if check["faults"]}
    assert faults == {}
    assert report["missing"] == []
    assert all(expected for *_, expected in report["exceptions"])
    assert code == 0


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_day_with_twenty_kills_of_the_hub_adds_up(tmp_path):
    options = ("--orders", "80", "--files", "20", "--kills", "20", "--patience", "400")
    code, report = demo(tmp_path / "day", *options, timeout_s=850)
    faults = {check["name"]: check["faults"] for check in report["checks"] if check["faults"]}
    assert faults == {}
    assert report["missing"] == []
    assert report["kills"] == 20
    assert code == 0
