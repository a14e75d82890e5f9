"""Checks of writes: once per effect key, whatever breaks wherever; refusals and patience are typed."""

from __future__ import annotations

import asyncio
from typing import get_args

from crossdock.core.errors import (
    AlreadyDoneError,
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    ThrottledError,
)
from crossdock.kit.conformance.bench import Bench, BreachError, expect, name_of
from crossdock.kit.conformance.check import check
from crossdock.kit.connector import Receipt
from crossdock.kit.simulator import Fault, WriteSample

__all__ = ["CHECKS"]

_AT_ONCE = 8
_MAX_POSITIONS = 12
_BREAKS: tuple[Fault, ...] = tuple(fault for fault in get_args(Fault) if fault not in {"slow", "echo_400"})


@check("write")
async def repeated_is_done_once(bench: Bench, operation: str) -> None:
    """The same delivery sent twice, by one worker and by another, has one effect and one external id."""
    sample = await bench.sample(operation)
    first = await bench.bring_home(sample.delivery)
    _expect_one(sample, "after the first call")
    second = await bench.bring_home(sample.delivery)
    _expect_one(sample, "after the same delivery was sent again")
    expect(
        first.external_id == second.external_id,
        f"{operation} named {first.external_id!r} first and {second.external_id!r} when repeated",
    )


@check("racing")
async def eight_at_once_are_done_once(bench: Bench, operation: str) -> None:
    """Eight calls with one effect key at the same time have one effect."""
    sample = await bench.sample(operation)
    workers = [bench.connect() for _ in range(_AT_ONCE)]
    results = await asyncio.gather(*(bench.write(worker, sample.delivery) for worker in workers))
    for result in results:
        expect(
            isinstance(result, Receipt | AlreadyDoneError | RetryableError | OutcomeUnknownError),
            f"{operation}: one of {_AT_ONCE} calls at once ended as {name_of(result)}",
        )
    receipt = await bench.bring_home(sample.delivery)
    _expect_one(sample, f"after {_AT_ONCE} calls at once")
    ids = {result.external_id for result in results if isinstance(result, Receipt)} | {receipt.external_id}
    expect(len(ids) == 1, f"{operation} named one effect by {len(ids)} ids: {sorted(ids)}")


@check("write")
async def a_broken_call_leaves_one_effect(bench: Bench, operation: str) -> None:
    """Whatever breaks at whichever of its requests, before or after the work: brought home, there is one effect."""
    requests = await _requests_of(bench, operation)
    for position in range(min(requests, _MAX_POSITIONS)):
        for fault in _BREAKS:
            sample = await bench.sample(operation)
            bench.script(*[""] * position, fault)
            try:
                receipt = await bench.bring_home(sample.delivery)
            except BreachError as error:
                raise BreachError(f"{fault} at request {position + 1} of {requests}: {error}") from error
            bench.script()
            _expect_one(sample, f"after {fault} at request {position + 1} of {requests}")
            again = await bench.bring_home(sample.delivery)
            expect(
                again.external_id == receipt.external_id,
                f"{operation}: after {fault} it was named {receipt.external_id!r}, then {again.external_id!r}",
            )


@check("lookup")
async def a_look_up_finds_what_was_done(bench: Bench, operation: str) -> None:
    """Before the call it says absent, after a lost answer done, with the id that the write names."""
    sample = await bench.sample(operation)
    before = await bench.connect().look_up(sample.delivery)
    expect(before.state == "absent", f"{operation}: before it was sent, its look-up says {before.state}")
    requests = await _requests_of(bench, operation)
    bench.script(*[""] * (requests - 1), "reset_after")
    result = await bench.write(bench.connect(), sample.delivery)
    bench.script()
    if sample.effects() == 0:
        raise BreachError(f"{operation}: the last request lost its answer, and nothing is there: {result}")
    found = await bench.connect().look_up(sample.delivery)
    expect(found.state == "done", f"{operation} is done, but its look-up says {found.state}: {found.text}")
    written = await bench.bring_home(sample.delivery)
    external_id = found.receipt.external_id if found.receipt else ""
    expect(
        external_id == written.external_id,
        f"{operation}: the look-up names {external_id!r}, the write {written.external_id!r}",
    )
    _expect_one(sample, "after a look-up and a repeat")


