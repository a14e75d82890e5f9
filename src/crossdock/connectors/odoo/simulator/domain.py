"""Search domains: `[["state", "=", "sale"], …]` becomes a test of rows, and hints for the indexes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.connectors.odoo.simulator.faults import python_fault
from crossdock.connectors.odoo.simulator.table import Row

if TYPE_CHECKING:
    from crossdock.connectors.odoo.simulator.env import Env

__all__ = ["Domain"]

Test = Callable[[Row], bool]

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TEXTUAL = {"like", "ilike", "=like", "=ilike"}
_OPERATORS = {
    *_ORDERINGS,
    *_TEXTUAL,
    *(f"not {name}" for name in _TEXTUAL),
    "=",
    "!=",
    "<>",
    "in",
    "not in",
    "=?",
    "child_of",
    "parent_of",
    "any",
    "not any",
}
_NEGATIVE = {"!=": "=", "<>": "=", "not in": "in", "not any": "any", **{f"not {n}": n for n in _TEXTUAL}}


class Domain:
    """A domain bound to a model and a call.

    Attributes:
        test: whether a row matches.
        candidates: ids that can match, from an index; None = every row.
        names: fields that the domain mentions at its top level.
    """

    def __init__(self, env: Env, model: str, domain: object) -> None:
        if not isinstance(domain, list | tuple):
            message = f"Domain() invalid argument type for domain: {domain!r}"
            raise python_fault("TypeError", message)
        self._env = env
        self._model = model
        self.names: set[str] = set()
        self.candidates: list[int] | None = None
        conjunctive = all(term == "&" or not isinstance(term, str) for term in domain)
        self.test = self._parse(list(domain), conjunctive=conjunctive)

    def _parse(self, domain: list[Any], *, conjunctive: bool) -> Test:
        stack: list[Test] = []
        for term in reversed(domain):
            if term in ("&", "|") and isinstance(term, str):
                if len(stack) < 2:
                    raise python_fault("ValueError", f"Domain() malformed domain {domain!r}")
                left, right = stack.pop(), stack.pop()
                stack.append(_both(left, right) if term == "&" else _either(left, right))
            elif term == "!":
                if not stack:
                    raise python_fault("ValueError", f"Domain() malformed domain {domain!r}")
                stack.append(_negated(stack.pop()))
            else:
                stack.append(self._leaf(domain, term, narrow=conjunctive))
        stack.reverse()
        return lambda row: all(test(row) for test in stack)

    def _leaf(self, domain: list[Any], term: Any, *, narrow: bool) -> Test:
        if not isinstance(term, list | tuple) or len(term) != 3:
            raise python_fault("ValueError", f"Domain() malformed domain {domain!r}")
        name, sign, value = term
        if name in (0, 1) and sign == "=":
            return lambda _row: bool(name == value)
        condition = (name, sign, value)
        if sign not in _OPERATORS:
            raise python_fault("ValueError", f"Invalid operator in condition {condition!r}")
        path = str(name).split(".")
        if path[0] not in self._env.model(self._model).fields:
            raise python_fault(
                "ValueError", f"Invalid field {self._model}.{path[0]} in condition {condition!r}"
            )
        self.names.add(path[0])
        if narrow and len(path) == 1:
            self._narrow(path[0], sign, value)
        return _condition(self._env, self._model, path, sign, value)

    def _narrow(self, name: str, sign: str, value: Any) -> None:
        table = self._env.table(self._model)
        values = value if sign == "in" and isinstance(value, list | tuple) else [value]
        if sign not in {"=", "in"} or self.candidates is not None or None in values or False in values:
            return
        if name == "id":
            self.candidates = [key for key in dict.fromkeys(values) if key in table.rows]
        elif name in table.indexes:
            self.candidates = [key for one in dict.fromkeys(values) for key in table.ids_where(name, one)]


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _either(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _condition(env: Env, model: str, path: Sequence[str], sign: str, value: Any) -> Test:  # noqa: PLR0911 - one per kind of operator
    if sign in _NEGATIVE:
        return _negated(_condition(env, model, path, _NEGATIVE[sign], value))
    if sign == "=?":
        return (lambda _row: True) if value in (None, False) else _condition(env, model, path, "=", value)
    name = path[0]
    field = env.model(model).fields[name]
    if len(path) > 1:
        if not field.relation:
            message = f"Invalid field {model}.{'.'.join(path)} in condition"
            raise python_fault("ValueError", message)
        # Built by the parser of the other model, so that a bad name further on is named as well.
        inner = Domain(env, field.relation, [[".".join(path[1:]), sign, value]]).test
        return lambda row: any(inner(other) for other in _others(env, model, row, name, field.relation))
    if sign == "any":
        within = Domain(env, field.relation, value).test
        return lambda row: any(within(other) for other in _others(env, model, row, name, field.relation))
    if sign in {"child_of", "parent_of"}:
        return _family(env, model, name, sign, value)
    test = _value_test(env, field.type, field.relation, sign, value)
    if field.to_many:
        if sign in {"=", "in"} and value in (False, [], [False]):
            return lambda row: not env.value(model, row, name)
        return lambda row: any(test(item) for item in env.value(model, row, name))
    return lambda row: test(env.value(model, row, name))


def _others(env: Env, model: str, row: Row, name: str, relation: str) -> list[Row]:
    held = env.value(model, row, name)
    ids = held if isinstance(held, list) else [held] if held else []
    rows = env.table(relation).rows
    return [rows[key] for key in ids if key in rows]


def _value_test(env: Env, kind: str, relation: str, sign: str, value: Any) -> Callable[[Any], bool]:
    if relation and isinstance(value, str):
        wanted = value
        match = _matcher("=" if sign == "=" else sign, wanted)
        return lambda held: bool(held) and match(env.display_name(relation, held))
    if sign in _TEXTUAL:
        return _matcher(sign, value)
    plain = _plain(kind)
    if sign == "in":
        # A bare value is taken as a list of one.
        several = {plain(one) for one in (value if isinstance(value, list | tuple) else [value])}
        return lambda held: (
            (held or False if kind not in {"float", "monetary", "integer"} else held) in several
        )
    if sign == "=":
        wanted = plain(value)
        return lambda held: bool(((held or wanted is False) and (held or False) == wanted) or held == wanted)
    compare = _ORDERINGS[sign]
    limit = plain(value)
    return lambda held: held is not False and held is not None and limit is not False and compare(held, limit)


def _plain(kind: str) -> Callable[[Any], Any]:
    if kind in {"float", "monetary"}:
        return lambda value: Decimal(str(value)) if value not in (None, False, True) else Decimal(0)
    if kind == "integer":
        return lambda value: value or 0
    return lambda value: False if value is None else value


def _matcher(sign: str, value: Any) -> Callable[[Any], bool]:
    wanted = "" if value in (False, None) else str(value)
    if sign == "=":
        return lambda held: bool(held == wanted)
    if sign.startswith("="):
        pattern = re.escape(wanted).replace("%", ".*").replace("_", ".")
        whole = re.compile(pattern, re.DOTALL | (re.IGNORECASE if sign == "=ilike" else 0))
        return lambda held: bool(held) and whole.fullmatch(str(held)) is not None
    # `_` and `%` are wildcards here as well.
    part = re.compile(
        re.escape(wanted).replace("%", ".*").replace("_", "."),
        re.DOTALL | (re.IGNORECASE if sign == "ilike" else 0),
    )
    return lambda held: (bool(held) or not wanted) and part.search(str(held or "")) is not None


def _family(env: Env, model: str, name: str, sign: str, value: Any) -> Test:
    field = env.model(model).fields[name]
    relation = model if name == "id" else field.relation
    parent = "location_id" if relation == "stock.location" else "parent_id"
    wanted = set(value if isinstance(value, list | tuple) else [value])
    rows = env.table(relation).rows

    def related(key: int) -> bool:
        seen: set[int] = set()
        at: Any = key
        while at and at not in seen:
            if at in wanted:
                return True
            seen.add(at)
            at = rows[at].get(parent) if at in rows else False
        return False

    def ancestor(key: int) -> bool:
        for start in wanted:
            at: Any = start
            while at:
                if at == key:
                    return True
                at = rows[at].get(parent) if at in rows else False
        return False

    test = related if sign == "child_of" else ancestor

    def matches(row: Row) -> bool:
        held = row["id"] if name == "id" else env.value(model, row, name)
        return any(test(key) for key in (held if isinstance(held, list) else [held] if held else []))

    return matches
