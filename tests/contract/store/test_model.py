"""The journal against a simple model of it: any sequence of steps leaves the same states in both."""

import dataclasses
import itertools
import uuid

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crossdock.core.clock import ManualClock
from crossdock.core.delivery import DeliveryState as S
from crossdock.core.facts import fact_name
from crossdock.store import open_journal
from crossdock.store.contract import DeliverySettled, Xref

KEYS = ("A", "B")
ITEMS = ("i1", "i2")
SENDABLE = {S.READY, S.SENT}
BLOCKS = {S.RETRYING, S.PARKED}
ENDS = (S.DELIVERED, S.CANCELLED, S.SHADOWED, S.DEAD)
OUTCOMES = (S.READY, S.RETRYING, S.PARKED, S.WAITING, S.AWAITING_ACK, *ENDS)


@dataclasses.dataclass
class Known:
    """A delivery as the model keeps it."""

    id: int
    key: str
    supersede: bool
    version: int
    effect: str
    content: int
    state: S
    holds: bool = False
    facts: frozenset = frozenset()
    due: int = 0
    named: int | None = None


class Model:
    """Ordering, blocking, facts, superseding and effects, written as plainly as can be."""

    def __init__(self):
        self.rows = {}
        self.references = set()

    def of_key(self, key):
        return sorted((r for r in self.rows.values() if r.key == key), key=lambda r: r.id)

    def blocked(self, row, *, by_held):
        return any(
            r.state in BLOCKS or (r.state is S.WAITING and r.holds) or (by_held and r.state is S.HELD)
            for r in self.of_key(row.key)
            if r.id < row.id
        )

    def arrange(self, key, *, release):
        for row in self.of_key(key):
            if row.state is S.HELD and release and not self.blocked(row, by_held=True):
                row.state = S.READY
            elif row.state is S.READY and self.blocked(row, by_held=True):
                row.state = S.HELD

    def add(self, row):
        row.state = self.judge(row)
        self.rows[row.id] = row
        replaced = False
        if row.supersede and row.state is S.READY:
            for old in self.of_key(row.key):
                stuck = {S.READY, S.HELD, S.RETRYING, S.PARKED, S.WAITING}
                if old.id < row.id and old.supersede and old.state in stuck:
                    old.state, old.named, old.facts, replaced = S.SUPERSEDED, row.id, frozenset(), True
        self.arrange(row.key, release=replaced)

    def judge(self, new):
        same = [r for r in self.rows.values() if r.effect == new.effect and r.named is None]
        live = [r for r in same if r.state < 50 or r.state is S.DELIVERED]
        rivals = [
            r
            for r in self.of_key(new.key)
            if r.supersede and r.named is None and (r.state < 50 or r.state is S.DELIVERED)
        ]
        twin = next((r for r in reversed(live) if r.content == new.content), None)
        later = [r for r in rivals if twin and r.id > twin.id]
        if twin and not (new.supersede and later):
            new.named = twin.id
            return S.DUPLICATE
        if new.supersede:
            newer = [r for r in rivals if r.version > new.version]
            if newer:
                new.named = max(newer, key=lambda r: (r.version, -r.id)).id
                return S.SUPERSEDED
        if live and not twin:
            return S.PARKED
        return S.READY

    def settle(self, row, outcome, facts, holds, due):
        row.state, row.facts, row.holds, row.due = outcome, facts, outcome is S.WAITING and holds, due
        free = outcome not in {S.READY, S.RETRYING, S.PARKED} and not (outcome is S.WAITING and holds)
        self.arrange(row.key, release=free)

    def wake(self, item):
        self.references.add(item)
        for row in sorted(self.rows.values(), key=lambda r: r.id):
            if row.state in {S.WAITING, S.PARKED} and item in row.facts:
                row.state, row.facts, row.holds = S.READY, frozenset(), False
        for key in KEYS:
            self.arrange(key, release=False)

    def due(self, now):
        for row in self.rows.values():
            if row.state is S.RETRYING and row.due <= now:
                row.state = S.READY
        for key in KEYS:
            self.arrange(key, release=False)


