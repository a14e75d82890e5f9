"""Automation rules whose webhooks hint at changes: made, listed and taken away with an administrator's key.

The service user may not touch them; the key is used for one call and kept nowhere. Hooks are optional: whoever
saves a record waits for the webhook's answer, up to one second per record, so the rules leave out our own writes,
and polling alone must be enough.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.hints import SOURCES_BY_MODEL
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.errors import ConfigError
from crossdock.kit import Http, Secret

__all__ = ["HintRule", "administrator", "install_hints", "list_hints", "remove_hints"]

DEFAULT_MODELS = (
    "product.product",
    "res.partner",
    "sale.order",
    "stock.picking",
    "account.move",
    "account.payment",
)
_NAME = "Crossdock hint: "


@dataclasses.dataclass(frozen=True)
class HintRule:
    """An automation rule of ours in Odoo. Its address is not shown: it bears the secret."""

    rule_id: int
    model: str
    active: bool


def administrator(http: Http, settings: OdooSettings, api_key: Secret, *, login: str = "") -> OdooClient:
    """A client that calls as the administrator whose key this is."""
    return OdooClient(http, dataclasses.replace(settings, api_key=api_key, login=login or settings.login))


async def list_hints(admin: OdooClient) -> list[HintRule]:
    """Our rules, by model."""
    rows = await admin.search_read(
        "base.automation", [["name", "=like", f"{_NAME}%"]], ("model_name", "active"), order="name"
    )
    return [HintRule(row["id"], row["model_name"], bool(row["active"])) for row in rows]


async def install_hints(
    admin: OdooClient,
    *,
    address: str,
    secret: Secret,
    service_user_id: int,
    models: Sequence[str] = DEFAULT_MODELS,
) -> list[HintRule]:
    """Make a rule for each model, or set the address and filter of the one that is there.

    Args:
        admin: see `administrator`.
        address: where this system's hooks come in: https://hub.example.com/hooks/odoo
        secret: becomes the address's last part; the same as `hook_secret` of the settings.
        service_user_id: whose writes are left out.
        models: which models are watched.

    Raises:
        ConfigError: no secret, or a model that no source reads.
    """
    unknown = sorted(set(models) - SOURCES_BY_MODEL.keys())
    if not secret or unknown:
        what = f"no source reads {', '.join(unknown)}" if unknown else "hook_secret is not set"
        raise ConfigError(what, code="T-CONFIG", mend="set hook_secret, and choose models that are read")
    known = {rule.model: rule for rule in await list_hints(admin)}
    model_ids = {
        row["model"]: row["id"]
        for row in await admin.search_read("ir.model", [["model", "in", list(models)]], ("model",))
    }
    url = f"{address.rstrip('/')}/hint/{secret.reveal()}"
    for model in models:
        if model not in model_ids:
            raise ConfigError(
                f"this Odoo has no {model}",
                code="T-CONFIG",
                mend="install its application, or leave the model out",
            )
        vals = {"filter_domain": f"[('write_uid', '!=', {service_user_id})]", "active": True}
        if model in known:
            await _set_address(admin, known[model], url, vals)
        else:
            await _make(admin, model, model_ids[model], url, vals)
    return await list_hints(admin)


async def remove_hints(admin: OdooClient) -> int:
    """Take our rules away; how many there were."""
    rules = await list_hints(admin)
    if rules:
        ids = [rule.rule_id for rule in rules]
        actions = await _actions(admin, ids)
        await admin.call("base.automation", "unlink", ids)
        left = await admin.read("ir.actions.server", actions, ("name",))
        if left:
            await admin.call("ir.actions.server", "unlink", sorted(left))
    return len(rules)


async def _make(admin: OdooClient, model: str, model_id: int, url: str, vals: Mapping[str, Any]) -> None:
    fields = await admin.search_read(
        "ir.model.fields", [["model", "=", model], ["name", "in", ["id", "write_date"]]], ("name",)
    )
    action = {
        "name": f"{_NAME}{model}",
        "model_id": model_id,
        "state": "webhook",
        "webhook_url": url,
        "webhook_field_ids": [[6, 0, [field["id"] for field in fields]]],
    }
    rule = {
        "name": f"{_NAME}{model}",
        "model_id": model_id,
        "trigger": "on_create_or_write",
        "action_server_ids": [[0, 0, action]],
        **vals,
    }
    await admin.call("base.automation", "create", vals_list=[rule])


async def _set_address(admin: OdooClient, rule: HintRule, url: str, vals: Mapping[str, Any]) -> None:
    await admin.call("base.automation", "write", [rule.rule_id], vals=dict(vals))
    actions = await _actions(admin, [rule.rule_id])
    if actions:
        await admin.call("ir.actions.server", "write", actions, vals={"webhook_url": url})


async def _actions(admin: OdooClient, rule_ids: Sequence[int]) -> list[int]:
    rows = await admin.read("base.automation", rule_ids, ("action_server_ids",))
    return sorted({action for row in rows.values() for action in row["action_server_ids"]})
