"""The demo: a mid-size distributor on simulators (or a real Odoo), a day of orders, and a report that must add up."""

from crossdock.apps.demo.run import DemoOptions, run_demo

__all__ = ["DemoOptions", "run_demo"]
