"""Shopify's global ids: `gid://shopify/Order/12` in GraphQL is 12 in webhooks."""

from __future__ import annotations

from crossdock.core.errors import RejectedError

__all__ = ["parse_gid", "to_gid"]


def to_gid(kind: str, value: str | int) -> str:
    """The gid of `value`, which may be one already.

    Raises:
        RejectedError: neither a number nor a gid of `kind` (T-SCHEMA).
    """
    text = str(value).strip()
    prefix = f"gid://shopify/{kind}/"
    bare = text.removeprefix(prefix)
    if not bare.isdigit():
        raise RejectedError(
            f"{text!r} is no id of a Shopify {kind}",
            code="T-SCHEMA",
            mend=f"give its number, or {prefix}… with its number",
        )
    return prefix + bare


def parse_gid(gid: str) -> int:
    """The number in a gid."""
    return int(gid.rsplit("/", 1)[1].partition("?")[0])
