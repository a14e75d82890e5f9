"""The Odoo connector keeps its promises on the simulated Odoo; tests/live proves the same on a real one."""

from __future__ import annotations

from crossdock.connectors.odoo import Odoo
from crossdock.connectors.odoo.tests.samples import SampledOdoo
from crossdock.kit.conformance import conformance

TestOdoo = conformance(
    Odoo,
    simulator=SampledOdoo,
    waivers={
        "what_is_gone_is_told": "Odoo leaves no trace of a deletion: sweeps compare what they are given",
        "a_changed_body_is_refused[*]": "Odoo signs nothing: the secret stands in the address, the body only hints",
    },
)
