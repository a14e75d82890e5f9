"""The world of scenarios: a real journal, a running hub, Acme on loopback, and interfaces between them."""

import asyncio
import contextlib
import itertools
import random
import time
from typing import Self

import msgspec
from tests.scenario.acme import Acme, AcmeSettings, AcmeSimulator

from crossdock.core.clock import SystemClock
from crossdock.core.errors import Place
from crossdock.core.interface import (
    InterfaceDefinition,
    InterfaceSource,
    InterfaceTarget,
    Policy,
    SystemDefinition,
)
from crossdock.kit import Context
from crossdock.mapping import LookupRef, MissingReference, MissingReferencesError, compile_rule
from crossdock.pipeline import Hub, TargetSystem, compile_routes
from crossdock.store.contract import ExceptionFilter, NewMessage
from crossdock.store.sqlite import SqliteJournal

QUICK = Policy(attempts=4, base_s=0.02, cap_s=0.1, wait_s=30.0, timeout_s=5.0)
ACTIVE = {"ready", "sent", "retrying", "waiting", "held"}


class NeedsProducts:
    """A mapping that looks its lines' products up, in the least code."""

    def needs(self, record, variables):
        return {LookupRef("product", line["product"]) for line in record["lines"]}

    def run(self, record, *, lookups, variables, place_of=None):
        missing = [ref for ref in self.needs(record, variables) if ref not in lookups]
        if missing:
            raise MissingReferencesError([MissingReference(ref, Place()) for ref in missing])
        if record["lines"][0]["product"] == "POISON":
            msg = "a fault of the mapping's code"
            raise ZeroDivisionError(msg)
        return record


def interface(name: str, *targets: InterfaceTarget, topic: str = "", **fields) -> InterfaceDefinition:
    """An interface from `shop` that takes canonical documents as they are."""
    source = fields.pop("source", None) or InterfaceSource(system="shop", topics=[topic or name])
    return InterfaceDefinition(
        **{
            "id": name.replace("/", "-"),
            "version": 1,
            "title": name,
            "domain": "sales",
            "owner": "ops",
            "criticality": "high",
            "pattern": "event",
            "source": source,
            "document": "sales_order",
            "targets": list(targets),
            "runbook": "r.md",
            **fields,
        }
    )


def to(operation: str, system: str = "acme", **fields) -> InterfaceTarget:
    return InterfaceTarget(system=system, operation=operation, policy=fields.pop("policy", QUICK), **fields)


def usual_interfaces() -> list[InterfaceDefinition]:
    return [
        interface("orders/create", to("order.create")),
        interface("orders/change", to("order.change")),
        interface("orders/note", to("note.create")),
        interface("orders/letter", to("letter.send")),
        interface("orders/ping", to("ping.send")),
        interface("orders/pay", to("order.pay"), document="payment"),
        interface("stock", to("stock.set", supersede=True), document="inventory_position"),
    ]


