"""The watched folder: which files have stopped growing, their bytes, and moving them away once they are safe."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fnmatch
import os
import pathlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from crossdock.core.clock import Clock
from crossdock.core.errors import ConfigError, RetryableError

__all__ = ["Inbox", "InboxFile", "chunks_of"]

_CHUNK_BYTES = 256 * 1024
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp")


@dataclasses.dataclass(frozen=True)
class InboxFile:
    """A file as it was when it was listed."""

    path: pathlib.Path
    size: int
    changed_ns: int

    @property
    def name(self) -> str:
        return self.path.name

    def same_as(self, state: os.stat_result) -> bool:
        """Whether it has neither grown nor been written to since."""
        return (self.size, self.changed_ns) == (state.st_size, state.st_mtime_ns)


class Inbox:
    """A folder that a partner drops files into.

    What it keeps between calls may be lost at any time: then a file is given again, and moved then.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        done: pathlib.Path,
        *,
        pattern: str,
        settle_s: float,
        clock: Clock,
        log: Any,
    ) -> None:
        self._folder = folder
        self._done = done
        self._pattern = pattern
        self._settle_s = settle_s
        self._clock = clock
        self._log = log
        self._given: dict[str, InboxFile] = {}
        self._ahead: dict[InboxFile, float] = {}
        self._unreadable: set[InboxFile] = set()

    def check(self) -> None:
        """Folders, rights and pattern are good.

        Raises:
            RetryableError: the folder is away (T-TRN-CONN).
            ConfigError: rights or settings are wrong (T-CONFIG).
        """
        if "/" in self._pattern:
            raise ConfigError(
                f"pattern {self._pattern} names a folder",
                code="T-CONFIG",
                mend="make a system of each folder; the pattern is for file names",
            )
        files = self._listed()
        _expect_writable(self._folder)
        home = self._done if self._done.exists() else self._done.parent
        if not home.is_dir() or home.stat().st_dev != self._folder.stat().st_dev:
            raise ConfigError(
                f"done {self._done} is not on the file system of the inbox {self._folder}",
                code="T-CONFIG",
                mend="name a folder beside the inbox: files are moved there in one step",
            )
        locked = [file.name for file in files if not os.access(file.path, os.R_OK)]
        if locked:
            raise ConfigError(
                f"{len(locked)} files in {self._folder} may not be read: {', '.join(sorted(locked)[:5])}",
                code="T-CONFIG",
                mend="give the hub's user the right to read them",
            )

    def settled(self) -> list[InboxFile]:
        """Files that have not changed for a while, oldest first.

        Raises:
            RetryableError: the folder cannot be read (T-TRN-CONN).
        """
        now_ns, now_s = self._clock.micros() * 1000, self._clock.monotonic_s()
        files = self._listed()
        self._ahead = {file: self._ahead.get(file, now_s) for file in files if file.changed_ns > now_ns}
        found = [file for file in files if self._has_settled(file, now_ns, now_s) and self._readable(file)]
        self._given |= {file.name: file for file in found}
        return sorted(found, key=lambda file: (file.changed_ns, file.name))

    def move(self, names: Sequence[str]) -> None:
        """Move files that were given to the folder of done ones.

        One that was dropped anew under its name meanwhile stays: it has not been read.

        Raises:
            RetryableError: the file system refuses (T-TRN-CONN, T-TRN-NOSPACE).
        """
        for name in names:
            file = self._given.pop(name, None)
            if file is None:
                continue
            try:
                self._move(file)
            except FileNotFoundError:
                continue  # a person took it away; the journal has it
            except OSError as error:
                raise RetryableError(
                    f"{file.path} cannot be moved to {self._done}: {error.strerror}",
                    code="T-TRN-CONN",
                    mend="give the hub's user the right to write to both folders; the file itself is in the journal",
                ) from error

    def _move(self, file: InboxFile) -> None:
        self._done.mkdir(parents=True, exist_ok=True)
        target = self._done / file.name
        number = 1
        while target.exists():
            target = self._done / f"{file.path.stem}.{number}{file.path.suffix}"
            number += 1
        file.path.rename(target)
        # Looked at after the move: what was swapped in between looking and moving would be lost otherwise.
        if not file.same_as(target.stat()):
            with contextlib.suppress(FileExistsError):
                os.link(target, file.path)
                target.unlink()

    def _listed(self) -> list[InboxFile]:
        try:
            with os.scandir(self._folder) as entries:
                return [
                    InboxFile(pathlib.Path(entry.path), state.st_size, state.st_mtime_ns)
                    for entry in entries
                    if self._wanted(entry.name)
                    and entry.is_file(follow_symlinks=False)
                    and (state := _state_of(entry)) is not None
                ]
        except OSError as error:
            raise RetryableError(
                f"inbox {self._folder} cannot be read: {error.strerror}",
                code="T-TRN-CONN",
                mend="create the folder, mount its share, or give the hub's user its rights",
            ) from error

    def _wanted(self, name: str) -> bool:
        hidden = name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)
        return not hidden and fnmatch.fnmatchcase(name, self._pattern)

    def _has_settled(self, file: InboxFile, now_ns: int, now_s: float) -> bool:
        """By the file's age; where the share's clock is ahead of ours, by watching it stay the same."""
        if file in self._ahead:
            return now_s - self._ahead[file] >= self._settle_s
        return now_ns - file.changed_ns >= self._settle_s * 1e9

    def _readable(self, file: InboxFile) -> bool:
        """Whether we may read it; one locked file must not stop the others, so it is told and left out."""
        if os.access(file.path, os.R_OK):
            return True
        if file not in self._unreadable:
            self._unreadable.add(file)
            self._log.error("file may not be read", file=str(file.path))
        return False


async def chunks_of(file: InboxFile) -> AsyncIterator[bytes]:
    """The file's bytes.

    Raises:
        RetryableError: it changed or went away since it looked settled: it is taken later, whole.
    """
    try:
        opened = await asyncio.to_thread(file.path.open, "rb")
        with opened:
            while chunk := await asyncio.to_thread(opened.read, _CHUNK_BYTES):
                yield chunk
            state = await asyncio.to_thread(os.fstat, opened.fileno())
    except OSError as error:
        raise RetryableError(
            f"{file.path} cannot be read: {error.strerror}",
            code="T-TRN-CONN",
            mend="it is tried again; if it stays, look at the share and its rights",
        ) from error
    if not file.same_as(state):
        raise RetryableError(
            f"{file.name} is still being written",
            code="T-TRN-CONN",
            mend="it is tried again; raise settle_s if its writer pauses for long",
        )


def _state_of(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Its size and time of change; None where it went away since it was listed."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _expect_writable(folder: pathlib.Path) -> None:
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(
            f"the hub's user may not read, write and enter {folder}",
            code="T-CONFIG",
            mend="give the hub's user these rights",
        )
