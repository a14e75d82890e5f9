"""`crossdock init`: a project that runs as it is, made from the files in apps/starter_project/."""

from __future__ import annotations

import pathlib

from crossdock.core.errors import ConfigError

__all__ = ["write_starter"]

_SOURCE = pathlib.Path(__file__).parent / "starter_project"


def write_starter(folder: pathlib.Path) -> list[pathlib.Path]:
    """Copy the starter project into `folder`; the paths written.

    Raises:
        ConfigError: the folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(
            f"{folder} is not empty", code="T-CONFIG", mend="give a folder that is empty or not there yet"
        )
    written = []
    for source in sorted(_SOURCE.rglob("*")):
        if source.is_dir():
            continue
        target = folder / source.relative_to(_SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        written.append(target)
    for name in ("inbox", "outbox"):
        (folder / name).mkdir(exist_ok=True)
    return written
