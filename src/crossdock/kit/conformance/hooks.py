"""Checks of webhooks and finds: signatures are verified, doubles are recognised, the unknown is no error."""

from __future__ import annotations

import dataclasses

from crossdock.core.errors import AuthenticationError, CrossdockError
from crossdock.kit.conformance.bench import Bench, BreachError, expect
from crossdock.kit.conformance.check import check
from crossdock.kit.connector import HookRequest

__all__ = ["CHECKS"]

_UNKNOWN = "crossdock-no-such-key"


@check("hook")
async def a_signed_hook_is_taken(bench: Bench, topic: str) -> None:
    """A well-signed webhook is taken, by any worker, as often as it comes, with its dedupe key."""
    sample = bench.hook(topic)
    expect(sample.dedupe_key, f"the sample of hook {topic} has no dedupe key")
    for connector in (bench.connect(), bench.connect()):
        for _ in range(2):
            event = await connector.receive(sample.request)
            expect(
                event.dedupe_key == sample.dedupe_key,
                f"hook {topic} is known by {event.dedupe_key!r}, its sender repeats {sample.dedupe_key!r}",
            )
            expect(event.topic, f"hook {topic} was taken without a topic")


@check("hook")
async def a_changed_body_is_refused(bench: Bench, topic: str) -> None:
    """A webhook whose body was changed by one byte is refused with T-SIG."""
    request = bench.hook(topic).request
    for body in (request.body + b" ", b"x" + request.body[1:], b""):
        await _expect_refused(bench, dataclasses.replace(request, body=body), "with a changed body")


@check("hook")
async def an_unsigned_hook_is_refused(bench: Bench, topic: str) -> None:
    """A webhook without a signature, or with another's, is refused with T-SIG."""
    request = bench.hook(topic).request
    await _expect_refused(bench, dataclasses.replace(request, headers={}, query={}), "without a signature")
    signed = [name for name, value in request.headers.items() if "signature" in name or "hmac" in name]
    for name in signed:
        headers = {**request.headers, name: request.headers[name][::-1]}
        await _expect_refused(bench, dataclasses.replace(request, headers=headers), f"with a wrong {name}")
        headers = {**request.headers, name: ""}
        await _expect_refused(bench, dataclasses.replace(request, headers=headers), f"with an empty {name}")


@check("find")
async def what_is_not_there_is_left_out(bench: Bench, kind: str) -> None:
    """Finding keys that don't exist over there leaves them out and raises nothing."""
    found = await bench.connect().find(kind, [_UNKNOWN], "")
    expect(_UNKNOWN not in found, f"find {kind} made up an id for a key that does not exist: {found}")
    expect(not await bench.connect().find(kind, [], ""), f"find {kind} of nothing found something")


async def _expect_refused(bench: Bench, request: HookRequest, how: str) -> None:
    try:
        await bench.connect().receive(request)
    except AuthenticationError as error:
        expect(error.code == "T-SIG", f"hook {request.topic} {how} was refused with {error.code}, not T-SIG")
        return
    except CrossdockError as error:
        raise BreachError(
            f"hook {request.topic} {how} ended as {error}, not AuthenticationError T-SIG"
        ) from error
    raise BreachError(f"hook {request.topic} {how} was taken")


CHECKS = (
    a_signed_hook_is_taken,
    a_changed_body_is_refused,
    an_unsigned_hook_is_refused,
    what_is_not_there_is_left_out,
)
