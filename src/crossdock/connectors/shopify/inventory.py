"""Stock levels: set as absolute numbers, each compared with what Shopify had, up to a hundred in one call.

Once, because it is natural: what is there already is not set again, and `changeFromQuantity` makes a call that
comes late, after a newer one, fail without effect. `@idempotent` is obligatory since 2026-04, but its key names
one *call*: Shopify answers a used key from memory, so a level that went 3 → 5 → 3 → 5 would stay at 3 if a key
stood for 'from 3 to 5'. The effect keys stand in `referenceDocumentUri`, where people find them in the history.
"""

from __future__ import annotations

import dataclasses
import random
import urllib.parse
import uuid
from collections.abc import Sequence
from typing import Any

from crossdock.connectors.shopify.admin_api import AdminApi, UserFault, refused, user_faults
from crossdock.connectors.shopify.gids import to_gid
from crossdock.connectors.shopify.quantities import whole
from crossdock.connectors.shopify.queries import (
    INVENTORY_BY_SKU,
    INVENTORY_LEVELS,
    INVENTORY_SET,
    search_term,
)
from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, Place, RejectedError, RetryableError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["Stock"]

_NAMES = ("available", "on_hand")
_TRIES = 4
_SKUS_AT_ONCE = 50
_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_AGAIN = frozenset(
    {
        "IDEMPOTENCY_CONCURRENT_REQUEST",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
    }
)


@dataclasses.dataclass
class _Wish:
    """One level to be set. `item` and `level` are filled by what Shopify says."""

    delivery: Delivery
    sku: str
    quantity: int
    name: str
    location: str
    item: str = ""
    level: str = ""
    current: int | None = None


class Stock:
    """Sets and reads levels.

    Args:
        location_gid: where a payload without `location_id` means.
        clock, randomness: make idempotency keys.
    """

    def __init__(self, api: AdminApi, *, location_gid: str, clock: Clock, randomness: random.Random) -> None:
        self._api = api
        self._clock = clock
        self._location_gid = location_gid
        self._randomness = randomness

    async def set_levels(self, deliveries: Sequence[Delivery]) -> list[Receipt | CrossdockError]:
        """One result per delivery, in order; a bad one fails alone."""
        results: dict[int, Receipt | CrossdockError] = {}
        wishes: dict[int, _Wish] = {}
        for place, delivery in enumerate(deliveries):
            try:
                wishes[place] = self._wish(delivery)
            except RejectedError as error:
                results[place] = error
        await self._resolve(wishes, results)
        for location, name in sorted({(wish.location, wish.name) for wish in wishes.values()}):
            group = {
                p: w
                for p, w in wishes.items()
                if (w.location, w.name) == (location, name) and p not in results
            }
            for some in _without_doubles(group):
                await self._set_group(some, results)
        return [results[place] for place in range(len(deliveries))]

    async def look_up(self, delivery: Delivery) -> Found:
        """Done if the level is what it should be. It may have been so before: setting it again changes nothing."""
        wishes = {0: self._wish(delivery)}
        results: dict[int, Receipt | CrossdockError] = {}
        await self._resolve(wishes, results)
        if not results:
            await self._refresh(wishes, results)
        wish = wishes[0]
        if not results and wish.current == wish.quantity:
            return Found("done", _receipt(wish, changed=False))
        return Found("absent")

    def _wish(self, delivery: Delivery) -> _Wish:
        payload = delivery.payload
        name = str(payload.get("name") or "available")
        sku = str(payload.get("sku") or "")
        item = payload.get("inventory_item_id")
        if name not in _NAMES or not (sku or item):
            raise RejectedError(
                f"name is {name!r}" if name not in _NAMES else "sku is missing",
                code="T-SCHEMA",
                place=Place(path="name" if name not in _NAMES else "sku"),
                mend=f"give a sku, and one of {', '.join(_NAMES)} as name",
            )
        return _Wish(
            delivery=delivery,
            sku=sku,
            quantity=whole(payload.get("quantity"), "quantity"),
            name=name,
            location=to_gid("Location", payload["location_id"])
            if payload.get("location_id")
            else self._location_gid,
            item=to_gid("InventoryItem", item) if item else "",
        )

    async def _resolve(self, wishes: dict[int, _Wish], results: dict[int, Receipt | CrossdockError]) -> None:
        """Fill the items of wishes that name a SKU."""
        open_wishes = {place: wish for place, wish in wishes.items() if not wish.item}
        skus = sorted({wish.sku for wish in open_wishes.values()})
        found: dict[str, set[str]] = {}
        for start in range(0, len(skus), _SKUS_AT_ONCE):
            query = " OR ".join(search_term("sku", sku) for sku in skus[start : start + _SKUS_AT_ONCE])
            async for nodes in self._api.pages(INVENTORY_BY_SKU, "inventoryItems", query=query, first=100):
                for node in nodes:
                    found.setdefault(node["sku"] or "", set()).add(node["id"])
        for place, wish in open_wishes.items():
            items = found.get(wish.sku, set())
            if len(items) == 1:
                wish.item = next(iter(items))
                continue
            results[place] = RejectedError(
                f"Shopify has {len(items) or 'no'} product{'s' if len(items) > 1 else ''} with SKU {wish.sku!r}",
                code="B-UNK-ITEM",
                place=Place(path="sku", value=wish.sku),
                mend="give each SKU to one product in Shopify",
            )

    async def _refresh(self, group: dict[int, _Wish], results: dict[int, Receipt | CrossdockError]) -> None:
        """Read the present levels of wishes that share a location and a name."""
        if not group:
            return
        first = next(iter(group.values()))
        data = await self._api.call(
            INVENTORY_LEVELS,
            ids=[wish.item for wish in group.values()],
            location=first.location,
            names=[first.name],
        )
        for (place, wish), node in zip(list(group.items()), data["nodes"], strict=True):
            level = (node or {}).get("inventoryLevel")
            if level is None:
                what = "does not exist" if not node else f"is not stocked at {wish.location}"
                results[place] = RejectedError(
                    f"inventory item {wish.item} (SKU {wish.sku}) {what} in Shopify",
                    code="B-UNK-ITEM",
                    place=Place(path="sku", value=wish.sku),
                    mend="stock it at the location in Shopify: product, Inventory, Edit locations",
                )
                del group[place]
                continue
            wish.level = level["id"]
            wish.current = level["quantities"][0]["quantity"]

    async def _set_group(self, group: dict[int, _Wish], results: dict[int, Receipt | CrossdockError]) -> None:
        """Set levels of one location and name; stale ones are read again, refused ones are taken out."""
        for _ in range(_TRIES):
            await self._refresh(group, results)
            for place, wish in list(group.items()):
                if wish.current == wish.quantity:
                    results[place] = _receipt(wish, changed=False)
                    del group[place]
            if not group:
                return
            places = list(group)
            faults = await self._send([group[place] for place in places])
            if not faults:
                results.update({place: _receipt(group[place], changed=True) for place in places})
                return
            for place, error in _refusals(places, faults, group).items():
                results[place] = error
                del group[place]
        for place, wish in group.items():
            results[place] = RetryableError(
                f"the level of SKU {wish.sku} changes faster than it can be set ({_TRIES} tries)",
                code="T-API-CONFLICT",
            )

    async def _send(self, wishes: Sequence[_Wish]) -> list[UserFault]:
        content = {
            "name": wishes[0].name,
            "reason": "correction",
            "referenceDocumentUri": _reference([wish.delivery.effect_key for wish in wishes]),
            "quantities": [
                {
                    "inventoryItemId": wish.item,
                    "locationId": wish.location,
                    "quantity": wish.quantity,
                    "changeFromQuantity": wish.current,
                }
                for wish in wishes
            ],
        }
        data = await self._api.call(INVENTORY_SET, key=self._call_key(content), input=content)
        return user_faults(data["inventorySetQuantities"])

    def _call_key(self, content: dict[str, Any]) -> str:
        """A key that no other call has: not one of another worker with the same seed, nor of other content."""
        parts = (self._clock.micros(), self._randomness.getrandbits(64), content)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, repr(parts)))


