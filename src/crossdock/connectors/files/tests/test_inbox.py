"""What is dropped is taken whole, once it has settled, and moved once it is safe."""

import os

import pytest

from crossdock.connectors.files import inbox as inbox_module
from crossdock.core.errors import ConfigError, RetryableError

BODY = b'[{"order": "10001"}, {"order": "10002"}]'


async def names(files):
    return [record.key async for record in files.files(None)]


async def body_of(record):
    return b"".join([chunk async for chunk in record.stream()])


async def test_a_file_that_changed_just_now_is_waited_for(connect, partner):
    files = connect(settle_s=1)
    partner.drop("orders.json", BODY)
    partner.age("orders.json", 0.5)
    assert await names(files) == []
    partner.age("orders.json", 1.5)
    assert await names(files) == ["orders.json"]


async def test_a_file_that_is_written_slowly_is_taken_when_it_is_whole(connect, partner):
    files = connect(settle_s=1)
    finish = partner.drop_half("orders.json", BODY)
    partner.age("orders.json", 0.1)
    assert await names(files) == []
    finish()
    partner.age("orders.json", 2)
    [record] = [record async for record in files.files(None)]
    assert await body_of(record) == BODY


async def test_a_file_that_grows_while_it_is_read_is_not_committed(connect, partner):
    finish = partner.drop_half("orders.json", BODY)
    partner.age("orders.json", 60)
    [record] = [record async for record in connect().files(None)]
    finish()
    with pytest.raises(RetryableError, match="still being written"):
        await body_of(record)


async def test_a_file_overwritten_in_place_with_the_same_length_is_not_committed(connect, partner):
    partner.drop("orders.json", BODY)
    partner.age("orders.json", 60)
    [record] = [record async for record in connect().files(None)]
    partner.drop("orders.json", BODY.replace(b"1", b"2"))
    with pytest.raises(RetryableError, match="still being written"):
        await body_of(record)


async def test_a_file_that_went_away_is_retryable_and_no_crash(connect, partner):
    path = partner.drop("orders.json", BODY)
    partner.age("orders.json", 60)
    [record] = [record async for record in connect().files(None)]
    path.unlink()
    with pytest.raises(RetryableError) as caught:
        await body_of(record)
    assert caught.value.code == "T-TRN-CONN"


async def test_where_the_shares_clock_is_ahead_a_file_settles_by_being_watched(connect, partner, clock):
    files = connect(settle_s=5)
    partner.drop("orders.json", BODY)
    partner.age("orders.json", -3600)
    assert await names(files) == []
    await clock.sleep(6)
    assert await names(files) == ["orders.json"]


async def test_a_committed_file_is_moved_and_not_given_again(connect, partner):
    files = connect()
    partner.drop("orders.json", BODY)
    partner.age("orders.json", 60)
    given = await names(files)
    assert partner.inbox.joinpath("orders.json").exists(), "moved before it was safe"
    await files.committed("file", given)
    assert await names(files) == []
    assert partner.done.joinpath("orders.json").read_bytes() == BODY


async def test_a_second_file_of_the_same_name_keeps_the_first_done_one(connect, partner):
    files = connect()
    for body in (b"[1]", b"[2]", b"[3]"):
        partner.drop("orders.json", body)
        partner.age("orders.json", 60)
        await files.committed("file", await names(files))
    assert sorted(path.name for path in partner.done.iterdir()) == [
        "orders.1.json",
        "orders.2.json",
        "orders.json",
    ]


async def test_a_file_dropped_anew_before_the_move_stays_to_be_read(connect, partner):
    files = connect()
    partner.drop("orders.json", b"[1]")
    partner.age("orders.json", 60)
    given = await names(files)
    partner.drop("orders.json", b"[1, 2]")
    partner.age("orders.json", 30)
    await files.committed("file", given)
    assert partner.inbox.joinpath("orders.json").read_bytes() == b"[1, 2]"
    assert await names(files) == ["orders.json"]


async def test_a_worker_that_lost_its_memory_gives_the_file_again(connect, partner):
    partner.drop("orders.json", BODY)
    partner.age("orders.json", 60)
    given = await names(connect())
    restarted = connect()
    await restarted.committed("file", given)
    assert await names(restarted) == ["orders.json"]
    await restarted.committed("file", given)
    assert await names(restarted) == []


async def test_temporary_hidden_and_foreign_names_are_left_alone(connect, partner):
    for name in ("a.json.tmp", "b.part", ".c.json", "~$d.json", "e.json.filepart", "f.csv", "g.json"):
        partner.drop(name, BODY)
        partner.age(name, 60)
    partner.inbox.joinpath("h.json").symlink_to("/etc/hostname")
    partner.inbox.joinpath("i.json").mkdir()
    assert await names(connect(pattern="*.json")) == ["g.json"]


async def test_twice_the_same_bytes_under_two_names_are_two_records(connect, partner):
    for path in partner.drop_twice("orders.json", BODY):
        partner.age(path.name, 60)
    assert await names(connect()) == ["orders (1).json", "orders.json"]


async def test_a_malformed_file_is_taken_as_it_is(connect, partner):
    path = partner.drop_malformed()
    partner.age(path.name, 60)
    [record] = [record async for record in connect().files(None)]
    assert await body_of(record) == path.read_bytes()
    assert record.content_type == "application/json"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.csv", "text/csv"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pdf", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
async def test_the_content_type_follows_from_the_name(connect, partner, name, content_type):
    partner.drop(name, BODY)
    partner.age(name, 60)
    [record] = [record async for record in connect().files(None)]
    assert record.content_type == content_type


async def test_a_locked_file_is_told_by_check_and_stops_no_other(connect, partner, monkeypatch):
    for name in ("locked.json", "open.json"):
        partner.drop(name, BODY)
        partner.age(name, 60)
    really = os.access

    def access(path, mode):
        # In place of chmod: the tests may run as root, who may read everything.
        return really(path, mode) and not str(path).endswith("locked.json")

    monkeypatch.setattr(inbox_module.os, "access", access)
    assert await names(connect()) == ["open.json"]
    with pytest.raises(ConfigError, match=r"locked\.json"):
        await connect().check()


async def test_a_share_that_is_not_mounted_is_retried(connect, partner):
    files = connect()
    await partner.stop()
    with pytest.raises(RetryableError, match="mount its share"):
        await names(files)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"inbox": "", "outbox": ""}, "neither inbox nor outbox"),
        ({"pattern": "../*.json"}, "names a folder"),
        ({"done": "/proc/done"}, "file system"),
        ({"name": "{kind}"}, "must hold"),
        ({"name": "{key}-{customer}"}, "must hold"),
    ],
)
async def test_wrong_settings_are_told_by_check(connect, changed, text):
    with pytest.raises(ConfigError, match=text):
        await connect(**changed).check()
