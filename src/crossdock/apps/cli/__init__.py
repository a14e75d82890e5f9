"""The command line. Each command has `--json`, and exits 0 only when it did what it says."""

from crossdock.apps.cli.main import main

__all__ = ["main"]
