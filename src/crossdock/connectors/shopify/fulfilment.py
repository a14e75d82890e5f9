"""Fulfilments: what was shipped of an order is matched to what Shopify still expects of it, then told once.

A fulfilment keeps no key of ours: what it keeps is its tracking numbers and its lines. So a shipment is recognised
by the tracking numbers *and* the quantities per line (two parcels may travel under one number), or, with
`shipment_marker: shipment_number`, by the shipment number written beside the tracking number. Shopify never ships
more than was ordered, but it would ship 1 of 3 twice: a former call must have ended before this is sent again.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

from crossdock.connectors.shopify.admin_api import AdminApi, refused, user_faults
from crossdock.connectors.shopify.gids import to_gid
from crossdock.connectors.shopify.orders import order_gid
from crossdock.connectors.shopify.quantities import whole
from crossdock.connectors.shopify.queries import FULFILLMENT_CREATE, FULFILLMENT_ORDER_LINES, ORDER_TO_FULFIL
from crossdock.core.errors import ConflictError, Place, RejectedError
from crossdock.kit import Delivery, Found, Receipt

__all__ = ["Wanted", "create_fulfilment", "existing_fulfilment", "look_up_fulfilment", "plan", "read_wanted"]

_LINES = 50
_COMPARE = "compare the order on both sides: it may have been edited or fulfilled in Shopify"
_OPEN = frozenset({"OPEN", "IN_PROGRESS"})
_GONE = frozenset({"CANCELLED", "ERROR", "FAILURE"})


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a delivery asks to be fulfilled.

    Attributes:
        numbers: tracking numbers as Shopify is to keep them, the marker among them.
        marker: the one number that is this shipment's own; empty = numbers and quantities together are.
        lines: (line item gid, sku, quantity); one of the first two may be empty. No lines = all that remains.
    """

    numbers: tuple[str, ...]
    marker: str
    lines: tuple[tuple[str, str, int], ...]


def read_wanted(payload: Mapping[str, Any], *, shipment_marker: str) -> Wanted:
    """The wish in a payload: `shipment_no`, `tracking_numbers`, `lines` of {line_id, sku, quantity}.

    Raises:
        RejectedError: neither tracking number nor shipment number, or a bad quantity.
    """
    tracking = tuple(str(number) for number in payload.get("tracking_numbers") or () if number)
    shipment_no = str(payload.get("shipment_no") or "")
    if not tracking and not shipment_no:
        raise RejectedError(
            "the shipment has neither a tracking number nor a shipment number to be recognised by",
            code="T-SCHEMA",
            place=Place(path="shipment_no"),
            mend="map shipment_no",
        )
    own = shipment_no if shipment_no and (shipment_marker == "shipment_number" or not tracking) else ""
    lines = []
    for index, line in enumerate(payload.get("lines") or ()):
        quantity = whole(line.get("quantity"), f"lines[{index}].quantity")
        if quantity < 0:
            raise RejectedError(
                f"lines[{index}].quantity is {quantity}",
                code="T-SCHEMA",
                place=Place(path=f"lines[{index}].quantity"),
                mend="a shipment has no negative quantities",
            )
        gid = to_gid("LineItem", line["line_id"]) if line.get("line_id") else ""
        if quantity:
            lines.append((gid, str(line.get("sku") or ""), quantity))
    return Wanted(numbers=(*tracking, own) if own else tracking, marker=own, lines=tuple(lines))


def existing_fulfilment(order: Mapping[str, Any], wanted: Wanted) -> str:
    """The gid of the order's fulfilment that is this shipment; '' if there is none. Cancelled ones don't count."""
    asked = _per_line(order, wanted)
    for fulfilment in order["fulfillments"]:
        if fulfilment["status"] in _GONE:
            continue
        numbers = {info["number"] for info in fulfilment["trackingInfo"]}
        if wanted.marker:
            same = wanted.marker in numbers
        else:
            shipped: Counter[str] = Counter()
            for node in fulfilment["fulfillmentLineItems"]["nodes"]:
                shipped[node["lineItem"]["id"]] += node["quantity"]
            same = set(wanted.numbers) <= numbers and (not asked or asked == shipped)
        if same:
            return str(fulfilment["id"])
    return ""


