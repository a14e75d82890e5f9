"""Methods every model answers: create, write, unlink, read, search and their kin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.simulator.domain import Domain
from crossdock.connectors.odoo.simulator.env import Env
from crossdock.connectors.odoo.simulator.faults import AccessError, UserError, python_fault
from crossdock.connectors.odoo.simulator.grouping import aggregate, grouped
from crossdock.connectors.odoo.simulator.load import load_rows
from crossdock.connectors.odoo.simulator.model import Model, remote, remote_for_model
from crossdock.connectors.odoo.simulator.schema import Field, empty_value, shown
from crossdock.connectors.odoo.simulator.table import Row

__all__ = ["Records", "search_rows"]

_ORDER = re.compile(r"^\s*[a-z0-9_.]+(\s+(asc|desc))?(\s+nulls\s+(first|last))?\s*$", re.IGNORECASE)
_BAD_ORDER = (
    'Invalid "order" specified ({order}). A valid "order" specification is a comma-separated list of valid '
    "field names (optionally followed by asc/desc for the direction)"
)


def parse_order(model: Model, order: str | None) -> tuple[tuple[str, bool], ...]:
    """`write_date desc, id` as fields with their direction."""
    if not order:
        return model.order
    terms = []
    for term in order.split(","):
        if not _ORDER.match(term):
            raise UserError(_BAD_ORDER.format(order=order))
        words = term.split()
        if words[0] not in model.fields:
            raise python_fault("ValueError", f"Invalid field {words[0]!r} on model {model.model!r}")
        terms.append((words[0], len(words) > 1 and words[1].lower() == "desc"))
    return tuple(terms)


def search_rows(
    env: Env,
    model: Model,
    domain: Any,
    *,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> list[Row]:
    """Rows that match, in order: archived ones and other companies' left out as the server does."""
    env.flush()
    name = model.model
    parsed = Domain(env, name, domain)
    rows = env.table(name).rows
    pool = rows.values() if parsed.candidates is None else [rows[key] for key in parsed.candidates]
    found = [row for row in pool if parsed.test(row) and not model.hidden(env, row)]
    if model.archives and "active" not in parsed.names and env.context.get("active_test", True):
        found = [row for row in found if row.get("active", True)]
    companies = env.context.get("allowed_company_ids")
    if companies and "company_id" in model.fields:
        found = [row for row in found if not row.get("company_id") or row["company_id"] in companies]
    ordered = env.sorted(name, found, parse_order(model, order))
    return ordered[offset : offset + limit if limit else None]


