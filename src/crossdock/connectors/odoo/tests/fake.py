"""A transport that answers from a script: for what a server cannot be made to say at will."""

from __future__ import annotations

import random

from crossdock.connectors.odoo.client import OdooClient
from crossdock.connectors.odoo.loading import Loader
from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.core.clock import ManualClock
from crossdock.kit import Http, Secret

SETTINGS = {"base_url": "http://127.0.0.1:9", "database": "x", "api_key": Secret("k")}


class ScriptedTransport:
    """Answers each call by `answer(model, method, ids, kwargs)`."""

    name = "scripted"

    def __init__(self, answer):
        self.answer = answer
        self.calls = []

    async def call(self, model, method, ids, kwargs):
        self.calls.append((model, method, ids, kwargs))
        return self.answer(model, method, ids, kwargs)


def scripted_client(answer, **more):
    settings = OdooSettings.load({**SETTINGS, **more}, source="the test")
    transport = ScriptedTransport(answer)
    client = OdooClient(Http(clock=ManualClock()), settings, shared={"transport": transport, "version": 19})
    return client, transport


def scripted_loader(answer):
    client, transport = scripted_client(answer)
    return Loader(client, clock=ManualClock(), randomness=random.Random(1)), transport
