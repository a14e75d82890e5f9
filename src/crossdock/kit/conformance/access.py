"""Checks of getting in: credentials, a system that is away, secrets that must not show."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import structlog.testing

from crossdock.core.errors import AuthenticationError, CrossdockError, OutcomeUnknownError, RetryableError
from crossdock.kit.conformance.bench import Bench, BreachError, NotApplicableError, expect, name_of
from crossdock.kit.conformance.check import check
from crossdock.kit.connector import Connector
from crossdock.kit.settings import Secret

__all__ = ["CHECKS"]

_WRONG = Secret("wrong-on-purpose", origin="conformance")


@check("connector")
async def check_passes_on_a_good_system(bench: Bench, _: str) -> None:
    """check() raises nothing where address and credentials are right, twice."""
    connector = bench.connect()
    await connector.check()
    await connector.check()


@check("secrets")
async def bad_credentials_are_noticed_by_check(bench: Bench, _: str) -> None:
    """check() raises AuthenticationError where the credentials are wrong."""
    connector = bench.connect(**_wrong(bench))
    try:
        await connector.check()
    except AuthenticationError as error:
        expect(error.code, "the error has no code")
        return
    except CrossdockError as error:
        raise BreachError(
            f"check() with wrong credentials ended as {name_of(error)}, not AuthenticationError"
        ) from error
    raise BreachError("check() took wrong credentials for good: it does not prove them")


@check("secrets")
async def bad_credentials_call_a_person_not_the_queue(bench: Bench, _: str) -> None:
    """Reads and writes with wrong credentials raise AuthenticationError, so that deliveries wait unburnt."""
    connector = bench.connect(**_wrong(bench))
    for operation in bench.connector_class.verbs.writes:
        sample = await bench.sample(operation)
        result = await bench.write(connector, sample.delivery)
        expect(
            isinstance(result, AuthenticationError),
            f"{operation} with wrong credentials ended as {name_of(result)}, not AuthenticationError",
        )
        expect(sample.effects() == 0, f"{operation} with wrong credentials had an effect")
    for source in bench.connector_class.verbs.reads:
        error = await _error_of_read(bench, connector, source)
        expect(
            isinstance(error, AuthenticationError),
            f"reading {source} with wrong credentials ended as {type(error).__name__}, not AuthenticationError",
        )


@check("connector")
async def a_system_that_is_away_is_retried(bench: Bench, _: str) -> None:
    """Connection refused is RetryableError everywhere: certainly nothing was done."""
    connector = bench.connect()
    verbs = bench.connector_class.verbs
    samples = [await bench.sample(operation) for operation in verbs.writes]
    await bench.simulator.stop()
    for sample in samples:
        result = await bench.write(connector, sample.delivery)
        _expect_retryable(sample.delivery.operation, result)
    for source in verbs.reads:
        _expect_retryable(f"reading {source}", await _error_of_read(bench, connector, source))
    try:
        await connector.check()
    except CrossdockError as error:
        _expect_retryable("check()", error)
    else:
        raise BreachError("check() passed on a system that is away")


@check("connector")
async def the_system_behind_stays_the_same(bench: Bench, _: str) -> None:
    """identity() is the same for another worker."""
    first, second = await bench.connect().identity(), await bench.connect().identity()
    expect(first == second, f"identity() changed from {first!r} to {second!r}")


@check("secrets")
async def secrets_show_nowhere(bench: Bench, _: str) -> None:
    """No secret stands in an error, a log or a repr, even where the other side repeats our headers."""
    secrets = bench.secrets()
    if not secrets:
        raise NotApplicableError("no secret is set")
    connector = bench.connect()
    texts = [repr(connector), repr(connector.settings), str(connector.settings)]
    with _heard(texts):
        texts += [_all_of(error) for error in await _errors(bench, connector)]
    for text in texts:
        for secret in secrets:
            at = text.find(secret)
            expect(at < 0, f"a secret shows itself: …{text[max(0, at - 60) : at]}<here>…")


async def _errors(bench: Bench, connector: Connector[Any]) -> list[BaseException]:
    """The errors of a tour through everything that can go wrong."""
    errors: list[BaseException] = []
    verbs = bench.connector_class.verbs
    wrong = bench.connect(**_wrong(bench))
    for faults in (
        ("echo_400",) * 9,
        ("error_500_after",) * 9,
        ("reset_before",) * 9,
        ("throttle_429",) * 9,
        (),
    ):
        for one in (connector, wrong):
            bench.script(*faults)
            with _collected(errors):
                await one.check()
            for source in verbs.reads:
                bench.script(*faults)
                if (error := await _error_of_read(bench, one, source)) is not None:
                    errors.append(error)
            for operation in verbs.writes:
                bench.script()
                sample = await bench.sample(operation)
                for delivery in (sample.delivery, sample.rejected):
                    if delivery is not None:
                        bench.script(*faults)
                        result = await bench.write(one, delivery)
                        errors += [result] if isinstance(result, CrossdockError) else []
    bench.script()
    for topic in verbs.receives:
        request = bench.hook(topic).request
        bad = type(request)(topic=topic, headers={}, body=request.body)
        with _collected(errors):
            await connector.receive(bad)
    return errors


async def _error_of_read(bench: Bench, connector: Connector[Any], source: str) -> CrossdockError | None:
    try:
        await bench.read(source, connector=connector)
    except CrossdockError as error:
        return error
    return None


@contextlib.contextmanager
def _collected(errors: list[BaseException]) -> Iterator[None]:
    try:
        yield
    except CrossdockError as error:
        errors.append(error)


@contextlib.contextmanager
def _heard(texts: list[str]) -> Iterator[None]:
    """Append all that is logged meanwhile, by structlog or the standard library."""
    handler = logging.Handler(level=logging.NOTSET)
    handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with structlog.testing.capture_logs() as entries:
            yield
        texts += [repr(entry) for entry in entries]
    finally:
        root.removeHandler(handler)


def _all_of(error: BaseException) -> str:
    detail = getattr(error, "detail", "")
    return "\n".join([repr(error), str(error), repr(detail), *traceback.format_exception(error)])


def _expect_retryable(what: str, result: Any) -> None:
    expect(
        isinstance(result, RetryableError) and not isinstance(result, OutcomeUnknownError),
        f"{what} on a system that is away ended as {type(result).__name__}, not RetryableError",
    )


def _wrong(bench: Bench) -> dict[str, Any]:
    return {info.name: _WRONG for info in bench.connector_class.settings_class.describe() if info.secret}


CHECKS = (
    check_passes_on_a_good_system,
    bad_credentials_are_noticed_by_check,
    bad_credentials_call_a_person_not_the_queue,
    a_system_that_is_away_is_retried,
    the_system_behind_stays_the_same,
    secrets_show_nowhere,
)
