"""Both journals under one suite: a fresh one for each test, and a desk that does the usual things with it."""

import asyncio
import itertools
import os
import uuid
from urllib.parse import urlsplit

import pytest

from crossdock.core.clock import ManualClock
from crossdock.core.delivery import DeliveryState
from crossdock.core.ids import DeliveryId
from crossdock.store import open_journal
from crossdock.store.contract import (
    DeliverySettled,
    MessageState,
    NewArtefact,
    NewDelivery,
    NewDocument,
    NewException,
    NewMessage,
    Translated,
)

POSTGRES = os.environ.get("CROSSDOCK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def _postgres_problem() -> str:
    """Why PostgreSQL cannot be tested here; empty if it can."""

    async def connect() -> None:
        import asyncpg

        connection = await asyncpg.connect(POSTGRES, timeout=3)
        await connection.close()

    try:
        asyncio.run(connect())
    except Exception as error:
        return f"no PostgreSQL at {urlsplit(POSTGRES).hostname} ({type(error).__name__}: {error})"
    return ""


@pytest.fixture(scope="session")
def postgres_problem():
    return _postgres_problem()


@pytest.fixture(scope="module")
def postgres_database(postgres_problem):
    """A database of its own for the module."""
    if postgres_problem:
        if os.environ.get("CROSSDOCK_REQUIRE_SERVICES") == "1":
            pytest.fail(postgres_problem)
        pytest.skip(postgres_problem)
    name = f"crossdock_test_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(POSTGRES, f'CREATE DATABASE "{name}"'))
    yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    asyncio.run(_execute(POSTGRES, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def postgres_url(postgres_database):
    """Its journal, with nothing in it. The schema stays from test to test: making it takes a quarter second."""
    await _execute(
        postgres_database,
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT quote_ident(tablename) FROM pg_tables WHERE"
        " schemaname = 'crossdock' AND tablename <> 'stamp' LOOP EXECUTE 'DELETE FROM crossdock.' || t; END LOOP; END $$",
    )
    return postgres_database


async def _execute(url, sql):
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """Where a fresh journal lives."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'journal.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def journal(url, clock):
    opened = await open_journal(url, environment="test", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(journal, clock):
    return Desk(journal, clock)


@pytest.fixture(scope="session")
def desk_class():
    return Desk


class Desk:
    """The usual things done with a journal, in one line each."""

    def __init__(self, journal, clock, first_number=1):
        self.journal = journal
        self.clock = clock
        self._numbers = itertools.count(first_number)

    def message(self, body=b"{}", **fields):
        """A message; with a dedupe key of its own unless told."""
        fields.setdefault("dedupe_key", f"key-{next(self._numbers)}")
        return NewMessage(**{"system": "shop", "topic": "order.created", "body": body, **fields})

    async def accept(self, body=b"{}", **fields):
        return (await self.journal.accept(self.message(body, **fields))).message_id

    def delivery(self, **fields):
        number = next(self._numbers)
        return NewDelivery(
            **{
                "interface": "orders",
                "interface_version": 1,
                "target": "odoo",
                "company": "1",
                "operation": "order.create",
                "object_kind": "order",
                "object_key": "10001",
                "effect_key": f"effect-{number}",
                **fields,
            }
        )

    def document(self, *deliveries, body=None, **fields):
        return NewDocument(
            **{
                "kind": "sales_order",
                "key": "10001",
                "company": "1",
                "source_version": "",
                "body": body if body is not None else b'{"n": %d}' % next(self._numbers),
                "interface": "orders",
                "transactions": ("10001",),
                "deliveries": tuple(deliveries),
                **fields,
            }
        )

    async def translate(self, *documents, message_id=None, state=MessageState.TRANSLATED, **fields):
        """Commit documents of a fresh message; (Settled, ids of their deliveries)."""
        message_id = message_id or await self.accept()
        before = {row.id for row in (await self.journal.show_message(message_id))["deliveries"]}
        settled = await self.journal.commit_translated(
            [Translated(message_id, state, documents=tuple(documents), **fields)]
        )
        shown = await self.journal.show_message(message_id)
        return settled, [row.id for row in shown["deliveries"] if row.id not in before]

    async def add(self, *, body=None, message_id=None, document=None, **fields):
        """A delivery of a fresh message; its id."""
        new = self.document(self.delivery(**fields), body=body, **(document or {}))
        _, (delivery_id,) = await self.translate(new, message_id=message_id)
        return delivery_id

    async def state(self, *ids):
        states = [(await self.journal.show_delivery(DeliveryId(i))).state.name for i in ids]
        return states[0] if len(ids) == 1 else states

    async def lease(self, target="odoo", worker="worker", want=64, ttl_s=3600.0):
        return await self.journal.lease_lanes(target, worker, want=want, ttl_s=ttl_s)

    async def claim(self, target="odoo", after=0, limit=100):
        rows = await self.journal.claim(await self.lease(target), after=DeliveryId(after), limit=limit)
        return [row.id for row in rows]

    async def send(self, *ids, target="odoo"):
        artefact = NewArtefact(target, "order.create", b'{"sent": 1}', tuple(ids))
        return (await self.journal.mark_sent(await self.lease(target), [artefact]))[0]

    async def settle(self, delivery_id, state, target="odoo", **fields):
        outcome = DeliverySettled(delivery_id, state, **fields)
        return await self.journal.settle(await self.lease(target), [outcome])

    async def deliver(self, *ids, **fields):
        for delivery_id in ids:
            await self.send(delivery_id)
            await self.settle(delivery_id, DeliveryState.DELIVERED, **fields)

    def exception(self, **fields):
        return NewException(
            **{
                "code": "B-UNK-ITEM",
                "severity": "E",
                "class_": "missing_reference",
                "owner": "ops",
                "stage": "deliver",
                "text": "item 4711 is unknown",
                "system": "odoo",
                "interface": "orders",
                **fields,
            }
        )

    async def row(self, delivery_id):
        """The delivery as people see it."""
        message_id = (await self.journal.show_delivery(delivery_id)).message_id
        shown = await self.journal.show_message(message_id)
        return next(row for row in shown["deliveries"] if row.id == delivery_id)

    async def events(self, after=0):
        return await self.journal.events(after=after, limit=10_000)

    async def kinds(self, after=0):
        return [event.kind for event in await self.events(after)]
