"""`crossdock odoo hooks …` on the simulated Odoo."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
from typer.testing import CliRunner

from crossdock.connectors.odoo.commands import app
from crossdock.connectors.odoo.simulator import ADMIN_KEY, SERVICE_KEY, OdooSimulator
from crossdock.core.clock import SystemClock


@pytest.fixture
async def run(monkeypatch):
    monkeypatch.setenv("ADMIN", ADMIN_KEY)
    monkeypatch.setenv("SERVICE", SERVICE_KEY)
    monkeypatch.setenv("HOOK", "s3cret-in-the-path")
    simulator = OdooSimulator(clock=SystemClock(), randomness=random.Random(1))
    url = await simulator.start()

    async def call(*words: str, admin: str = "env:ADMIN"):
        options = ["--url", url, "--database", simulator.database_name, "--admin-key", admin]
        return await asyncio.to_thread(CliRunner().invoke, app, ["hooks", *words, *options])

    yield call
    await simulator.stop()


INSTALL = (
    "install",
    "--service-key",
    "env:SERVICE",
    "--address",
    "http://127.0.0.1:9/hooks/erp",
    "--secret",
    "env:HOOK",
)


async def test_rules_are_installed_once_listed_and_removed(run):
    for _ in range(2):
        installed = await run(*INSTALL)
        assert installed.exit_code == 0, installed.output
    listed = await run("list", "--json")
    models = [rule["model"] for rule in json.loads(listed.stdout)]
    assert len(models) == len(set(models)) >= 6
    assert "s3cret" not in installed.output + listed.output
    removed = await run("remove", "--json")
    assert json.loads(removed.stdout) == {"removed": len(models)}
    assert json.loads((await run("list", "--json")).stdout) == []


async def test_a_key_given_as_a_value_is_refused_and_not_repeated(run):
    refused = await run("list", admin="hunter2-hunter2")
    assert refused.exit_code == 1
    assert "hunter2" not in refused.output


async def test_who_is_no_administrator_is_told_so(run):
    refused = await run("list", admin="env:SERVICE")
    assert refused.exit_code == 1
    assert "T-ODOO-ACCESS" in refused.output
