"""Who may do what: the groups and access rules of a stock database, kept as data in rights.json."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources

import msgspec

__all__ = ["ADMIN_GROUPS", "PLAIN_GROUPS", "SERVICE_GROUPS", "Rights", "load_rights"]

ADMIN_GROUPS = (
    "base.group_system",
    "base.group_erp_manager",
    "base.group_partner_manager",
    "sales_team.group_sale_manager",
    "stock.group_stock_manager",
    "account.group_account_manager",
    "purchase.group_purchase_manager",
    "product.group_product_manager",
)
SERVICE_GROUPS = (
    "base.group_user",
    "sales_team.group_sale_salesman_all_leads",
    "stock.group_stock_user",
    "account.group_account_invoice",
    "purchase.group_purchase_user",
    "base.group_partner_manager",
    "product.group_product_manager",
)
"""What an integration needs for orders, deliveries, invoices, receipts and master data, and no more."""
PLAIN_GROUPS = ("base.group_user",)

_VERBS = {"r": "access", "w": "modify", "c": "create", "u": "delete"}


class Group(msgspec.Struct, frozen=True):
    """A group: its name as errors show it, and all groups that it brings along."""

    label: str
    privileged: bool
    implies: list[str]


class Rights(msgspec.Struct, frozen=True):
    """Groups by external id; per model the (group, letters) pairs; an empty group is everybody."""

    groups: dict[str, Group]
    access: dict[str, list[tuple[str, str]]]

    def closure(self, groups: Iterable[str]) -> frozenset[str]:
        """`groups` with all that they imply."""
        given = set(groups)
        for name in tuple(given):
            given.update(self.groups[name].implies if name in self.groups else ())
        return frozenset(given)

    def refusal(self, model: str, label: str, groups: frozenset[str], letter: str) -> str:
        """The server's words if a member of `groups` may not do `letter` on `model`, else ''."""
        allowed = [group for group, letters in self.access.get(model, ()) if letter in letters]
        if any(not group or group in groups for group in allowed):
            return ""
        names = sorted((not self.groups[group].privileged, self.groups[group].label) for group in allowed)
        if names:
            lines = "".join(f"\n\t- {name}" for _, name in names)
            who = f"This operation is allowed for the following groups:{lines}"
        else:
            who = "No group currently allows this operation."
        return (
            f"You are not allowed to {_VERBS[letter]} '{label}' ({model}) records.\n\n{who}\n\n"
            "Contact your administrator to request access if necessary."
        )


@functools.cache
def load_rights() -> Rights:
    """The recorded groups and access rules."""
    return msgspec.json.decode((resources.files(__package__) / "rights.json").read_bytes(), type=Rights)
