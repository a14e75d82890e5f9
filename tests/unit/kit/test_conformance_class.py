"""What `conformance` gives to pytest: one test per promise and subject, red, green or waived."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from crossdock.kit.scaffold import write_connector


def pytest_report(folder: pathlib.Path) -> str:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "acme",
        "-q",
        "-rA",
        "-p",
        "no:asyncio",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def generated(folder: pathlib.Path, *, line: str, broken: str = "") -> pathlib.Path:
    write_connector(folder, "acme")
    test = folder / "acme" / "tests" / "test_conformance.py"
    test.write_text(test.read_text().replace("simulator=AcmeSimulator)", f"simulator=AcmeSimulator{line})"))
    if broken:
        connector = folder / "acme" / "connector.py"
        assert broken in connector.read_text()
        connector.write_text(connector.read_text().replace(broken, ""))
    return folder


def test_a_waiver_turns_a_breach_into_an_expected_failure_with_its_reason(tmp_path):
    waiver = ', waivers={"bad_credentials_are_noticed_by_check": "it has no ping"}'
    folder = generated(tmp_path, line=waiver, broken='await self.http.get("/ping")')
    connector = folder / "acme" / "connector.py"
    connector.write_text(
        connector.read_text().replace(
            "async def check(self) -> None:\n", "async def check(self) -> None:\n        return\n"
        )
    )
    report = pytest_report(folder)
    assert "XFAIL" in report
    assert "it has no ping" in report
    assert not [
        line for line in report.splitlines() if line.startswith("FAILED") and "noticed_by_check" in line
    ]


def test_a_waiver_that_no_longer_bites_fails(tmp_path):
    waiver = ', waivers={"since_is_inclusive[stock.level]": "the system has no inclusive since"}'
    report = pytest_report(generated(tmp_path, line=waiver))
    assert "no longer bites" in report
    assert "1 failed" in report


def test_settings_given_win_over_the_simulators(tmp_path):
    line = ', settings={"base_url": "http://127.0.0.1:9"}'
    report = pytest_report(generated(tmp_path, line=line))
    assert (
        "FAILED acme/tests/test_conformance.py::TestAcme::test_conformance[check_passes_on_a_good_system]"
        in report
    )