@check("write")
async def a_refusal_is_typed(bench: Bench, operation: str) -> None:
    """A payload that the system refuses raises RejectedError with a code and a text; nothing is done."""
    sample = await bench.sample(operation)
    if sample.rejected is None:
        raise BreachError(
            f"the sample of {operation} has no `rejected` payload: give one, or waive this check with the reason"
        )
    result = await bench.write(bench.connect(), sample.rejected)
    expect(
        isinstance(result, RejectedError),
        f"a refused {operation} ended as {name_of(result)}, not RejectedError",
    )
    if isinstance(result, RejectedError):
        expect(result.code and result.text, f"the refusal of {operation} has no code or no text")
    expect(sample.effects() == 0, f"a refused {operation} had an effect")


@check("write")
async def patience_is_asked_for_in_type(bench: Bench, operation: str) -> None:
    """429 and 503 raise ThrottledError with the seconds that were asked for; nothing is done, later all is."""
    sample = await bench.sample(operation)
    asked_s = bench.simulator.faults.retry_after_s
    for fault in ("throttle_429", "error_503"):
        bench.script(fault)
        result = await bench.write(bench.connect(), sample.delivery)
        bench.script()
        expect(isinstance(result, ThrottledError), f"{fault}: {operation} ended as {name_of(result)}")
        if isinstance(result, ThrottledError):
            expect(
                result.retry_after_s == asked_s,
                f"{fault}: {operation} says retry after {result.retry_after_s}, the system said {asked_s}",
            )
        expect(sample.effects() == 0, f"{fault}: {operation} was done nevertheless")
    await bench.bring_home(sample.delivery)
    _expect_one(sample, "after being asked for patience")


@check("batch")
async def a_batch_answers_in_order(bench: Bench, operation: str) -> None:
    """A batch gives one result per delivery, in the order of the deliveries."""
    samples = await _batch_of(bench, operation)
    results = await _written(bench, operation, samples)
    for place, (sample, result) in enumerate(zip(samples, results, strict=True), start=1):
        if not isinstance(result, Receipt):
            raise BreachError(
                f"record {place} of a good batch ended as {name_of(result)}: {result}"
            ) from result
        _expect_one(sample, f"after a batch, record {place}")
        alone = await bench.bring_home(sample.delivery)
        expect(
            alone.external_id == result.external_id,
            f"record {place} of the batch was named {result.external_id!r}, alone {alone.external_id!r}",
        )


@check("batch")
async def one_bad_record_fails_alone(bench: Bench, operation: str) -> None:
    """A bad record among good ones is refused, in its place; the good ones are done."""
    for bad in (0, 1, -1):
        samples = await _batch_of(bench, operation)
        refused = samples[bad].rejected
        if refused is None:
            raise BreachError(f"the sample of {operation} has no `rejected` payload")
        deliveries = [sample.delivery for sample in samples]
        deliveries[bad] = refused
        try:
            results = await bench.connect().write(operation, deliveries)
        except CrossdockError as error:
            raise BreachError(f"one bad record failed its whole batch: {error}") from error
        expect(len(results) == len(samples), f"{len(samples)} deliveries had {len(results)} results")
        for sample, delivery, result in zip(samples, deliveries, results, strict=True):
            if delivery is refused:
                expect(isinstance(result, RejectedError), f"the bad record ended as {name_of(result)}")
                expect(sample.effects() == 0, "the bad record had an effect")
            else:
                expect(
                    isinstance(result, Receipt), f"a good record beside a bad one ended as {name_of(result)}"
                )
                _expect_one(sample, "beside a bad record")


async def _batch_of(bench: Bench, operation: str) -> list[WriteSample]:
    size = min(bench.connector_class.verbs.writes[operation].batch, 5)
    return [await bench.sample(operation) for _ in range(size)]


async def _written(
    bench: Bench, operation: str, samples: list[WriteSample]
) -> list[Receipt | CrossdockError]:
    results = list(await bench.connect().write(operation, [sample.delivery for sample in samples]))
    expect(
        len(results) == len(samples), f"{len(samples)} deliveries of {operation} had {len(results)} results"
    )
    return results


async def _requests_of(bench: Bench, operation: str) -> int:
    """How many requests one good delivery takes."""
    sample = await bench.sample(operation)
    before = len(bench.simulator.calls)
    await bench.bring_home(sample.delivery)
    return max(1, len(bench.simulator.calls) - before)


def _expect_one(sample: WriteSample, when: str) -> None:
    count = sample.effects()
    expect(count == 1, f"{sample.delivery.operation}: {count} effects {when}, not one")


CHECKS = (
    repeated_is_done_once,
    eight_at_once_are_done_once,
    a_broken_call_leaves_one_effect,
    a_look_up_finds_what_was_done,
    a_refusal_is_typed,
    patience_is_asked_for_in_type,
    a_batch_answers_in_order,
    one_bad_record_fails_alone,
)
