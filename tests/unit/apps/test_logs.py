"""Logs go to the stderr of now, not to that of when they were set up."""

from __future__ import annotations

import io
import sys

import pytest
import structlog

from crossdock.apps.logs import set_up_logs


@pytest.fixture(autouse=True)
def structlog_as_it_was():
    yield
    structlog.reset_defaults()


def test_a_line_goes_to_the_stderr_of_now_when_the_former_one_is_closed(monkeypatch):
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    set_up_logs(json_lines=True)
    log = structlog.get_logger()
    log.warning("one")
    assert '"event": "one"' in first.getvalue()
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    log.warning("two")
    assert '"event": "two"' in second.getvalue()
