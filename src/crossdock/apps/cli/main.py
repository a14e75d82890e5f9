"""The command `crossdock` and its sub-commands."""

from __future__ import annotations

from typing import Annotated

import typer

from crossdock import __version__
from crossdock.apps.cli import connectors, exceptions, hub, interfaces, mapping, messages, transactions
from crossdock.apps.cli.demo import demo
from crossdock.apps.cli.importing import import_file
from crossdock.kit import find_manifests, load_entry

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Crossdock moves business messages between Odoo and everything around it.",
)
app.command("demo")(demo)
app.command("init")(hub.init)
app.command("check")(hub.check)
app.command("up")(hub.up)
app.command("doctor")(hub.doctor)
app.command("schema")(hub.schema)
app.command("import")(import_file)
app.add_typer(messages.app, name="messages")
app.add_typer(exceptions.app, name="exceptions")
app.add_typer(transactions.app, name="transactions")
app.add_typer(interfaces.app, name="interfaces")
app.add_typer(mapping.app, name="mapping")
app.add_typer(connectors.app, name="connector")
for _manifest in find_manifests().values():
    if _manifest.commands:
        app.add_typer(load_entry(_manifest.commands, _manifest.kind), name=_manifest.kind)


@app.callback(invoke_without_command=True)
def crossdock(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Crossdock moves business messages between Odoo and everything around it."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line."""
    app()
