"""The order of source versions, as core defines it."""

from crossdock.core.documents import compare_source_versions

__all__ = ["compare_source_versions"]
