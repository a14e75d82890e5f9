"""One message's journey: accept → translate → route → deliver."""

from crossdock.pipeline.accept import Intake
from crossdock.pipeline.hub import Hub
from crossdock.pipeline.routes import Route, Routes, TargetRoute, compile_routes
from crossdock.pipeline.target import TargetSystem

__all__ = ["Hub", "Intake", "Route", "Routes", "TargetRoute", "TargetSystem", "compile_routes"]
