"""A page for each connector: settings, verbs, and what its account may do."""

from __future__ import annotations

import pathlib
from typing import Any

from crossdock.kit import Connector, Manifest, find_manifests, load_connector
from reference.markdown import code, first_line, shown_default, table

__all__ = ["connector_pages"]

_ONCE = """How a write happens once:

| word | meaning |
| --- | --- |
| `external_id` | the target refuses or finds the second one by an id that we choose; two calls at once are safe |
| `idempotency_key` | the target keeps our effect key; two calls at once are safe |
| `lookup_then_create` | a marker is looked up first; a former call must have ended before |
| `natural` | doing it twice is doing it once: a state is set |
| `none` | at least once; the registry shows it in red |
"""


def connector_pages() -> dict[str, str]:
    """`connectors/<kind>.md` and their index."""
    found = {kind: (manifest, load_connector(manifest)) for kind, manifest in find_manifests().items()}
    rows = [
        (f"[{kind}]({kind}.md)", manifest.title, manifest.transport) for kind, (manifest, _) in found.items()
    ]
    index = "\n".join(
        [
            "# Connectors\n",
            table(("kind", "system", "transport"), rows),
            (
                "A system of a project names its connector by kind; a connector of your own is one folder: "
                "[write a connector](../../how-to/write-a-connector.md).\n"
            ),
            _ONCE,
        ]
    )
    pages = {f"connectors/{kind}.md": _page(*one) for kind, one in found.items()}
    return {"connectors/index.md": index, **pages}


def _page(manifest: Manifest, connector: type[Connector[Any]]) -> str:
    parts = [
        f"# {manifest.title}\n",
        f"{first_line(connector)}\n",
        table(
            ("", ""),
            [
                ("in a system's file", code(f"connector: {manifest.kind}")),
                ("transport", manifest.transport),
                ("limits", manifest.limits or "none said"),
                ("simulator", "yes" if manifest.simulator else "no"),
            ],
        ),
        "## Settings\n",
        "Secrets are given as references, `env:NAME` or `file:PATH`, never as values.\n",
        _settings(connector),
        *_verbs(connector),
        *_mappings(manifest),
    ]
    return "\n".join(parts)


def _settings(connector: type[Connector[Any]]) -> str:
    rows = []
    for info in connector.settings_class.describe():
        kind = "secret" if info.secret else info.type_name
        limits = [f"at least {info.minimum}"] if info.minimum is not None else []
        limits += [f"at most {info.maximum}"] if info.maximum is not None else []
        limits += ["one of " + ", ".join(info.choices)] if info.choices else []
        default = "needed" if info.required else shown_default(info.default)
        rows.append((code(info.name), kind, default, "; ".join([info.text, *limits])))
    return table(("setting", "type", "default", "what it is"), rows)


def _verbs(connector: type[Connector[Any]]) -> list[str]:
    verbs = connector.verbs
    parts = []
    if verbs.reads:
        rows = [
            (code(name), spec.document, "yes" if spec.deletions else "no", spec.text)
            for name, spec in sorted(verbs.reads.items())
        ]
        parts += ["## Sources\n", table(("source", "document", "tells deletions", "what it reads"), rows)]
    if verbs.receives:
        rows = [
            (code(topic), first_line(getattr(connector, method))) for topic, method in verbs.receives.items()
        ]
        parts += [
            "## Webhooks\n",
            "Sent to `POST /hooks/{system}/{topic}`.\n",
            table(("topic", "what is done"), rows),
        ]
    if verbs.writes:
        parts += [
            "## Operations\n",
            "`once` is explained on [the index](index.md).\n",
            _operations(connector),
        ]
    if verbs.finds:
        rows = [(code(kind), first_line(getattr(connector, method))) for kind, method in verbs.finds.items()]
        parts += ["## Look-ups\n", table(("kind", "what is found"), rows)]
    return parts


def _operations(connector: type[Connector[Any]]) -> str:
    rows = [
        (
            code(name),
            code(spec.document),
            code(spec.once),
            spec.batch,
            "yes" if spec.lookup else "no",
            ", ".join(spec.rights) or "not declared",
            spec.text,
        )
        for name, spec in sorted(connector.verbs.writes.items())
    ]
    return table(
        (
            "operation",
            "document",
            "once",
            "most in a call",
            "looked up",
            "rights of the account",
            "what it does",
        ),
        rows,
    )


def _mappings(manifest: Manifest) -> list[str]:
    folder = pathlib.Path(manifest.folder) / "mappings"
    names = sorted(path.stem for path in folder.glob("*.yaml") if not path.stem.endswith(".test"))
    if not names:
        return []
    return ["## Mappings that come with it\n", *(f"- `{name}`" for name in names), ""]