def plan(order: Mapping[str, Any], wanted: Wanted, *, location_gid: str) -> list[dict[str, Any]]:
    """`lineItemsByFulfillmentOrder` for the wish, from our own location first.

    Raises:
        RejectedError: more is wanted than remains (B-UNK-LINE, B-OVER-PICK), the rest is held (B-HOLD-ACCT), or
            it lies at two locations, which one fulfilment cannot span.
    """
    if order["cancelledAt"]:
        raise ConflictError(
            f"order {order['name']} is cancelled in Shopify, yet goods were shipped",
            code="B-CXL-LATE",
            mend="take the goods back, or ship them under a new order",
        )
    usable = sorted(
        (fo for fo in order["fulfillmentOrders"]["nodes"] if fo["status"] in _OPEN),
        key=lambda fo: _location(fo) != location_gid,
    )
    rest = [
        (fo, line, line["remainingQuantity"])
        for fo in usable
        for line in fo["lineItems"]["nodes"]
        if line["remainingQuantity"] > 0
    ]
    taken: dict[str, Counter[str]] = {}
    if not wanted.lines:
        for fo, line, remaining in rest:
            taken.setdefault(fo["id"], Counter())[line["id"]] += remaining
    for index, (gid, sku, quantity) in enumerate(wanted.lines):
        _take(order, rest, taken, index, (gid, sku, quantity))
    locations = {_location(fo) for fo in usable if fo["id"] in taken}
    if len(locations) > 1:
        raise RejectedError(
            f"order {order['name']}: this shipment lies at {len(locations)} of Shopify's locations",
            code="T-API-4XX",
            mend="move the fulfilment orders to one location in Shopify, or tell one shipment per location",
        )
    if not taken:
        raise ConflictError(
            f"order {order['name']}: nothing remains to be fulfilled in Shopify",
            code="B-OVER-PICK",
            mend="compare the order's fulfilments on both sides",
        )
    return [
        {
            "fulfillmentOrderId": fo_id,
            "fulfillmentOrderLineItems": [{"id": line, "quantity": count} for line, count in lines.items()],
        }
        for fo_id, lines in taken.items()
    ]


async def create_fulfilment(
    api: AdminApi, delivery: Delivery, *, location_gid: str, shipment_marker: str
) -> Receipt:
    """Tell Shopify of a shipment, unless the order has it already."""
    wanted = read_wanted(delivery.payload, shipment_marker=shipment_marker)
    order = await _order(api, delivery.payload)
    if found := existing_fulfilment(order, wanted):
        return Receipt(external_id=found, answer={"found": True})
    groups = plan(order, wanted, location_gid=location_gid)
    payload = delivery.payload
    tracking: dict[str, Any] = {"numbers": list(wanted.numbers)}
    if payload.get("carrier"):
        tracking["company"] = str(payload["carrier"])
    if payload.get("tracking_url"):
        # As many as there are numbers: Shopify pairs them by position.
        tracking["urls"] = [str(payload["tracking_url"])] * len(wanted.numbers)
    data = await api.call(
        FULFILLMENT_CREATE,
        fulfillment={
            "lineItemsByFulfillmentOrder": groups,
            "trackingInfo": tracking,
            "notifyCustomer": bool(payload.get("notify_customer")),
        },
    )
    answer = data["fulfillmentCreate"]
    faults = user_faults(answer)
    if faults:
        # Another call of ours may have been first: then there is no longer enough left, and all is well.
        if found := existing_fulfilment(await _order(api, delivery.payload), wanted):
            return Receipt(external_id=found, answer={"found": True})
        raise refused(f"the fulfilment of order {order['name']}", faults)
    made = answer["fulfillment"]
    return Receipt(external_id=made["id"], answer={"name": made["name"], "status": made["status"]})


