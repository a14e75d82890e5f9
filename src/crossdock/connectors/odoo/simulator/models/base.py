"""Contacts, companies, users, external ids and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from crossdock.connectors.odoo.simulator.env import PREFIX, Env
from crossdock.connectors.odoo.simulator.faults import ValidationError, python_fault
from crossdock.connectors.odoo.simulator.model import Live, remote, remote_for_model
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["MODELS", "refuse_if_used"]


def refuse_if_used(env: Env, rows: Iterable[Row], users: Sequence[tuple[str, str]]) -> None:
    """Refuse a deletion while a record of `users` (model, field) points to it."""
    for row in rows:
        for other, name in users:
            table = env.table(other)
            if name in table.indexes:
                used = bool(table.ids_where(name, row["id"]))
            else:
                used = any(one.get(name) == row["id"] for one in table.rows.values())
            if used:
                rules = env.model(other)
                raise ValidationError(
                    f"{PREFIX}Another model is using the record you are trying to delete.\n\n"
                    f"The troublemaker is: '{rules.label}' ({other})\n"
                    f"Thanks to the following constraint: '{rules.fields[name].string}' ({name})\n"
                    "How about archiving the record instead?"
                )


class Partner(Records):
    """Customers, suppliers, and their addresses."""

    name = "res.partner"
    indexed = ("ref", "vat")
    must = ("name",)
    archives = True

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("active", True)
        vals.setdefault("type", "contact")
        vals.setdefault("lang", "en_US")
        if not vals.get("name") and vals.get("parent_id"):
            # An address may do without a name of its own.
            vals["name"] = env.row("res.partner", vals["parent_id"])["name"]

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        parent = row.get("parent_id")
        head = env.row(self.model, parent) if parent and not row.get("is_company") else None
        commercial = head.get("commercial_partner_id", head["id"]) if head else row["id"]
        whole = f"{head['name']}, {row['name']}" if head else row["name"]
        return {"complete_name": whole, "commercial_partner_id": commercial}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        return [(self.model, key) for key in env.table(self.model).ids_where("parent_id", row["id"])]

    def display_name(self, env: Env, row: Row) -> str:
        parent = row.get("parent_id")
        if parent and not row.get("is_company"):
            return f"{env.row(self.model, parent)['name']}, {row['name']}"
        return str(row["name"])

    def deleting(self, env: Env, rows: list[Row]) -> None:
        refuse_if_used(
            env,
            rows,
            (("account.move", "partner_id"), ("sale.order", "partner_id"), ("purchase.order", "partner_id")),
        )


class Company(Records):
    """Legal entities."""

    name = "res.company"


class User(Records):
    """Who may call, with which rights and in which zone."""

    name = "res.users"
    indexed = ("login",)
    archives = True

    @remote_for_model()
    def context_get(self, env: Env) -> dict[str, Any]:
        return {"lang": "en_US", "tz": env.user["tz"], "uid": env.uid}

    @remote("")
    def has_group(self, env: Env, ids: Sequence[int], group_ext_id: str) -> bool:
        return all(group_ext_id in env.row(self.model, key)["groups"] for key in ids)


class ExternalId(Records):
    """ir.model.data: names for records; only administrators may read the table."""

    name = "ir.model.data"
    indexed = ("name", "res_id")

    live: ClassVar[Mapping[str, Live]] = {
        "complete_name": lambda _env, row: f"{row['module']}.{row['name']}",
        "reference": lambda _env, row: f"{row['model']},{row['res_id']}",
    }

    @remote_for_model("")
    def check_object_reference(
        self,
        env: Env,
        module: str,
        xml_id: str,
        raise_on_access_error: bool = False,  # noqa: FBT001, FBT002 - its name on the wire
    ) -> list[Any]:
        del raise_on_access_error
        for key in env.table(self.model).ids_where("name", xml_id):
            row = env.row(self.model, key)
            if row["module"] == module:
                env.check(row["model"], "r")
                there = row["res_id"] in env.table(row["model"]).rows
                if there:
                    return [row["model"], row["res_id"]]
        raise python_fault("ValueError", f"External ID not found in the system: {module}.{xml_id}")


class Parameter(Records):
    """ir.config_parameter: the database's uuid among others; for administrators."""

    name = "ir.config_parameter"
    indexed = ("key",)

    @remote_for_model()
    def get_param(self, env: Env, key: str, default: Any = False) -> Any:  # noqa: FBT002 - as over there
        for known in env.table(self.model).ids_where("key", key):
            return env.row(self.model, known)["value"]
        return default

    @remote_for_model("w")
    def set_param(self, env: Env, key: str, value: Any) -> Any:
        for known in env.table(self.model).ids_where("key", key):
            old = env.row(self.model, known)["value"]
            env.write(self.model, [known], {"value": value})
            return old
        env.create(self.model, {"key": key, "value": value})
        return False


class ApiKey(Records):
    """A user's API keys: their own only, unless an administrator asks."""

    name = "res.users.apikeys"

    def hidden(self, env: Env, row: Row) -> bool:
        return row.get("user_id") != env.uid and "base.group_system" not in env.user["groups"]


class IrModel(Records):
    """Models, as automation rules name them."""

    name = "ir.model"
    indexed = ("model",)


class IrField(Records):
    """Fields, as automation rules name them."""

    name = "ir.model.fields"
    indexed = ("model",)


class Uom(Records):
    """Units of measure; a quantity is rounded to two decimals whatever the unit."""

    name = "uom.uom"
    archives = True


class Message(Records):
    """A note on a record."""

    name = "mail.message"
    indexed = ("res_id", "message_id")

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        vals.setdefault("date", env.moment)
        vals.setdefault("message_type", "comment")
        vals.setdefault("author_id", env.user.get("partner_id") or False)
        body = str(vals.get("body") or "")
        if body and not body.startswith("<"):
            vals["body"] = f"<p>{body}</p>"


class Automation(Records):
    """Automation rules; what they set off is in `automation.py`."""

    name = "base.automation"

    live: ClassVar[Mapping[str, Live]] = {
        "model_name": lambda env, row: (
            env.row("ir.model", row["model_id"])["model"] if row.get("model_id") else False
        ),
    }


MODELS: tuple[Records, ...] = (
    Message(),
    Partner(),
    Company(),
    User(),
    ExternalId(),
    Parameter(),
    ApiKey(),
    IrModel(),
    IrField(),
    Uom(),
    Automation(),
    *(
        Records(name)
        for name in (
            "account.account",
            "account.journal",
            "account.payment.term",
            "account.tax",
            "crm.team",
            "delivery.carrier",
            "ir.actions.server",
            "ir.attachment",
            "product.category",
            "product.pricelist",
            "product.supplierinfo",
            "res.country",
            "res.country.state",
            "res.currency",
            "res.groups",
            "stock.lot",
            "stock.package",
        )
    ),
)
