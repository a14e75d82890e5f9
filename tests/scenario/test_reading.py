"""Sources are read without gaps: overlap, equal times, sweeps, deletions, crashes (promise 11)."""

import asyncio
import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.clock import ManualClock
from crossdock.core.errors import RetryableError
from crossdock.core.interface import InterfaceSource, SystemDefinition
from crossdock.kit import Connector, Context, Cursor, Record, Settings, reads
from crossdock.pipeline import TargetSystem
from crossdock.pipeline.read import SourceReader
from crossdock.store.sqlite import SqliteJournal


class ShelfSettings(Settings):
    """None."""


class Shelf(Connector[ShelfSettings]):
    """A source in memory: rows with or without a time of change."""

    def __init__(self, context):
        super().__init__(ShelfSettings(), context)
        self.rows = {}
        self.acknowledged = []
        self.breaks_after = None
        self.error = RetryableError("away")
        self.journal = None

    @reads("row", deletions=True)
    async def read_rows(self, since):
        """Rows from a time on, inclusive."""
        given_ = sorted(self.rows.items(), key=lambda item: (item[1]["at"], item[0]))
        for n, (key, row) in enumerate(given_):
            if self.breaks_after is not None and n >= self.breaks_after:
                raise self.error
            if since is None or row["at"] >= since.value:
                yield Record(key=key, payload=row, cursor=Cursor(row["at"]) if row["at"] else None)

    @reads("file")
    async def read_files(self, since):
        """Files."""
        for key, row in self.rows.items():

            async def chunks(row=row):
                yield b'{"v": '
                yield str(row["v"]).encode() + b"}"

            yield Record(key=key, payload={"size": row["v"]}, stream=chunks)

    async def committed(self, source, keys):
        counts = await self.journal.counts()
        self.acknowledged.append((tuple(keys), sum(counts["messages"].values())))


class Bench:
    def __init__(self, journal, clock, topic="row", **source):
        self.clock = clock
        self.journal = journal
        self.shelf = Shelf(Context(system="shelf", clock=clock, random=random.Random(1)))
        self.shelf.journal = journal
        definition = SystemDefinition(name="shelf", connector="shelf")
        self.system = TargetSystem(definition, self.shelf)
        self.source = InterfaceSource("shelf", [topic], **source)
        self.topic = topic
        self.reader = self.make_reader()

    def make_reader(self):
        return SourceReader(
            self.journal, self.system, self.source, self.topic, clock=self.clock, arrived=asyncio.Event()
        )

    def put(self, key, value, at=""):
        self.shelf.rows[key] = {"id": key, "v": value, "at": at}

    async def bodies(self):
        found = await self.journal.untranslated(after=0, limit=1_000)
        return [message.body for message in found]

    async def values(self):

        found = [msgspec.json.decode(body) for body in await self.bodies()]
        return [(row["id"], "gone" if row.get("_deleted") else row["v"]) for row in found]


@pytest.fixture
async def journal(tmp_path):
    one = SqliteJournal(tmp_path / "j.db", clock=ManualClock())
    await one.open(environment="dev")
    yield one
    await one.close()


@pytest.fixture
def bench(journal):
    return Bench(journal, ManualClock())


async def test_records_with_equal_times_are_never_lost_nor_doubled(bench):
    bench.put("a", 1, "10")
    await bench.reader.read_once()
    bench.put("b", 1, "10")
    await bench.reader.read_once()
    await bench.reader.read_once()
    assert await bench.values() == [("a", 1), ("b", 1)]


@pytest.mark.parametrize("times", [("", "", ""), ("10", "10", "10"), ("10", "11", "12")])
async def test_a_value_that_comes_back_is_told_again(bench, times):
    for value, at in zip((5, 6, 5), times, strict=True):
        bench.put("a", value, at)
        await bench.reader.read_once()
        await bench.make_reader().read_once()
    assert await bench.values() == [("a", 5), ("a", 6), ("a", 5)]


async def test_a_sweep_finds_what_changed_behind_the_watermark(bench):
    bench.put("a", 1, "10")
    bench.put("b", 1, "20")
    await bench.reader.read_once()
    bench.put("a", 2, "15")
    assert await bench.reader.read_once() == 0
    await bench.reader.read_once(sweep=True)
    assert await bench.values() == [("a", 1), ("b", 1), ("a", 2)]