async def look_up_fulfilment(api: AdminApi, delivery: Delivery, *, shipment_marker: str) -> Found:
    """Whether the order has this shipment already."""
    wanted = read_wanted(delivery.payload, shipment_marker=shipment_marker)
    found = existing_fulfilment(await _order(api, delivery.payload), wanted)
    return Found("done", Receipt(external_id=found, answer={"found": True})) if found else Found("absent")


def _take(
    order: Mapping[str, Any],
    rest: list[tuple[Any, Any, int]],
    taken: dict[str, Counter[str]],
    index: int,
    line: tuple[str, str, int],
) -> None:
    """Take one wished line from what remains, over several fulfilment orders if need be."""
    gid, sku, quantity = line
    missing = quantity
    for place, (fo, candidate, remaining) in enumerate(rest):
        if missing and remaining and _is_line(candidate, gid, sku):
            count = min(missing, remaining)
            taken.setdefault(fo["id"], Counter())[candidate["id"]] += count
            rest[place] = (fo, candidate, remaining - count)
            missing -= count
    if not missing:
        return
    what = gid or f"SKU {sku}"
    place_of = Place(path=f"lines[{index}]", value=f"{quantity} of {what}")
    everywhere = [
        (fo, node)
        for fo in order["fulfillmentOrders"]["nodes"]
        for node in fo["lineItems"]["nodes"]
        if _is_line(node, gid, sku)
    ]
    if not everywhere:
        raise RejectedError(
            f"order {order['name']} has no line {what} in Shopify",
            code="B-UNK-LINE",
            place=place_of,
            mend=_COMPARE,
        )
    held = sorted(
        {fo["status"] for fo, node in everywhere if fo["status"] not in _OPEN and node["remainingQuantity"]}
    )
    if held:
        raise RejectedError(
            f"order {order['name']}: line {what} is {' and '.join(held)} in Shopify",
            code="B-HOLD-ACCT",
            place=place_of,
            mend="release it in Shopify, then retry",
        )
    raise RejectedError(
        f"order {order['name']}: {quantity} of line {what} were shipped, Shopify expects {quantity - missing} more",
        code="B-OVER-PICK",
        place=place_of,
        mend=_COMPARE,
    )


def _per_line(order: Mapping[str, Any], wanted: Wanted) -> Counter[str]:
    """Wished quantities by line item gid; a SKU stands for the first line that has it."""
    by_sku: dict[str, str] = {}
    for fo in order["fulfillmentOrders"]["nodes"]:
        for node in fo["lineItems"]["nodes"]:
            by_sku.setdefault(node["lineItem"]["sku"] or "", node["lineItem"]["id"])
    asked: Counter[str] = Counter()
    for gid, sku, quantity in wanted.lines:
        asked[gid or by_sku.get(sku, f"sku:{sku}")] += quantity
    return asked


def _is_line(node: Mapping[str, Any], gid: str, sku: str) -> bool:
    line = node["lineItem"]
    return bool(line["id"] == gid if gid else sku and line["sku"] == sku)


def _location(fulfilment_order: Mapping[str, Any]) -> str:
    return str((fulfilment_order["assignedLocation"]["location"] or {}).get("id", ""))


async def _order(api: AdminApi, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The order with all lines of all its fulfilment orders."""
    gid = await order_gid(api, payload)
    data = await api.call(ORDER_TO_FULFIL, id=gid, lines=_LINES)
    order: dict[str, Any] | None = data["order"]
    if order is None:
        raise RejectedError(f"Shopify has no order {gid}", code="B-UNK-REF", mend=_COMPARE)
    for fo in order["fulfillmentOrders"]["nodes"]:
        page = fo["lineItems"]
        if page["pageInfo"]["hasNextPage"]:
            after = page["pageInfo"]["endCursor"]
            path = ("fulfillmentOrder", "lineItems")
            async for more in api.pages(
                FULFILLMENT_ORDER_LINES, *path, id=fo["id"], lines=_LINES, after=after
            ):
                page["nodes"].extend(more)
    return order
