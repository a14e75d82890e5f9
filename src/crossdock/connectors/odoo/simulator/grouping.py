"""Grouped reading: counts, sums and latest times per value of a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import python_fault
from crossdock.connectors.odoo.simulator.model import Model
from crossdock.connectors.odoo.simulator.schema import shown
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["Group", "aggregate", "grouped"]

Group = tuple[dict[str, Any], list[list[Any]], list[Row]]
"""The group's values as shown, the leaves that select it, and its rows."""

_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "max": lambda values: max(values, default=False),
    "min": lambda values: min(values, default=False),
    "sum": sum,
    "count": len,
    "count_distinct": lambda values: len(set(values)),
    "array_agg": list,
}


def grouped(env: Env, model: Model, rows: Sequence[Row], names: Sequence[str]) -> list[Group]:
    """Rows by the values of `names`; those without a value come last."""
    for name in names:
        if name not in model.fields:
            raise python_fault("ValueError", f"Invalid field {name!r} on {model.model!r}")
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(env.value(model.model, row, name) for name in names), []).append(row)
    groups = []
    for key, members in found.items():
        values = {}
        for name, value in zip(names, key, strict=True):
            field = model.fields[name]
            if field.type == "many2one" and value:
                values[name] = [value, env.display_name(field.relation, value)]
            else:
                values[name] = shown(field, value)
        leaves = [[name, "=", value] for name, value in zip(names, key, strict=True)]
        groups.append((values, leaves, members))
    return sorted(groups, key=lambda group: _place(group[0]))


def _place(values: dict[str, Any]) -> list[tuple[bool, str]]:
    texts = (value[1] if isinstance(value, list) else value for value in values.values())
    return [(text is False, str(text)) for text in texts]


def aggregate(env: Env, model: Model, rows: Sequence[Row], wanted: str) -> Any:
    """`__count`, or `field:function` of a group's rows.

    Raises:
        ServerError: no such field or function.
    """
    if wanted == "__count":
        return len(rows)
    name, _, function = wanted.partition(":")
    field = model.fields.get(name)
    if field is None or function not in _AGGREGATES:
        raise python_fault("ValueError", f"Invalid aggregate {wanted!r} on {model.model!r}")
    value = _AGGREGATES[function]([env.value(model.model, row, name) for row in rows])
    return shown(field, value) if function in {"max", "min", "sum"} else value
