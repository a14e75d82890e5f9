"""Shopify's Admin API: one call of a GraphQL document, paced by the cost bucket, with typed errors."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from crossdock.connectors.shopify.queries import is_mutation, operation_name
from crossdock.core.clock import Clock
from crossdock.core.errors import (
    AuthenticationError,
    ConfigError,
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    ThrottledError,
)
from crossdock.kit import Answer, Http

__all__ = [
    "AdminApi",
    "CostBucket",
    "UserFault",
    "error_for_answer",
    "error_for_shop_status",
    "refused",
    "user_faults",
]

_CHECK_ADDRESS = "check the system's address: a proxy or a login page may have answered"
_CHECK_DOCUMENT = "check api_version in the system's settings: the document is written for 2026-04 and later"
_BY_CODE: dict[str, tuple[type[CrossdockError], str, str]] = {
    "ACCESS_DENIED": (AuthenticationError, "T-TRN-AUTH", "give the app the access scope that Shopify names"),
    "SHOP_INACTIVE": (AuthenticationError, "T-TRN-AUTH", "the shop is closed: ask its owner"),
    "MAX_COST_EXCEEDED": (ConfigError, "T-CONFIG", "lower page_size in the system's settings"),
    "INTERNAL_SERVER_ERROR": (OutcomeUnknownError, "T-API-5XX", "wait: the fault is Shopify's"),
}
_FIRST_COST = 50.0
_TRIES = 5
_READ_PATIENCE_S = 60.0
_MAX_DETAIL = 2_000


@dataclasses.dataclass(frozen=True)
class UserFault:
    """One of a mutation's userErrors: which input field, why."""

    field: tuple[str, ...]
    message: str
    code: str

    def __str__(self) -> str:
        where = ".".join(self.field)
        return f"{where}: {self.message}" if where else self.message


class CostBucket:
    """What is known of the shop's bucket of query cost, from its last answer.

    A cache of one connector: when it is lost, the first answer fills it again, and THROTTLED is still understood.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._costs: dict[str, float] = {}
        self._level: float | None = None
        self._rate = 0.0
        self._capacity = 0.0
        self._seen_s = 0.0

    def wait_s(self, name: str) -> float:
        """Seconds until the bucket bears the operation `name`, by what it cost last time."""
        if self._level is None or self._rate <= 0:
            return 0.0
        missing = min(self._costs.get(name, _FIRST_COST), self._capacity) - self._available()
        return max(0.0, missing / self._rate)

    def take(self, name: str) -> None:
        """Count a call that is about to be sent, so that calls at the same time see each other."""
        if self._level is not None:
            self._level = self._available() - self._costs.get(name, _FIRST_COST)
            self._seen_s = self._clock.monotonic_s()

    def learn(self, name: str, cost: Mapping[str, Any]) -> None:
        """Keep what an answer's `extensions.cost` says."""
        status = cost.get("throttleStatus") or {}
        if not status:
            return
        self._costs[name] = float(cost.get("requestedQueryCost") or 0)
        self._level = float(status["currentlyAvailable"])
        self._rate = float(status["restoreRate"])
        self._capacity = float(status["maximumAvailable"])
        self._seen_s = self._clock.monotonic_s()

    def _available(self) -> float:
        assert self._level is not None
        passed_s = self._clock.monotonic_s() - self._seen_s
        return min(self._capacity, self._level + passed_s * self._rate)


