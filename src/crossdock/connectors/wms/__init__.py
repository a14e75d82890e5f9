"""The reference warehouse (3PL): one open contract, `openapi.yaml`, its connector and its simulator."""

from crossdock.connectors.wms.connector import Wms, WmsSettings

__all__ = ["Wms", "WmsSettings"]
