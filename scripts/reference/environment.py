"""The page of environment variables. Their texts stand here; a check demands one for each that the code reads."""

from __future__ import annotations

from reference.markdown import code, table

__all__ = ["VARIABLES", "environment_page"]

VARIABLES = {
    "the command line": {
        "CROSSDOCK_PROJECT": "folder of the project, for all commands that have `--project`",
    },
    "tests": {
        "CROSSDOCK_REQUIRE_SERVICES": "`1`: tests that need a service fail where it is not there, rather than skip; CI sets it",
        "CROSSDOCK_CHAOS_SEED": "seed of the moments at which the chaos suites kill",
        "CROSSDOCK_TEST_POSTGRES": "URL of a PostgreSQL that the journal's contract suite may make databases in",
        "CROSSDOCK_TEST_ODOO_URL": "address of a real Odoo for `tests/live`",
        "CROSSDOCK_TEST_ODOO_DB": "its database",
        "CROSSDOCK_TEST_ODOO_KEY": "API key of a service account in it",
        "CROSSDOCK_TEST_ODOO_PROBE_KEY": "API key of a second user in it, with the fewest rights: what he is refused is compared with the simulator",
        "CROSSDOCK_TEST_ODOO_ADMIN_KEY": "API key of an administrator in it, who plays the person that interferes",
    },
    "benches": {
        "CROSSDOCK_BENCH_SECRET": "secret of the bench's project, set by the bench itself",
        "CROSSDOCK_BENCH_POSTGRES": "URL of a PostgreSQL to measure the journal on",
    },
    "the demo's project": {
        "CROSSDOCK_DEMO_INBOX": "folder that orders arrive in as files",
        "CROSSDOCK_DEMO_ODOO_URL": "address of the Odoo, simulated or real",
        "CROSSDOCK_DEMO_ODOO_DB": "its database",
        "CROSSDOCK_DEMO_ODOO_KEY": "API key of the service account",
        "CROSSDOCK_DEMO_SHOP_URL": "address of the simulated shop",
        "CROSSDOCK_DEMO_SHOP_TOKEN": "its access token",
        "CROSSDOCK_DEMO_SHOP_SECRET": "secret that its webhooks are signed with",
        "CROSSDOCK_DEMO_SHOP_DOMAIN": "its domain, as webhooks name it",
        "CROSSDOCK_DEMO_SHOP_LOCATION": "location that its stock is set at",
        "CROSSDOCK_DEMO_WMS_URL": "address of the simulated warehouse",
        "CROSSDOCK_DEMO_WMS_TOKEN": "its token",
        "CROSSDOCK_DEMO_WMS_SECRET": "secret that its webhooks are signed with",
    },
}


def environment_page() -> str:
    """Variables by who reads them."""
    parts = [
        "# Environment variables\n",
        (
            "Most of a hub's configuration is [its project](project.md). Secrets reach it as references: a setting "
            "`env:NAME` takes the value of the variable `NAME`, whatever you call it.\n"
        ),
    ]
    for reader, names in VARIABLES.items():
        parts += [
            f"## Read by {reader}\n",
            table(("variable", "what it is"), [(code(n), t) for n, t in names.items()]),
        ]
    parts.append("`crossdock demo` sets the last group by itself for the hub that it starts.\n")
    return "\n".join(parts)
