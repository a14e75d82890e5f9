"""Call: one call of a connector's write verb under the system's limit, time-out and breaker; every fault typed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import (
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    ThrottledError,
)
from crossdock.kit import Delivery, Found, Receipt
from crossdock.pipeline.outcomes import sick_system
from crossdock.pipeline.routes import TargetRoute
from crossdock.pipeline.target import TargetSystem

__all__ = ["MAY_QUEUE_S", "RACING_IS_SAFE", "Caller", "Result"]

_LOG = structlog.get_logger()
Result = Receipt | CrossdockError
RACING_IS_SAFE = frozenset({"external_id", "idempotency_key", "natural", "none"})
"""How a write happens once, where a second call racing with the first does no harm (or none that could be helped)."""
MAY_QUEUE_S = 10.0
"""How long after it was recorded as sent a call may still start, where racing is not safe: who takes over reckons
from the record."""


class Caller:
    """Calls one system. It never raises but for cancellation: every result is a receipt or a typed error."""

    def __init__(self, system: TargetSystem, *, clock: Clock) -> None:
        self._system = system
        self._clock = clock
        self._free = asyncio.Semaphore(system.definition.concurrency)

    async def call(
        self, route: TargetRoute, deliveries: Sequence[Delivery], marked_s: float
    ) -> Sequence[Result]:
        """Send `deliveries` by one call, or more where it is refused as a whole; one result each, in order.

        Args:
            route: their interface target.
            deliveries: at most the operation's batch.
            marked_s: when they were recorded as sent, in monotonic seconds.
        """
        async with self._free:
            started_s = self._clock.monotonic_s()
            away = self._not_now(route, started_s, marked_s)
            if away is not None:
                return [away] * len(deliveries)
            results = await self._write(route, deliveries)
            took_s = self._clock.monotonic_s() - started_s
        if isinstance(results, RejectedError):
            self._system.size_of(route.spec.name).failed()
            self._system.breaker.succeeded()
            return await self._split(route, deliveries, results, marked_s)
        self._system.size_of(route.spec.name).took(len(deliveries), took_s)
        self._learn(results)
        return results

    async def look_up(self, route: TargetRoute, delivery: Delivery) -> Found:
        """Whether the effect of `delivery` is there.

        Raises:
            RetryableError: the system could not be asked.
        """
        try:
            async with self._free, asyncio.timeout(route.policy.timeout_s):
                found = await self._system.connector.look_up(delivery)
        except TimeoutError as error:
            slow = OutcomeUnknownError(f"{self._system.name}: no answer within {route.policy.timeout_s:g} s")
            self.fail(slow)
            raise RetryableError(slow.text, code=slow.code) from error
        except CrossdockError as error:
            if sick_system(error) or isinstance(error, (RetryableError, OutcomeUnknownError)):
                self.fail(error)
                raise RetryableError(error.text, code=error.code) from error
            return Found("unclear", text=str(error))
        except Exception as error:  # noqa: BLE001 - a connector's fault is its delivery's, not the worker's
            _LOG.exception("look-up failed", system=self._system.name, operation=delivery.operation)
            return Found("unclear", text=f"the connector's look-up failed ({type(error).__name__})")
        self._system.breaker.succeeded()
        return found

    def fail(self, error: CrossdockError) -> None:
        """Tell the breaker of an error that is the system's."""
        asked_s = getattr(error, "retry_after_s", None) or 0.0
        self._system.breaker.failed(
            self._clock.monotonic_s(),
            reason=str(error),
            at_least_s=asked_s,
            at_once=error.code == "T-TRN-AUTH" or asked_s > 0,
        )

    def _not_now(self, route: TargetRoute, now_s: float, marked_s: float) -> RetryableError | None:
        """Why a call that has waited for its turn is not to be made; it counts as the system's being away."""
        if not self._system.breaker.closed(now_s):
            return RetryableError(f"{self._system.name} is away: {self._system.breaker.reason}")
        if route.spec.once not in RACING_IS_SAFE and now_s - marked_s > MAY_QUEUE_S:
            return RetryableError(f"{self._system.name} was too busy to take the call in time")
        return None

    def _learn(self, results: Sequence[Result]) -> None:
        """A refusal is an answer too: a system that refuses bad records is well."""
        errors = [result for result in results if isinstance(result, CrossdockError)]
        away = [e for e in errors if sick_system(e) or isinstance(e, OutcomeUnknownError)]
        patience = next((e for e in away if isinstance(e, ThrottledError)), None)
        if patience is not None:
            self.fail(patience)
        elif len(away) < len(results):
            self._system.breaker.succeeded()
        elif away:
            self.fail(away[0])

    async def _split(
        self, route: TargetRoute, deliveries: Sequence[Delivery], refusal: RejectedError, marked_s: float
    ) -> Sequence[Result]:
        """A call that was refused as a whole is split until the bad record stands alone."""
        if len(deliveries) == 1:
            return [refusal]
        results: list[Result] = []
        half = len(deliveries) // 2
        for part in (deliveries[:half], deliveries[half:]):
            async with self._free:
                away = self._not_now(route, self._clock.monotonic_s(), marked_s)
                some = [away] * len(part) if away is not None else await self._write(route, part)
            if isinstance(some, RejectedError):
                some = await self._split(route, part, some, marked_s)
            else:
                self._learn(some)
            results += some
        return results

    async def _write(
        self, route: TargetRoute, deliveries: Sequence[Delivery]
    ) -> Sequence[Result] | RejectedError:
        """One call; a refusal of the whole of it is returned bare."""
        name, operation = self._system.name, route.spec.name
        unknown: OutcomeUnknownError
        try:
            async with asyncio.timeout(route.policy.timeout_s):
                results = await self._system.connector.write(operation, deliveries)
            wrong = _wrong(results, len(deliveries))
            if not wrong:
                return results
            unknown = OutcomeUnknownError(f"{name} {operation}: the connector gave {wrong}", code="T-OUTCOME")
        except RejectedError as error:
            return error
        except CrossdockError as error:
            return [error] * len(deliveries)
        except TimeoutError:
            unknown = OutcomeUnknownError(
                f"{name} {operation}: no answer within {route.policy.timeout_s:g} s"
            )
        except Exception as error:  # noqa: BLE001 - a connector's fault is its deliveries', not the worker's
            _LOG.exception("connector failed", system=name, operation=operation)
            unknown = OutcomeUnknownError(
                f"{name} {operation}: the connector failed ({type(error).__name__})",
                code="T-OUTCOME",
                mend="this is a fault of the connector: report it with the log",
                detail=repr(error)[:500],
            )
        return [unknown] * len(deliveries)


def _wrong(results: Sequence[object], count: int) -> str:
    """What is wrong with a connector's results, if anything is."""
    if len(results) != count:
        return f"{len(results)} results for {count} deliveries"
    strange = next((r for r in results if not isinstance(r, (Receipt, CrossdockError))), None)
    if strange is None and all(isinstance(r, (Receipt, CrossdockError)) for r in results):
        return ""
    return f"a {type(strange).__name__} as a result"
