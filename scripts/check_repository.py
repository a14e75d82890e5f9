"""Checks of the repository itself that no linter makes: sizes, names, exact money, words, documented settings.

Prints `file:line: fault → mend` for each fault and exits 1 if there is any. Run by `make lint`.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

ROOT = pathlib.Path(__file__).resolve().parent.parent

MAX_LINES = 500
CODE_FOLDERS = ("src", "tests", "benches", "scripts")
REFUSED_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "managers"})
REFERENCE = pathlib.PurePosixPath("docs/reference")
LOCK = "requirements.lock"
WRITTEN = frozenset({".py", ".md", ".yaml", ".yml", ".toml", ".sh", ".svg", ".css"})

_EXACT = re.compile(r"price|amount|quantity|qty|money|total", re.IGNORECASE)
_DURATION = re.compile(r"_(s|ms|ns|us)$")
_VARIABLE = re.compile(r"\bCROSSDOCK_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
_INDEX = re.compile(r"https?://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b")
# Put together here, so that this file doesn't hold what it looks for.
_UNDONE = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
_PLACES = re.compile(r"(?<![\w.-])(" + "|".join(("/wo" + "rk/", "/opt/od" + "oo", "sha" + "red/")) + ")")


@dataclasses.dataclass(frozen=True, order=True)
class Fault:
    """One fault, with its place and what to do."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclasses.dataclass(frozen=True)
class SourceFile:
    """A tracked text file; `path` is relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def folder(self) -> str:
        return self.path.partition("/")[0]

    def is_code(self) -> bool:
        return self.folder in CODE_FOLDERS and self.path.endswith(".py")


def find_long_files(file: SourceFile) -> Iterator[Fault]:
    """A file of code has at most 500 lines, or says at its top why not."""
    lines = file.lines
    if file.is_code() and len(lines) > MAX_LINES:
        if any(re.search(r"#\s*long:\s*\S", line) for line in lines[:5]):
            return
        yield Fault(
            file.path, MAX_LINES + 1, f"{len(lines)} lines → split it, or say why at its top: # long: …"
        )


def find_missing_docstrings(file: SourceFile) -> Iterator[Fault]:
    """A module of the product starts by saying what it holds."""
    if file.folder == "src" and file.path.endswith(".py") and not ast.get_docstring(_parse(file)):
        yield Fault(file.path, 1, "no docstring → let its first line say what the module holds")


def find_inexact_money(file: SourceFile) -> Iterator[Fault]:
    """Money and quantities are Decimal, in annotations and in conversions."""
    if file.folder != "src" or not file.path.endswith(".py") or "/tests/" in file.path:
        return
    for node in ast.walk(_parse(file)):
        for name, annotation in _annotated(node):
            if _is_exact(name) and annotation is not None and _names_float(annotation):
                yield Fault(
                    file.path, annotation.lineno, f"{name} is a float → money and quantities are Decimal"
                )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            named = next((name for name in _names_in(node) if _is_exact(name)), "")
            if named:
                yield Fault(file.path, node.lineno, f"float() of {named} → money and quantities are Decimal")


def find_empty_names(file: SourceFile) -> Iterator[Fault]:
    """A module is named after what it holds."""
    if file.is_code():
        for part in pathlib.PurePosixPath(file.path).with_suffix("").parts:
            if part.lower() in REFUSED_NAMES:
                yield Fault(file.path, 1, f"{part!r} says nothing → name the thing: backoff.py, signature.py")


def find_undone(file: SourceFile) -> Iterator[Fault]:
    """Nothing is left to do in what we write; issues hold the work. (In data, the third word is a currency.)"""
    if pathlib.PurePosixPath(file.path).suffix not in WRITTEN:
        return
    for number, line in enumerate(file.lines, start=1):
        if found := _UNDONE.search(line):
            yield Fault(file.path, number, f"{found[0]} → do it, or open an issue")


def find_workplaces(file: SourceFile) -> Iterator[Fault]:
    """No file names a folder that only one machine has."""
    for number, line in enumerate(file.lines, start=1):
        if found := _PLACES.search(line):
            yield Fault(
                file.path, number, f"{found[0]} is a place on one machine → name what the repository holds"
            )


def find_loose_requirements(file: SourceFile) -> Iterator[Fault]:
    """Every requirement of the lock file has a hash, and no index is named."""
    if file.path != LOCK:
        return
    pinned: tuple[int, str] | None = None
    for number, line in enumerate([*file.lines, "end=="], start=1):
        if _INDEX.search(line):
            yield Fault(file.path, number, "an index is named → make lock, which leaves it out")
        if re.match(r"[A-Za-z0-9]", line):
            if pinned is not None:
                yield Fault(file.path, pinned[0], f"{pinned[1]} has no hash → make lock")
            pinned = (number, line.split("=")[0])
        if "--hash=sha256:" in line:
            pinned = None


EACH_FILE: tuple[Callable[[SourceFile], Iterator[Fault]], ...] = (
    find_long_files,
    find_missing_docstrings,
    find_inexact_money,
    find_empty_names,
    find_undone,
    find_workplaces,
    find_loose_requirements,
)


def find_undocumented_variables(files: Iterable[SourceFile]) -> Iterator[Fault]:
    """Every environment variable stands in the reference."""
    files = list(files)
    known = {
        name
        for file in files
        if pathlib.PurePosixPath(file.path).is_relative_to(REFERENCE)
        for name in _VARIABLE.findall(file.text)
    }
    told: set[str] = set()
    for file in files:
        if file.path.startswith(("docs/", "tests/unit/repository/")):
            continue
        for number, line in enumerate(file.lines, start=1):
            for name in _VARIABLE.findall(line):
                if name not in known | told:
                    told.add(name)
                    yield Fault(
                        file.path, number, f"{name} is not in {REFERENCE} → add it to scripts/reference/"
                    )


def find_undocumented_settings(
    settings: Mapping[str, Iterable[str]], files: Iterable[SourceFile]
) -> Iterator[Fault]:
    """Every setting of every connector stands in the connector's page."""
    pages = {file.path: file.text for file in files}
    for kind, names in settings.items():
        path = str(REFERENCE / "connectors" / f"{kind}.md")
        for name in names:
            if f"`{name}`" not in pages.get(path, ""):
                yield Fault(path, 1, f"setting {name} of {kind} is not documented → make docs")


