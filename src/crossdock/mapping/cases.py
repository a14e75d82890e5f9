"""Tests of mappings, written as data: the `*.test.yaml` beside a mapping."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from crossdock.core.errors import Place
from crossdock.mapping.compiled import CompiledMapping, compile_mapping
from crossdock.mapping.environment import Environment
from crossdock.mapping.faults import (
    LookupRef,
    MappingError,
    MappingFault,
    MissingReferencesError,
    RecordError,
)
from crossdock.mapping.nodes import Node, read_nodes, to_plain
from crossdock.mapping.parse import parse_mapping

__all__ = ["TestResult", "run_tests"]

_KEYS = {"name", "input", "input_file", "variables", "lookups", "expect", "exact", "expect_error"}


class TestResult(msgspec.Struct, frozen=True):
    """One case: passed, or the differences, one line each."""

    __test__ = False  # not a test class of pytest

    name: str
    passed: bool
    differences: tuple[str, ...] = ()
    place: Place = Place()

    def __str__(self) -> str:
        mark = "passed" if self.passed else "FAILED"
        return "\n".join([f"{mark}  {self.name}", *(f"        {line}" for line in self.differences)])


def run_tests(
    mapping_text: str,
    tests_text: str,
    environment: Environment,
    *,
    source: str = "mapping",
    read_file: Callable[[str], str] | None = None,
) -> list[TestResult]:
    """Runs the cases of a test file against a mapping.

    Args:
        mapping_text: the mapping file.
        tests_text: the test file.
        environment: what the mapping may refer to.
        source: the mapping's file name, for places.
        read_file: gives the text of an `input_file`; JSON, with numbers kept exact.

    Raises:
        MappingError: the mapping cannot be compiled, or the test file cannot be read.
    """
    compiled = compile_mapping(parse_mapping(mapping_text, source=source), environment)
    node = read_nodes(tests_text, source=f"{source} (tests)")
    cases: Any = node.value.get("cases") if isinstance(node.value, dict) else None
    if not isinstance(cases, Node) or not isinstance(cases.value, list) or not cases.value:
        raise MappingError(
            [MappingFault("the test file has no cases", node.place, "Add `cases:` with at least one.")]
        )
    variables = to_plain(node.value["variables"]) if "variables" in node.value else {}
    return [_run_case(compiled, case, variables, read_file) for case in cases.value]


def _run_case(
    compiled: CompiledMapping, node: Node, shared: Mapping[str, Any], read_file: Callable[[str], str] | None
) -> TestResult:
    case = to_plain(node)
    problem = _problem(case)
    name = str(case.get("name", "without a name")) if isinstance(case, dict) else "not a case"
    if problem:
        return TestResult(name, passed=False, differences=(problem,), place=node.place)
    record = case.get("input", {})
    if "input_file" in case:
        if read_file is None:
            return TestResult(
                name, passed=False, differences=("files cannot be read here",), place=node.place
            )
        record = json.loads(read_file(str(case["input_file"])), parse_float=Decimal)
    answers = case.get("lookups") or {}
    lookups = {
        LookupRef(kind, str(value)): str(found)
        for kind, pairs in answers.items()
        for value, found in pairs.items()
    }
    try:
        result = compiled.run(record, lookups=lookups, variables={**shared, **(case.get("variables") or {})})
    except (RecordError, MissingReferencesError) as error:
        differences = _compare_error(error, case.get("expect_error"))
    else:
        if "expect_error" in case:
            differences = [f"expected the error {case['expect_error']}, but the record was mapped"]
        else:
            found = msgspec.to_builtins(result, builtin_types=(Decimal,))
            differences = list(
                _differences(case.get("expect", {}), found, "", exact=case.get("exact") is True)
            )
    return TestResult(name, passed=not differences, differences=tuple(differences), place=node.place)


def _problem(case: Any) -> str:
    if not isinstance(case, dict):
        return "a case is a block of keys: name, input, expect"
    unknown = case.keys() - _KEYS
    if unknown:
        return f"unknown keys: {', '.join(sorted(unknown))}; known are {', '.join(sorted(_KEYS))}"
    if ("expect" in case) == ("expect_error" in case):
        return "a case has either `expect` or `expect_error`"
    if not all(isinstance(case.get(key) or {}, dict) for key in ("variables", "lookups")):
        return "`variables` and `lookups` are blocks of keys"
    if not all(isinstance(pairs, dict) for pairs in (case.get("lookups") or {}).values()):
        return "`lookups` reads `kind: {value: answer}`"
    return ""


def _compare_error(error: RecordError | MissingReferencesError, wanted: Any) -> list[str]:
    if isinstance(error, RecordError):
        raised = [(fault.code, fault.place.path, fault.text) for fault in error.faults]
    else:
        raised = [
            (entry.code, entry.place.path, f"{entry.ref.kind} {entry.ref.value}") for entry in error.missing
        ]
    shown = [f"raised {code} at {path}: {text}" for code, path, text in raised]
    if wanted is None:
        return ["the record was refused:", *shown]
    expected = wanted if isinstance(wanted, list) else [wanted]
    missing = [one for one in expected if not any(_is_error(one, code, path) for code, path, _ in raised)]
    return [f"expected the error {one}, which was not raised" for one in missing] + (shown if missing else [])


def _is_error(wanted: Any, code: str, path: str) -> bool:
    if not isinstance(wanted, dict):
        return str(wanted) == code
    return bool(wanted.get("code", code) == code and wanted.get("path", path) == path)


def _differences(wanted: Any, found: Any, path: str, *, exact: bool) -> list[str]:
    """What differs; without `exact` an object may have more fields than the case names."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        names = list(wanted) + ([name for name in found if name not in wanted] if exact else [])
        lines: list[str] = []
        for name in names:
            below = f"{path}.{name}" if path else name
            if name not in found:
                lines += (
                    [f"{below}: expected {_shown(wanted[name])}, found nothing"]
                    if wanted[name] is not None
                    else []
                )
            elif name not in wanted:
                lines.append(f"{below}: found {_shown(found[name])}, expected nothing")
            else:
                lines += _differences(wanted[name], found[name], below, exact=exact)
        return lines
    if isinstance(wanted, list) and isinstance(found, list):
        lines = (
            [] if len(wanted) == len(found) else [f"{path}: expected {len(wanted)} items, found {len(found)}"]
        )
        for number, (one, other) in enumerate(zip(wanted, found, strict=False)):
            lines += _differences(one, other, f"{path}[{number}]", exact=exact)
        return lines
    return (
        []
        if _equal(wanted, found)
        else [f"{path or 'the result'}: expected {_shown(wanted)}, found {_shown(found)}"]
    )


def _equal(wanted: object, found: object) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(found, (int, Decimal)) and isinstance(wanted, (int, str, Decimal)):
        try:
            return Decimal(wanted) == found
        except InvalidOperation:
            return False
    if isinstance(found, str) and found.endswith("Z") and isinstance(wanted, str):
        return wanted in {found, f"{found[:-1]}+00:00"}
    return bool(wanted == found)


def _shown(value: Any) -> str:
    return f"{str(value)!r}" if isinstance(value, (str, Decimal)) else str(value)[:200]
