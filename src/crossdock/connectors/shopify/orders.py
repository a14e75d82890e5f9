"""Orders and products read by a sweep, and finding orders by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any

from crossdock.connectors.shopify.admin_api import AdminApi
from crossdock.connectors.shopify.gids import to_gid
from crossdock.connectors.shopify.queries import (
    FIND_ORDERS,
    ORDER_LINES,
    ORDERS,
    PRODUCT_VARIANTS,
    PRODUCTS,
    search_term,
)
from crossdock.connectors.shopify.webhook_form import order_form, product_form
from crossdock.core.clock import format_utc, parse_utc
from crossdock.core.errors import RejectedError
from crossdock.kit import Cursor, Record

__all__ = ["find_orders", "order_gid", "read_orders", "read_products"]

_LINES_PAGE = 100
_VARIANTS_PAGE = 100
_NAMES_AT_ONCE = 50


async def read_orders(
    api: AdminApi, since: Cursor | None, *, page_size: int, overlap_s: int
) -> AsyncIterator[Record]:
    """Orders changed since, oldest change first. The key is the order's number; the cursor its `updated_at`."""
    query = _changed_since(since, overlap_s)
    async for nodes in api.pages(ORDERS, "orders", query=query, first=page_size):
        for node in nodes:
            lines = await _all_nodes(
                api, node["lineItems"], ORDER_LINES, ("order", "lineItems"), node["id"], _LINES_PAGE
            )
            form = order_form(node, lines)
            yield Record(key=str(form["id"]), payload=form, cursor=Cursor(node["updatedAt"]))


async def read_products(
    api: AdminApi, since: Cursor | None, *, page_size: int, overlap_s: int
) -> AsyncIterator[Record]:
    """Products changed since, with all their variants, oldest change first."""
    query = _changed_since(since, overlap_s)
    async for nodes in api.pages(PRODUCTS, "products", query=query, first=page_size):
        for node in nodes:
            variants = await _all_nodes(
                api, node["variants"], PRODUCT_VARIANTS, ("product", "variants"), node["id"], _VARIANTS_PAGE
            )
            form = product_form(node, variants)
            yield Record(key=str(form["id"]), payload=form, cursor=Cursor(node["updatedAt"]))


async def find_orders(api: AdminApi, names: Sequence[str]) -> dict[str, str]:
    """Order gids by name. The shop's prefix may be missing: `10001` finds `#10001`.

    A name that two orders bear is left out: it names neither.
    """
    found: dict[str, set[str]] = {}
    for start in range(0, len(names), _NAMES_AT_ONCE):
        some = names[start : start + _NAMES_AT_ONCE]
        query = " OR ".join(search_term("name", name) for name in some)
        data = await api.call(FIND_ORDERS, query=query, first=min(250, 4 * len(some)))
        for node in data["orders"]["nodes"]:
            for name in some:
                if node["name"] in {name, f"#{name}"}:
                    found.setdefault(name, set()).add(node["id"])
    return {name: gids.pop() for name, gids in found.items() if len(gids) == 1}


async def order_gid(api: AdminApi, payload: Any) -> str:
    """The gid of the order that a payload means by `order_id`, or else by `order_name`.

    Raises:
        RejectedError: it names none, or one that Shopify does not have.
    """
    if payload.get("order_id"):
        return to_gid("Order", payload["order_id"])
    name = str(payload.get("order_name") or "")
    gid = (await find_orders(api, [name])).get(name) if name else None
    if gid is None:
        raise RejectedError(
            f"Shopify has no one order named {name!r}"
            if name
            else "neither order_id nor order_name is given",
            code="B-UNK-REF",
            mend="give order_id, the order's number in Shopify's address",
        )
    return gid


def _changed_since(since: Cursor | None, overlap_s: int) -> str:
    """A search for what changed at or after `since`. Orders older than 60 days need the scope read_all_orders."""
    if since is None:
        return search_term("updated_at", "1970-01-01T00:00:00Z", ">=")
    start = parse_utc(since.value) - dt.timedelta(seconds=overlap_s)
    return search_term("updated_at", format_utc(start), ">=")


async def _all_nodes(
    api: AdminApi, first: dict[str, Any], document: str, path: tuple[str, ...], gid: str, size: int
) -> list[dict[str, Any]]:
    """The nodes of a connection whose first page came with its parent."""
    nodes: list[dict[str, Any]] = list(first["nodes"])
    if first["pageInfo"]["hasNextPage"]:
        after = first["pageInfo"]["endCursor"]
        async for more in api.pages(document, *path, id=gid, first=size, after=after):
            nodes.extend(more)
    return nodes
