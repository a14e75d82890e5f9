"""Backoff, breaker, batch size: decided by table."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.interface import Policy
from crossdock.pipeline.backoff import backoff_s, next_attempt_s
from crossdock.pipeline.breaker import Breaker
from crossdock.pipeline.sizing import BatchSize


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 60.0), (500, 60.0)]
)
def test_waits_double_up_to_the_cap(attempt, seconds):
    assert backoff_s(attempt, base_s=1.0, cap_s=60.0) == seconds


def test_attempts_count_from_one():
    with pytest.raises(ValueError, match="count from 1"):
        backoff_s(0, base_s=1, cap_s=1)


@given(st.integers(1, 20), st.floats(0, 100), st.integers(0, 2**32))
def test_a_retry_is_never_before_what_was_asked_for(attempt, asked_s, seed):
    policy = Policy(attempts=10)
    wait_s = next_attempt_s(policy, attempt, randomness=random.Random(seed), at_least_s=asked_s)
    if attempt >= 10:
        assert wait_s is None
    else:
        full = backoff_s(attempt, base_s=policy.base_s, cap_s=policy.cap_s)
        assert wait_s is not None
        assert wait_s >= max(asked_s, full / 2)
        assert wait_s <= max(asked_s, full)


def test_a_breaker_opens_after_three_failures_and_doubles_its_patience():
    breaker = Breaker()
    for _ in range(2):
        breaker.failed(0.0, reason="refused")
    assert breaker.closed(0.0)
    breaker.failed(0.0, reason="refused")
    assert not breaker.closed(0.4)
    assert breaker.closed(0.5)
    assert breaker.probing()
    breaker.failed(0.5, reason="refused")
    assert not breaker.closed(1.4)
    assert breaker.closed(1.5)


def test_a_breaker_honours_what_the_system_asks_for():
    breaker = Breaker()
    breaker.failed(0.0, reason="429", at_least_s=7.0, at_once=True)
    assert not breaker.closed(6.9)
    assert breaker.closed(7.0)


def test_an_answer_closes_the_breaker():
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0.0, reason="refused")
    breaker.succeeded()
    assert breaker.closed(0.0)
    assert not breaker.probing()


def test_batches_grow_while_calls_are_quick_and_shrink_when_they_are_slow():
    size = BatchSize(most=200, now=8)
    size.took(8, 0.2)
    assert size.now == 16
    size.took(4, 0.1)
    assert size.now == 16, "a call that was not full tells nothing"
    size.took(16, 6.0)
    assert size.now == 8
    size.failed()
    assert size.now == 4


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 20))))
def test_a_batch_stays_between_one_and_the_most(calls):
    size = BatchSize(most=50)
    for count, seconds in calls:
        size.took(count, seconds)
        assert 1 <= size.now <= 50
