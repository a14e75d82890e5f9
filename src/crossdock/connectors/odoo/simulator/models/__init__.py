"""The simulated models, by name."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.connectors.odoo.simulator.models import (
    account,
    base,
    moves,
    payments,
    product,
    purchase,
    sale,
    stock,
    transfers,
    wizards,
)
from crossdock.connectors.odoo.simulator.records import Records
from crossdock.connectors.odoo.simulator.table import Database, Table

__all__ = ["REGISTRY", "new_database"]

_PARTS = (account, base, moves, payments, product, purchase, sale, stock, transfers, wizards)

REGISTRY: Mapping[str, Records] = {rules.model: rules for part in _PARTS for rules in part.MODELS}


def new_database() -> Database:
    """Empty tables; what a one2many field gathers is indexed."""
    indexed: dict[str, dict[str, None]] = {
        name: dict.fromkeys(rules.indexed) for name, rules in REGISTRY.items()
    }
    for rules in REGISTRY.values():
        for field in rules.fields.values():
            if field.type == "one2many" and field.inverse and field.relation in REGISTRY:
                other = REGISTRY[field.relation]
                if field.inverse in other.fields and other.fields[field.inverse].type == "many2one":
                    indexed[field.relation][field.inverse] = None
    database = Database()
    for name, names in indexed.items():
        database.tables[name] = Table(name, names)
    return database
