"""What conformance asks of the simulated warehouse: good and refused deliveries, a signed hook, records to read."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from crossdock.connectors.wms.forms import AddressForm, AdviceForm, ItemForm, LineForm, ShipOrderForm
from crossdock.core.clock import Clock
from crossdock.kit import Delivery, HookRequest, HookSample, Secret, WriteSample, sign_standard_webhook

if TYPE_CHECKING:
    from crossdock.connectors.wms.simulator import WmsSimulator

__all__ = ["TOKEN", "WEBHOOK_SECRET", "hook_sample", "seed", "write_samples"]

TOKEN = Secret("wms-simulated-token", origin="simulator")
WEBHOOK_SECRET = Secret("whsec_d21zLXNpbXVsYXRlZC1zZWNyZXQ=", origin="simulator")

_SKU = "SAMPLE"
_TO_PICKED = 3

Maker = Callable[[int], Awaitable[WriteSample]]


def write_samples(simulator: WmsSimulator) -> Mapping[str, Maker]:
    """A maker of samples for each write of the connector."""
    verbs = {"cancel": "cancelled", "hold": "held", "release": "released", "amend": "amended"}
    return {
        "item.upsert": lambda number: _item(simulator, number),
        "ship_order.create": lambda number: _create(simulator, number),
        "inbound_advice.create": lambda number: _advice(simulator, number),
        "order.cancel": lambda number: _order_cancel(simulator, number),
        **{f"ship_order.{verb}": _later(simulator, verb, told) for verb, told in verbs.items()},
    }


def hook_sample(clock: Clock) -> HookSample:
    """A signed event."""
    body = msgspec.json.encode({"id": "evt-sample", "type": "ship_order.accepted", "data": {}})
    stamp = clock.micros() // 1_000_000
    headers = sign_standard_webhook(WEBHOOK_SECRET, message_id="evt-sample", timestamp_s=stamp, body=body)
    return HookSample(HookRequest("events", headers, body), dedupe_key="evt-sample")


def seed(simulator: WmsSimulator, source: str, count: int) -> Sequence[str]:
    """New records: items with stock, or the events that their adjustment makes."""
    known = len(simulator.stock.items)
    skus = [f"SEED-{known + place:05}" for place in range(count)]
    before = len(simulator.events)
    for sku in skus:
        simulator.stock.set_item(ItemForm(sku=sku, uom="EA"))
        simulator.adjust(sku, Decimal("2.5"), "initial")
    return skus if source == "inventory_position" else [event["id"] for event in simulator.events[before:]]


async def _item(simulator: WmsSimulator, number: int) -> WriteSample:
    sku = f"SKU-{number:05}"
    good = _delivery("item.upsert", "product", sku, {"sku": sku, "uom": "EA", "description": "Sample"})
    bad = dataclasses.replace(good, payload={"sku": sku, "uom": 7})
    return WriteSample(good, lambda: int(sku in simulator.stock.items), rejected=bad)


async def _create(simulator: WmsSimulator, number: int) -> WriteSample:
    reference = f"REL/{number}"
    form = _form(simulator, reference)
    good = _delivery("ship_order.create", "fulfilment_order", reference, msgspec.to_builtins(form))
    return WriteSample(good, lambda: _count(simulator, "create", reference), rejected=_with_bad_sku(good))


async def _order_cancel(simulator: WmsSimulator, number: int) -> WriteSample:
    good, late = f"whole-{number}", f"whole-{number}-picked"
    simulator.stock.set_item(ItemForm(sku=_SKU, uom="EA"))
    simulator.stock.add(_SKU, Decimal(10))
    for reference in (good, late):
        order = simulator.orders.create(_form(simulator, reference))
        if reference == late:
            simulator.orders.rush(order, steps=_TO_PICKED)
    wanted = _delivery("order.cancel", "sales_order", f"ORDER-{good}", {"order": f"ORDER-{good}"})
    refused = dataclasses.replace(
        wanted, payload={"order": f"ORDER-{late}"}, effect_key=f"{wanted.effect_key}-bad"
    )
    return WriteSample(wanted, lambda: _count(simulator, "cancelled", good), rejected=refused)


async def _advice(simulator: WmsSimulator, number: int) -> WriteSample:
    reference = f"ADV/{number}"
    lines = _form(simulator, reference).lines
    form = AdviceForm(reference=reference, order=f"PO-{number}", lines=lines)
    good = _delivery("inbound_advice.create", "shipment", reference, msgspec.to_builtins(form))
    return WriteSample(good, lambda: int(reference in simulator.advices.all), rejected=_with_bad_sku(good))


def _later(simulator: WmsSimulator, verb: str, told: str) -> Maker:
    """Samples of what is done to an order that is there; refused for one that is picked already."""

    async def make(number: int) -> WriteSample:
        reference, picked = f"{verb}-{number}", f"{verb}-{number}-picked"
        simulator.stock.set_item(ItemForm(sku=_SKU, uom="EA"))
        simulator.stock.add(_SKU, Decimal(10))
        for one in (picked, reference):
            order = simulator.orders.create(_form(simulator, one))
            if one == picked:
                simulator.orders.rush(order, steps=_TO_PICKED)
        if verb == "release":
            simulator.orders.set_hold(reference, on_hold=True)
        good = _delivery(
            f"ship_order.{verb}", "fulfilment_order", reference, _payload(simulator, verb, reference)
        )
        bad_reference = picked if verb in {"cancel", "amend"} else "no-such-order"
        bad = dataclasses.replace(
            good,
            payload=_payload(simulator, verb, bad_reference),
            effect_key=f"{good.effect_key}-bad",
            document_key=bad_reference,
        )
        return WriteSample(good, lambda: _count(simulator, told, reference), rejected=bad)

    return make


def _payload(simulator: WmsSimulator, verb: str, reference: str) -> dict[str, Any]:
    if verb != "amend":
        return {"reference": reference}
    form = _form(simulator, reference)
    line = msgspec.structs.replace(form.lines[0], quantity="2")
    return {"reference": reference, "revision": 2, "lines": [msgspec.to_builtins(line)]}


def _form(simulator: WmsSimulator, reference: str) -> ShipOrderForm:
    simulator.stock.set_item(ItemForm(sku=_SKU, uom="EA"))
    return ShipOrderForm(
        reference=reference,
        order=f"ORDER-{reference}",
        ship_to=AddressForm(name="Sample Stores", city="Utrecht", country="NL"),
        lines=[LineForm(line_id="1", sku=_SKU, quantity="3", uom="EA")],
    )


def _with_bad_sku(good: Delivery) -> Delivery:
    line = {**good.payload["lines"][0], "sku": "no-such-item"}
    return dataclasses.replace(
        good, payload={**good.payload, "lines": [line]}, effect_key=f"{good.effect_key}-bad"
    )


def _delivery(operation: str, kind: str, key: str, payload: dict[str, Any]) -> Delivery:
    return Delivery(
        operation=operation,
        payload=payload,
        effect_key=f"{operation}|{key}",
        ordering_key=f"wms|{key}",
        company="1",
        object_kind=kind,
        object_key=key,
        document_kind=kind,
        document_key=key,
    )


def _count(simulator: WmsSimulator, what: str, reference: str) -> int:
    return simulator.orders.history.count((what, reference))
