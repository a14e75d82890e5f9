"""Steps of a process: a target that comes after another waits for the fact that the other's effect is there."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.core.delivery import effect_key
from crossdock.core.errors import NotYetError
from crossdock.core.facts import STEP, fact_name
from crossdock.pipeline.routes import TargetRoute
from crossdock.store.contract import ClaimedDelivery, Xref, XrefKey

__all__ = ["demand_steps", "step_done", "steps_before"]


def step_done(delivery: ClaimedDelivery) -> Xref:
    """The fact that `delivery`'s effect is there."""
    return Xref(delivery.target, delivery.company, STEP, delivery.effect_key, "done")


def steps_before(route: TargetRoute, delivery: ClaimedDelivery) -> list[XrefKey]:
    """The steps that must be done before `delivery`; none in mode shadow, where nothing is ever done."""
    if route.target.mode == "shadow":
        return []
    revision = delivery.effect_key.rpartition("|")[2]
    keys = []
    for index in route.target.after:
        before = route.interface.targets[index]
        key = effect_key(
            before.system,
            before.company,
            delivery.document_kind,
            delivery.document_key,
            before.operation,
            revision,
        )
        keys.append(XrefKey(before.system, before.company, STEP, key))
    return keys


def demand_steps(steps: list[XrefKey], done: Mapping[XrefKey, Xref]) -> None:
    """Nothing, when all are done.

    Raises:
        NotYetError: some are not; their facts wake the delivery.
    """
    missing = [step for step in steps if step not in done]
    if missing:
        raise NotYetError(
            f"it comes after {', '.join(step.key for step in missing)}",
            facts=tuple(fact_name(step.system, step.company, step.kind, step.key) for step in missing),
            mend="see what became of the step before it",
        )
