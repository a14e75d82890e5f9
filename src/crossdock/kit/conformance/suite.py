"""All checks, run one by one or as a pytest class."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from crossdock.core.errors import CrossdockError
from crossdock.kit.conformance import access, declared, hooks, reads, writes
from crossdock.kit.conformance.bench import Bench, BreachError, NotApplicableError
from crossdock.kit.conformance.check import Case, Check, Verdict, subjects
from crossdock.kit.connector import Connector
from crossdock.kit.simulator import Simulator

__all__ = ["CHECKS", "cases", "conformance", "run_checks"]

CHECKS: tuple[Check, ...] = (
    *declared.CHECKS,
    *access.CHECKS,
    *writes.CHECKS,
    *reads.CHECKS,
    *hooks.CHECKS,
)


def cases(connector: type[Connector[Any]], *, simulator: type[Simulator] | None) -> list[Case]:
    """Each check with each operation, source and topic of `connector` it applies to."""
    return [
        Case(check, subject)
        for check in CHECKS
        if simulator is not None or check.scope == "declared"
        for subject in subjects(check.scope, connector)
    ]


def conformance(
    connector: type[Connector[Any]],
    settings: Mapping[str, Any] | None = None,
    *,
    simulator: type[Simulator] | None = None,
    waivers: Mapping[str, str] | None = None,
) -> type:
    """Make the pytest class that proves the promises of `connector`; a test file is this one line.

    Args:
        connector: the class under test.
        settings: values that win over those the simulator gives.
        simulator: the system it is tested on; without one only its declarations are checked.
        waivers: check, or `check[subject]` → reason why it cannot be kept. A waiver that no longer bites fails.

    Raises:
        ValueError: a waiver names no check of this connector, or gives no reason.
    """
    import pytest

    found = cases(connector, simulator=simulator)
    reasons = _reasons(found, waivers or {})

    def test(self: object, case: Case) -> None:
        del self
        verdict = asyncio.run(_judged(case, connector, simulator, settings, reasons))
        if verdict.state == "skipped":
            pytest.skip(verdict.text)
        if verdict.state == "waived":
            pytest.xfail(verdict.text)

    test.__doc__ = f"{connector.__name__} keeps its promises."
    marked = pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in found])(test)
    return type(f"Test{connector.__name__}", (), {"test_conformance": marked, "__doc__": test.__doc__})


async def run_checks(
    connector: type[Connector[Any]],
    settings: Mapping[str, Any] | None = None,
    *,
    simulator: type[Simulator] | None = None,
    waivers: Mapping[str, str] | None = None,
) -> list[Verdict]:
    """The verdict of each case, without pytest. Arguments as for `conformance`."""
    found = cases(connector, simulator=simulator)
    reasons = _reasons(found, waivers or {})
    verdicts = []
    for case in found:
        try:
            verdicts.append(await _judged(case, connector, simulator, settings, reasons))
        except Exception as error:  # noqa: BLE001  # the suite's boundary: whatever a connector raises is a verdict
            verdicts.append(Verdict(case.id, "failed", f"{type(error).__name__}: {error}"))
    return verdicts


async def _judged(
    case: Case,
    connector: type[Connector[Any]],
    simulator: type[Simulator] | None,
    settings: Mapping[str, Any] | None,
    reasons: Mapping[str, str],
) -> Verdict:
    """Run one case; a failure raises unless it is waived."""
    reason = reasons.get(case.id, "")
    try:
        async with Bench.opened(connector, simulator or _NoSystem, settings) as bench:
            await case.check.run(bench, case.subject)
    except NotApplicableError as nothing:
        return Verdict(case.id, "skipped", str(nothing))
    except (AssertionError, CrossdockError, NotImplementedError) as breach:
        if reason:
            return Verdict(case.id, "waived", f"{reason} ({breach})")
        raise BreachError(f"{case.check.text} {type(breach).__name__}: {breach}") from breach
    if reason:
        raise BreachError(f"the waiver of {case.id} no longer bites: take it away ({reason})")
    return Verdict(case.id, "passed")


class _NoSystem(Simulator):
    """Nothing to talk to: for checks of declarations."""

    def routes(self) -> tuple[()]:
        return ()

    def settings(self) -> dict[str, Any]:
        return {}


def _reasons(found: list[Case], waivers: Mapping[str, str]) -> dict[str, str]:
    """Waivers by case; one that names a whole check covers each of its subjects."""
    reasons: dict[str, str] = {}
    for name, reason in waivers.items():
        covered = [case.id for case in found if name in {case.id, case.check.name}]
        if not covered or not reason.strip():
            known = ", ".join(case.id for case in found)
            raise ValueError(f"waiver {name!r} names no check or gives no reason (checks: {known})")
        reasons.update(dict.fromkeys(covered, reason))
    return reasons
