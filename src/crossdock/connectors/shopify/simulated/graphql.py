"""A small GraphQL interpreter: one operation, run over plain objects, costed as Shopify costs it."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

__all__ = ["Field", "GraphqlError", "Operation", "Run", "parse_operation", "requested_cost"]

_TOKEN = re.compile(
    r'\s*(?:#[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}()\[\]:!$@=,])'
)
_MUTATION_COST = 10
_WORDS = {"true": True, "false": False, "null": None}


class GraphqlError(Exception):
    """What Shopify answers in `errors`."""

    def __init__(self, message: str, code: str = "", **extensions: Any) -> None:
        super().__init__(message)
        self.extensions = {"code": code, **extensions} if code else extensions


@dataclasses.dataclass(frozen=True)
class Variable:
    """`$name` where a value stands."""

    name: str


@dataclasses.dataclass(frozen=True)
class Field:
    """One selected field. An inline fragment is a field named `...`."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    directives: Mapping[str, Mapping[str, Any]]
    fields: tuple[Field, ...]


@dataclasses.dataclass(frozen=True)
class Operation:
    """A parsed document: `variables` are names with their types as text (`ID!`)."""

    kind: str
    name: str
    variables: Mapping[str, str]
    fields: tuple[Field, ...]


def parse_operation(text: str) -> Operation:
    """Parse a document of one operation.

    Raises:
        GraphqlError: it is none.
    """
    try:
        return _Parser(_tokens(text)).operation()
    except (IndexError, ValueError) as error:
        raise GraphqlError(f"syntax error: {error}") from error


class Run:
    """One execution. Objects are mappings; a value that is callable is given the field's arguments.

    Attributes:
        cost: what was really used, after `result`.
    """

    def __init__(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        self._operation = operation
        self._variables = variables
        self.cost = 0.0

    def result(self, root: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of the answer."""
        data, cost = self._object(self._operation.fields, root)
        self.cost = cost + (_MUTATION_COST if self._operation.kind == "mutation" else 0)
        return data

    def _object(self, fields: tuple[Field, ...], source: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
        data: dict[str, Any] = {}
        total = 0.0
        for field in fields:
            if field.name == "...":
                inner, cost = self._object(field.fields, source)
                data.update(inner)
                total += cost
                continue
            if field.name not in source:
                kind = source.get("__typename", "Object")
                raise GraphqlError(
                    f"Field '{field.name}' doesn't exist on type '{kind}'",
                    "undefinedField",
                    typeName=kind,
                    fieldName=field.name,
                )
            value = source[field.name]
            if callable(value):
                value = value({**_valued(field.arguments, self._variables), **self._directives(field)})
            data[field.alias], cost = self._completed(field, value)
            total += cost
        return data, total

    def _directives(self, field: Field) -> dict[str, Any]:
        return {f"@{name}": _valued(args, self._variables) for name, args in field.directives.items()}

    def _completed(self, field: Field, value: Any) -> tuple[Any, float]:
        if value is None or not field.fields:
            return value, 0.0
        if isinstance(value, list):
            parts = [self._completed(field, one) for one in value]
            mean = sum(cost for _, cost in parts) / len(parts) if parts else 0.0
            return [data for data, _ in parts], mean * _scale(len(parts))
        data, cost = self._object(field.fields, value)
        return data, cost + (0 if field.name in {"pageInfo", "userErrors"} else 1)


def requested_cost(operation: Operation, variables: Mapping[str, Any]) -> int:
    """What a document may cost at most, before it runs.

    Objects cost 1, mutations 10, scalars nothing; a connection costs its node's cost times a number that grows
    with the logarithm of its page size. That number was fitted to an answer of the real API (250 variants with
    their inventory items: 25), whose formula is not published.
    Source: https://community.shopify.dev/t/23101
    """
    cost = sum(_cost(field, variables, 1) for field in operation.fields)
    return math.ceil(cost) + (_MUTATION_COST if operation.kind == "mutation" else 0)


def _cost(field: Field, variables: Mapping[str, Any], size: int) -> float:
    if not field.fields or field.name in {"pageInfo", "userErrors"}:
        return 0.0
    arguments = _valued(field.arguments, variables)
    if isinstance(arguments.get("ids"), list):
        size = len(arguments["ids"])
    inner = sum(_cost(one, variables, int(arguments.get("first") or 1)) for one in field.fields)
    if field.name == "...":
        return inner
    return (inner + 1) * (_scale(size) if field.name == "nodes" else 1)


def _scale(size: int) -> float:
    return 0.0 if size == 0 else float(max(1, math.ceil(1.5 * math.log2(size))))


def _valued(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, Mapping):
        return {name: _valued(one, variables) for name, one in value.items()}
    return [_valued(one, variables) for one in value] if isinstance(value, list) else value


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"unexpected {text[place : place + 10]!r}")
        if match[1] != ",":
            found.append(match[1])
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0

    def operation(self) -> Operation:
        kind = self._next()
        if kind not in {"query", "mutation"}:
            raise ValueError(f"unexpected {kind!r}")
        name = self._next() if self._peek() not in {"(", "{"} else ""
        variables = dict(self._variables()) if self._peek() == "(" else {}
        fields = self._fields()
        if self._place != len(self._tokens):
            raise ValueError("one operation at a time")
        return Operation(kind, name, variables, fields)

    def _variables(self) -> Iterator[tuple[str, str]]:
        self._expect("(")
        while self._peek() != ")":
            self._expect("$")
            name = self._next()
            self._expect(":")
            kind = ""
            while self._peek() not in {"$", ")"}:
                kind += self._next()
            yield name, kind
        self._expect(")")

    def _fields(self) -> tuple[Field, ...]:
        self._expect("{")
        fields = []
        while self._peek() != "}":
            fields.append(self._field())
        self._expect("}")
        return tuple(fields)

    def _field(self) -> Field:
        name = self._next()
        if name == "...":
            self._expect("on")
            self._next()
            return Field("...", "...", {}, {}, self._fields())
        alias = name
        if self._peek() == ":":
            self._next()
            name = self._next()
        arguments = self._arguments()
        directives = {}
        while self._peek() == "@":
            self._next()
            directive = self._next()
            directives[directive] = self._arguments()
        return Field(name, alias, arguments, directives, self._fields() if self._peek() == "{" else ())

    def _arguments(self) -> dict[str, Any]:
        return self._pairs("(", ")") if self._peek() == "(" else {}

    def _pairs(self, opening: str, closing: str) -> dict[str, Any]:
        self._expect(opening)
        pairs = {}
        while self._peek() != closing:
            name = self._next()
            self._expect(":")
            pairs[name] = self._value()
        self._expect(closing)
        return pairs

    def _value(self) -> Any:
        if self._peek() == "{":
            return self._pairs("{", "}")
        sign = self._next()
        if sign == "$":
            return Variable(self._next())
        if sign == "[":
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._expect("]")
            return items
        if sign in _WORDS:
            return _WORDS[sign]
        return msgspec.json.decode(sign) if sign[0] in '"-0123456789' else sign

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise ValueError(f"expected {sign!r}, found {self._tokens[self._place - 1]!r}")
