"""Logs: one line an event, coloured for people or JSON for programs. Secrets cannot get in: they are `Secret`s."""

from __future__ import annotations

import logging
import sys

import structlog

__all__ = ["set_up_logs"]


def set_up_logs(*, json_lines: bool, level: int = logging.INFO) -> None:
    """Set up structlog on stderr for this process.

    Args:
        json_lines: JSON lines instead of coloured text.
        level: lowest level shown.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if json_lines else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up for each line: stderr may be replaced, and its former file closed.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
