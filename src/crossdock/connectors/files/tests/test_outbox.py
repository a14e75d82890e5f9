"""What is written appears whole, under a safe name, once."""

import contextlib
import dataclasses
import errno
import os
import pathlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connectors.files import outbox as outbox_module
from crossdock.connectors.files.outbox import file_name
from crossdock.core.errors import RejectedError, RetryableError
from crossdock.formats import decode
from crossdock.kit import Delivery, Receipt

ORDER = Delivery(
    operation="file.write",
    payload={"order": "10001", "total": Decimal("10.50")},
    effect_key="partner|1|sales_order:10001|file.write|3",
    ordering_key="partner|1|order:10001",
    company="1",
    object_kind="order",
    object_key="10001",
    document_kind="sales_order",
    document_key="10001",
    source_version="3",
)


def order(key, **changed):
    return dataclasses.replace(ORDER, document_key=key, effect_key=f"partner|1|{key}|file.write|3", **changed)


async def test_the_file_is_named_after_its_document(connect, partner):
    [receipt] = await connect().write_files([ORDER])
    assert receipt.external_id == "sales_order-10001-3.json"
    assert list(partner.written()) == ["sales_order-10001-3.json"]
    assert b"10.50" in partner.written()["sales_order-10001-3.json"]


async def test_a_file_has_its_final_name_only_when_it_is_whole(connect, partner, monkeypatch):
    seen = []

    def slowly(format_name, rows):
        for piece in (b"one ", b"two"):
            seen.append(partner.written())
            yield piece

    monkeypatch.setattr(outbox_module, "encode", slowly)
    await connect().write_files([ORDER])
    assert seen == [{}, {}]
    assert partner.written() == {"sales_order-10001-3.json": b"one two"}


async def test_what_the_partner_has_taken_is_not_written_again(connect, partner):
    [first] = await connect().write_files([ORDER])
    assert partner.take()
    assert (await connect().find_file(ORDER)).state == "done"
    [again] = await connect().write_files([ORDER])
    assert again.external_id == first.external_id
    assert partner.written() == {}


@pytest.mark.parametrize("step", ["touch", "replace"])
async def test_killed_between_any_two_steps_the_file_appears_once(connect, partner, monkeypatch, step):
    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(pathlib.Path, step, die)
        await connect().write_files([ORDER])
    assert partner.written() == {}
    assert (await connect().find_file(ORDER)).state == "absent"
    await connect().write_files([ORDER])
    assert len(partner.take()) == 1
    await connect().write_files([ORDER])
    assert partner.written() == {}


async def test_a_full_disk_is_retryable_and_leaves_nothing_behind(connect, partner, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(outbox_module.os, "fsync", full)
        [result] = await connect().write_files([ORDER])
    assert isinstance(result, RetryableError)
    assert result.code == "T-TRN-NOSPACE"
    assert [path.name for path in partner.outbox.iterdir()] == [".written"]
    [receipt] = await connect().write_files([ORDER])
    assert isinstance(receipt, Receipt)


async def test_one_document_that_cannot_be_written_fails_alone(connect, partner):
    bad = order("10002", payload={"total": Decimal("NaN")})
    results = await connect().write_files([ORDER, bad, order("10003")])
    assert [type(result) for result in results] == [Receipt, RejectedError, Receipt]
    assert len(partner.written()) == 2


async def test_a_new_version_has_a_file_of_its_own(connect, partner):
    newer = dataclasses.replace(ORDER, source_version="4", effect_key=ORDER.effect_key[:-1] + "4")
    await connect().write_files([ORDER, newer])
    assert list(partner.written()) == ["sales_order-10001-3.json", "sales_order-10001-4.json"]


async def test_a_name_without_version_shows_the_newest(connect, partner):
    files = connect(name="{key}")
    newer = dataclasses.replace(
        ORDER, payload={"order": "newer"}, source_version="4", effect_key=ORDER.effect_key[:-1] + "4"
    )
    await files.write_files([ORDER])
    await files.write_files([newer])
    assert [b"newer" in body for body in partner.written().values()] == [True]


async def test_old_marks_are_forgotten_and_young_ones_kept(connect, partner, clock):
    await connect().write_files([ORDER])
    [mark] = [path for path in partner.outbox.joinpath(".written").iterdir() if path.name != "lock"]
    now_s = clock.micros() / 1_000_000
    os.utime(mark, (now_s - 9 * 86_400, now_s - 9 * 86_400))
    await connect(remember_days=10).write_files([order("10002")])
    assert mark.exists()
    await connect(remember_days=8).write_files([order("10003")])
    assert not mark.exists()


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "a/b", "a\\b", "..", ".hidden", "nul\0byte", "ä" * 300, " "]
)
async def test_unsafe_keys_stay_in_the_outbox(connect, partner, key):
    [receipt] = await connect(name="{key}").write_files([order(key)])
    assert isinstance(receipt, Receipt)
    assert list(partner.written()) == [receipt.external_id]
    assert {path.name for path in partner.folder.iterdir()} == {"inbox", "outbox"}


@given(st.lists(st.text(max_size=250), min_size=2, max_size=2, unique=True))
def test_two_keys_never_share_a_file(keys):
    names = [file_name("{key}", {"kind": "", "key": key, "version": ""}) for key in keys]
    assert names[0] != names[1]
    assert all("/" not in name and not name.startswith(".") and len(name) < 200 for name in names)


@pytest.mark.parametrize("format_name", ["csv", "xlsx", "jsonl", "xml"])
async def test_rows_become_a_table_in_each_format(connect, partner, format_name):
    rows = [{"sku": "BOLT-M8", "quantity": "12.5"}, {"sku": "NUT-M8", "quantity": "3"}]
    await connect(format=format_name).write_files([order("10001", payload={"rows": rows})])
    [(name, body)] = partner.written().items()
    assert name.endswith(f".{format_name}")
    options = {"record": "record"} if format_name == "xml" else None
    read = [record.data for record in decode(format_name, [body], options=options)]
    assert [(row["sku"], str(row["quantity"])) for row in read] == [("BOLT-M8", "12.5"), ("NUT-M8", "3")]


async def test_an_outbox_that_is_away_is_retried(connect, partner):
    files = connect()
    await partner.stop()
    with pytest.raises(RetryableError, match="mount its share"):
        await files.write_files([ORDER])
    with pytest.raises(RetryableError):
        await files.find_file(ORDER)
