"""The conformance suite: proves by behaviour that a connector keeps its promises, from one line.

TestAcme = conformance(Acme, simulator=AcmeSimulator)
"""

from crossdock.kit.conformance.bench import Bench, BreachError, NotApplicableError
from crossdock.kit.conformance.check import Check, Verdict
from crossdock.kit.conformance.suite import CHECKS, conformance, run_checks

__all__ = [
    "CHECKS",
    "Bench",
    "BreachError",
    "Check",
    "NotApplicableError",
    "Verdict",
    "conformance",
    "run_checks",
]