async def test_a_sweep_tells_what_is_gone_each_time_it_goes(bench):
    bench.put("a", 1, "10")
    bench.put("b", 1, "20")
    await bench.reader.read_once(sweep=True)
    for _ in range(2):
        del bench.shelf.rows["a"]
        await bench.reader.read_once(sweep=True)
        await bench.reader.read_once(sweep=True)
        bench.put("a", 1, "10")
        await bench.reader.read_once(sweep=True)
    assert (await bench.values()).count(("a", "gone")) == 2


async def test_a_sweep_is_due_by_the_last_one_and_not_by_the_start_of_the_process(journal):
    bench = Bench(journal, ManualClock(), sweep_every_s=3600.0)
    await bench.reader.read_once(sweep=True)
    bench.clock.advance(2000)
    again = bench.make_reader()
    assert not await again._sweep_due()
    bench.clock.advance(2000)
    assert await bench.make_reader()._sweep_due()


async def test_a_crash_between_two_batches_loses_and_doubles_nothing(bench, monkeypatch):
    monkeypatch.setattr("crossdock.pipeline.read._BATCH", 3)
    for n in range(10):
        bench.put(f"k{n}", n, f"{10 + n}")
    bench.shelf.breaks_after = 7
    with pytest.raises(RetryableError):
        await bench.reader.read_once()
    bench.shelf.breaks_after = None
    await bench.make_reader().read_once()
    assert await bench.values() == [(f"k{n}", n) for n in range(10)]


async def test_messages_and_watermark_are_one_commit(bench, monkeypatch):
    bench.put("a", 1, "10")
    real = bench.journal.accept_read

    async def failing(messages, **kwargs):
        raise RetryableError("killed")

    monkeypatch.setattr(bench.journal, "accept_read", failing)
    with pytest.raises(RetryableError):
        await bench.reader.read_once()
    assert await bench.values() == []
    assert bench.shelf.acknowledged == []
    monkeypatch.setattr(bench.journal, "accept_read", real)
    await bench.reader.read_once()
    assert await bench.values() == [("a", 1)]


async def test_the_source_may_let_go_only_after_the_commit(bench):
    bench.put("a", 1, "10")
    bench.put("b", 2, "11")
    await bench.reader.read_once()
    assert bench.shelf.acknowledged == [(("a", "b"), 2)]


async def test_a_file_cut_off_between_its_commit_and_the_watermark_is_taken_once(journal, monkeypatch):
    bench = Bench(journal, ManualClock(), topic="file")
    bench.put("f1", 7)
    real = journal.accept_read

    async def failing(messages, **kwargs):
        raise RetryableError("killed")

    monkeypatch.setattr(journal, "accept_read", failing)
    with pytest.raises(RetryableError):
        await bench.reader.read_once()
    monkeypatch.setattr(journal, "accept_read", real)
    await bench.make_reader().read_once()
    assert await bench.bodies() == [b'{"v": 7}']
    assert bench.shelf.acknowledged == [(("f1",), 1)]


async def run_for(reader, seconds):
    stop = asyncio.Event()
    task = asyncio.create_task(reader.run(stop))
    await asyncio.sleep(seconds)
    stop.set()
    reader.hinted.set()
    await task


async def test_a_connector_that_breaks_is_an_exception_and_the_reader_goes_on(journal):
    bench = Bench(journal, ManualClock(), every_s=0.02)
    bench.put("a", 1, "10")
    bench.shelf.breaks_after, bench.shelf.error = 0, KeyError("rows")
    await run_for(bench.reader, 0.1)
    assert (await journal.counts())["exceptions"] == {"open": 1}
    bench.shelf.breaks_after = None
    await run_for(bench.make_reader(), 0.1)
    assert await bench.values() == [("a", 1)]


async def test_reading_well_again_closes_the_breaker(journal):
    bench = Bench(journal, ManualClock(), every_s=0.02)
    bench.system.breaker.failures = 3
    await run_for(bench.reader, 0.1)
    assert not bench.system.breaker.probing()


changes = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.booleans()), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes, st.booleans())
async def test_whatever_changes_the_last_value_told_is_the_last_value_there(tmp_path_factory, changed, timed):
    journal = SqliteJournal(tmp_path_factory.mktemp("j") / "j.db", clock=ManualClock())
    await journal.open(environment="dev")
    try:
        bench = Bench(journal, ManualClock())
        for n, (key, value, sweep) in enumerate(changed):
            bench.put(key, value, f"{100 + n}" if timed else "")
            await bench.reader.read_once(sweep=sweep)
        await bench.reader.read_once()
        told = dict(await bench.values())
        assert told == {key: row["v"] for key, row in bench.shelf.rows.items()}
    finally:
        await journal.close()
