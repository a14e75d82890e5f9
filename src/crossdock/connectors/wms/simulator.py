"""The reference warehouse on loopback: its API, its webhooks, and controls for tests and demos."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.wms import samples
from crossdock.connectors.wms.api import Api
from crossdock.connectors.wms.controls import control_routes
from crossdock.connectors.wms.forms import AdviceForm, ShipOrderForm
from crossdock.connectors.wms.inbound import Advices
from crossdock.connectors.wms.ship_order import Behaviour, ShipOrder
from crossdock.connectors.wms.stock import Stock, text
from crossdock.connectors.wms.warehouse import ShipOrders
from crossdock.core.clock import Clock, format_utc
from crossdock.kit import Faults, HookSample, Simulator, WriteSample, sign_standard_webhook

__all__ = ["WmsSimulator"]

_IDLE_S = 0.02
_WAREHOUSE = "3PL-1"

Chooser = Callable[[ShipOrderForm | AdviceForm], bool]


class WmsSimulator(Simulator):
    """A warehouse in memory. The same seed and the same calls give the same orders, events and SSCCs.

    Attributes:
        hub_url: where webhooks go; empty = nowhere, events can still be polled.
        behaviours: order reference, order key or a predicate of its form → what happens to it.
        behaviour_rates: chance of each behaviour for the others; decided by reference, not by the order of calls.
        events: all events that ever were, in order; one that was sent again stands there twice.
    """

    kind = "wms"

    def __init__(
        self,
        *,
        clock: Clock,
        randomness: random.Random,
        faults: Faults | None = None,
        hub_url: str = "",
        shipment_prefix: str = "SH-",
    ) -> None:
        super().__init__(clock=clock, randomness=randomness, faults=faults)
        self.hub_url = hub_url
        self.behaviours: dict[str | Chooser, Behaviour] = {}
        self.behaviour_rates: dict[Behaviour, float] = {}
        self.events: list[dict[str, Any]] = []
        self.stock = Stock(self._now)
        self.orders = ShipOrders(
            self.stock,
            emit=self._emit,
            now=self._now,
            behaviour=self._behave,
            shipment_prefix=shipment_prefix,
        )
        self.advices = Advices(self.stock, emit=self._emit, now=self._now, behaviour=self._behave)
        self._salt = randomness.getrandbits(32)
        self._api = Api(
            token=samples.TOKEN,
            installation=f"wms-{self._salt:08x}",
            now=self._now,
            stock=self.stock,
            orders=self.orders,
            advices=self.advices,
            events=self.events,
        )
        self._unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._every_s = 0.0

    @property
    def ship_orders(self) -> dict[str, ShipOrder]:
        """Ship orders by reference."""
        return self.orders.all

    @property
    def shipments(self) -> list[dict[str, Any]]:
        """All shipments, each with its ship order's reference."""
        orders = self.orders.all.values()
        return [{"reference": order.reference, **one} for order in orders for one in order.shipments]

    def settings(self) -> dict[str, Any]:
        return {"base_url": self.url, "token": samples.TOKEN, "webhook_secret": samples.WEBHOOK_SECRET}

    # Life and work.

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        url = await super().start(host, port)
        self._tasks = [asyncio.create_task(self._send_events()), asyncio.create_task(self._work())]
        return url

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        await super().stop()

    async def advance(self, steps: int = 1) -> int:
        """Work on: each step moves every open order and announcement by one; how many moves there were."""
        return sum(self.orders.advance() + self.advices.advance() for _ in range(steps))

    def auto(self, every_s: float) -> None:
        """Take a step every `every_s` seconds from now on; 0 stops it."""
        self._every_s = every_s

    @property
    def working(self) -> bool:
        """Whether steps are taken by themselves."""
        return self._every_s > 0

    async def hooks_sent(self) -> None:
        """Wait until every event so far was taken by the hub."""
        await self._unsent.join()

    def adjust(self, sku: str, quantity: Decimal, reason: str, *, lot: str = "") -> None:
        """Someone counted: more or less is there than was thought."""
        self.stock.add(sku, quantity, lot=lot)
        self._emit(
            "stock.adjusted",
            {
                "sku": sku,
                "lot": lot,
                "quantity": text(quantity),
                "reason": reason,
                "kind": "adjust_in" if quantity > 0 else "adjust_out",
                "on_hand_after": text(self.stock.on_hand(sku)),
                "available_after": text(self.stock.available(sku)),
            },
        )

    def state(self) -> dict[str, Any]:
        """All that there is, for reconciliation."""
        return {
            "ship_orders": {reference: order.row() for reference, order in self.orders.all.items()},
            "shipments": self.shipments,
            "advices": {
                reference: {**advice.row(), "receipts": advice.receipts}
                for reference, advice in self.advices.all.items()
            },
            "stock": {sku: self.stock.row(sku) for sku in self.stock.items},
            "events": len(self.events),
            "hooks_waiting": self._unsent.qsize(),
        }

    def resend(self, event_id: str) -> None:
        """Give an event again, as their support does when asked to: the same id under a new number."""
        event = next(event for event in self.events if event["id"] == event_id)
        self._publish(event)

    # What conformance asks for.

    def write_samples(self) -> Mapping[str, Callable[[int], Awaitable[WriteSample]]]:
        return samples.write_samples(self)

    def hook_samples(self) -> Mapping[str, HookSample]:
        return {"events": samples.hook_sample(self.clock)}

    async def seed(self, source: str, count: int) -> Sequence[str]:
        return samples.seed(self, source, count)

    async def touch(self, source: str, key: str) -> None:
        if source == "event":
            self.resend(key)
        else:
            self.adjust(key, Decimal(1), "found")

    # Inside.

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return self._api.routes()

    def controls(self) -> Sequence[web.AbstractRouteDef]:
        return control_routes(self)

    def _behave(self, form: ShipOrderForm | AdviceForm) -> Behaviour:
        for choice, behaviour in self.behaviours.items():
            if choice in {form.reference, form.order} or (callable(choice) and choice(form)):
                return behaviour
        dice = random.Random(f"{self._salt}|{form.reference}").random()  # noqa: S311  # a simulation
        for behaviour, rate in self.behaviour_rates.items():
            if dice < rate:
                return behaviour
            dice -= rate
        return "full"

    def _emit(self, kind: str, data: dict[str, Any]) -> None:
        number = len(self.events) + 1
        self._publish(
            {
                "id": f"evt-{self._salt:08x}-{number:08}",
                "type": kind,
                "occurred_at": self._now(),
                "warehouse": _WAREHOUSE,
                "data": data,
            }
        )

    def _publish(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if self.hub_url:
            self._unsent.put_nowait(event)

    async def _send_events(self) -> None:
        """Send events one after the other; a hub that is away is waited for."""
        while True:
            event = await self._unsent.get()
            body = msgspec.json.encode(event)
            stamp = self.clock.micros() // 1_000_000
            headers = sign_standard_webhook(
                samples.WEBHOOK_SECRET, message_id=event["id"], timestamp_s=stamp, body=body
            )
            await self.send_hook(self.hub_url, {**headers, "Content-Type": "application/json"}, body)
            if self._unsent.empty():
                await self.flush_hooks()
            self._unsent.task_done()

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(self._every_s or _IDLE_S)
            if self._every_s:
                await self.advance()

    def _now(self) -> str:
        return format_utc(self.clock.now().replace(microsecond=0))