class AdminApi:
    """Calls documents of `queries`.

    Args:
        patience_s: longest wait for the bucket inside a call; what would take longer raises ThrottledError.
    """

    def __init__(self, http: Http, clock: Clock, *, version: str, patience_s: float) -> None:
        self._http = http
        self._clock = clock
        self._path = f"/admin/api/{version}/graphql.json"
        self._patience_s = patience_s
        self.bucket = CostBucket(clock)
        self.served_version = ""

    async def call(
        self, document: str, *, patience_s: float | None = None, **variables: Any
    ) -> dict[str, Any]:
        """The `data` of the answer. Where the bucket fills within `patience_s`, it is waited for.

        Raises:
            ThrottledError: the bucket takes longer; says how long.
            AuthenticationError: the token is not accepted, or lacks a scope.
            RejectedError: Shopify refuses the document or its variables.
            OutcomeUnknownError: a mutation's answer was lost. A query's is RetryableError.
        """
        name = operation_name(document)
        patience_s = self._patience_s if patience_s is None else patience_s
        tries = 0
        while True:
            tries += 1
            await self._wait(name, self.bucket.wait_s(name), patience_s)
            content = await self._exchange(name, document, variables)
            error = error_for_answer(name, content)
            if error is None:
                data: dict[str, Any] = content["data"]
                return data
            if isinstance(error, ThrottledError) and error.retry_after_s is not None and tries < _TRIES:
                # Another process drew from the bucket. Nothing was done, so it is safe to ask again.
                await self._wait(name, error.retry_after_s, patience_s)
                continue
            if isinstance(error, OutcomeUnknownError) and not is_mutation(document):
                raise _harmless(error)
            raise error

    async def pages(
        self, document: str, *path: str, after: str | None = None, **variables: Any
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The nodes of the connection at `path`, page by page. A missing parent ends it.

        The bucket is waited for however long it takes: a read that is given back to the queue begins again
        behind its cursor, and would never get past a crowd of changes at about the same time.
        """
        while True:
            found: Any = await self.call(document, patience_s=_READ_PATIENCE_S, after=after, **variables)
            for step in path:
                found = (found or {}).get(step)
            if found is None:
                return
            yield found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    async def _exchange(self, name: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """One request; the whole answer, of which the bucket has learnt."""
        self.bucket.take(name)
        request = {"query": document, "variables": variables, "operationName": name}
        try:
            answer = await self._http.post(self._path, request)
            content = answer.json()
        except OutcomeUnknownError as error:
            if is_mutation(document):
                raise
            raise _harmless(error) from error
        self.served_version = answer.headers.get("x-shopify-api-version", "")
        if not isinstance(content, dict):
            content = {}
        self.bucket.learn(name, (content.get("extensions") or {}).get("cost") or {})
        return content

    async def _wait(self, name: str, wait_s: float, patience_s: float) -> None:
        if wait_s > patience_s:
            raise ThrottledError(
                f"{name}: the shop's query budget is used up for {wait_s:.1f} s", retry_after_s=wait_s
            )
        if wait_s > 0:
            await self._clock.sleep(wait_s)


def _harmless(error: OutcomeUnknownError) -> RetryableError:
    """A query has no effect, so that a lost answer is no doubt."""
    return RetryableError(error.text, code=error.code, mend=error.mend, detail=error.detail)


def error_for_answer(name: str, content: Mapping[str, Any]) -> CrossdockError | None:
    """The error that a GraphQL answer's top-level `errors` mean; None for a good answer.

    Source: https://shopify.dev/docs/api/admin-graphql#status_and_error_codes
    """
    errors = content.get("errors")
    if not errors:
        if isinstance(content.get("data"), dict):
            return None
        return OutcomeUnknownError(
            f"{name}: the answer has neither data nor errors", code="T-API-SCHEMA", mend=_CHECK_ADDRESS
        )
    if not isinstance(errors, list):
        return RejectedError(f"{name}: {errors}", mend=_CHECK_DOCUMENT)
    code = str((errors[0].get("extensions") or {}).get("code") or "")
    text = f"{name}: " + "; ".join(str(error.get("message", "")) for error in errors)[:_MAX_DETAIL]
    if code == "THROTTLED":
        return ThrottledError(text, retry_after_s=_refill_s(content))
    kind, our_code, mend = _BY_CODE.get(code, (RejectedError, "T-API-SCHEMA", _CHECK_DOCUMENT))
    if not code and "Internal error" in text:
        kind, our_code, mend = _BY_CODE["INTERNAL_SERVER_ERROR"]
    return kind(text, code=our_code, mend=mend)


def error_for_shop_status(answer: Answer) -> CrossdockError | None:
    """Statuses that mean something else at Shopify than elsewhere."""
    if answer.status in {402, 423}:
        return AuthenticationError(
            f"the shop is closed to us ({answer.status})", mend="the shop is frozen or locked: ask its owner"
        )
    if answer.status == 404:
        return ConfigError(
            "there is no Admin API at this address and version (404)",
            code="T-CONFIG",
            mend="check base_url and api_version in the system's settings",
        )
    return None


def user_faults(payload: Mapping[str, Any], name: str = "userErrors") -> list[UserFault]:
    """A mutation's userErrors."""
    return [
        UserFault(
            field=tuple(str(step) for step in fault.get("field") or ()),
            message=str(fault.get("message", "")),
            code=str(fault.get("code") or ""),
        )
        for fault in payload.get(name) or ()
    ]


def refused(what: str, faults: Sequence[UserFault]) -> RejectedError:
    """The refusal that userErrors mean, naming each field."""
    return RejectedError(
        f"Shopify refused {what}: " + "; ".join(str(fault) for fault in faults),
        code="T-API-4XX",
        mend="mend the document or its mapping at the field named",
        detail={"codes": [fault.code for fault in faults if fault.code]},
    )


def _refill_s(content: Mapping[str, Any]) -> float | None:
    cost = (content.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus") or {}
    rate = float(status.get("restoreRate") or 0)
    if rate <= 0:
        return None
    missing = float(cost.get("requestedQueryCost") or 0) - float(status.get("currentlyAvailable") or 0)
    return max(0.0, missing / rate)
