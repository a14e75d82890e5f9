"""Automation rules with webhooks: after commit, one second's patience, no signature, no second try."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from crossdock.connectors.odoo.simulator.domain import Domain
from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.schema import Field
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["Webhook", "due_webhooks"]

_TRIGGERS = {
    "on_create": {"create"},
    "on_write": {"write"},
    "on_create_or_write": {"create", "write"},
    "on_state_set": {"create", "write"},
}


@dataclasses.dataclass(frozen=True)
class Webhook:
    """One call to make."""

    url: str
    body: bytes


def due_webhooks(env: Env) -> Iterator[Webhook]:
    """The webhooks that this call's changes set off, rule by rule and record by record."""
    rules = [row for row in env.table("base.automation").rows.values() if row.get("active", True)]
    for rule in rules:
        model = env.table("ir.model").rows[rule["model_id"]]["model"]
        wanted = _TRIGGERS.get(str(rule.get("trigger")), set())
        changed = [key for (name, key), kind in env.changed.items() if name == model and kind in wanted]
        test = Domain(env, model, _parsed(rule.get("filter_domain"))).test
        rows = [env.table(model).rows[key] for key in changed if key in env.table(model).rows]
        for row in rows:
            if test(row):
                for action in _actions(env, rule):
                    yield Webhook(str(action["webhook_url"]), _body(env, action, model, row))


def _actions(env: Env, rule: Row) -> Iterator[Row]:
    actions = env.table("ir.actions.server").rows.values()
    held = set(rule.get("action_server_ids") or [])
    for action in actions:
        if (action["id"] in held or action.get("base_automation_id") == rule["id"]) and (
            action.get("state") == "webhook" and action.get("webhook_url")
        ):
            yield action


def _parsed(domain: Any) -> list[Any]:
    found = ast.literal_eval(domain) if domain else []
    return list(found) if isinstance(found, list | tuple) else []


def _body(env: Env, action: Row, model: str, row: Row) -> bytes:
    payload: dict[str, Any] = {
        "_action": f"{action['name']}(#{action['id']})",
        "_id": row["id"],
        "_model": model,
    }
    payload["id"] = row["id"]
    for key in action.get("webhook_field_ids") or []:
        name = env.table("ir.model.fields").rows[key]["name"]
        field = env.model(model).fields[name]
        payload[name] = _plain(field, env.value(model, row, name))
    return json.dumps(payload, sort_keys=True, default=str).encode()


def _plain(field: Field, value: Any) -> Any:
    if field.type in {"float", "monetary"}:
        return float(value or 0)
    # Times keep their microseconds here, unlike in `read`.
    return value
