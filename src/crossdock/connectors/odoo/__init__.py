"""Odoo: the hub's own ERP, and a simulator of it."""

__all__: list[str] = []
