"""Whatever a user may meet has its place in docs/reference, and the pages say what the code says."""

import importlib
import json
import pathlib
import re
from typing import get_args

import jsonschema
import pytest

from crossdock.apps.metrics import METRICS, Metrics
from crossdock.core.codes import CODES, CodeClass
from crossdock.core.documents import KINDS
from crossdock.kit import find_manifests, load_connector
from crossdock.mapping import FIELD_KEYS, FUNCTIONS, bundled_tables

ROOT = pathlib.Path(__file__).parents[2]
MANIFESTS = find_manifests()


def test_the_committed_pages_are_what_the_code_says(reference, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    build = importlib.import_module("build_reference")
    assert build.find_stale(reference.build_pages()) == [], "run: make docs, and commit docs/reference"


def test_a_missing_a_changed_and_a_left_over_page_are_told(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    build = importlib.import_module("build_reference")
    for name in ("same.md", "changed.md", "left-over.md"):
        tmp_path.joinpath(name).write_text("as it was")
    pages = {"same.md": "as it was", "changed.md": "as it is", "missing.md": "new"}
    assert build.find_stale(pages, tmp_path) == ["changed.md", "left-over.md", "missing.md"]


@pytest.mark.parametrize("name", CODES)
def test_every_code_is_documented(reference_text, name):
    assert f"| `{name}` |" in reference_text["exception-codes.md"]


@pytest.mark.parametrize("class_", get_args(CodeClass))
def test_every_class_has_a_runbook_that_says_how_to_see_it_and_what_to_do(class_):
    text = ROOT.joinpath("docs", "runbooks", f"{class_}.md").read_text("utf-8")
    for heading in ("## See it", "## Do", "## Keep it from coming back"):
        assert heading in text
    assert "crossdock " in text
    assert f"({class_}.md)" in ROOT.joinpath("docs", "runbooks", "index.md").read_text("utf-8")


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_every_code_names_a_runbook_that_is_there(code):
    assert ROOT.joinpath(code.runbook).is_file()


@pytest.mark.parametrize("kind", MANIFESTS)
def test_every_setting_source_and_operation_is_documented(reference_text, kind):
    page = reference_text[f"connectors/{kind}.md"]
    connector = load_connector(MANIFESTS[kind])
    names = [info.name for info in connector.settings_class.describe()]
    names += [*connector.verbs.reads, *connector.verbs.writes, *connector.verbs.receives]
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_every_metric_is_documented_and_every_one_served_is_listed(reference_text):
    assert [name for name in METRICS if f"| `{name}` |" not in reference_text["metrics.md"]] == []
    metrics = Metrics()
    metrics.accepted("shop", duplicate=False, seconds=0.1)
    metrics.refused("shop", "T-SIG")
    counts = {name: {"open": 1} for name in ("messages", "deliveries", "exceptions")}
    served = re.findall(r"^# TYPE (\S+) ", metrics.show(counts, {"shop": True}), re.MULTILINE)
    assert {name for name in served if not name.endswith("_created")} <= set(METRICS)


def test_every_command_is_documented(reference, reference_text):
    names = reference.commands.command_names()
    assert len(names) > 10
    assert [name for name in names if f"\n## {name}\n" not in reference_text["commands.md"]] == []


def test_every_environment_variable_that_is_read_is_documented(reference):
    known = {name for names in reference.VARIABLES.values() for name in names}
    files = [
        path
        for folder in ("src", "tests", "benches", "scripts", "examples", ".ci")
        for path in ROOT.joinpath(folder).rglob("*")
        if path.is_file() and path.suffix in {".py", ".yaml", ".sh", ""} and "repository" not in path.parts
    ]
    read = {
        name
        for path in [*files, ROOT / "Makefile", ROOT / "CONTRIBUTING.md"]
        for name in re.findall(
            r"\bCROSSDOCK_[A-Z][A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8", errors="replace")
        )
    }
    assert read - known == set(), "tell what they are in scripts/reference/environment.py"
    assert known - read == set(), "nobody reads them any more"


def test_every_key_of_a_projects_files_has_a_text(reference):
    assert reference.project.undescribed() == []


def test_every_mapping_key_function_and_table_is_documented(reference_text):
    page = reference_text["mappings.md"]
    assert [key for key in FIELD_KEYS if f"| `{key}` |" not in page] == []
    assert [name for name in FUNCTIONS if f"`{name}(" not in page] == []
    tables = reference_text["code-tables.md"]
    assert [name for name in bundled_tables() if f"\n## {name}\n" not in tables] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_document_has_a_page_and_a_valid_schema(reference_text, kind):
    assert f"schemas/{kind}.schema.json" in reference_text[f"documents/{kind}.md"]
    text = ROOT.joinpath("docs", "reference", "schemas", f"{kind}.schema.json").read_text("utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_no_table_of_the_reference_is_broken(reference_text):
    for path, text in reference_text.items():
        width = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (width and cells) or cells == width, f"{path}: {line}"
            width = cells
