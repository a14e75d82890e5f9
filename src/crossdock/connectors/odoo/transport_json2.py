"""JSON-2, Odoo 19 and later: POST /json/2/<model>/<method> with named arguments and a bearer key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crossdock.kit import Http

__all__ = ["ENCODER", "Json2"]

ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Odoo wants JSON numbers for floats; ours are exact decimals until here."""


class Json2:
    """One call, one transaction over there."""

    name = "json2"

    def __init__(self, http: Http, *, database: str, api_key: str, timeout_s: float) -> None:
        self._http = http
        self._headers = {
            "Authorization": f"bearer {api_key}",
            "X-Odoo-Database": database,
            "Content-Type": "application/json",
        }
        self._timeout_s = timeout_s

    async def call(
        self, model: str, method: str, ids: Sequence[int] | None, kwargs: Mapping[str, Any]
    ) -> Any:
        """Call `method` of `model`, on the records `ids` if given.

        The body is always an object: an array would be taken as a call without arguments, on every record.
        """
        body = dict(kwargs) if ids is None else {"ids": list(ids), **kwargs}
        answer = await self._http.request(
            "POST",
            f"/json/2/{model}/{method}",
            body=ENCODER.encode(body),
            headers=self._headers,
            timeout_s=self._timeout_s,
        )
        return answer.json()
