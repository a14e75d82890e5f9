"""The page of commands, walked from the command line's own tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from reference.markdown import code, shown_default, table

__all__ = ["command_names", "commands_page", "options_of"]


def commands_page() -> str:
    """Each command with its arguments and options."""
    parts = [
        "# Commands\n",
        (
            "Each command prints for people, and JSON with `--json` where it has that option. It exits 0 only when "
            "it did what it says. Where a hub runs for the project, commands reach it through its operations API; "
            "otherwise they open the journal themselves.\n"
        ),
    ]
    for name, one in _walk("crossdock", _root()):
        if one.params or not hasattr(one, "commands"):
            parts.append(_section(name, one))
    return "\n".join(parts)


def command_names() -> list[str]:
    """`crossdock messages list` and all the others."""
    return [name for name, one in _walk("crossdock", _root()) if not hasattr(one, "commands")]


def options_of() -> dict[str, set[str]]:
    """The options of each command, in all their spellings."""
    return {
        name: {
            spelling for param in one.params if param.param_type_name == "option" for spelling in param.opts
        }
        for name, one in _walk("crossdock", _root())
        if not hasattr(one, "commands")
    }


def _root() -> Any:
    # Imported here: the other pages can be made while the command line is being worked on.
    from crossdock.apps.cli.main import app

    return typer.main.get_command(app)


def _walk(name: str, one: Any) -> Iterator[tuple[str, Any]]:
    yield name, one
    for child, command in sorted(getattr(one, "commands", {}).items()):
        yield from _walk(f"{name} {child}", command)


def _section(name: str, one: Any) -> str:
    arguments = [param for param in one.params if param.param_type_name == "argument"]
    options = [param for param in one.params if param.param_type_name == "option"]
    usage = " ".join([name, *(_usage(param) for param in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"## {name}\n", f"{one.help or ''}\n", f"```text\n{usage}\n```\n"]
    if arguments:
        parts.append(
            table(
                ("argument", "needed", "what it is"),
                [(code(_label(p)), _need(p), p.help or "") for p in arguments],
            )
        )
    if options:
        rows = [(code(", ".join(p.opts)), _need(p), _option_text(p)) for p in options]
        parts.append(table(("option", "default", "what it is"), rows))
    return "\n".join(parts)


def _label(param: Any) -> str:
    return str(param.metavar or param.name).upper()


def _usage(param: Any) -> str:
    many = "..." if param.nargs == -1 or param.multiple else ""
    return f"{_label(param)}{many}" if param.required else f"[{_label(param)}]{many}"


def _need(param: Any) -> str:
    if param.required:
        return "needed"
    if getattr(param, "is_flag", False):
        return "off"
    return "" if param.default in (None, "") else shown_default(param.default)


def _option_text(param: Any) -> str:
    text = param.help or f"The {param.name.replace('_', ' ')}."
    return f"{text} Also from the environment: `{param.envvar}`." if param.envvar else text
