"""Errors as the server names them: the name is what a client classifies by, the status comes second."""

from __future__ import annotations

from typing import Any

__all__ = [
    "AccessDeniedError",
    "AccessError",
    "MissingError",
    "ServerError",
    "UserError",
    "ValidationError",
    "bad_integer",
    "http_fault",
    "python_fault",
]


class ServerError(Exception):
    """A call that failed on the server.

    Attributes:
        name: the class over there, such as `odoo.exceptions.UserError`.
        status: what `/json/2` answers; JSON-RPC answers 200 for all of them.
        arguments: as the server lists them; HTTP errors add their status.
    """

    name = "builtins.Exception"
    status = 500

    def __init__(self, message: str, *, name: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.name = name or type(self).name
        self.status = status or type(self).status
        self.arguments: list[Any] = [message]

    def as_json(self) -> dict[str, Any]:
        """The body of a refused `/json/2` call, and the `data` of a JSON-RPC error."""
        return {
            "name": self.name,
            "message": self.message,
            "arguments": self.arguments,
            "context": {},
            "debug": f"Traceback (most recent call last):\n{self.name}: {self.message}\n",
        }


class UserError(ServerError):
    """A person must do something else."""

    name = "odoo.exceptions.UserError"
    status = 422


class ValidationError(ServerError):
    """A value breaks a rule."""

    name = "odoo.exceptions.ValidationError"
    status = 422


class AccessError(ServerError):
    """The user may not."""

    name = "odoo.exceptions.AccessError"
    status = 403


class AccessDeniedError(ServerError):
    """The password or key of a JSON-RPC call is wrong."""

    name = "odoo.exceptions.AccessDenied"
    status = 403

    def __init__(self) -> None:
        super().__init__("Access Denied")


class MissingError(ServerError):
    """The record is not there (any more)."""

    name = "odoo.exceptions.MissingError"
    status = 404

    def __init__(self, model: str, record: int, user: int) -> None:
        super().__init__(
            f"Record does not exist or has been deleted.\n(Record: {model}({record},), User: {user})"
        )


def http_fault(name: str, message: str, status: int) -> ServerError:
    """An error of the web layer: `werkzeug.exceptions.<name>`, its status among its arguments."""
    error = ServerError(message, name=f"werkzeug.exceptions.{name}", status=status)
    error.arguments.append(status)
    return error


def python_fault(name: str, message: str) -> ServerError:
    """An error nobody caught: 500, though asking again will not help."""
    return ServerError(message, name=f"builtins.{name}")


def bad_integer(value: str) -> ServerError:
    """What the database says to text where an id belongs."""
    message = f'invalid input syntax for type integer: "{value}"\nLINE 1: ...{value}...\n               ^\n'
    return ServerError(message, name="psycopg2.errors.InvalidTextRepresentation")