def tracked_files(root: pathlib.Path) -> list[SourceFile]:
    """Text files that are in git, or would be by `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True
    )
    files = []
    for path in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        full = root / path
        body = full.read_bytes() if full.is_file() else b"\0"
        if b"\0" not in body:
            files.append(SourceFile(path, body.decode(errors="replace")))
    return files


def connector_settings() -> dict[str, list[str]]:
    """Names of the settings of every connector that is there."""
    from crossdock.kit import find_manifests, load_connector

    return {
        kind: [info.name for info in load_connector(manifest).settings_class.describe()]
        for kind, manifest in find_manifests().items()
    }


def find_all(files: list[SourceFile], settings: Mapping[str, Iterable[str]]) -> list[Fault]:
    """Every fault, in order of files."""
    faults = [fault for file in files for find in EACH_FILE for fault in find(file)]
    faults += find_undocumented_variables(files)
    faults += find_undocumented_settings(settings, files)
    return sorted(faults)


def main() -> int:
    faults = find_all(tracked_files(ROOT), connector_settings())
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} faults of the repository", file=sys.stderr)
    return int(bool(faults))


def _parse(file: SourceFile) -> ast.Module:
    return ast.parse(file.text, filename=file.path)


def _annotated(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Names and annotations that a node declares."""
    if isinstance(node, ast.AnnAssign):
        yield ast.unparse(node.target).rpartition(".")[2], node.annotation
    elif isinstance(node, ast.arg):
        yield node.arg, node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, node.returns


def _is_exact(name: str) -> bool:
    return bool(_EXACT.search(name)) and not _DURATION.search(name)


def _names_float(annotation: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(annotation))


def _names_in(call: ast.Call) -> Iterator[str]:
    """Names, attributes and keys that the arguments of a call speak of."""
    for argument in call.args:
        for node in ast.walk(argument):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


if __name__ == "__main__":
    sys.exit(main())
