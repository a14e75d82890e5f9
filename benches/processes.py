"""Processes of the benches: each on a core of its own where there are two, with the CPU time it used."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["HUB_CORE", "OTHER_CORE", "REPOSITORY", "child", "cpu_s"]

REPOSITORY = Path(__file__).parent.parent
_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
HUB_CORE = _CORES[0]
OTHER_CORE = _CORES[-1]


@contextlib.contextmanager
def child(
    arguments: Sequence[str], *, core: int, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """`python …` on one core, its standard streams in our hands; ended on leaving."""
    path = os.pathsep.join(
        filter(None, ((environ or {}).get("PYTHONPATH"), str(REPOSITORY), str(REPOSITORY / "src")))
    )
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {}), "PYTHONPATH": path},
        cwd=REPOSITORY,
    )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {core})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def cpu_s(pid: int) -> float:
    """Seconds of CPU a process has used; 0.0 where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
