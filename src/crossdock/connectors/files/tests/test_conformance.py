"""Folders keep the promises of a connector."""

from crossdock.connectors.files import Files
from crossdock.connectors.files.simulator import FilesSimulator
from crossdock.kit.conformance import conformance

TestFiles = conformance(
    Files,
    simulator=FilesSimulator,
    waivers={"patience_is_asked_for_in_type": "a folder speaks no HTTP: nobody answers 429 or 503"},
)
