"""The reference warehouse keeps the promises of a connector."""

from crossdock.connectors.wms.connector import Wms
from crossdock.connectors.wms.simulator import WmsSimulator
from crossdock.kit.conformance import conformance

TestWms = conformance(Wms, simulator=WmsSimulator)
