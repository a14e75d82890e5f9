"""The pages of docs/reference, each made from the code that it describes."""

from reference.commands import commands_page
from reference.connectors import connector_pages
from reference.documents import document_pages
from reference.environment import VARIABLES, environment_page
from reference.exceptions import codes_page
from reference.mappings import mappings_page, tables_page
from reference.operation import http_page, metrics_page
from reference.project import project_page
from reference.states import states_page

__all__ = ["VARIABLES", "build_pages"]


def build_pages() -> dict[str, str]:
    """Text of each file by its path below docs/reference."""
    return {
        "index.md": _index(),
        "exception-codes.md": codes_page(),
        "commands.md": commands_page(),
        "mappings.md": mappings_page(),
        "code-tables.md": tables_page(),
        "http.md": http_page(),
        "metrics.md": metrics_page(),
        "environment.md": environment_page(),
        "project.md": project_page(),
        "states.md": states_page(),
        **connector_pages(),
        **document_pages(),
    }


def _index() -> str:
    return """# Reference

Made from the code, so it says what this version does.

- [Commands](commands.md)
- [A project's files](project.md) and [environment variables](environment.md)
- [Connectors](connectors/index.md): settings, what each reads and writes, and how a write happens once
- [Documents](documents/index.md), with JSON Schemas
- [Mapping files](mappings.md) and [code tables](code-tables.md)
- [Exception codes](exception-codes.md), each with its owner and runbook
- [States of a delivery](states.md)
- [HTTP](http.md) and [metrics](metrics.md)
"""