def _refusals(
    places: list[int], faults: list[UserFault], group: dict[int, _Wish]
) -> dict[int, CrossdockError]:
    """Which wishes Shopify refused for good. A call is all or nothing: the others are sent again without them.

    A fault that names no line is everybody's.
    """
    refusals: dict[int, CrossdockError] = {}
    for fault in faults:
        if fault.code in _STALE or fault.code in _AGAIN:
            continue
        index = next((int(step) for step in fault.field if step.isdigit()), None)
        hit = places if index is None or index >= len(places) else [places[index]]
        for place in hit:
            refusals[place] = refused(f"the level of SKU {group[place].sku}", [fault])
    return refusals


def _without_doubles(group: dict[int, _Wish]) -> list[dict[int, _Wish]]:
    """Groups in which no item stands twice, earlier wishes first: Shopify refuses doubles in one call."""
    groups: list[dict[int, _Wish]] = []
    seen: dict[str, int] = {}
    for place, wish in group.items():
        number = seen.get(wish.item, 0)
        seen[wish.item] = number + 1
        if number == len(groups):
            groups.append({})
        groups[number][place] = wish
    return groups


def _reference(effect_keys: Sequence[str]) -> str:
    """A URI for Shopify's inventory history: the effect key, or a name for the keys of one call."""
    if len(effect_keys) == 1:
        return f"gid://crossdock/Effect/{urllib.parse.quote(effect_keys[0], safe='')}"
    return f"gid://crossdock/Effects/{uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(effect_keys))}"


def _receipt(wish: _Wish, *, changed: bool) -> Receipt:
    answer: dict[str, Any] = {"from": wish.current, "to": wish.quantity, "changed": changed}
    return Receipt(external_id=wish.level, answer=answer)
