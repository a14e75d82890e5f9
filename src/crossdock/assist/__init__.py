"""Drafts and explains, never sends: classification of exceptions, anomalies, forecasts, suggestions."""

__all__: list[str] = []
