"""Small expressions: parsed by Python's grammar, then cut down to what cannot loop, import or reach out."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from crossdock.mapping.functions import FUNCTIONS
from crossdock.mapping.paths import MAX_STEPS, Path, Step, parse_path

__all__ = ["Expression", "ExpressionError", "UsedPath", "parse_expression", "path_of"]

MAX_CHARS: Final = 1_000
MAX_DEPTH: Final = 40
_OPERATORS: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARISONS: Final = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_ALLOWED: Final = (
    "numbers, texts, field paths, + - * /, comparisons, in, and, or, not, `a if b else c`, and functions"
)


class ExpressionError(ValueError):
    """Not an expression of ours; `mend` says what to do."""

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(text)
        self.mend = mend


class UsedPath(msgspec.Struct, frozen=True):
    """A source path that an expression reads; `whole_list` when a function takes all values along it."""

    path: Path
    whole_list: bool = False


class Expression(msgspec.Struct, frozen=True):
    """A checked expression: its text, its tree, and what it reads."""

    text: str
    tree: ast.expr
    paths: tuple[UsedPath, ...]
    functions: tuple[str, ...]
    variables: tuple[str, ...]

    @property
    def looks_up(self) -> bool:
        return "to_base" in self.functions


def parse_expression(text: str) -> Expression:
    """A checked expression.

    Raises:
        ExpressionError: not readable, or more than expressions may do.
    """
    if len(text) > MAX_CHARS:
        raise ExpressionError(
            f"the expression is longer than {MAX_CHARS} letters", "Write a Python function: `python:`."
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        column = f" at letter {error.offset}" if error.offset else ""
        raise ExpressionError(
            f"{text!r} is not an expression{column}: {error.msg}", f"Allowed are {_ALLOWED}."
        ) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(f"{text[:60]!r} is not an expression: {error}") from error
    reader = _Reader()
    reader.check(tree, 0)
    return Expression(
        text, tree, tuple(reader.paths), tuple(dict.fromkeys(reader.functions)), tuple(reader.variables)
    )


class _Reader:
    """Walks the tree once: refuses what is not on the list, notes what is read."""

    def __init__(self) -> None:
        self.paths: list[UsedPath] = []
        self.functions: list[str] = []
        self.variables: list[str] = []

    def check(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ExpressionError(
                f"the expression is nested more than {MAX_DEPTH} deep", "Write a Python function: `python:`."
            )
        if isinstance(node, ast.Constant):
            _check_constant(node.value)
        elif isinstance(node, ast.Call):
            self._check_call(node, depth)
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            self.paths.append(UsedPath(path_of(node)))
        else:
            for child in _children(node):
                self.check(child, depth + 1)

    def _check_call(self, node: ast.Call, depth: int) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            near = difflib.get_close_matches(name, FUNCTIONS, n=1)
            hint = f"Did you mean {near[0]}()?" if near else f"There are {', '.join(FUNCTIONS)}."
            raise ExpressionError(f"{name or ast.unparse(node.func)!r} is not a function of mappings", hint)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise ExpressionError(f"{name}() takes its arguments in order: {function.signature}")
        most = function.most
        if len(node.args) < function.fewest or (most is not None and len(node.args) > most):
            raise ExpressionError(f"{name}() has {len(node.args)} arguments", f"It is {function.signature}.")
        self.functions.append(name)
        if name in {"variable", "path"}:
            self._check_named(name, node.args[0])
            return
        for position, argument in enumerate(node.args):
            if function.kind_of(position) == "list":
                self.paths.append(UsedPath(_list_path(name, argument), whole_list=True))
            else:
                self.check(argument, depth + 1)

    def _check_named(self, name: str, argument: ast.expr) -> None:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise ExpressionError(f"{name}() takes one text in quotes")
        if name == "variable":
            self.variables.append(argument.value)
            return
        self.paths.append(UsedPath(_quoted_path(argument.value)))


def _check_constant(value: Any) -> None:
    if value is None or isinstance(value, (bool, str)):
        return
    if isinstance(value, (int, float)) and abs(value) < 10**18:
        return
    raise ExpressionError(
        f"{str(value)[:40]!r} cannot stand in an expression", "Texts and numbers of up to 18 digits can."
    )


def _children(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.UAdd)):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.test, node.body, node.orelse)
    elif isinstance(node, ast.Compare) and all(isinstance(op, _COMPARISONS) for op in node.ops):
        yield from (node.left, *node.comparators)
    elif isinstance(node, (ast.List, ast.Tuple)):
        if not all(isinstance(item, ast.Constant) for item in node.elts):
            raise ExpressionError("a list in an expression holds texts and numbers only")
        yield from node.elts
    else:
        raise ExpressionError(
            f"{ast.unparse(node)[:60]!r} is more than expressions may do", f"Allowed are {_ALLOWED}."
        )


def _list_path(function: str, argument: ast.expr) -> Path:
    if isinstance(argument, (ast.Name, ast.Attribute, ast.Subscript)):
        return path_of(argument)
    if (
        isinstance(argument, ast.Call)
        and isinstance(argument.func, ast.Name)
        and argument.func.id == "path"
        and argument.args
    ):
        inner = argument.args[0]
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(argument.args) == 1:
            return _quoted_path(inner.value)
    raise ExpressionError(f"{function}() takes a path through a list, such as {function}(line_items.price)")


def _quoted_path(text: str) -> Path:
    try:
        return parse_path(text)
    except ValueError as error:
        raise ExpressionError(str(error)) from error


def path_of(node: ast.expr) -> Path:
    """The path that a name, an attribute or a subscript spells.

    Raises:
        ExpressionError: the subscript is not a number or a text in quotes.
    """
    steps: list[Step] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(Step(name=node.attr))
            node = node.value
        elif isinstance(node, ast.Subscript):
            steps.append(_subscript(node.slice))
            node = node.value
        else:
            raise ExpressionError(f"{ast.unparse(node)[:60]!r} is not a path", 'Write it as path("…").')
    if node.id.startswith("__"):
        raise ExpressionError(f"{node.id!r} is not a field", 'Write it as path("…") if it really is one.')
    if len(steps) > MAX_STEPS:
        raise ExpressionError(f"a path has at most {MAX_STEPS} steps")
    steps.reverse()
    if node.id == "root":
        return Path(tuple(steps), root=True)
    if node.id == "this":
        return Path(tuple(steps))
    if node.id == "position" and not steps:
        return Path((), position=True)
    return Path((Step(name=node.id), *steps))


def _subscript(key: ast.expr) -> Step:
    sign = -1 if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub) else 1
    bare = key.operand if isinstance(key, ast.UnaryOp) and sign == -1 else key
    if isinstance(bare, ast.Constant) and isinstance(bare.value, str) and sign == 1:
        return Step(name=bare.value)
    if isinstance(bare, ast.Constant) and isinstance(bare.value, int) and not isinstance(bare.value, bool):
        return Step(index=sign * bare.value)
    raise ExpressionError("brackets hold a position or a field name in quotes", 'Write it as path("…").')
