"""The work bench of a check: a running simulator, connectors on it, and deliveries brought home as the hub would."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from crossdock.core.clock import SystemClock
from crossdock.core.errors import AlreadyDoneError, CrossdockError, OutcomeUnknownError, RetryableError
from crossdock.kit.connector import Connector, Context, Cursor, Delivery, Receipt, Record
from crossdock.kit.simulator import Fault, HookSample, Simulator, WriteSample

__all__ = ["Bench", "BreachError", "NotApplicableError", "expect", "keys_of", "name_of"]

_MAX_ATTEMPTS = 12
_MAX_RECORDS = 10_000
_SMALL_PAGE = 3
_SEED = 20_260_101


class BreachError(AssertionError):
    """A promise that the connector does not keep."""


class NotApplicableError(Exception):
    """The connector has nothing for this check to prove."""


def expect(condition: object, text: str) -> None:
    """Raise BreachError with `text` unless `condition` holds."""
    if not condition:
        raise BreachError(text)


@dataclasses.dataclass
class Bench:
    """What a check works with. Use `Bench.opened`.

    Attributes:
        values: settings of the connector under test.
        simulator: the system it talks to, listening on loopback.
    """

    connector_class: type[Connector[Any]]
    simulator: Simulator
    values: dict[str, Any]
    made: list[Connector[Any]] = dataclasses.field(default_factory=list)
    numbers: dict[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls,
        connector_class: type[Connector[Any]],
        simulator_class: type[Simulator],
        settings: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Bench]:
        """A bench with the simulator started; all is closed afterwards. `settings` win over the simulator's."""
        simulator = simulator_class(clock=SystemClock(), randomness=random.Random(_SEED))  # noqa: S311
        await simulator.start()
        bench = cls(connector_class, simulator, {})
        try:
            bench.values = bench._small_pages({**simulator.settings(), **(settings or {})})
            yield bench
        finally:
            for connector in bench.made:
                await connector.close()
            await simulator.stop()

    def connect(self, **changed: Any) -> Connector[Any]:
        """A new connector, as another worker would make it; `changed` replaces settings."""
        values = {**self.values, **changed}
        settings = self.connector_class.settings_class.load(values, source="the conformance suite")
        context = Context(
            system="conformance",
            clock=self.simulator.clock,
            random=random.Random(_SEED),  # noqa: S311  # jitter, not cryptography
        )
        connector = self.connector_class(settings, context)
        self.made.append(connector)
        return connector

    async def sample(self, operation: str) -> WriteSample:
        """A new good delivery of `operation`, nothing of it done yet."""
        makers = self.simulator.write_samples()
        expect(operation in makers, f"{self._sim} gives no write sample for {operation}")
        number = self.numbers[operation] = self.numbers.get(operation, 0) + 1
        sample = await makers[operation](number)
        expect(
            sample.effects() == 0,
            f"{operation}: {self._sim} counts {sample.effects()} effects before the sample is sent",
        )
        return sample

    def hook(self, topic: str) -> HookSample:
        """The signed webhook that the simulator gives for `topic`."""
        samples = self.simulator.hook_samples()
        expect(topic in samples, f"{self._sim} gives no hook sample for {topic}")
        return samples[topic]

    async def write(self, connector: Connector[Any], delivery: Delivery) -> Receipt | CrossdockError:
        """One call of a write verb: its receipt, or its typed error."""
        before = copy.deepcopy(delivery.payload)
        try:
            results = await connector.write(delivery.operation, [delivery])
        except CrossdockError as error:
            return error
        expect(len(results) == 1, f"{delivery.operation} gave {len(results)} results for one delivery")
        expect(before == delivery.payload, f"{delivery.operation} changed the payload it was given")
        return results[0]

    async def bring_home(self, delivery: Delivery, connector: Connector[Any] | None = None) -> Receipt:
        """Send `delivery` until it is there, as the pipeline does: look before what may have happened is repeated."""
        in_doubt = False
        for attempt in range(1, _MAX_ATTEMPTS):
            worker = connector or self.connect()
            tried = dataclasses.replace(delivery, attempt=attempt, in_doubt=in_doubt)
            if in_doubt and (found := await self._looked_up(worker, tried)) is not None:
                return found
            result = await self.write(worker, tried)
            if isinstance(result, Receipt):
                return result
            if isinstance(result, AlreadyDoneError):
                return Receipt(external_id=result.external_id)
            if isinstance(result, OutcomeUnknownError):
                in_doubt = True
            elif not isinstance(result, RetryableError):
                raise BreachError(f"{delivery.operation} ended as {name_of(result)}: {result}") from result
        raise BreachError(f"{delivery.operation} did not come home within {_MAX_ATTEMPTS} attempts")

    async def read(
        self, source: str, since: Cursor | None = None, *, connector: Connector[Any] | None = None
    ) -> list[Record]:
        """All records that the read verb gives from `since`."""
        records: list[Record] = []
        async for record in (connector or self.connect()).read(source, since):
            records.append(record)
            expect(len(records) <= _MAX_RECORDS, f"{source} does not end: {_MAX_RECORDS} records and more")
        return records

    def script(self, *faults: Fault | str) -> None:
        """Faults of the next requests, in order; '' is a good answer."""
        self.simulator.faults.script = list(faults)  # type: ignore[arg-type]

    def secrets(self) -> list[str]:
        """Values that must never be shown."""
        settings = self.connector_class.settings_class.load(self.values, source="the conformance suite")
        names = [info.name for info in settings.describe() if info.secret]
        values = [getattr(settings, name) for name in names]
        return [value.reveal() for value in values if value]

    async def _looked_up(self, connector: Connector[Any], delivery: Delivery) -> Receipt | None:
        spec = self.connector_class.verbs.writes[delivery.operation]
        if not spec.lookup:
            return None
        for _ in range(_MAX_ATTEMPTS):
            try:
                found = await connector.look_up(delivery)
            except (RetryableError, OutcomeUnknownError):
                continue
            expect(
                found.state != "unclear" or spec.once != "lookup_then_create",
                f"the look-up of {delivery.operation} is unclear: {found.text}; nobody may send it again",
            )
            return (found.receipt or Receipt()) if found.state == "done" else None
        raise BreachError(f"the look-up of {delivery.operation} never answered")

    def _small_pages(self, values: dict[str, Any]) -> dict[str, Any]:
        for info in self.connector_class.settings_class.describe():
            if info.name == "page_size":
                values["page_size"] = max(_SMALL_PAGE, int(info.minimum or 0))
        return values

    @property
    def _sim(self) -> str:
        return type(self.simulator).__name__


def name_of(result: Receipt | CrossdockError) -> str:
    """`Receipt`, or the error's class and code."""
    return f"{type(result).__name__} {result.code}" if isinstance(result, CrossdockError) else "Receipt"


def keys_of(records: Sequence[Record]) -> set[str]:
    return {record.key for record in records}
