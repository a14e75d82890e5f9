"""Expressions as Python source: a checked tree in, calls of our own functions out."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Final

from crossdock.mapping.expressions import path_of
from crossdock.mapping.functions import FUNCTIONS, Function
from crossdock.mapping.paths import Path, parse_path
from crossdock.mapping.source_code import Scope

__all__ = ["boolean_code", "expression_code", "static_type"]

_ARITHMETIC: Final = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
_ORDERED: Final = {ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal"}
_COERCIONS: Final = {"text": "to_text", "number": "as_number", "integer": "as_integer"}
_SIGNS: Final = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def static_type(node: ast.expr) -> str:  # noqa: PLR0911 - one case for each kind of node
    """What is known of an expression's type before it runs: text, number, boolean, date, datetime or any."""
    if isinstance(node, ast.Constant):
        return {str: "text", bool: "boolean", int: "number", float: "number"}.get(type(node.value), "any")
    if isinstance(node, ast.BinOp):
        texts = isinstance(node.op, ast.Add) and "text" in {static_type(node.left), static_type(node.right)}
        return "text" if texts else "number"
    if isinstance(node, ast.UnaryOp):
        return "boolean" if isinstance(node.op, ast.Not) else "number"
    if isinstance(node, (ast.BoolOp, ast.Compare)):
        return "boolean"
    if isinstance(node, ast.IfExp):
        one, other = static_type(node.body), static_type(node.orelse)
        return one if one == other else "any"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        return FUNCTIONS[node.func.id].returns
    return "any"


def boolean_code(node: ast.expr, scope: Scope) -> str:
    """Source text that is true or false."""
    code = expression_code(node, scope)
    return code if static_type(node) == "boolean" else f"truth({code})"


def expression_code(node: ast.expr, scope: Scope) -> str:  # noqa: C901, PLR0911 - one case for each kind of node
    """Source text for the value of a checked expression."""
    if isinstance(node, ast.Constant):
        return _constant(node, scope)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return scope.read(path_of(node))
    if isinstance(node, ast.BinOp):
        if static_type(node) == "text":
            return f"concatenate({_as('text', node.left, scope)}, {_as('text', node.right, scope)})"
        return f"{_ARITHMETIC[type(node.op)]}({_as('number', node.left, scope)}, {_as('number', node.right, scope)})"
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            return f"(not {boolean_code(node.operand, scope)})"
        inner = _as("number", node.operand, scope)
        return f"negate({inner})" if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        return "(" + word.join(boolean_code(value, scope) for value in node.values) + ")"
    if isinstance(node, ast.IfExp):
        test, body, orelse = (
            boolean_code(node.test, scope),
            expression_code(node.body, scope),
            expression_code(node.orelse, scope),
        )
        return f"({body} if {test} else {orelse})"
    if isinstance(node, ast.Compare):
        return _compare(node, scope)
    if isinstance(node, (ast.List, ast.Tuple)):
        return "[" + ", ".join(expression_code(item, scope) for item in node.elts) + "]"
    assert isinstance(node, ast.Call)
    return _call(node, scope)


def _constant(node: ast.Constant, scope: Scope) -> str:
    # 0.1 is written as a tenth and is meant as a tenth: the digits on paper count, not the binary float.
    value = Decimal(repr(node.value)) if isinstance(node.value, float) else node.value
    return scope.code.bind(value)


def _as(kind: str, node: ast.expr, scope: Scope) -> str:
    code = expression_code(node, scope)
    known = static_type(node)
    if kind in {"any", known}:
        return code
    return f"{_COERCIONS[kind]}({code})"


def _compare(node: ast.Compare, scope: Scope) -> str:
    parts = []
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        parts.append(_comparison(left, operator, right, scope))
        left = right
    return parts[0] if len(parts) == 1 else "(" + " and ".join(parts) + ")"


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, scope: Scope) -> str:
    one, other = expression_code(left, scope), expression_code(right, scope)
    if isinstance(operator, (ast.In, ast.NotIn)):
        return f"({'not ' if isinstance(operator, ast.NotIn) else ''}inside({one}, {other}))"
    name = _ORDERED.get(type(operator), "equal")
    negated = "not " if isinstance(operator, ast.NotEq) else ""
    if isinstance(right, ast.Constant) and type(right.value) in {int, str}:
        # The common case, `quantity > 0` or `status == "open"`, without a call when the types match.
        if type(right.value) is str and name != "equal":
            return f"{name}({one}, {other})"
        held = scope.code.fresh("c")
        quick = f"{held} {_SIGNS[type(operator)]} {other}"
        return f"({quick} if ({held} := {one}).__class__ is {type(right.value).__name__} else ({negated}{name}({held}, {other})))"
    return f"({negated}{name}({one}, {other}))"


def _call(node: ast.Call, scope: Scope) -> str:
    assert isinstance(node.func, ast.Name)
    function = FUNCTIONS[node.func.id]
    if function.name in {"variable", "path"}:
        named = node.args[0]
        assert isinstance(named, ast.Constant)
        if function.name == "path":
            return scope.read(parse_path(str(named.value)))
        return f"variable(V, {str(named.value)!r})"
    arguments = [
        _argument(function, position, argument, scope) for position, argument in enumerate(node.args)
    ]
    if function.name == "to_base":
        return f"base_of({', '.join(arguments)}, L)"
    run = scope.code.bind(function.run)
    if function.takes_missing:
        return f"{run}({', '.join(arguments)})"
    return f"call({run}, {function.fewest}, {', '.join(arguments)})"


def _argument(function: Function, position: int, node: ast.expr, scope: Scope) -> str:
    kind = function.kind_of(position)
    return scope.read_all(_listed(node)) if kind == "list" else _as(kind, node, scope)


def _listed(node: ast.expr) -> Path:
    if isinstance(node, ast.Call):
        inner = node.args[0]
        assert isinstance(inner, ast.Constant)
        return parse_path(str(inner.value))
    return path_of(node)
