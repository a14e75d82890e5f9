"""The bench sink: orders go out one by one over HTTP, each under its effect key."""

from __future__ import annotations

from crossdock.kit import Connector, Delivery, Http, Receipt, Settings, setting, writes

__all__ = ["BenchSink", "BenchSinkSettings"]


class BenchSinkSettings(Settings):
    """Where the sink is."""

    base_url: str = setting("Address of the sink")


class BenchSink(Connector[BenchSinkSettings]):
    """Sends orders to the sink."""

    def make_http(self) -> Http:
        return Http(clock=self.clock, base_url=self.settings.base_url, timeout_s=10.0, connections=32)

    async def check(self) -> None:
        """The sink answers."""
        await self.http.get("/count")

    @writes("order.send", once="idempotency_key", document="sales_order")
    async def send_order(self, delivery: Delivery) -> Receipt:
        """Send one order."""
        answer = await self.http.post("/orders", delivery.payload, idempotency_key=delivery.effect_key)
        return Receipt(external_id=answer.json()["id"])
