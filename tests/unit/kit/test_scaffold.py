"""A generated connector is complete, clean and green before anything is changed."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
import yaml

from crossdock.core.errors import ConfigError
from crossdock.kit.scaffold import write_connector
from crossdock.mapping import build_environment, lint, parse_mapping, run_tests

ROOT = pathlib.Path(__file__).parents[3]


def run(*command: str, cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )


def test_a_generated_connector_passes_conformance(tmp_path):
    files = write_connector(tmp_path, "acme_wms")
    assert {str(path.relative_to(tmp_path / "acme_wms")) for path in files} == {
        "__init__.py",
        "connector.py",
        "manifest.yaml",
        "mappings/acme_wms-stock.test.yaml",
        "mappings/acme_wms-stock.yaml",
        "simulator.py",
        "tests/__init__.py",
        "tests/test_conformance.py",
    }
    result = run("pytest", "acme_wms", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
    assert "failed" not in result.stdout


def test_a_generated_connector_that_is_broken_turns_its_own_suite_red(tmp_path):
    write_connector(tmp_path, "acme")
    path = tmp_path / "acme" / "connector.py"
    path.write_text(path.read_text().replace(", idempotency_key=order.effect_key", ""))
    result = run("pytest", "acme", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", cwd=tmp_path)
    assert result.returncode == 1
    assert "FAILED" in result.stdout


def test_a_generated_connector_is_clean_under_the_house_rules(tmp_path):
    # without I001: the order of imports depends on where the connector lives
    write_connector(tmp_path, "acme")
    config = str(ROOT / "pyproject.toml")
    for command in (("check", "--no-cache", "--ignore", "I001"), ("format", "--check", "--no-cache")):
        result = run(
            "ruff", *command, "--config", config, "--config", f'src=["{tmp_path}"]', "acme", cwd=tmp_path
        )
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_mappings_of_a_generated_connector_are_clean_and_tested(tmp_path):
    files = write_connector(tmp_path, "acme")
    mappings = [path for path in files if path.parent.name == "mappings" and ".test." not in path.name]
    assert mappings
    for path in mappings:
        text = path.read_text()
        environment = build_environment()
        assert lint(parse_mapping(text, source=path.name), environment=environment) == []
        results = run_tests(text, path.with_suffix(".test.yaml").read_text(), environment, source=path.name)
        assert results
        assert [str(result) for result in results if not result.passed] == []


def test_the_manifest_names_what_can_be_imported(tmp_path, monkeypatch):
    package = tmp_path / "ours" / "connectors"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text('"""Ours."""\n')
    write_connector(package, "acme_wms")
    manifest = yaml.safe_load((package / "acme_wms" / "manifest.yaml").read_text())
    assert manifest["entry"] == "ours.connectors.acme_wms.connector:AcmeWms"
    assert manifest["simulator"] == "ours.connectors.acme_wms.simulator:AcmeWmsSimulator"


@pytest.mark.parametrize("name", ["", "Acme", "acme-wms", "1acme", "acme__wms", "../acme", "class"])
def test_a_name_that_is_no_package_name_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="no name for a connector"):
        write_connector(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path):
    write_connector(tmp_path, "acme")
    (tmp_path / "acme" / "connector.py").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        write_connector(tmp_path, "acme")
    assert (tmp_path / "acme" / "connector.py").read_text() == "mine"
