"""Settings of the Odoo connector."""

from __future__ import annotations

from typing import Any

from crossdock.core.errors import ConfigError
from crossdock.kit import Secret, Settings, setting

__all__ = ["OdooSettings"]


class OdooSettings(Settings):
    """What one Odoo database needs to be reached."""

    base_url: str = setting("Address of Odoo, e.g. https://erp.example.com")
    database: str = setting("Name of the database (Settings > Technical, or the login page's list)")
    api_key: Secret = setting("API key of the service user: Preferences > Account Security > New API Key")
    login: str = setting("Login of the service user; only JSON-RPC (Odoo 14 to 18) asks for it", default="")
    transport: str = setting(
        "How to talk: auto asks the server's version", default="auto", choices=("auto", "json2", "jsonrpc")
    )
    companies: dict[str, Any] = setting(
        "Company code in our documents to the company's id in Odoo; the first is taken where none is named",
        default={"1": 1},
    )
    warehouse: int = setting(
        "Id of the warehouse that orders are sold from; 0 = Odoo's own choice", default=0, ge=0
    )
    payment_journal: int = setting(
        "Id of the journal that payments are booked in; 0 = the company's first bank journal", default=0, ge=0
    )
    language: str = setting("Language that texts are read and written in, e.g. de_DE", default="en_US")
    page_size: int = setting("Records per read", default=500, ge=1, le=5_000)
    overlap_s: int = setting(
        "Seconds that a read goes back behind its watermark: Odoo stamps a change with its transaction's start",
        default=60,
        ge=0,
        le=86_400,
    )
    timeout_s: float = setting("Longest life of one call, in seconds", default=60.0, ge=1, le=900)
    timezone: str = setting("Time zone of the company, for dates without a time", default="UTC")
    count_max_age_s: int = setting(
        "Oldest inventory count that is still applied: an absolute count overwrites what moved since",
        default=900,
        ge=0,
    )
    hook_secret: Secret | None = setting(
        "Secret in the address of our automation rules' webhooks: /hooks/{system}/hint/{secret}", default=None
    )

    def company_id(self, company: str) -> int:
        """Odoo's id of a company code.

        Raises:
            ConfigError: the code is not in `companies`.
        """
        found = self.companies.get(company) if company else next(iter(self.companies.values()), None)
        if found is None:
            raise ConfigError(
                f"company {company!r} has no id in Odoo (known: {', '.join(self.companies) or 'none'})",
                code="T-CONFIG",
                mend="add it to `companies` in the system's settings",
            )
        return int(found)

    @property
    def company_ids(self) -> list[int]:
        """All companies that this system may work in."""
        return [int(value) for value in self.companies.values()]

    def company_code(self, company_id: Any) -> str:
        """Our code of an Odoo company id; '' for one that is not ours."""
        return next((code for code, value in self.companies.items() if int(value) == company_id), "")
