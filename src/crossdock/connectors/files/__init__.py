"""Files: a watched folder in, files out."""

from crossdock.connectors.files.connector import Files, FilesSettings

__all__ = ["Files", "FilesSettings"]
