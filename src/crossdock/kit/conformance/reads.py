"""Checks of reads: nothing is lost, from whichever cursor, over page borders and equal times of change."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from crossdock.core.errors import RetryableError, ThrottledError
from crossdock.kit.conformance.bench import Bench, BreachError, expect, keys_of
from crossdock.kit.conformance.check import check
from crossdock.kit.connector import Connector, Cursor, Record

__all__ = ["CHECKS"]

_COUNT = 10


@check("read")
async def a_full_read_gives_all(bench: Bench, source: str) -> None:
    """Reading from nothing gives every record, over page borders; a second full read gives the same keys."""
    seeded = set(await bench.simulator.seed(source, _COUNT))
    expect(len(seeded) == _COUNT, f"the simulator's seed({source!r}, {_COUNT}) named {len(seeded)} keys")
    first = await bench.read(source)
    _expect_all(seeded, first, f"a full read of {source}")
    second = await bench.read(source)
    expect(
        keys_of(first) == keys_of(second),
        f"two full reads of {source} differ by {sorted(keys_of(first) ^ keys_of(second))}",
    )


@check("read")
async def records_are_well_formed(bench: Bench, source: str) -> None:
    """Records have a key and a payload of JSON without floats; some have a cursor to go on from."""
    await bench.simulator.seed(source, _COUNT)
    records = await bench.read(source)
    for record in records:
        expect(record.key, f"a record of {source} has no key")
        at = _float_in(record.payload)
        expect(not at, f"{source} {record.key}: {at} is a float; money and quantities are Decimal")
        try:
            msgspec.json.encode(record.payload)
        except (TypeError, ValueError, OverflowError) as error:
            raise BreachError(f"{source} {record.key}: its payload is no JSON: {error}") from error
    expect(_cursors(records), f"no record of {source} has a cursor: it can only be read whole")


@check("read")
async def since_is_inclusive(bench: Bench, source: str) -> None:
    """Reading on from a cursor gives the records at this cursor again."""
    await bench.simulator.seed(source, _COUNT)
    records = await bench.read(source)
    for cursor in _cursors(records):
        at = {record.key for record in records if record.cursor == cursor}
        missing = at - keys_of(await bench.read(source, cursor))
        expect(
            not missing, f"{source} since {cursor.value!r} leaves out {sorted(missing)}, which stand at it"
        )


@check("read")
async def going_on_from_any_cursor_loses_nothing(bench: Bench, source: str) -> None:
    """Stopped after any record and read on by another worker, every later record comes."""
    await bench.simulator.seed(source, _COUNT)
    records = await bench.read(source)
    for place, record in enumerate(records):
        if record.cursor is not None:
            missing = keys_of(records[place + 1 :]) - keys_of(await bench.read(source, record.cursor))
            expect(
                not missing,
                f"{source} stopped after record {place + 1} and read on since {record.cursor.value!r} "
                f"loses {sorted(missing)}",
            )


@check("read")
async def new_records_come_after_the_end(bench: Bench, source: str) -> None:
    """Read to the end, then new records are made, some at the same time of change: all of them come."""
    for _ in range(3):
        await bench.simulator.seed(source, _COUNT)
        end = _end_of(await bench.read(source), source)
        new = set(await bench.simulator.seed(source, _COUNT))
        _expect_all(new, await bench.read(source, end), f"reading {source} on since {end.value!r}")


@check("read")
async def a_touched_record_is_seen_again(bench: Bench, source: str) -> None:
    """A record that is changed over there comes again from the last cursor."""
    keys = list(await bench.simulator.seed(source, _COUNT))
    for key in (keys[0], keys[-1]):
        end = _end_of(await bench.read(source), source)
        await bench.simulator.touch(source, key)
        _expect_all({key}, await bench.read(source, end), f"after {key} was touched, reading {source} on")


@check("read")
async def a_change_while_reading_loses_nothing(bench: Bench, source: str) -> None:
    """A record that moves to the end while pages are read pushes no other over a page border."""
    seeded = set(await bench.simulator.seed(source, _COUNT))
    records: list[Record] = []
    async with _reading(bench.connect(), source, None) as stream:
        async for record in stream:
            records.append(record)
            if len(records) == 1:
                touched = next(iter(keys_of(records) & seeded), "")
            if len(records) == _COUNT // 2 and touched:
                await bench.simulator.touch(source, touched)
    _expect_all(seeded, records, f"a read of {source} during which {touched} was changed")
    end = _end_of(records, source)
    later = keys_of(records[_COUNT // 2 :]) | keys_of(await bench.read(source, end))
    expect(not touched or touched in later, f"{source}: the change of {touched} while it was read is lost")


@check("read")
async def reads_do_not_disturb_each_other(bench: Bench, source: str) -> None:
    """Two reads by one connector at the same time give the same; nothing is kept between calls."""
    seeded = set(await bench.simulator.seed(source, _COUNT))
    connector = bench.connect()
    async with _reading(connector, source, None) as first, _reading(connector, source, None) as second:
        half = [record async for record in _take(first, _COUNT // 2)]
        other = [record async for record in second]
        rest = [record async for record in first]
    _expect_all(seeded, other, f"the second of two reads of {source}")
    _expect_all(seeded, half + rest, f"the first of two reads of {source}")


@check("read")
async def a_read_that_breaks_is_typed(bench: Bench, source: str) -> None:
    """429 and 503 while reading raise ThrottledError; read on from the last cursor, nothing is lost."""
    seeded = set(await bench.simulator.seed(source, _COUNT))
    for faults in (("throttle_429",), ("", "throttle_429"), ("", "error_503")):
        records: list[Record] = []
        bench.script(*faults)
        try:
            async with _reading(bench.connect(), source, None) as stream:
                async for record in stream:
                    records.append(record)  # noqa: PERF401  # what came before the break counts
        except RetryableError as error:
            patience = error.retry_after_s if isinstance(error, ThrottledError) else None
            expect(patience is not None, f"{faults[-1]} while reading {source} says no retry_after_s")
        else:
            expect(bench.simulator.faults.script, f"{faults[-1]} while reading {source} was swallowed")
        bench.script()
        cursors = _cursors(records)
        records += await bench.read(source, cursors[-1] if cursors else None)
        _expect_all(seeded, records, f"reading {source} on after {faults[-1]}")


@check("deletions")
async def what_is_gone_is_told(bench: Bench, source: str) -> None:
    """A record deleted over there comes from the last cursor, marked as deleted."""
    keys = list(await bench.simulator.seed(source, _COUNT))
    end = _end_of(await bench.read(source), source)
    try:
        await bench.simulator.remove(source, keys[0])
    except NotImplementedError as error:
        raise BreachError(f"{source} tells deletions, but the simulator has no remove()") from error
    gone = {record.key for record in await bench.read(source, end) if record.deleted}
    expect(keys[0] in gone, f"{source} does not tell that {keys[0]} is gone")


@contextlib.asynccontextmanager
async def _reading(
    connector: Connector[Any], source: str, since: Cursor | None
) -> AsyncGenerator[AsyncIterator[Record], None]:
    stream = connector.read(source, since)
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _take(stream: AsyncIterator[Record], count: int) -> AsyncIterator[Record]:
    for _ in range(count):
        try:
            yield await anext(stream)
        except StopAsyncIteration:
            return


def _cursors(records: list[Record]) -> list[Cursor]:
    """Distinct cursors in order."""
    return list(dict.fromkeys(record.cursor for record in records if record.cursor is not None))


def _end_of(records: list[Record], source: str) -> Cursor:
    cursors = [record.cursor for record in records if record.cursor is not None]
    expect(cursors, f"no record of {source} has a cursor: it can only be read whole")
    return cursors[-1]


def _expect_all(wanted: set[str], records: list[Record], what: str) -> None:
    missing = wanted - keys_of(records)
    expect(not missing, f"{what} lacks {len(missing)} of {len(wanted)} records: {sorted(missing)[:5]}")


def _float_in(value: Any, path: str = "payload") -> str:
    if isinstance(value, float):
        return path
    if isinstance(value, dict):
        return next((at for name, one in value.items() if (at := _float_in(one, f"{path}.{name}"))), "")
    if isinstance(value, list | tuple):
        return next((at for n, one in enumerate(value) if (at := _float_in(one, f"{path}[{n}]"))), "")
    return ""


CHECKS = (
    a_full_read_gives_all,
    records_are_well_formed,
    since_is_inclusive,
    going_on_from_any_cursor_loses_nothing,
    new_records_come_after_the_end,
    a_touched_record_is_seen_again,
    a_change_while_reading_loses_nothing,
    reads_do_not_disturb_each_other,
    a_read_that_breaks_is_typed,
    what_is_gone_is_told,
)