add_steps = st.tuples(
    st.just("add"),
    st.sampled_from(KEYS),
    st.booleans(),
    st.integers(1, 4),
    st.sampled_from(("e1", "e2", "")),
    st.integers(1, 2),
)
settle_steps = st.tuples(
    st.just("settle"),
    st.integers(0, 9),
    st.sampled_from(OUTCOMES),
    st.frozensets(st.sampled_from(ITEMS), max_size=2),
    st.booleans(),
)
steps = st.lists(
    st.one_of(
        add_steps,
        add_steps,
        settle_steps,
        settle_steps,
        st.tuples(st.just("fact"), st.sampled_from(ITEMS), st.integers(1, 10_000)),
        st.tuples(st.just("due"), st.integers(1, 4)),
        st.tuples(st.just("retry"), st.integers(0, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=14,
)


class Run:
    """One sequence of steps, done to both."""

    def __init__(self, desk, prefix):
        self.desk = desk
        self.prefix = prefix
        self.model = Model()
        self.effects = 0

    async def step(self, name, *arguments):
        await getattr(self, name)(*arguments)
        rows = self.model.rows
        states = {i: (await self.desk.journal.show_delivery(i)).state for i in rows}
        assert states == {i: row.state for i, row in rows.items()}

    async def add(self, key, supersede, version, effect, content):
        if not effect:
            self.effects += 1
        fields = {
            "effect_key": f"{self.prefix}{key} {supersede} {effect or self.effects}",
            "object_key": self.prefix + key,
            "supersede": supersede,
        }
        version_text = str(version) if supersede else ""
        operation = "set" if supersede else "add"
        delivery_id = await self.desk.add(
            source_version=version_text, operation=operation, body=b"%d" % content, **fields
        )
        self.model.add(Known(delivery_id, key, supersede, version, fields["effect_key"], content, S.READY))
        assert (await self.desk.row(delivery_id)).named == self.model.rows[delivery_id].named

    def pick(self, number, wanted):
        rows = [row for row in self.model.rows.values() if wanted(row)]
        return rows[number % len(rows)] if rows else None

    async def settle(self, number, outcome, items, holds):
        row = self.pick(number, lambda r: r.state in SENDABLE)
        if row is None:
            return
        await self.desk.send(row.id)
        await self.desk.claim(limit=10_000)
        await self.desk.journal.in_doubt(await self.desk.lease())
        items = items if outcome in {S.WAITING, S.PARKED} else frozenset()
        facts = tuple(fact_name("odoo", "1", "item", self.prefix + item) for item in items)
        settled = DeliverySettled(row.id, outcome, facts=facts, holds_key=holds, due_at=number)
        before = {i: r.state for i, r in self.model.rows.items()}
        answer = await self.desk.journal.settle(await self.desk.lease(), [settled])
        self.model.settle(row, outcome, items, holds, number)
        if any(r.state is S.READY and before[i] is not S.READY for i, r in self.model.rows.items()):
            assert answer.woken_targets == {"odoo"}

    async def fact(self, item, external_id):
        key, far = self.prefix + item, f"{self.prefix}{external_id}"
        before = await self.desk.journal.find_keys("odoo", "1", "item", [far])
        await self.desk.journal.put_xrefs([Xref("odoo", "1", "item", key, far)])
        if before != {far: key}:
            self.model.wake(item)

    async def due(self, now):
        await self.desk.journal.wake_due(now)
        self.model.due(now)

    async def retry(self, number):
        row = self.pick(number, lambda r: r.state in {S.PARKED, S.DEAD} and not r.supersede)
        if row is not None:
            await self.desk.journal.retry_delivery(row.id, actor="kim", reason="")
            row.state, row.facts = S.READY, frozenset()
            self.model.arrange(row.key, release=False)

    async def cancel(self, number):
        row = self.pick(number, lambda r: r.state < 50 and r.state is not S.SENT)
        if row is not None:
            await self.desk.journal.cancel_delivery(row.id, actor="kim", reason="")
            row.state, row.facts = S.CANCELLED, frozenset()
            self.model.arrange(row.key, release=True)


NUMBERS = itertools.count(0, 10_000)
SETTINGS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "phases": [Phase.generate, Phase.shrink],
}


async def follow(desk_class, url, sequence, prefix=""):
    clock = ManualClock()
    journal = await open_journal(url, environment="test", clock=clock)
    try:
        run = Run(desk_class(journal, clock, next(NUMBERS)), prefix)
        for step in sequence:
            await run.step(*step)
    finally:
        await journal.close()


@settings(max_examples=60, **SETTINGS)
@given(sequence=steps)
async def test_any_sequence_of_steps_leaves_the_states_of_the_model(desk_class, tmp_path_factory, sequence):
    await follow(desk_class, f"sqlite:///{tmp_path_factory.mktemp('model') / 'journal.db'}", sequence)


@settings(max_examples=15, **SETTINGS)
@given(sequence=steps)
async def test_any_sequence_leaves_the_states_of_the_model_in_postgres(
    desk_class, postgres_database, sequence
):
    # A fresh schema for each sequence costs more than the sequence: keys of its own keep it apart.
    await follow(desk_class, postgres_database, sequence, prefix=f"{uuid.uuid4().hex[:8]} ")
