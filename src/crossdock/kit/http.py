"""HTTP for connectors: status codes become errors, once."""

from __future__ import annotations

import email.utils
from collections.abc import AsyncIterator, Callable, Mapping
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec

from crossdock.core.clock import Clock
from crossdock.core.errors import (
    AuthenticationError,
    ConflictError,
    CrossdockError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    ThrottledError,
)

__all__ = ["Answer", "Http", "error_for_status"]

_MAX_DETAIL = 2_000
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

_REFUSALS: dict[int, tuple[type[CrossdockError], str, str]] = {
    400: (RejectedError, "T-API-4XX", "mend the document or its mapping"),
    401: (AuthenticationError, "T-TRN-AUTH", "check the credentials in the system's settings"),
    403: (AuthenticationError, "T-TRN-AUTH", "give the service account the right it lacks"),
    404: (RejectedError, "T-API-4XX", "check that the record and the address exist"),
    409: (ConflictError, "T-API-CONFLICT", "compare both sides, then retry or ignore"),
    410: (RejectedError, "T-API-4XX", "the record is gone over there"),
    412: (ConflictError, "T-API-CONFLICT", "the record changed over there: compare both sides"),
    413: (RejectedError, "T-TOO-BIG", "send less at once"),
    422: (RejectedError, "T-API-4XX", "mend the document or its mapping"),
}
_PLAIN_HEADERS = frozenset({"accept", "content-type", "idempotency-key", "user-agent"})
_MIN_SECRET = 6
_THROTTLED = frozenset({429})
_NOT_DONE = frozenset({503})


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `json()` decodes numbers with a fraction exactly."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, fractions as Decimal.

        Raises:
            OutcomeUnknownError: the body is not JSON (T-API-SCHEMA): a proxy or a login page answered.
        """
        try:
            return _DECODER.decode(self.body)
        except msgspec.DecodeError as error:
            raise OutcomeUnknownError(
                f"the answer (status {self.status}) is not JSON",
                code="T-API-SCHEMA",
                mend="check the system's address: a proxy or a login page may have answered",
                detail=self.body[:_MAX_DETAIL].decode("utf-8", "replace"),
            ) from error


def error_for_status(
    status: int, *, where: str, detail: str = "", retry_after: str = "", now_s: float = 0.0
) -> CrossdockError | None:
    """The error that an HTTP status means; None below 400. The one table of the house.

    A 5xx other than 503 may come after the work was done: its outcome is unknown.
    """
    if status < 400:
        return None
    text = f"{where} answered {status}"
    if status in _THROTTLED or (status in _NOT_DONE and retry_after):
        return ThrottledError(text, retry_after_s=_retry_after_s(retry_after, now_s), detail=detail)
    if status in _NOT_DONE:
        return RetryableError(text, code="T-API-5XX", detail=detail)
    if status >= 500:
        return OutcomeUnknownError(text, code="T-API-5XX", detail=detail)
    kind, code, mend = _REFUSALS.get(status, (RejectedError, "T-API-4XX", "mend the document or its mapping"))
    return kind(text, code=code, mend=mend, detail=detail)


def _retry_after_s(text: str, now_s: float) -> float | None:
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        moment = email.utils.parsedate_to_datetime(text)
        return max(0.0, moment.timestamp() - now_s)


class Http:
    """One connection pool to one system.

    Args:
        base_url: prefix of relative paths.
        headers: sent with each request; secrets belong here, never into a URL.
        timeout_s: longest life of one request.
        on_status: a connector's differences: given the answer, an error or None; asked before the table.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        base_url: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        connections: int = 16,
        on_status: Callable[[Answer], CrossdockError | None] | None = None,
    ) -> None:
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._timeout_s = timeout_s
        self._connections = connections
        self._on_status = on_status
        self._secrets = _secrets_in(self._headers)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, *, params: Mapping[str, str] | None = None, **kwargs: Any) -> Answer:
        """GET; see `request`."""
        return await self.request("GET", path, params=params, **kwargs)

    async def post(
        self, path: str, payload: Any = None, *, idempotency_key: str = "", **kwargs: Any
    ) -> Answer:
        """POST `payload` as JSON; see `request`."""
        headers = dict(kwargs.pop("headers", {}))
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return await self.request("POST", path, payload=payload, headers=headers, **kwargs)

    async def request(
        self,
        method: str,
        path: str,
        *,
        payload: Any = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """One request, one answer, typed errors.

        Raises:
            RetryableError: not connected, so certainly not done (T-TRN-CONN).
            OutcomeUnknownError: time-out or reset after the request may have arrived (T-TRN-TIMEOUT).
            Others as `error_for_status` or the connector's `on_status` say.
        """
        url = path if "://" in path else self._base_url + path
        sent = dict(headers or {})
        data = body
        if payload is not None:
            data = msgspec.json.encode(payload)
            sent.setdefault("Content-Type", "application/json")
        answer = await self._exchange(method, url, data, params, sent, timeout_s or self._timeout_s)
        error = self._on_status(answer) if self._on_status else None
        if error is None:
            error = error_for_status(
                answer.status,
                where=f"{method} {path.split('?', maxsplit=1)[0]}",
                detail=self._detail(answer, sent) if answer.status >= 400 else "",
                retry_after=answer.headers.get("retry-after", ""),
                now_s=self._clock.micros() / 1e6,
            )
        if error is not None:
            raise error
        return answer

    async def pages(
        self, path: str, *, rows: str, next_page: str = "next", **params: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Rows of all pages of a JSON list: `rows` names the list, `next_page` the link or token of the next page."""
        query = {name: str(value) for name, value in params.items()}
        while True:
            page = (await self.get(path, params=query)).json()
            for row in page[rows]:
                yield row
            following = page.get(next_page)
            if not following:
                return
            if "://" in str(following) or str(following).startswith("/"):
                path, query = str(following), {}
            else:
                query[next_page] = str(following)

    def _detail(self, answer: Answer, sent: Mapping[str, str]) -> str:
        """What was answered, without the secrets that a chatty gateway repeats from the request's headers."""
        text = answer.body[: 2 * _MAX_DETAIL].decode("utf-8", "replace")
        for secret in (*self._secrets, *_secrets_in(sent)):
            text = text.replace(secret, "…")
        return text[:_MAX_DETAIL]

    async def _exchange(
        self,
        method: str,
        url: str,
        data: bytes | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
            )
        where = f"{method} {url.split('?', maxsplit=1)[0]}"
        try:
            async with self._session.request(
                method,
                url,
                data=data,
                params=params,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, 10.0)),
                allow_redirects=False,
            ) as response:
                content = await response.read()
                return Answer(
                    status=response.status,
                    headers={k.lower(): v for k, v in response.headers.items()},
                    body=content,
                )
        except aiohttp.ConnectionTimeoutError as error:
            raise RetryableError(f"{where}: no connection in time", code="T-TRN-CONN", mend=_REACH) from error
        except aiohttp.ClientConnectorError as error:
            raise RetryableError(f"{where}: cannot connect ({error.strerror})", mend=_REACH) from error
        except TimeoutError as error:
            raise OutcomeUnknownError(f"{where}: no answer within {timeout_s:g} s") from error
        except aiohttp.InvalidURL as error:
            raise RejectedError(
                f"{url!r} is not an address", code="T-CONFIG", mend="mend the system's address"
            ) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise OutcomeUnknownError(f"{where}: the connection broke ({type(error).__name__})") from error


def _secrets_in(headers: Mapping[str, str]) -> list[str]:
    """Values that must not be repeated: whole, and without their scheme (`Bearer`)."""
    values = [value for name, value in headers.items() if name.lower() not in _PLAIN_HEADERS]
    parts = {
        part for value in values for part in (value, value.rpartition(" ")[2]) if len(part) >= _MIN_SECRET
    }
    return sorted(parts, key=len, reverse=True)


_REACH = "check that the system is up and its address right"
