"""The operations API `/ops/…`: looks and decisions, for the command line and for programs."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
import structlog
from litestar import Controller, Litestar, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, JSONBody

from crossdock import __version__
from crossdock.apps.api.problem import Problem, fault_of_ours, problem_of
from crossdock.apps.operations import Operations
from crossdock.core.errors import AuthenticationError, CrossdockError, RejectedError
from crossdock.core.ids import parse_id
from crossdock.kit import Secret
from crossdock.store.contract import NewMessage

__all__ = ["OpsController", "make_ops_app"]

_LOG = structlog.get_logger()
_CODE_BY_STATUS = {400: "T-FORMAT", 413: "T-TOO-BIG", 415: "T-MEDIA", 500: "T-POISON"}
_FILTERS = frozenset({"system", "topic", "state", "interface", "key", "error", "text", "since", "until"})
_EXCEPTION_FILTERS = frozenset({"state", "code", "class_", "system", "interface", "transaction"})


class OpsController(Controller):
    """Looks and decisions, one route each."""

    path = "/ops"

    @get("/counts")
    async def counts(self, operations: NamedDependency[Operations]) -> dict[str, Any]:
        """Messages, deliveries and exceptions by state; duplicates refused by system."""
        return await operations.counts()

    @get("/latencies")
    async def latencies(self, operations: NamedDependency[Operations]) -> dict[str, list[int]]:
        """Microseconds from acceptance to delivery, by interface, of the newest deliveries."""
        return await operations.latencies()

    @get("/messages")
    async def messages(
        self,
        operations: NamedDependency[Operations],
        request: Request[Any, Any, Any],
        limit: FromQuery[int] = 50,
        before: FromQuery[int] = 0,
    ) -> list[dict[str, Any]]:
        """Messages, newest first."""
        where = {name: value for name, value in request.query_params.items() if name in _FILTERS}
        return await operations.list_messages(limit=limit, before=before, **where)

    @post("/messages", status_code=202)
    async def accept(
        self, operations: NamedDependency[Operations], data: JSONBody[NewMessage]
    ) -> dict[str, Any]:
        """Take a message in as if its system had sent it; `body` is base64."""
        return await operations.accept(data)

    @get("/messages/{message:str}")
    async def message(
        self, operations: NamedDependency[Operations], message: FromPath[str]
    ) -> dict[str, Any]:
        """All about a message."""
        return await operations.show_message(_id("m", message))

    @post("/messages/{message:str}/replay", status_code=200)
    async def replay(
        self, operations: NamedDependency[Operations], message: FromPath[str], data: JSONBody[dict[str, Any]]
    ) -> dict[str, Any]:
        """Reprocess a message, edited if `body` is given."""
        return await operations.replay_message(_id("m", message), body=data.get("body"), **_who(data))

    @get("/exceptions")
    async def exceptions(
        self,
        operations: NamedDependency[Operations],
        request: Request[Any, Any, Any],
        limit: FromQuery[int] = 50,
        before: FromQuery[int] = 0,
    ) -> list[dict[str, Any]]:
        """Exceptions, newest first."""
        where = {name: value for name, value in request.query_params.items() if name in _EXCEPTION_FILTERS}
        return await operations.list_exceptions(limit=limit, before=before, **where)

    @get("/exception-groups")
    async def groups(
        self, operations: NamedDependency[Operations], request: Request[Any, Any, Any]
    ) -> list[dict[str, Any]]:
        """Exceptions by cause, most first."""
        where = {name: value for name, value in request.query_params.items() if name in _EXCEPTION_FILTERS}
        return await operations.group_exceptions(**where)

    @get("/exceptions/{exception:str}")
    async def exception(
        self, operations: NamedDependency[Operations], exception: FromPath[str]
    ) -> dict[str, Any]:
        """One exception."""
        return await operations.show_exception(_id("e", exception))

    @post("/exceptions/{exception:str}/retry", status_code=200)
    async def retry(
        self,
        operations: NamedDependency[Operations],
        exception: FromPath[str],
        data: JSONBody[dict[str, Any]],
    ) -> dict[str, Any]:
        """Try again what it holds, with an edited message if `body` is given."""
        return await operations.retry_exception(_id("e", exception), body=data.get("body"), **_who(data))

    @post("/exceptions/{exception:str}/resolve", status_code=200)
    async def resolve(
        self,
        operations: NamedDependency[Operations],
        exception: FromPath[str],
        data: JSONBody[dict[str, Any]],
    ) -> dict[str, Any]:
        """Close it with a reason."""
        return await operations.resolve_exception(
            _id("e", exception), ignore=bool(data.get("ignore")), **_who(data)
        )

    @get("/transactions/{key:path}")
    async def transaction(
        self, operations: NamedDependency[Operations], key: FromPath[str]
    ) -> dict[str, Any]:
        """A business case across systems."""
        return await operations.show_transaction(key.lstrip("/"))

    @get("/interfaces")
    async def interfaces(self, operations: NamedDependency[Operations]) -> list[dict[str, Any]]:
        """The registry."""
        return await operations.list_interfaces()

    @get("/interfaces/{name:str}")
    async def interface(self, operations: NamedDependency[Operations], name: FromPath[str]) -> dict[str, Any]:
        """One interface."""
        return await operations.show_interface(name)


def make_ops_app(operations: Operations, token: Secret) -> Litestar:
    """The Litestar application under `/ops`, and `/openapi.json`.

    Args:
        operations: what it does.
        token: bearer token that each request must carry.
    """

    def must_know_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        given = connection.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.reveal().encode()):
            raise AuthenticationError(
                "the operations API needs its token",
                code="T-TRN-AUTH",
                mend="it stands in the hub's run file",
            )

    return Litestar(
        route_handlers=[OpsController],
        dependencies={"operations": Provide(lambda: operations, sync_to_thread=False)},
        guards=[must_know_token],
        exception_handlers={
            CrossdockError: _refuse,
            HTTPException: _refuse_http,
            msgspec.ValidationError: _refuse_form,
            Exception: _refuse_fault,
        },
        openapi_config=OpenAPIConfig(title="Crossdock", version=__version__, path="/schema"),
        debug=False,
    )


def _refuse(_: Request[Any, Any, Any], error: CrossdockError) -> Response[Problem]:
    problem = problem_of(error)
    return Response(problem, status_code=problem.status, media_type="application/problem+json")


def _refuse_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code = _CODE_BY_STATUS.get(error.status_code, "T-NO-ROUTE")
    problem = Problem(f"urn:crossdock:error:{code}", error.detail, error.status_code, code)
    return Response(problem, status_code=error.status_code, media_type="application/problem+json")


def _refuse_form(request: Request[Any, Any, Any], error: msgspec.ValidationError) -> Response[Problem]:
    return _refuse(request, RejectedError(str(error), code="T-FORMAT", mend="see /openapi.json for the form"))


def _refuse_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _LOG.error("operation failed", path=request.url.path, exc_info=error)
    return _refuse(request, fault_of_ours(request.url.path))


def _id(prefix: str, text: str) -> int:
    try:
        return parse_id(prefix, text)
    except ValueError as error:
        raise RejectedError(str(error), code="T-FORMAT", mend=f"such as {prefix}12") from error


def _who(data: dict[str, Any]) -> dict[str, str]:
    """Who decides and why; both go into the journal."""
    return {"actor": str(data.get("actor") or "operations API"), "reason": str(data.get("reason") or "")}
