"""Checks and makes signatures of webhooks: plain HMAC and Standard Webhooks. Comparisons take constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from crossdock.core.errors import AuthenticationError
from crossdock.kit.settings import Secret

__all__ = ["check_hmac_base64", "check_standard_webhook", "sign_hmac_base64", "sign_standard_webhook"]

TOLERANCE_S = 300
"""How far a Standard Webhooks time stamp may be off."""


def sign_hmac_base64(secret: Secret, body: bytes) -> str:
    """HMAC-SHA256 of `body`, base64: Shopify's `X-Shopify-Hmac-Sha256`."""
    return base64.b64encode(hmac.digest(secret.reveal().encode(), body, hashlib.sha256)).decode()


def check_hmac_base64(secrets: Sequence[Secret], body: bytes, given: str) -> None:
    """Accept `given` if any of `secrets` made it (two are valid while one is rotated).

    Raises:
        AuthenticationError: T-SIG, missing or wrong.
    """
    if not any(hmac.compare_digest(sign_hmac_base64(s, body).encode(), given.encode()) for s in secrets):
        raise _bad("the signature does not fit the body" if given else "the signature is missing")


def sign_standard_webhook(
    secret: Secret, *, message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """The three headers of Standard Webhooks for `body`."""
    content = f"{message_id}.{timestamp_s}.".encode() + body
    mac = base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp_s), "webhook-signature": f"v1,{mac}"}


def check_standard_webhook(
    secrets: Sequence[Secret], headers: Mapping[str, str], body: bytes, *, now_s: int
) -> str:
    """Accept a Standard Webhooks request; returns its `webhook-id`, the dedupe key.

    Raises:
        AuthenticationError: T-SIG, missing, wrong, or its time stamp is off by more than 5 minutes.
    """
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and stamp.isdigit() and given):
        raise _bad("webhook-id, webhook-timestamp or webhook-signature is missing")
    if abs(now_s - int(stamp)) > TOLERANCE_S:
        raise _bad("the webhook's time stamp is more than 5 minutes off")
    expected = [
        sign_standard_webhook(s, message_id=message_id, timestamp_s=int(stamp), body=body)[
            "webhook-signature"
        ]
        for s in secrets
    ]
    if not any(
        hmac.compare_digest(one.encode(), sent.encode()) for one in expected for sent in given.split(" ")
    ):
        raise _bad("the signature does not fit the body")
    return message_id


def _key(secret: Secret) -> bytes:
    text = secret.reveal()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return text.encode()


def _bad(text: str) -> AuthenticationError:
    return AuthenticationError(
        text, code="T-SIG", mend="compare the secret set at the sender with the one in the system's settings"
    )
