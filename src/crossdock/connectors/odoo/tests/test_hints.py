"""Webhooks of automation rules: the secret stands in the address, the body only hints."""

from __future__ import annotations

import pytest

from crossdock.connectors.odoo.hints import hint_of
from crossdock.core.errors import AuthenticationError
from crossdock.kit import HookRequest, Secret

SECRET = Secret("open-sesame")
BODY = b'{"_action": "Crossdock hint(#481)", "_id": 261, "_model": "sale.order", "id": 261}'


def request(topic, body=BODY, **query):
    return HookRequest(topic=topic, headers={}, body=body, query=query)


def test_a_hint_names_the_sources_to_read():
    event = hint_of(request("hint/open-sesame"), SECRET)
    assert event.hint_for == ("sales_order",)
    assert "261" in event.dedupe_key
    assert hint_of(request("hint", secret="open-sesame"), SECRET).hint_for == ("sales_order",)


@pytest.mark.parametrize(
    "topic", ["hint", "hint/", "hint/wrong", "other/open-sesame", "open-sesame", "hint/open-sesame/x"]
)
def test_a_wrong_secret_is_refused(topic):
    with pytest.raises(AuthenticationError) as caught:
        hint_of(request(topic), SECRET)
    assert caught.value.code == "T-SIG"
    assert "open-sesame" not in str(caught.value)


@pytest.mark.parametrize("secret", [None, Secret("")])
def test_without_a_secret_nothing_is_taken(secret):
    for topic in ("hint", "hint/"):
        with pytest.raises(AuthenticationError):
            hint_of(request(topic), secret)


@pytest.mark.parametrize("body", [b"", b"[1]", b"no json", b'{"_model": "unknown.model"}'])
def test_an_odd_body_hints_at_nothing(body):
    assert hint_of(request("hint/open-sesame", body), SECRET).hint_for == ()
