"""Each check of the repository catches its sin, and lets the good case pass."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "scripts" / "check_repository.py"


@pytest.fixture(scope="module")
def checks():
    spec = importlib.util.spec_from_file_location("check_repository", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_repository"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["check_repository"]


@pytest.fixture
def repository(tmp_path):
    """A folder in git; `put(path, text)` writes into it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def put(path, text):
        full = tmp_path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    return tmp_path, put


def found(checks, root, settings=None):
    return [str(fault) for fault in checks.find_all(checks.tracked_files(root), settings or {})]


def test_a_clean_repository_has_no_fault(checks, repository):
    root, put = repository
    put("src/crossdock/backoff.py", '"""Backoff."""\n\nPRICE: str = "1.00"\n')
    put("README.md", "# Crossdock\n")
    put("requirements.lock", "aiohttp==3.14.0 \\\n    --hash=sha256:ab\n")
    assert found(checks, root) == []


@pytest.mark.parametrize("folder", ["src", "tests", "benches", "scripts"])
def test_a_file_of_501_lines_is_told(checks, repository, folder):
    root, put = repository
    put(f"{folder}/long.py", '"""Long."""\n' + "x = 1\n" * 500)
    [fault] = found(checks, root)
    assert fault.startswith(f"{folder}/long.py:501: 501 lines")


def test_a_file_of_501_lines_with_a_reason_passes(checks, repository):
    root, put = repository
    put("src/long.py", '"""Long."""\n# long: one table, read from top to bottom\n' + "x = 1\n" * 500)
    assert found(checks, root) == []


def test_a_reason_must_say_something(checks, repository):
    root, put = repository
    put("src/long.py", '"""Long."""\n# long:\n' + "x = 1\n" * 500)
    assert len(found(checks, root)) == 1


def test_500_lines_are_not_too_long(checks, repository):
    root, put = repository
    put("src/long.py", '"""Long."""\n' + "x = 1\n" * 499)
    assert found(checks, root) == []


def test_a_module_without_docstring_is_told(checks, repository):
    root, put = repository
    put("src/crossdock/bare.py", "# a comment is none\nx = 1\n")
    [fault] = found(checks, root)
    assert fault.startswith("src/crossdock/bare.py:1: no docstring")


@pytest.mark.parametrize(
    "line",
    [
        "unit_price: float = 0.0",
        "total: float | None = None",
        "def f(quantity: float) -> None: ...",
        "def f(*, qty_done: list[float]) -> None: ...",
        "def amount_of(line) -> float: ...",
        "x = float(line.quantity)",
        "x = float(row['price_unit'])",
        "x = float(str(amount_total))",
    ],
)
def test_a_float_for_money_or_quantity_is_told(checks, repository, line):
    root, put = repository
    put("src/crossdock/money.py", f'"""Money."""\n\n{line}\n')
    [fault] = found(checks, root)
    assert fault.startswith("src/crossdock/money.py:3:")
    assert "Decimal" in fault


@pytest.mark.parametrize(
    "line",
    [
        "total_s: float = 0.0",
        "quantity_age_ms: float = 0.0",
        "unit_price: Decimal = Decimal(0)",
        "latency_s = float(text)",
        'METRIC = "crossdock_hooks_accepted_total"',
    ],
)
def test_durations_and_decimals_pass(checks, repository, line):
    root, put = repository
    put("src/crossdock/money.py", f'"""Money."""\n\nfrom decimal import Decimal\n\ntext = ""\n{line}\n')
    assert found(checks, root) == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager"])
@pytest.mark.parametrize("form", ["src/crossdock/{}.py", "src/crossdock/{}/__init__.py", "tests/{}.py"])
def test_a_module_named_after_nothing_is_told(checks, repository, name, form):
    root, put = repository
    put(form.format(name), '"""Something."""\n')
    [fault] = found(checks, root)
    assert f"{name!r} says nothing" in fault


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "X" * 3])
def test_work_that_is_left_undone_is_told(checks, repository, word):
    root, put = repository
    put("docs/index.md", f"# Docs\n\n{word}: write this\n")
    [fault] = found(checks, root)
    assert fault.startswith(f"docs/index.md:3: {word}")


@pytest.mark.parametrize("place", ["/wo" + "rk/main", "/opt/od" + "oo/19", "sha" + "red/canon"])
def test_a_place_on_one_machine_is_told(checks, repository, place):
    root, put = repository
    put("CHANGELOG.md", f"# Changes\n\nsee `{place}`\n")
    [fault] = found(checks, root)
    assert fault.startswith("CHANGELOG.md:3:")


def test_words_that_only_end_like_a_place_pass(checks, repository):
    root, put = repository
    put("README.md", "a network/share, docs/framework/x, https://example.com/unsha" + "red/x\n")
    assert found(checks, root) == []


def test_a_requirement_without_hash_is_told(checks, repository):
    root, put = repository
    put("requirements.lock", "aiohttp==3.14.0\nmsgspec==0.22.0 \\\n    --hash=sha256:ab\nrich==15.0.0\n")
    assert [fault.split(" → ")[0] for fault in found(checks, root)] == [
        "requirements.lock:1: aiohttp has no hash",
        "requirements.lock:4: rich has no hash",
    ]


@pytest.mark.parametrize(
    "line", ["--index-url https://packages.example.com/simple", "-i mirror", "# via https://x"]
)
def test_an_index_in_the_lock_file_is_told(checks, repository, line):
    root, put = repository
    put("requirements.lock", f"{line}\nrich==15.0.0 \\\n    --hash=sha256:ab\n")
    [fault] = found(checks, root)
    assert "an index is named" in fault


def test_an_undocumented_environment_variable_is_told_once(checks, repository):
    root, put = repository
    put("src/crossdock/a.py", '"""A."""\n\nNAME = "CROSSDOCK_COLOUR"\nAGAIN = "CROSSDOCK_COLOUR"\n')
    [fault] = found(checks, root)
    assert fault.startswith("src/crossdock/a.py:3: CROSSDOCK_COLOUR")
    put("docs/reference/environment.md", "# Environment\n\n`CROSSDOCK_COLOUR`: red or green\n")
    assert found(checks, root) == []


def test_a_variable_named_in_a_tutorial_is_not_documented_by_it(checks, repository):
    root, put = repository
    put("Makefile", "export CROSSDOCK_COLOUR=red\n")
    put("docs/tutorial/first-project.md", "set CROSSDOCK_COLOUR\n")
    assert len(found(checks, root)) == 1


def test_an_undocumented_setting_is_told(checks, repository):
    root, put = repository
    put("docs/reference/connectors/acme.md", "| `base_url` | address |\n")
    [fault] = found(checks, root, {"acme": ["base_url", "page_size"]})
    assert "setting page_size of acme" in fault


def test_ignored_and_binary_files_are_left_alone(checks, repository):
    root, put = repository
    put(".gitignore", "site/\n")
    put("site/index.md", "TO" + "DO\n")
    (root / "picture.png").write_bytes(b"\x89PNG\0" + b"TO" + b"DO")
    assert found(checks, root) == []


def test_faults_make_the_command_fail(checks, monkeypatch, capsys):
    monkeypatch.setattr(checks, "tracked_files", lambda _: [checks.SourceFile("src/utils.py", '"""U."""\n')])
    monkeypatch.setattr(checks, "connector_settings", dict)
    assert checks.main() == 1
    assert "src/utils.py:1:" in capsys.readouterr().out
    monkeypatch.setattr(checks, "tracked_files", lambda _: [])
    assert checks.main() == 0
