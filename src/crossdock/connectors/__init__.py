"""Connectors: one folder per kind of system. They are found through their manifests; nobody imports them."""

__all__: list[str] = []
