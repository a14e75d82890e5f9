"""What a fresh database holds: a company, its warehouse, taxes, journals and users."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.rights import ADMIN_GROUPS, PLAIN_GROUPS, SERVICE_GROUPS, Rights

__all__ = ["ADMIN_KEY", "DEFAULT_ACCOUNTS", "PLAIN_KEY", "SERVICE_KEY", "Account", "add_company", "furnish"]

ADMIN_KEY = "sim-admin-key"
SERVICE_KEY = "sim-service-key"
PLAIN_KEY = "sim-plain-key"

_KEY_LIFE = "2036-01-01 00:00:00"
_COUNTRIES = (
    (20, "Belgium", "BE"),
    (38, "Canada", "CA"),
    (57, "Germany", "DE"),
    (68, "Spain", "ES"),
    (75, "France", "FR"),
    (109, "Italy", "IT"),
    (156, "Mexico", "MX"),
    (165, "Netherlands", "NL"),
    (231, "United Kingdom", "GB"),
    (233, "United States", "US"),
)
_STATES = (("CA", "California"), ("IL", "Illinois"), ("OR", "Oregon"), ("TX", "Texas"), ("WA", "Washington"))
_JOURNALS = (
    ("Sales", "INV", "sale", 5),
    ("Purchases", "BILL", "purchase", 6),
    ("Bank", "BNK1", "bank", 7),
    ("Miscellaneous Operations", "MISC", "general", 9),
)


_ACCOUNTS = (
    ("101402", "Outstanding Receipts", "asset_current"),
    ("121000", "Account Receivable", "asset_receivable"),
    ("211000", "Account Payable", "liability_payable"),
)


@dataclasses.dataclass(frozen=True)
class Account:
    """A user with an API key.

    Attributes:
        login: also the name that JSON-RPC authenticates.
        groups: external ids of groups; what they imply comes along.
        zone: the user's time zone: `load` reads date-times in it.
        expires: end of the key's life, as Odoo shows it.
    """

    login: str
    groups: tuple[str, ...] = PLAIN_GROUPS
    zone: str = "UTC"
    expires: str = _KEY_LIFE


DEFAULT_ACCOUNTS: Mapping[str, Account] = {
    ADMIN_KEY: Account("admin", ADMIN_GROUPS, "Europe/Brussels"),
    SERVICE_KEY: Account("crossdock", SERVICE_GROUPS),
    PLAIN_KEY: Account("plain", PLAIN_GROUPS),
}


def furnish(env: Env, accounts: Iterable[Account], database_uuid: str) -> dict[str, int]:
    """Fill a fresh database; returns user ids by login. The administrator is user 2, as everywhere."""
    create = env.create
    env.table("res.users").put(_root(), [])
    env.table("res.users").last_id = 1
    create("res.currency", {"name": "USD", "symbol": "$", "rounding": 0.01})
    for number, name, code in _COUNTRIES:
        env.table("res.country").last_id = number - 1
        create("res.country", {"name": name, "code": code})
    for code, name in _STATES:
        create("res.country.state", {"name": name, "code": code, "country_id": 233})
    for name, factor in (("Units", 1), ("Pack of 6", 6), ("Dozens", 12)):
        unit = {"name": name, "factor": factor, "relative_factor": factor, "rounding": 0.01, "active": True}
        create("uom.uom", unit)
    create("crm.team", {"name": "Sales"})
    for name, usage in (
        ("Vendors", "supplier"),
        ("Customers", "customer"),
        ("Inter-company transit", "transit"),
    ):
        create("stock.location", {"name": name, "usage": usage, "active": True})
    users = {}
    add_company(env, "My Company (San Francisco)", "WH", "YourCompany")
    groups = _add_groups(env)
    for account in sorted(accounts, key=lambda one: one.login != "admin"):
        users[account.login] = _add_user(env, account, groups)
    for key, value in (("database.uuid", database_uuid), ("web.base.url", "http://localhost")):
        create("ir.config_parameter", {"key": key, "value": value})
    for code, title, kind in _ACCOUNTS:
        create("account.account", {"code": code, "name": title, "account_type": kind})
    create("delivery.carrier", {"name": "Standard delivery", "active": True})
    _describe(env)
    _name(env, "base", "main_company", "res.company", 1)
    _name(env, "base", "USD", "res.currency", 1)
    _name(env, "uom", "product_uom_unit", "uom.uom", 1)
    _name(env, "stock", "warehouse0", "stock.warehouse", 1)
    env.flush()
    return users


def _root() -> dict[str, Any]:
    return {
        "id": 1,
        "login": "__system__",
        "name": "OdooBot",
        "company_id": 1,
        "groups": frozenset(),
        "active": False,
    }


def _name(env: Env, module: str, name: str, model: str, key: int) -> None:
    env.create("ir.model.data", {"module": module, "name": name, "model": model, "res_id": key})


def _add_groups(env: Env) -> dict[str, int]:
    made = {}
    for external, group in env.rights.groups.items():
        module, _, name = external.partition(".")
        made[external] = env.create("res.groups", {"name": group.label.rpartition("/")[2]})
        _name(env, module, name, "res.groups", made[external])
    return made


def _add_user(env: Env, account: Account, groups: Mapping[str, int]) -> int:
    rights: Rights = env.rights
    partner = env.create(
        "res.partner", {"name": account.login.capitalize(), "email": f"{account.login}@example.com"}
    )
    companies = list(env.table("res.company").rows)
    vals = {
        "login": account.login,
        "name": account.login.capitalize(),
        "partner_id": partner,
        "company_id": 1,
        "company_ids": [[6, 0, companies]],
        "tz": False,
        "active": True,
    }
    key = env.create("res.users", vals)
    row = env.row("res.users", key)
    closure = rights.closure(account.groups)
    held = [groups[name] for name in account.groups if name in groups]
    all_held = [groups[name] for name in sorted(closure) if name in groups]
    # `groups` is the simulator's own: external ids, as the rights name them.
    env.set(
        "res.users",
        row,
        {"groups": closure, "group_ids": held, "all_group_ids": all_held, "tz": account.zone},
    )
    made = env.create("res.users.apikeys", {"name": account.login, "user_id": key, "scope": "rpc"})
    env.set("res.users.apikeys", env.row("res.users.apikeys", made), {"expiration_date": account.expires})
    return key


def add_company(env: Env, name: str, code: str, warehouse: str) -> int:
    """A company with taxes, journals and a warehouse; returns its id."""
    create = env.create
    partner = create("res.partner", {"name": name, "is_company": True, "country_id": 233})
    company = create(
        "res.company", {"name": name, "partner_id": partner, "currency_id": 1, "country_id": 233}
    )
    for use in ("sale", "purchase"):
        tax = {
            "name": "15%",
            "amount": 15,
            "amount_type": "percent",
            "type_tax_use": use,
            "company_id": company,
        }
        create("account.tax", {**tax, "active": True})
    for title, short, kind, sequence in _JOURNALS:
        journal = {"name": title, "code": short, "type": kind, "sequence": sequence, "company_id": company}
        create("account.journal", {**journal, "active": True})
    loss = {"name": "Inventory adjustment", "usage": "inventory", "company_id": company, "active": True}
    view = create("stock.location", {"name": code, "usage": "view", "company_id": company, "active": True})
    stock = create(
        "stock.location",
        {"name": "Stock", "usage": "internal", "location_id": view, "company_id": company, "active": True},
    )
    create("stock.location", loss)
    env.flush()
    # A view's children are shown with its name in front.
    house = create(
        "stock.warehouse",
        {
            "name": warehouse,
            "code": code,
            "company_id": company,
            "partner_id": partner,
            "view_location_id": view,
            "lot_stock_id": stock,
            "delivery_steps": "ship_only",
            "reception_steps": "one_step",
            "active": True,
        },
    )
    common = {"warehouse_id": house, "company_id": company, "create_backorder": "ask", "active": True}
    common["reservation_method"] = "at_confirm"
    ways = (("Receipts", "incoming", "IN", 1, stock), ("Delivery Orders", "outgoing", "OUT", stock, 2))
    kinds = [
        create(
            "stock.picking.type",
            {
                **common,
                "name": label,
                "code": kind,
                "sequence_code": short,
                "default_location_src_id": start,
                "default_location_dest_id": end,
            },
        )
        for label, kind, short, start, end in ways
    ]
    for way, back in (kinds, kinds[::-1]):
        env.set("stock.picking.type", env.row("stock.picking.type", way), {"return_picking_type_id": back})
    env.set(
        "stock.warehouse",
        env.row("stock.warehouse", house),
        {"in_type_id": kinds[0], "out_type_id": kinds[1]},
    )
    for key in (view, stock):
        env.set("stock.location", env.row("stock.location", key), {"warehouse_id": house})
    for user in env.table("res.users").rows.values():
        env.set("res.users", user, {"company_ids": [*(user.get("company_ids") or []), company]})
    env.flush()
    return company


def _describe(env: Env) -> None:
    """Rows of ir.model and ir.model.fields, which automation rules point to."""
    models, fields = env.table("ir.model"), env.table("ir.model.fields")
    for name, rules in sorted(env.registry.items()):
        key = models.next_id()
        models.put({"id": key, "model": name, "name": rules.label, "state": "base"}, [])
        for field_name, field in rules.fields.items():
            row = {
                "id": fields.next_id(),
                "model": name,
                "model_id": key,
                "name": field_name,
                "field_description": field.string,
                "ttype": field.type,
                "relation": field.relation or False,
                "relation_field": field.inverse or False,
                "store": field.store,
            }
            fields.put(row, [])
