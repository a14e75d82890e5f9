"""The HTTP server: webhooks in on raw ASGI, the operations API, health and metrics."""

from crossdock.apps.api.server import Server, make_app

__all__ = ["Server", "make_app"]
