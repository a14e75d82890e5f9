"""Sources see one moment of a record, though each call sees its own."""

from __future__ import annotations

from types import SimpleNamespace

from crossdock.connectors.odoo.sources.orders import _unchanged


class Now:
    """Transfers as they are after somebody acted."""

    def __init__(self, rows):
        self.rows = rows

    async def read(self, model, ids, fields):
        assert model == "stock.picking"
        return {key: self.rows[key] for key in ids if key in self.rows}


async def test_a_transfer_that_changes_while_its_moves_are_read_is_left_for_the_next_read():
    found = [
        {"id": 1, "state": "assigned", "write_date": "2026-11-23 08:00:00"},
        {"id": 2, "state": "assigned", "write_date": "2026-11-23 08:00:00"},
        {"id": 3, "state": "assigned", "write_date": "2026-11-23 08:00:00"},
        {"id": 4, "state": "assigned", "write_date": "2026-11-23 08:00:00"},
    ]
    now = Now(
        {
            1: {"state": "assigned", "write_date": "2026-11-23 08:00:00"},
            2: {"state": "done", "write_date": "2026-11-23 08:00:00"},
            3: {"state": "assigned", "write_date": "2026-11-23 08:00:07"},
        }
    )
    kept = await _unchanged(SimpleNamespace(client=now), found)
    assert list(kept) == [1]
