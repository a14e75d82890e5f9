"""Canonical documents, definitions, keys, states and errors. No I/O. Import the modules by name."""

__all__: list[str] = []
