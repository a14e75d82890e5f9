"""Writes the folder of a new connector: complete, and green under conformance before a line is changed."""

from __future__ import annotations

import importlib.resources
import keyword
import pathlib
import re
import string
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from crossdock.core.errors import ConfigError

__all__ = ["write_connector"]

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SUFFIX = ".template"


def write_connector(folder: pathlib.Path, name: str) -> list[pathlib.Path]:
    """Write the connector `name` into `folder / name`; returns the files written.

    Args:
        folder: where connectors live; the new one is a package in it.
        name: its kind, in small letters: `acme_wms`.

    Raises:
        ConfigError: the name is not fit, or something is there already; nothing is written over.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigError(
            f"{name!r} is no name for a connector",
            code="T-CONFIG",
            mend="take small letters, digits and single underscores, such as acme_wms",
        )
    target = folder / name
    if target.exists():
        raise ConfigError(
            f"{target} exists already", code="T-CONFIG", mend="take another name, or move it away"
        )
    words = {
        "name": name,
        "title": " ".join(word.capitalize() for word in name.split("_")),
        "cls": "".join(word.capitalize() for word in name.split("_")),
        "package": ".".join((*_packages_above(folder), name)),
    }
    written = []
    for relative, text in _templates():
        path = target / string.Template(str(relative)).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(string.Template(text).substitute(words), encoding="utf-8")
        written.append(path)
    return written


def _templates() -> Iterator[tuple[pathlib.PurePosixPath, str]]:
    root = importlib.resources.files("crossdock.kit") / "templates" / "connector"
    for path, file in sorted(_walk(root, pathlib.PurePosixPath()), key=lambda found: found[0]):
        yield path.with_name(path.name.removesuffix(_SUFFIX)), file.read_text(encoding="utf-8")


def _walk(
    folder: Traversable, path: pathlib.PurePosixPath
) -> Iterator[tuple[pathlib.PurePosixPath, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name, entry


def _packages_above(folder: pathlib.Path) -> list[str]:
    """Names of the packages that `folder` stands in, outermost first."""
    names: list[str] = []
    here = folder.resolve()
    while (here / "__init__.py").exists():
        names.insert(0, here.name)
        here = here.parent
    return names
