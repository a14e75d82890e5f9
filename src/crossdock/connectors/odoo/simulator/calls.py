"""From a call on the wire to a method of a model: what exists, what may be called, and with which arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import AccessError, ServerError, http_fault, python_fault
from crossdock.connectors.odoo.simulator.model import Model, Remote
from crossdock.connectors.odoo.simulator.models import REGISTRY
from crossdock.connectors.odoo.simulator.wire import Call

__all__ = ["Bound", "bind_method", "call_from_rpc"]

Bound = Callable[[], Any]

_NEVER_REMOTE = {"exists", "browse", "filtered", "mapped", "sudo", "with_context", "flush", "ensure_one"}


def bind_method(env: Env, call: Call) -> Bound:
    """The call, ready to run.

    Raises:
        ServerError: no such model or method, not callable, wrong arguments, or not allowed.
    """
    rules = env.registry.get(call.model)
    if rules is None:
        raise http_fault("NotFound", f"the model {call.model!r} does not exist", 404)
    _check_companies(env)
    method = getattr(rules, call.method, None)
    mark: Remote | None = getattr(method, "remote", None)
    if call.method.startswith("_") or call.method in _NEVER_REMOTE:
        name = f"{call.model}.{call.method}"
        raise AccessError(f"Private methods (such as {name!r}) cannot be called remotely.")
    if method is None or mark is None:
        raise http_fault("NotFound", f"The method '{call.model}.{call.method}' does not exist", 404)
    if not mark.on_records and call.ids:
        text = f"cannot call {call.model}.{call.method} with ids"
        raise http_fault("UnprocessableEntity", text, 422)
    first = (env, call.ids) if mark.on_records else (env,)
    try:
        inspect.signature(method).bind(*first, **call.arguments)
    except TypeError as error:
        raise http_fault("UnprocessableEntity", str(error), 422) from error
    env.check(call.model, mark.needs)
    return functools.partial(_run, rules, call, method, first)


def _run(rules: Model, call: Call, method: Callable[..., Any], first: Sequence[Any]) -> Any:
    try:
        return method(*first, **call.arguments)
    except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
        # Nonsense in the arguments: over there it is an uncaught error as well.
        name = type(error).__name__
        message = str(error.args[0]) if error.args else f"{rules.model}.{call.method}"
        raise python_fault(name, message) from error


def _check_companies(env: Env) -> None:
    allowed = env.context.get("allowed_company_ids")
    if allowed and not set(allowed) <= set(env.user.get("company_ids") or []):
        raise AccessError("Access to unauthorized or invalid companies.")


def call_from_rpc(service_method: str, args: Sequence[Any]) -> Call:
    """A JSON-RPC `execute_kw` or `execute` as a call by name.

    Raises:
        ServerError: neither of both, or too few arguments.
    """
    if service_method not in {"execute_kw", "execute"} or len(args) < 2:
        raise ServerError(f"Method not available {service_method}", name="builtins.NameError")
    model, method, *rest = args
    if service_method == "execute":
        positional: list[Any] = list(rest)
        named: dict[str, Any] = {}
    else:
        positional = list(rest[0]) if rest else []
        named = dict(rest[1]) if len(rest) > 1 else {}
    context = named.pop("context", None) or {}
    return _by_name(str(model), str(method), positional, named, context)


def _by_name(model: str, method: str, positional: list[Any], named: dict[str, Any], context: Any) -> Call:
    function = getattr(REGISTRY.get(model), method, None)
    mark: Remote | None = getattr(function, "remote", None)
    ids: list[Any] = []
    if function is None or mark is None:
        return Call(model, method, ids, context, named)
    if mark.on_records and positional:
        given = positional.pop(0)
        ids = list(given) if isinstance(given, list | tuple) else [given]
    names = [name for name in inspect.signature(function).parameters if name not in {"env", "ids"}]
    arguments = {**dict(zip(names, positional, strict=False)), **named}
    return Call(model, method, ids, context, arguments)
