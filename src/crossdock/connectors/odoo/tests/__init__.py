"""Tests of the Odoo connector and its simulator."""