class Records(Model):
    """A model with the methods that all models share."""

    @remote_for_model("c")
    def create(self, env: Env, vals_list: Any) -> list[int]:
        several = vals_list if isinstance(vals_list, list) else [vals_list]
        return [env.create(self.model, vals) for vals in several]

    @remote("w")
    def write(self, env: Env, ids: Sequence[int], vals: Mapping[str, Any]) -> bool:
        env.write(self.model, ids, vals)
        return True

    @remote("u")
    def unlink(self, env: Env, ids: Sequence[int]) -> bool:
        env.unlink(self.model, ids)
        return True

    @remote("r")
    def read(
        self,
        env: Env,
        ids: Sequence[int],
        fields: Sequence[str] | None = None,
        load: str | None = "_classic_read",
    ) -> list[dict[str, Any]]:
        rows = env.table(self.model).rows
        for key in ids:
            if not isinstance(key, int):
                env.row(self.model, key)
        return self._shown(env, [rows[key] for key in dict.fromkeys(ids) if key in rows], fields, load)

    @remote_for_model()
    def search(
        self, env: Env, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None
    ) -> list[int]:
        return [row["id"] for row in search_rows(env, self, domain, offset=offset, limit=limit, order=order)]

    @remote_for_model()
    def search_count(self, env: Env, domain: Any, limit: int | None = None) -> int:
        return len(search_rows(env, self, domain, limit=limit, order="id"))

    @remote_for_model()
    def search_read(
        self,
        env: Env,
        domain: Any = None,
        fields: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        **read_kwargs: Any,
    ) -> list[dict[str, Any]]:
        for name in fields or ():
            self._known(name)
        rows = search_rows(env, self, domain or [], offset=offset, limit=limit, order=order)
        load = read_kwargs.pop("load", "_classic_read")
        for name in read_kwargs:
            message = f"BaseModel._read_format() got an unexpected keyword argument {name!r}"
            raise python_fault("TypeError", message)
        return self._shown(env, rows, fields, load)

    @remote_for_model()
    def web_search_read(
        self,
        env: Env,
        domain: Any,
        specification: Mapping[str, Any],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> dict[str, Any]:
        rows = search_rows(env, self, domain, order=order)
        page = rows[offset : offset + limit if limit else None]
        length = len(rows) if count_limit is None else min(len(rows), count_limit)
        return {"length": length, "records": self._specified(env, page, specification)}

    @remote("r")
    def web_read(
        self, env: Env, ids: Sequence[int], specification: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        return self._specified(env, env.rows(self.model, ids), specification)

    @remote_for_model()
    def fields_get(
        self, env: Env, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
    ) -> dict[str, Any]:
        del env
        answer = {}
        for name, field in self.fields.items():
            if allfields and name not in allfields:
                continue
            told = _told(name, field)
            answer[name] = {key: told[key] for key in told if not attributes or key in attributes}
        return answer

    @remote_for_model()
    def default_get(self, env: Env, fields: Sequence[str]) -> dict[str, Any]:
        vals: dict[str, Any] = {}
        self.defaults(env, vals)
        return {name: vals[name] for name in fields if vals.get(name) not in (None, False)}

    @remote_for_model()
    def name_search(
        self, env: Env, name: str = "", domain: Any = None, operator: str = "ilike", limit: int = 100
    ) -> list[list[Any]]:
        wanted = [*(domain or []), ["display_name", operator, name]] if name else domain or []
        rows = search_rows(env, self, wanted, limit=limit)
        return [[row["id"], env.display_name(self.model, row["id"])] for row in rows]

    @remote_for_model()
    def formatted_read_group(
        self,
        env: Env,
        domain: Any,
        groupby: Sequence[str] = (),
        aggregates: Sequence[str] = (),
        having: Any = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[dict[str, Any]]:
        del having, order
        groups = grouped(env, self, search_rows(env, self, domain, order="id"), groupby)
        return [
            {
                **values,
                "__extra_domain": leaves if len(leaves) < 2 else ["&"] * (len(leaves) - 1) + leaves,
                **{one: aggregate(env, self, rows, one) for one in aggregates},
            }
            for values, leaves, rows in groups[offset : offset + limit if limit else None]
        ]

    @remote_for_model()
    def read_group(
        self,
        env: Env,
        domain: Any,
        fields: Sequence[str],
        groupby: Any,
        offset: int = 0,
        limit: int | None = None,
        orderby: Any = False,  # noqa: FBT002 - as over there
        lazy: bool = True,  # noqa: FBT001, FBT002 - its name on the wire
    ) -> list[dict[str, Any]]:
        del orderby
        names = [groupby] if isinstance(groupby, str) else list(groupby)
        names = names[:1] if lazy else names
        count = f"{names[0]}_count" if lazy and names else "__count"
        groups = grouped(env, self, search_rows(env, self, domain, order="id"), names)
        return [
            {
                **values,
                count: len(rows),
                **{one.partition(":")[0]: aggregate(env, self, rows, one) for one in fields if ":" in one},
                "__domain": [*["&"] * (len(domain) + len(leaves) - 1), *domain, *leaves],
            }
            for values, leaves, rows in groups[offset : offset + limit if limit else None]
        ]

    @remote("r")
    def get_external_id(self, env: Env, ids: Sequence[int]) -> dict[str, str]:
        table = env.table("ir.model.data")
        names = dict.fromkeys((str(key) for key in ids), "")
        for key in ids:
            for known in table.ids_where("res_id", key):
                row = table.rows[known]
                if row["model"] == self.model and not names[str(key)]:
                    names[str(key)] = f"{row['module']}.{row['name']}"
        return names

    @remote_for_model("")
    def load(self, env: Env, fields: Sequence[str], data: Sequence[Sequence[str]]) -> dict[str, Any]:
        return load_rows(env, self, fields, data)

    def _known(self, name: str) -> Field:
        field = self.fields.get(name)
        if field is None:
            raise python_fault("ValueError", f"Invalid field {name!r} on {self.model!r}")
        return field

    def _shown(
        self, env: Env, rows: Sequence[Row], fields: Sequence[str] | None, load: str | None
    ) -> list[dict[str, Any]]:
        for name in fields or ():
            self._known(name)
        env.flush()
        self._own_companies(env, rows)
        names = [name for name in (fields or self.fields) if name != "id"]
        return [
            {"id": row["id"], **{name: self._cell(env, row, name, load) for name in names}} for row in rows
        ]

    def _own_companies(self, env: Env, rows: Sequence[Row]) -> None:
        companies = env.context.get("allowed_company_ids")
        if not companies or "company_id" not in self.fields:
            return
        for row in rows:
            if row.get("company_id") and row["company_id"] not in companies:
                message = f"Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n{self.label} ({self.model})"
                raise AccessError(message)

    def _cell(self, env: Env, row: Row, name: str, load: str | None) -> Any:
        field = self.fields[name]
        value = env.value(self.model, row, name)
        if field.type == "many2one":
            if not value:
                return False
            named = load is not None and field.relation in env.registry
            return [value, env.display_name(field.relation, value)] if named else value
        return shown(field, value)

    def _specified(
        self, env: Env, rows: Sequence[Row], specification: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        answer = []
        for row in rows:
            record: dict[str, Any] = {"id": row["id"]}
            for name, wish in specification.items():
                field = self._known(name)
                value = env.value(self.model, row, name)
                inner = (wish or {}).get("fields")
                if inner is None or not field.relation or not value:
                    plain = value if field.type == "many2one" else shown(field, value)
                    record[name] = plain if value else shown(field, empty_value(field))
                    continue
                other = env.model(field.relation)
                assert isinstance(other, Records)
                ids = value if field.to_many else [value]
                nested = other._specified(env, env.rows(field.relation, ids), inner)  # noqa: SLF001 - same class
                record[name] = nested if field.to_many else nested[0]
            answer.append(record)
        return answer


def _told(name: str, field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name,
        "type": field.type,
        "string": field.string,
        "required": field.required,
        "readonly": field.readonly,
        "store": field.store,
    }
    if field.relation:
        told["relation"] = field.relation
    if field.inverse:
        told["relation_field"] = field.inverse
    if field.type == "selection":
        told["selection"] = field.selection
    return told
