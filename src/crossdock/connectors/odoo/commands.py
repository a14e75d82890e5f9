"""`crossdock odoo hooks …`: automation rules that hint at changes, installed with an administrator's key for that call."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from crossdock.connectors.odoo.connector import Odoo
from crossdock.connectors.odoo.hooks import HintRule, administrator, install_hints, list_hints, remove_hints
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.clock import SystemClock
from crossdock.core.errors import ConfigError, CrossdockError
from crossdock.kit import Context, Secret, resolve_reference

__all__ = ["app"]

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="What is set up in Odoo besides reading and writing.")
hooks = typer.Typer(
    no_args_is_help=True, help="Automation rules that hint at changes. Polling alone is enough."
)
app.add_typer(hooks, name="hooks")
_out = Console()
_err = Console(stderr=True)

UrlOption = Annotated[str, typer.Option("--url", help="Address of Odoo.")]
DatabaseOption = Annotated[str, typer.Option("--database", help="Its database.")]
AdminOption = Annotated[
    str,
    typer.Option(
        "--admin-key", help="An administrator's API key, as env:NAME or file:PATH; used for this call."
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@hooks.command("install")
def install(
    *,
    url: UrlOption,
    database: DatabaseOption,
    admin_key: AdminOption,
    service_key: Annotated[
        str, typer.Option(help="The service account's API key: its own writes are left out.")
    ],
    address: Annotated[str, typer.Option(help="Where this system's hooks come in: https://hub…/hooks/erp")],
    secret: Annotated[
        str, typer.Option(help="Secret of the address (hook_secret), as env:NAME or file:PATH.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Make our automation rules, or set the address of those that are there."""

    async def work(connector: Odoo, admin_key: Secret) -> Sequence[HintRule]:
        user_id = await connector.client.user_id()
        admin = administrator(connector.http, connector.settings, admin_key)
        return await install_hints(admin, address=address, secret=_secret(secret), service_user_id=user_id)

    _show(_run(url, database, service_key, admin_key, work), as_json=as_json)


@hooks.command("list")
def list_rules(
    *, url: UrlOption, database: DatabaseOption, admin_key: AdminOption, as_json: JsonFlag = False
) -> None:
    """Our automation rules, by model."""

    async def work(connector: Odoo, admin_key: Secret) -> Sequence[HintRule]:
        return await list_hints(administrator(connector.http, connector.settings, admin_key))

    _show(_run(url, database, admin_key, admin_key, work), as_json=as_json)


@hooks.command("remove")
def remove(
    *, url: UrlOption, database: DatabaseOption, admin_key: AdminOption, as_json: JsonFlag = False
) -> None:
    """Take our automation rules away."""

    async def work(connector: Odoo, admin_key: Secret) -> int:
        return await remove_hints(administrator(connector.http, connector.settings, admin_key))

    count = _run(url, database, admin_key, admin_key, work)
    if as_json:
        sys.stdout.write(json.dumps({"removed": count}) + "\n")
    else:
        _out.print(f"{count} rules taken away")


def _run(
    url: str, database: str, key: str, admin_key: str, work: Callable[[Odoo, Secret], Awaitable[T]]
) -> T:
    """Run `work` with a connector that calls under `key`; our errors are shown, and exit with 1."""

    async def connected() -> T:
        settings = OdooSettings(base_url=url, database=database, api_key=_secret(key))
        context = Context(system="odoo", clock=SystemClock(), random=random.Random(0))  # noqa: S311 - jitter
        connector = Odoo(settings, context)
        try:
            return await work(connector, _secret(admin_key))
        finally:
            await connector.close()

    try:
        return asyncio.run(connected())
    except CrossdockError as error:
        _err.print(
            f"[bold red]{error.code}[/]  {error.text}" + (f"\n  mend:  {error.mend}" if error.mend else "")
        )
        raise typer.Exit(1) from None


def _secret(reference: str) -> Secret:
    if not reference.startswith(("env:", "file:")):
        raise ConfigError(
            "a key is given as a reference, never as a value",
            code="T-CONFIG",
            mend="env:NAME or file:PATH: values on a command line end up in histories and process lists",
        )
    return Secret(resolve_reference(reference), origin=reference)


def _show(rules: Sequence[HintRule], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(
            json.dumps([{"model": rule.model, "id": rule.rule_id, "active": rule.active} for rule in rules])
            + "\n"
        )
        return
    for rule in rules:
        _out.print(
            f"{rule.model}: rule {rule.rule_id}, {'active' if rule.active else 'switched off'}",
            highlight=False,
        )
    _out.print(f"{len(rules)} rules")
