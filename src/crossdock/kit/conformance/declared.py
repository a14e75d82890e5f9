"""Checks of what a connector class declares; they need no simulator."""

from __future__ import annotations

import re
from typing import Any, get_args

from crossdock.kit.conformance.bench import Bench, expect
from crossdock.kit.conformance.check import check
from crossdock.kit.connector import Connector, Once

__all__ = ["CHECKS"]

_SOUNDS_SECRET = ("token", "password", "secret", "api_key", "private_key", "credential")
_WORDS = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_OPERATION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


@check("declared")
async def settings_explain_themselves(bench: Bench, _: str) -> None:
    """Every setting says what it is; one that sounds secret is a Secret, without a default value."""
    for info in bench.connector_class.settings_class.describe():
        expect(info.text.strip(), f"setting {info.name} does not say what it is")
        expect(
            info.secret or not any(word in info.name for word in _SOUNDS_SECRET),
            f"setting {info.name} sounds secret: its type must be Secret",
        )
        expect(not (info.secret and info.default), f"setting {info.name} has a secret as its default")


@check("declared")
async def every_verb_says_what_it_does(bench: Bench, _: str) -> None:
    """Every verb has a docstring, and so has the class."""
    cls = bench.connector_class
    expect((cls.__doc__ or "").strip(), f"{cls.__name__} has no docstring")
    for name, method in _methods(cls).items():
        expect((getattr(cls, method).__doc__ or "").strip(), f"{method} ({name}) has no docstring")


@check("declared")
async def names_are_well_formed(bench: Bench, _: str) -> None:
    """Operations are noun.verb in small letters; sources and topics are words with points."""
    verbs = bench.connector_class.verbs
    expect(verbs.reads or verbs.writes or verbs.receives, "the connector has no verb at all")
    for name in verbs.writes:
        expect(_OPERATION.fullmatch(name), f"operation {name!r} is not noun.verb")
    for name in verbs.reads:
        expect(_WORDS.fullmatch(name), f"source {name!r} is not words with points")


@check("declared")
async def writes_say_how_they_happen_once(bench: Bench, _: str) -> None:
    """Every write declares once; one that is looked up first has a look-up; rights are given for all or none."""
    writes = bench.connector_class.verbs.writes
    for name, spec in writes.items():
        expect(spec.once in get_args(Once), f"{name}: once={spec.once!r} is none of {get_args(Once)}")
        expect(spec.batch >= 1, f"{name}: batch={spec.batch} is below 1")
        expect(
            spec.lookup or spec.once != "lookup_then_create",
            f"{name}: once='lookup_then_create' needs a @looks_up({name!r})",
        )
    without = sorted(name for name, spec in writes.items() if not spec.rights)
    expect(
        not without or len(without) == len(writes),
        f"rights are declared for some writes but not for {', '.join(without)}",
    )


def _methods(cls: type[Connector[Any]]) -> dict[str, str]:
    verbs = cls.verbs
    named = {name: spec.method for name, spec in verbs.reads.items()}
    named |= {name: spec.method for name, spec in verbs.writes.items()}
    lookups = {f"look-up of {name}": spec.lookup for name, spec in verbs.writes.items() if spec.lookup}
    finds = {f"find {kind}": method for kind, method in verbs.finds.items()}
    return {**named, **lookups, **finds, **verbs.receives}


CHECKS = (
    settings_explain_themselves,
    every_verb_says_what_it_does,
    names_are_well_formed,
    writes_say_how_they_happen_once,
)
