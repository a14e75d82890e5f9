"""Crossdock: connectivity for distributors that run on Odoo."""

__all__ = ["__version__"]

__version__ = "0.1.0"
