"""Which of two source versions is the later one."""

import pytest

from crossdock.core.documents import compare_source_versions


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("-1", "0"),
        ("2026-01-01T00:30:00+01:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"),
        ("a", "b"),
        ("10", "9a"),
        ("2026-01-01", "2026-01-02"),
        ("", "0"),
        ("NaN", "nan"),
    ],
)
def test_versions_compare_as_numbers_then_as_times_then_as_text(older, newer):
    assert compare_source_versions(older, newer) == -1
    assert compare_source_versions(newer, older) == 1


@pytest.mark.parametrize(("one", "other"), [("1", "1"), ("1", "1.0"), ("x", "x"), ("", "")])
def test_equal_versions_are_equal(one, other):
    assert compare_source_versions(one, other) == 0


def test_the_same_instant_in_two_zones_is_equal():
    assert compare_source_versions("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z") == 0
