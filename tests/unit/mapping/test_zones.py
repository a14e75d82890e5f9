"""Dates and moments: zones, forms, and the two hours a year that are not clear."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crossdock.mapping import RecordError
from crossdock.mapping.zones import to_date, to_moment

ZONE = "Europe/Amsterdam"


def test_a_moment_with_an_offset_becomes_the_date_it_was_in_the_zone():
    assert to_date("2026-11-23T23:30:00-05:00", ZONE) == date(2026, 11, 24)
    assert to_date("2026-11-23T23:30:00-05:00", "America/New_York") == date(2026, 11, 23)


def test_a_date_or_a_local_time_keeps_its_own_date():
    assert to_date("2026-11-23", ZONE) == date(2026, 11, 23)
    assert to_date("2026-11-23 23:59:59", "Asia/Tokyo") == date(2026, 11, 23)


def test_a_local_time_is_read_in_the_zone():
    assert to_moment("2026-07-01 12:00:00", ZONE) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert to_moment("2026-11-23", ZONE) == datetime(2026, 11, 22, 23, tzinfo=UTC)


def test_an_hour_that_happens_twice_is_taken_as_its_first():
    # 2026-10-25 02:30 comes at 00:30 UTC (summer time) and again at 01:30 UTC.
    assert to_moment("2026-10-25T02:30:00", ZONE) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_moment("2026-10-25T02:30:00+01:00", ZONE) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_time_inside_the_skipped_hour_is_counted_on_from_before_the_change():
    # On 2026-03-29 the clocks go from 02:00 to 03:00: 02:30 is what 03:30 is then.
    assert to_moment("2026-03-29T02:30:00", ZONE) == to_moment("2026-03-29T03:30:00", ZONE)


def test_forms_read_other_notations():
    assert to_date("20261123", ZONE, "%Y%m%d") == date(2026, 11, 23)
    assert to_moment("1763900000", ZONE, "epoch_s") == datetime.fromtimestamp(1763900000, UTC)
    assert to_moment(1763900000123, ZONE, "epoch_ms") == datetime(
        2025, 11, 23, 12, 13, 20, 123000, tzinfo=UTC
    )
    assert to_date("1763900000", ZONE, "epoch_s") == date(2025, 11, 23)


def test_dates_without_a_zone_take_the_systems(run_field):
    record = {"at": "2026-07-01 00:30:00"}
    block = "{ from: at, as: datetime }"
    assert run_field(block, record, variables={"system": {"zone": ZONE}}) == datetime(
        2026, 6, 30, 22, 30, tzinfo=UTC
    )
    assert run_field(block, record) == datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["23.11.2026", "2026-02-30", "soon", [1], {"a": 1}, 5, True, "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_date_is_a_date_fault(run_field, value):
    with pytest.raises(RecordError) as caught:
        run_field("{ from: at, as: datetime, zone: UTC }", {"at": value})
    assert caught.value.code == "T-ELE-DATE"


def test_an_unknown_zone_of_a_variable_is_a_profile_fault(run_field):
    with pytest.raises(RecordError) as caught:
        run_field(
            '{ from: at, as: datetime, zone: "{z}" }',
            {"at": "2026-01-01T00:00:00"},
            variables={"z": "Mars/Base"},
        )
    assert caught.value.code == "T-PROFILE"
