"""The code tables that come with Crossdock: readable, with provenance, and in canonical words."""

from __future__ import annotations

from typing import get_args

import pytest

from crossdock.core.documents import (
    Disposition,
    DocumentFunction,
    InventoryEventType,
    OrderType,
    TrackingStatus,
)
from crossdock.mapping import bundled_tables

TABLES = bundled_tables()


def column(name, key):
    table = TABLES[name]
    rows = [*table.entries.values(), *([table.default] if table.default else [])]
    return {row[key] for row in rows if key in row}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_each_table_says_where_its_facts_are_from_and_fills_its_first_column(name):
    table = TABLES[name]
    assert table.provenance
    assert all(table.first in row for row in table.entries.values())


@pytest.mark.parametrize("name", sorted(name for name in TABLES if name.endswith("_tracking_status")))
def test_tracking_tables_speak_of_canonical_statuses(name):
    assert column(name, "status") <= set(get_args(TrackingStatus))
    assert TABLES[name].default == {"status": "unknown"}


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("x12_inventory_adjustment", "event", InventoryEventType),
        ("x12_inventory_adjustment", "disposition", Disposition),
        ("x12_inventory_status", "disposition", Disposition),
        ("x12_document_function", "function", DocumentFunction),
        ("edifact_document_function", "function", DocumentFunction),
        ("x12_warehouse_order_function", "function", DocumentFunction),
        ("x12_order_type", "type", OrderType),
    ],
)
def test_tables_use_the_documents_own_words(name, key, words):
    assert column(name, key) <= set(get_args(words))


def test_what_was_never_checked_stays_marked():
    assert TABLES["easypost_tracking_status"].unchecked == frozenset(
        TABLES["easypost_tracking_status"].entries
    )
    assert "145" in TABLES["edifact_quantity"].unchecked
    assert not TABLES["x12_unit"].unchecked


def test_units_go_from_x12_to_odoo_and_back():
    assert TABLES["x12_unit"].entries["DZ"] == {
        "rec20": "DZN",
        "edifact": "DZN",
        "odoo": "Dozens",
        "package": "no",
    }
    for name, row in TABLES["odoo_unit"].entries.items():
        assert TABLES["x12_unit"].entries[row["x12"]]["odoo"] == name
    assert TABLES["x12_unit"].entries["CA"]["package"] == "yes"
