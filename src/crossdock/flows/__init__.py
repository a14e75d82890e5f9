"""Many messages over time: processes, schedules, reconciliation, cutover."""

__all__: list[str] = []
