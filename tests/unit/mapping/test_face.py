"""The room's face: every name it offers is there, documented and spoken of nowhere else."""

from __future__ import annotations

import ast
import inspect
from importlib import resources

from crossdock import mapping


def test_every_name_of_the_face_exists_and_is_documented():
    assert len(mapping.__all__) == len(set(mapping.__all__))
    for name in mapping.__all__:
        offered = getattr(mapping, name)
        if inspect.isclass(offered) or inspect.isfunction(offered):
            assert inspect.getdoc(offered), name


def test_the_room_imports_nothing_above_it():
    for entry in resources.files("crossdock.mapping").iterdir():
        if not entry.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(entry.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crossdock."):
                assert node.module.split(".")[1] in {"core", "formats", "mapping"}, (entry.name, node.module)
