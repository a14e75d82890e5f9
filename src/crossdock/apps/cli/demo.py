"""`crossdock demo`: a day at a distributor, with a report that must add up."""

from __future__ import annotations

import pathlib
import tempfile
from typing import Annotated

import typer
from rich.console import Console

from crossdock.apps.cli.shown import JsonFlag, command, out, show_json
from crossdock.apps.demo import DemoOptions, run_demo
from crossdock.apps.demo.day import Plan
from crossdock.apps.demo.odoo_view import OdooAccess
from crossdock.apps.demo.report import show_report
from crossdock.core.errors import ConfigError
from crossdock.kit import Secret, resolve_reference

__all__ = ["demo"]


@command
async def demo(
    *,
    orders: Annotated[int, typer.Option(min=8, help="Orders by webhook.")] = 160,
    files: Annotated[int, typer.Option(min=2, help="Orders by file.")] = 40,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 7,
    kills: Annotated[
        int, typer.Option(min=0, help="How often the hub is killed with -9 and started again.")
    ] = 0,
    folder: Annotated[
        pathlib.Path | None, typer.Option(help="Where the project and its journal are put.")
    ] = None,
    odoo_url: Annotated[str, typer.Option(help="A real Odoo in place of the simulator.")] = "",
    odoo_database: Annotated[str, typer.Option(help="Its database.")] = "",
    odoo_key: Annotated[str, typer.Option(help="Its API key, as env:NAME or file:PATH.")] = "",
    patience: Annotated[float, typer.Option(help="Seconds to wait until all has come to its end.")] = 900.0,
    as_json: JsonFlag = False,
) -> None:
    """Carry a day of orders from shop and files through Odoo and warehouse and back; exit 0 only if it adds up."""
    access = None
    if odoo_url:
        if not (odoo_database and odoo_key.startswith(("env:", "file:"))):
            raise ConfigError(
                "a real Odoo needs --odoo-database, and --odoo-key as env:NAME or file:PATH", code="T-CONFIG"
            )
        access = OdooAccess(
            odoo_url.rstrip("/"), odoo_database, Secret(resolve_reference(odoo_key), origin=odoo_key)
        )
    options = DemoOptions(
        folder=folder or pathlib.Path(tempfile.mkdtemp(prefix="crossdock-demo-")),
        plan=Plan(shop_orders=orders, file_orders=files),
        seed=seed,
        kills=kills,
        odoo=access,
        patience_s=patience,
    )
    if not as_json:
        out.print(f"project, journal and log: {options.folder}", highlight=False)
    report = await run_demo(options, Console(stderr=True) if as_json else out)
    if as_json:
        show_json(report.to_dict())
    else:
        show_report(report, out)
    if not report.adds_up:
        raise typer.Exit(1)
