"""The project that `make demo` runs: complete, tested, and told where it is broken."""

from __future__ import annotations

import pathlib
import re
import shutil

import pytest

from crossdock.apps.mapping_library import MappingLibrary
from crossdock.apps.project_check import check_project, project_warnings
from crossdock.govern import load_project
from crossdock.kit import find_manifests, load_connector

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "distribution"
RAN_HERE = shutil.ignore_patterns("crossdock.sqlite3*", ".crossdock-run.json", "inbox")
ENVIRON = {
    "ODOO_URL": "http://127.0.0.1:9",
    "ODOO_DB": "demo",
    "ODOO_KEY": "key",
    "INBOX": "inbox",
    "SHOP_URL": "http://127.0.0.1:9",
    "SHOP_TOKEN": "token",
    "SHOP_SECRET": "secret",
    "SHOP_DOMAIN": "demo.example",
    "SHOP_LOCATION": "71000001",
    "WMS_URL": "http://127.0.0.1:9",
    "WMS_TOKEN": "token",
    "WMS_SECRET": "whsec_d21zLXNpbXVsYXRlZC1zZWNyZXQ=",
}


@pytest.fixture(autouse=True)
def environ(monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(f"CROSSDOCK_DEMO_{name}", value)


@pytest.fixture(scope="module")
def project():
    return load_project(EXAMPLE)


@pytest.fixture(scope="module")
def library(project):
    return MappingLibrary(project, find_manifests())


@pytest.fixture
def broken(tmp_path):
    """Copies the project, changes one file, and gives the faults that `check` then tells."""

    def change(name, old, new):
        folder = tmp_path / "distribution"
        shutil.copytree(EXAMPLE, folder, ignore=RAN_HERE)
        for tests in folder.glob("mappings/*.test.yaml"):
            if not name.endswith(tests.name):
                tests.unlink()  # they pass, and running them all takes a second
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text, f"{name} does not hold {old!r} any more"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return check_project(load_project(folder))

    return change


def names(folder):
    return sorted(path.stem for path in (EXAMPLE / folder).glob("*.yaml") if ".test" not in path.name)


def test_the_example_has_no_faults(project):
    assert [str(fault) for fault in check_project(project)] == []


def test_the_example_is_whole(project):
    assert sorted(project.systems) == names("systems")
    assert sorted(project.interfaces) == names("interfaces")
    assert len(project.interfaces) >= 14


def test_no_mapping_of_the_example_goes_untested(project):
    assert [str(one) for one in project_warnings(project) if "has no tests" in one.text] == []


@pytest.mark.parametrize("name", names("mappings"))
def test_every_mapping_has_tests_of_good_and_odd_records_and_they_pass(project, library, name):
    results = library.test(project.mappings[name])
    assert [str(result) for result in results if not result.passed] == []
    assert len(results) >= 2


@pytest.mark.parametrize("name", names("mappings"))
def test_every_mapping_is_used_by_an_interface(project, name):
    used = [interface.mapping for interface in project.interfaces.values()]
    used += [target.mapping for interface in project.interfaces.values() for target in interface.targets]
    assert name in used


@pytest.mark.parametrize("name", names("interfaces"))
def test_every_interface_is_governed(project, name):
    interface = project.interfaces[name]
    text = (EXAMPLE / "interfaces" / f"{name}.yaml").read_text("utf-8")
    written = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    assert written >= {"owner", "domain", "criticality", "pattern", "runbook", "classification"}
    assert interface.owner
    assert interface.domain
    assert 0 < interface.objective.latency_s <= 3600
    runbook = (EXAMPLE / interface.runbook).read_text("utf-8")
    assert len(runbook.split()) >= 15, "a runbook says what to do"


def test_every_write_of_the_example_happens_once(project):
    manifests = find_manifests()
    for interface in project.interfaces.values():
        for target in interface.targets:
            kind = load_connector(manifests[project.systems[target.system].connector])
            assert kind.verbs.writes[target.operation].once != "none", (interface.id, target.operation)


def test_every_secret_of_the_example_is_a_reference(project):
    manifests = find_manifests()
    for system in project.systems.values():
        kind = load_connector(manifests[system.connector])
        secrets = {info.name for info in kind.settings_class.describe() if info.secret}
        for name in secrets & set(system.settings):
            assert system.settings[name].startswith(("env:", "file:"))


# file, what stands there, what is written in its place, what the fault says, the line that it points to
BREAKS = {
    "an unknown field": (
        "interfaces/stock.yaml", "criticality: high", "criticallity: high", "criticallity", "criticallity: high",
    ),
    "a pattern that is none": (
        "interfaces/stock.yaml", "pattern: micro-batch", "pattern: sometimes", "sometimes", "pattern: sometimes",
    ),
    "an unknown operation": (
        "interfaces/stock.yaml", "inventory.set", "inventory.sett", "no operation 'inventory.sett'", "inventory.sett",
    ),
    "an unknown topic": (
        "interfaces/payments.yaml", "[orders/paid]", "[orders/payed]", "no source or hook 'orders/payed'", "topics:",
    ),
    "an unknown system": (
        "interfaces/stock.yaml", "system: shop", "system: shopp", "no system 'shopp'", "system: shopp",
    ),
    "an unknown document": (
        "interfaces/stock.yaml", "document: inventory_position", "document: stock", "no document 'stock'", "document:",
    ),
    "another document than the mapping makes": (
        "interfaces/stock.yaml", "mapping: odoo-stock", "mapping: odoo-product", "makes product", "odoo-product",
    ),
    "another document than the target's mapping takes": (
        "interfaces/payments.yaml", "payment-to-odoo", "order-to-odoo", "takes sales_order", "order-to-odoo",
    ),
    "a mapping that is not there": (
        "interfaces/stock.yaml", "mapping: odoo-stock", "mapping: odo-stock", "no mapping 'odo-stock'", "odo-stock",
    ),
    "a rule that is none": (
        "interfaces/stock.yaml", "warehouse == 'WH'", "warehouse = 'WH'", "", "when:",
    ),
    "a runbook that is not there": (
        "interfaces/stock.yaml", "runbooks/stock.md", "runbooks/stocks.md", "runbooks/stocks.md is not there", "runbook:",
    ),
    "an interface without an owner": (
        "interfaces/stock.yaml", "owner: e-commerce", 'owner: ""', "no owner", "owner:",
    ),
    "a step after one that is not there": (
        "interfaces/refunds.yaml", "after: [0]", "after: [7]", "comes after [7]", "after:",
    ),
    "a required field that nobody maps": (
        "mappings/odoo-stock.yaml", "  product: { from: sku }\n", "", "product", "map:",
    ),
    "a field that the document does not have": (
        "mappings/odoo-stock.yaml", "on_hand: {", "onhand: {", "onhand", "onhand: {",
    ),
    "a mapping whose test fails": (
        "mappings/odoo-stock.test.yaml", 'available: "-3"', 'available: "3"', "expected '3', found '-3'", "oversold",
    ),
    "a file that is not YAML": (
        "interfaces/stock.yaml", "title: Stock", "title: [Stock", "not YAML", "",
    ),
    "a mapping that is not YAML": (
        "mappings/odoo-stock.yaml", "key: { from: sku }", "key: { from: sku", "", "",
    ),
    "a secret given as a value": (
        "systems/erp.yaml", "env:CROSSDOCK_DEMO_ODOO_KEY", "s3cr3t", "api_key: a secret is given as a reference", "api_key:",
    ),
    "an unknown setting": (
        "systems/erp.yaml", "  database:", "  databse:", "unknown setting 'databse'", "databse:",
    ),
    "an unknown connector": (
        "systems/wms.yaml", "connector: wms", "connector: wmms", "no connector 'wmms'", "connector:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_what_is_broken_is_told_with_file_and_line(broken, tmp_path, case):
    name, old, new, said, at = BREAKS[case]
    faults = broken(name, old, new)
    told = [fault for fault in faults if fault.place.source.endswith(name) and said in fault.text]
    assert told, [str(fault) for fault in faults]
    assert told[0].code
    assert told[0].mend
    assert told[0].place.line is not None
    lines = (tmp_path / "distribution" / name).read_text("utf-8").splitlines()
    assert at in lines[told[0].place.line - 1]


def test_a_secret_given_as_a_value_is_not_repeated(broken):
    faults = broken("systems/erp.yaml", "env:CROSSDOCK_DEMO_ODOO_KEY", "s3cr3t")
    assert faults
    assert "s3cr3t" not in "".join(str(fault) for fault in faults)


def test_one_break_is_told_once(broken):
    faults = broken("interfaces/stock.yaml", "inventory.set", "inventory.sett")
    assert [fault.text for fault in faults] == ["shop has no operation 'inventory.sett'"]


def test_a_mapping_that_cannot_be_compiled_is_told_once_though_an_interface_uses_it(broken):
    faults = broken("mappings/odoo-stock.yaml", "on_hand: {", "onhand: {")
    assert len(faults) == 1


def test_a_missing_environment_variable_is_named(broken, monkeypatch):
    monkeypatch.delenv("CROSSDOCK_DEMO_SHOP_TOKEN")
    faults = broken("crossdock.yaml", "name: distribution", "name: distributor")
    assert len(faults) == 1
    assert "CROSSDOCK_DEMO_SHOP_TOKEN is not set" in faults[0].text
    assert faults[0].place.path == "settings.access_token"
