"""Automation rules on a real Odoo: installed, heard, not set off by ourselves, taken away."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from crossdock.connectors.odoo.hooks import install_hints, list_hints, remove_hints
from crossdock.kit import HookRequest, Secret

pytestmark = pytest.mark.live


async def test_hints_are_installed_once_heard_and_removed(odoo):
    admin, secret = odoo.person(), Secret("s3cret-in-the-path")
    heard = []

    async def hear(request):
        heard.append((request.match_info["topic"], await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hooks/odoo/{topic:.*}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        worker = odoo.connect(hook_secret=secret)
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/odoo"
        user_id = await worker.client.user_id()
        for _ in range(2):
            rules = await install_hints(
                admin,
                address=address,
                secret=secret,
                service_user_id=user_id,
                models=("res.partner", "sale.order"),
            )
            assert [rule.model for rule in rules] == ["res.partner", "sale.order"]
        partner = await odoo.customer()
        await asyncio.sleep(0.3)
        assert heard == []
        await admin.call("res.partner", "write", [partner], vals={"phone": "555"})
        for _ in range(30):
            if heard:
                break
            await asyncio.sleep(0.1)
        topic, body = heard[0]
        event = await worker.receive(HookRequest(topic=topic, headers={}, body=body))
        assert event.hint_for == ("party",)
        assert await remove_hints(admin) == 2
        assert await list_hints(admin) == []
    finally:
        await remove_hints(admin)
        await runner.cleanup()
