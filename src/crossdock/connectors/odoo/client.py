"""The client: one `call` over either transport, with the context that keeps times, texts and companies right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from crossdock.connectors.odoo.settings import OdooSettings
from crossdock.connectors.odoo.transport_json2 import Json2
from crossdock.connectors.odoo.transport_jsonrpc import JsonRpc
from crossdock.core.errors import ConfigError, OutcomeUnknownError, RejectedError, RetryableError
from crossdock.kit import Http

__all__ = ["OdooClient", "Transport"]

_JSON2_SINCE = 19
_READ_AT_ONCE = 1_000


class Transport(Protocol):
    """How a call reaches Odoo."""

    name: str

    async def call(
        self, model: str, method: str, ids: Sequence[int] | None, kwargs: Mapping[str, Any]
    ) -> Any:
        """Call `method` of `model`, on the records `ids` if given."""
        ...


class OdooClient:
    """Calls to one database, for all of its companies or for one of them (`of`)."""

    def __init__(
        self,
        http: Http,
        settings: OdooSettings,
        *,
        company_ids: Sequence[int] = (),
        shared: dict[str, Any] | None = None,
    ) -> None:
        self._http = http
        self._settings = settings
        self._company_ids = list(company_ids) or settings.company_ids
        self._shared: dict[str, Any] = {} if shared is None else shared

    def of(self, company: str) -> OdooClient:
        """The same client, working for one company alone."""
        company_id = self._settings.company_id(company)
        return OdooClient(self._http, self._settings, company_ids=[company_id], shared=self._shared)

    @property
    def company_id(self) -> int:
        """The company that new records belong to."""
        return self._company_ids[0]

    async def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Call a public method with named arguments; one call is one transaction.

        Raises:
            CrossdockError: as `faults` types them.
        """
        transport = await self._transport()
        full = {
            "tz": "UTC",  # `load` reads times in the context's zone: 17:00 became 16:00 without it
            "lang": self._settings.language,
            "allowed_company_ids": self._company_ids,
            **(context or {}),
        }
        return await transport.call(model, method, ids, {**kwargs, "context": full})

    async def read(
        self,
        model: str,
        ids: Iterable[int],
        fields: Sequence[str],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> dict[int, dict[str, Any]]:
        """Records by id. Those that do not exist are left out, as Odoo does without a word."""
        wanted = sorted(set(ids))
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(wanted), _READ_AT_ONCE):
            part = wanted[start : start + _READ_AT_ONCE]
            rows = await self.search_read(model, [["id", "in", part]], fields, context=context)
            found.update({row["id"]: row for row in rows})
        return found

    async def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        order: str = "id",
        limit: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Records that fit `domain`, archived ones too.

        Not `read`: it raises for the whole list when one id is gone in between, and answers [] for others.
        """
        kwargs: dict[str, Any] = {"domain": list(domain), "fields": list(fields), "order": order}
        if limit is not None:
            kwargs["limit"] = limit
        full = {"active_test": False, **(context or {})}
        rows: list[dict[str, Any]] = await self.call(model, "search_read", context=full, **kwargs)
        return rows

    async def latest_changes(self, model: str, domain: Sequence[Any], group: str) -> dict[int, str]:
        """For each record that `group` points to: the latest write_date of the rows of `model` in `domain`."""
        if await self.version() >= _JSON2_SINCE:
            rows = await self.call(
                model,
                "formatted_read_group",
                domain=list(domain),
                groupby=[group],
                aggregates=["write_date:max"],
            )
            latest = "write_date:max"
        else:
            rows = await self.call(
                model,
                "read_group",
                domain=list(domain),
                fields=["write_date:max"],
                groupby=[group],
                lazy=False,
            )
            latest = "write_date"
        return {row[group][0]: row[latest] for row in rows if row[group] and row[latest]}

    async def version(self) -> int:
        """The server's major version: 19."""
        if "version" not in self._shared:
            self._shared["version"] = await self._ask_version()
        version: int = self._shared["version"]
        return version

    async def require(self, version: int, what: str) -> None:
        """Refuse what this server is too old for.

        Raises:
            ConfigError: it is older than `version`.
        """
        found = await self.version()
        if found < version:
            raise ConfigError(
                f"{what} needs Odoo {version} or later; this is {found}",
                code="T-CONFIG",
                mend="switch the interface off, or update Odoo: its stock models had other fields before",
            )

    async def user_id(self) -> int:
        """The service user's id."""
        if "uid" not in self._shared:
            answer = await self.call("res.users", "context_get")
            self._shared["uid"] = int(answer["uid"])
        uid: int = self._shared["uid"]
        return uid

    async def _transport(self) -> Transport:
        if "transport" not in self._shared:
            self._shared["transport"] = await self._choose()
        transport: Transport = self._shared["transport"]
        return transport

    async def _choose(self) -> Transport:
        settings = self._settings
        kind = settings.transport
        if kind == "auto":
            kind = "json2" if await self.version() >= _JSON2_SINCE else "jsonrpc"
        api_key = settings.api_key.reveal()
        if kind == "json2":
            return Json2(
                self._http, database=settings.database, api_key=api_key, timeout_s=settings.timeout_s
            )
        return JsonRpc(
            self._http,
            database=settings.database,
            login=settings.login,
            api_key=api_key,
            timeout_s=settings.timeout_s,
        )

    async def _ask_version(self) -> int:
        """Ask both addresses: before 18 only the second one knows."""
        try:
            try:
                answer = (await self._http.get("/web/version")).json()
            except RejectedError:
                empty = {"jsonrpc": "2.0", "method": "call", "params": {}}
                answer = (await self._http.post("/web/webclient/version_info", empty)).json()["result"]
            info = answer.get("version_info") or answer["server_version_info"]
            return int(str(info[0]).rpartition("~")[2].split(".")[0])
        except OutcomeUnknownError as error:
            # Asking for the version changes nothing, whatever became of the question.
            raise RetryableError(
                f"the version of Odoo is not told: {error.text}", detail=error.detail
            ) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"{self._settings.base_url} does not tell an Odoo version",
                code="T-CONFIG",
                mend="check base_url: no Odoo may live there",
            ) from error