class World:
    """See the module's head. `async with World(folder) as world`."""

    def __init__(self, folder, *, interfaces=None, systems=("acme",), clock=None, **definition) -> None:
        self.clock = clock or SystemClock()
        self.path = folder / "journal.db"
        self.interfaces = interfaces if interfaces is not None else usual_interfaces()
        self.names = systems
        self.definition = {"call_life_s": 0.4, "concurrency": 4, **definition}
        self.sims: dict[str, AcmeSimulator] = {}
        self.count = itertools.count(1)
        self.random = random.Random(7)
        self.stack = contextlib.AsyncExitStack()

    @property
    def sim(self) -> AcmeSimulator:
        return self.sims[self.names[0]]

    async def __aenter__(self) -> Self:
        for name in self.names:
            sim = self.sims[name] = AcmeSimulator(clock=self.clock, randomness=self.random)
            sim.faults.retry_after_s = 0.02
            await sim.start()
            self.stack.push_async_callback(sim.stop)
        self.journal = SqliteJournal(self.path, clock=self.clock)
        await self.journal.open(environment="dev")
        self.stack.push_async_callback(self.journal.close)
        self.hub = self.make_hub()
        await self.hub.start()
        self.stack.push_async_callback(self.stop_hub)
        return self

    async def __aexit__(self, *error) -> None:
        await self.stack.aclose()

    def make_hub(self) -> Hub:
        systems = {}
        for name in (*self.names, "shop"):
            definition = SystemDefinition(name=name, connector="acme", **self.definition)
            url = self.sims[name].url if name in self.sims else "http://127.0.0.1:9"
            context = Context(system=name, clock=self.clock, random=self.random)
            systems[name] = TargetSystem(definition, Acme(AcmeSettings(base_url=url), context))
            systems[name].breaker.first_s = 0.05
            systems[name].breaker.longest_s = 0.3
        routes = compile_routes(
            self.interfaces,
            {name: system.definition for name, system in systems.items()},
            {name: system.connector.verbs for name, system in systems.items()},
            load_mapping=lambda _, name: NeedsProducts(),
            compile_rule=compile_rule,
        )
        return Hub(self.journal, systems, routes, worker="w", clock=self.clock, randomness=self.random)

    async def stop_hub(self) -> None:
        if self.hub is not None:
            await self.hub.stop()
            assert self.hub.failed() is None
            self.hub = None

    async def kill_hub(self) -> None:
        """End all loops as a kill would: nothing on its way is brought to its end, no lease given back."""
        hub, self.hub = self.hub, None
        tasks = [*hub._tasks, *(task for one in hub._dispatchers for task in one._tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for system in hub.systems.values():
            await system.connector.close()

    async def start_hub(self) -> None:
        self.hub = self.make_hub()
        await self.hub.start()

    async def drop(self, topic: str, order: str, seq: object = "", *, dedupe_key: str = "", **fields):
        """A message from the shop, as a hook would bring it."""
        body = self.body(topic, order, seq, **fields)
        accepted = await self.journal.accept(
            NewMessage(
                system="shop",
                topic=topic,
                body=body,
                content_type="application/json",
                dedupe_key=dedupe_key or f"k{next(self.count)}",
            )
        )
        if self.hub is not None:
            self.hub.intake.arrived.set()
        return accepted

    @staticmethod
    def body(topic: str, order: str, seq: object = "", **fields) -> bytes:
        if topic == "stock":
            return msgspec.json.encode(
                {"product": order, "on_hand": str(seq), "location": "W", **fields, "key": order}
            )
        if topic == "orders/pay":
            money = {"amount": "5", "currency": "EUR"}
            lines = [{"invoice": fields["of"], "paid": money}] if fields.get("of") else []
            return msgspec.json.encode(
                {"key": f"P{order}-{seq}", "amount": money, "order_key": order, "lines": lines}
            )
        line = {
            "line_id": "1",
            "product": fields.pop("product", "X"),
            "quantity": {"value": "2", "uom": "EA"},
        }
        return msgspec.json.encode(
            {
                "key": order,
                "order_no": order,
                "customer": "C1",
                "currency": "EUR",
                "buyer_po": str(seq),
                "lines": [line],
                **fields,
            }
        )

    async def until(self, condition, *, seconds: float = 10.0, what: str = "") -> None:
        """Wait until `condition()` (a value or an awaitable) is true."""
        end = time.monotonic() + seconds
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            if time.monotonic() > end:
                counts = await self.journal.counts()
                raise AssertionError(
                    f"waited in vain for {what or condition}: {counts}, {await self.problems()}"
                )
            await asyncio.sleep(0.01)

    async def quiet(self, *, seconds: float = 15.0, besides: frozenset[str] = frozenset()) -> None:
        """Wait until nothing is to be done any more (but what waits in states `besides`)."""

        async def calm() -> bool:
            counts = await self.journal.counts()
            busy = ACTIVE - besides
            return not counts["messages"].get("accepted") and not any(
                counts["deliveries"].get(s) for s in busy
            )

        await self.until(calm, seconds=seconds, what="quiet")

    async def states(self, message_id) -> list[str]:
        shown = await self.journal.show_message(message_id)
        return [row.state for row in shown["deliveries"]]

    async def state(self, message_id) -> str:
        states = await self.states(message_id)
        return states[0] if len(states) == 1 else str(states)

    async def becomes(self, message_id, state: str, *, seconds: float = 10.0) -> None:
        async def is_it() -> bool:
            return await self.state(message_id) == state

        await self.until(is_it, seconds=seconds, what=f"m{message_id} {state}")

    async def delivery(self, message_id):
        return (await self.journal.show_message(message_id))["deliveries"][0]

    async def problems(self, state: str = "open") -> list[str]:
        rows = await self.journal.list_exceptions(ExceptionFilter(state=state), before=0, limit=100)
        return [row.code for row in rows]

    async def problem(self):
        (row,) = await self.journal.list_exceptions(ExceptionFilter(), before=0, limit=10)
        return row


def assert_in_order(sim: AcmeSimulator) -> None:
    """Per ordering key, effects came in the order in which their messages were accepted."""
    for key in {effect.ordering_key for effect in sim.effects}:
        seqs = [int(effect.seq) for effect in sim.effects if effect.ordering_key == key]
        assert seqs == sorted(seqs), (key, seqs)


def assert_once(sim: AcmeSimulator) -> None:
    keys = [effect.effect_key for effect in sim.effects if effect.operation != "ping.send"]
    assert len(keys) == len(set(keys)), sorted(key for key in set(keys) if keys.count(key) > 1)
