"""Pages lead where they say, name commands that exist, and show examples that work."""

import functools
import pathlib
import re
import subprocess

import msgspec
import pytest
import yaml

from crossdock.core import errors
from crossdock.core.interface import InterfaceDefinition, SystemDefinition
from crossdock.kit import find_manifests, load_connector
from crossdock.mapping import build_environment, lint, parse_mapping, run_tests

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")])
# A decision may name what was to come, or what is no more.
WRITTEN = [page for page in PAGES if not {"reference", "adr"} & set(page.parts)]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page):
    return str(page.relative_to(ROOT))


def prose(text):
    """The text without blocks of code, where brackets are not links."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


@functools.cache
def anchors(page):
    """Anchors of a page's headings, as the site makes them."""
    found = re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.MULTILINE)
    plain = [
        re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)).strip() for title in found
    ]
    return {re.sub(r"[\s]+", "-", title.lower()) for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page):
    for target in LINK.findall(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        led = (page.parent / path).resolve() if path else page
        assert led.is_file(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(led), f"{target}: no such heading"


def test_every_page_stands_in_the_sites_navigation():
    text = re.sub(r"!!python\S+", "", ROOT.joinpath("mkdocs.yml").read_text("utf-8"))

    def pages_of(entry):
        if isinstance(entry, str):
            return [entry]
        return [
            page for one in (entry.values() if isinstance(entry, dict) else entry) for page in pages_of(one)
        ]

    listed = pages_of(yaml.safe_load(text)["nav"])
    there = {str(page.relative_to(ROOT / "docs")) for page in PAGES if "docs" in page.parts}
    assert sorted(listed) == sorted(there)


def test_decisions_are_numbered_without_gaps_and_listed():
    records = sorted(ROOT.joinpath("docs", "adr").glob("[0-9]*.md"))
    assert [record.name[:5] for record in records] == [f"{n:04}-" for n in range(1, len(records) + 1)]
    index = ROOT.joinpath("docs", "adr", "index.md").read_text("utf-8")
    for number, record in enumerate(records, start=1):
        lines = record.read_text("utf-8").splitlines()
        assert lines[0].startswith(f"# {number}. "), f"{record.name} has another number in its title"
        assert any(re.match(r"Status: (proposed|accepted|superseded by \d+)", line) for line in lines), (
            record.name
        )
        assert f"]({record.name})" in index, f"{record.name} is not in docs/adr/index.md"


def commands_in(text):
    """Commands as a reader would type them: of shell blocks, and of inline code."""
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL))
    lines = [part.strip() for line in blocks.splitlines() for part in re.split(r"&&|\|", line)]
    inline = [
        found for found in re.findall(r"`(crossdock [^`]+)`", prose(text)) if "…" not in found.split()[:3]
    ]
    return [line for line in [*lines, *inline] if line.startswith("crossdock ")]


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_command_that_a_page_names_exists(reference, page):
    known = set(reference.commands.command_names())
    options = reference.commands.options_of()
    for line in commands_in(page.read_text("utf-8")):
        words = re.sub(r'"[^"]*"', "TEXT", line).split()
        name = next((" ".join(words[:size]) for size in (4, 3, 2) if " ".join(words[:size]) in known), "")
        groups = {command.rpartition(" ")[0] for command in known}
        assert name or " ".join(words[:2]) in groups, f"there is no command: {line}"
        used = {word.partition("=")[0] for word in words if word.startswith("-")} - {"--help"}
        assert not name or used <= options[name], f"{name} has no {used - options[name]}"


def test_the_example_mapping_of_the_how_to_lints_and_passes_its_own_test(tmp_path):
    text = ROOT.joinpath("docs", "how-to", "write-a-mapping.md").read_text("utf-8")
    cases, mapping = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    environment = build_environment()
    spec = parse_mapping(mapping, source="acme-order.yaml")
    assert [str(fault) for fault in lint(spec, environment=environment)] == []
    results = run_tests(mapping, cases, environment, source="acme-order.yaml")
    assert [result.differences for result in results if not result.passed] == []
    assert len(results) == 1


def test_the_tutorials_project_is_what_init_writes(tmp_path):
    from crossdock.apps.starter import write_starter

    written = {str(path.relative_to(tmp_path / "my-hub")) for path in write_starter(tmp_path / "my-hub")}
    text = ROOT.joinpath("docs", "tutorial", "first-project.md").read_text("utf-8")
    assert [path for path in written if path not in text] == []


def test_the_picture_of_the_readme_is_well_formed_and_has_words_for_those_who_cannot_see_it():
    import xml.etree.ElementTree as ET

    picture = ET.parse(ROOT / "docs" / "assets" / "journey.svg").getroot()
    names = {child.tag.rpartition("}")[2] for child in picture}
    assert {"title", "desc"} <= names
    assert "prefers-color-scheme: dark" in ET.tostring(picture, encoding="unicode")


def test_every_make_target_that_a_page_names_exists():
    known = set(re.findall(r"^([\w-]+):", ROOT.joinpath("Makefile").read_text("utf-8"), re.MULTILINE))
    for page in WRITTEN:
        text = page.read_text("utf-8")
        shell = "\n".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL))
        named = re.findall(r"^make ([a-z-]+)", shell, re.MULTILINE) + re.findall(r"`make ([a-z-]+)`", text)
        assert set(named) <= known, page


def test_the_files_that_connect_odoo_shows_are_good_ones():
    text = ROOT.joinpath("docs", "how-to", "connect-odoo.md").read_text("utf-8")
    system, interface = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    definition = msgspec.convert(system, SystemDefinition)
    connector = load_connector(find_manifests()[definition.connector])
    connector.settings_class.load(definition.settings, source="the page", environ={"ERP_KEY": "key"})
    flow = msgspec.convert(interface, InterfaceDefinition)
    assert connector.verbs.writes[flow.targets[0].operation].document == flow.document
    rights = {right for spec in connector.verbs.writes.values() for right in spec.rights}
    assert [right for right in rights if f"`{right}`" not in text] == []


def test_every_error_that_write_a_connector_names_exists():
    text = ROOT.joinpath("docs", "how-to", "write-a-connector.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+Error)` \|", text, re.MULTILINE)
    assert named
    assert [name for name in named if not hasattr(errors, name)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_picture_uses_a_word_that_mermaid_keeps_for_itself(page):
    kept = {"call", "end", "graph", "subgraph", "click", "style", "default", "href"}
    for picture in re.findall(r"```mermaid\nflowchart \w+\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        arrows = [line for line in picture.splitlines() if "-->" in line or "-.->" in line]
        plain = [re.sub(r"[\[({]+[^\])}]*[\])}]+|\|[^|]*\|", " ", line) for line in arrows]
        assert not kept & {word for line in plain for word in re.findall(r"\w+", line)}, page


@pytest.mark.slow
def test_the_site_builds_strictly_and_asks_no_other_host_for_anything(tmp_path):
    subprocess.run(
        ["python", "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        env={"PATH": str(ROOT / ".venv" / "bin"), "NO_MKDOCS_2_WARNING": "1"},
    )
    page = tmp_path.joinpath("explanation", "journey", "index.html").read_text("utf-8")
    loaded = re.findall(
        r'<(?:script|img)[^>]+src="([^"]+)"|<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', page
    )
    assert loaded
    assert [src or href for src, href in loaded if (src or href).startswith(("http:", "https:", "//"))] == []
    assert "mermaid.tiny.js" in page
