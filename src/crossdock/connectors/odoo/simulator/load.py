"""`load`: rows of text become records with external ids, all of them or none."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.connectors.odoo.simulator.env import PREFIX, Env
from crossdock.connectors.odoo.simulator.faults import ServerError, python_fault
from crossdock.connectors.odoo.simulator.model import Model
from crossdock.connectors.odoo.simulator.schema import Field

__all__ = ["external_ids", "load_rows", "lost_race", "split_external_id"]

Path = list[str]
Row = Sequence[str]
Ready = tuple[int, Mapping[str, int], Row, dict[str, Any]]
"""Number of the record, its first and last row, its first row's cells, and its values."""

_VALUES = {
    "name": "Possible Values",
    "type": "ir.actions.act_window",
    "target": "new",
    "view_mode": "list,form",
    "views": [[False, "list"], [False, "form"]],
    "context": {"create": False},
    "help": "See all possible values",
}


class _CellError(Exception):
    def __init__(self, message: str, more: Any = None) -> None:
        super().__init__(message)
        self.more = more


def external_ids(fields: Sequence[str], data: Sequence[Row]) -> list[str]:
    """External ids of the records (not of their lines) in a call of `load`."""
    if "id" not in fields:
        return []
    at = list(fields).index("id")
    return [row[at] for row in data if len(row) > at and row[at]]


def lost_race(rows: int) -> dict[str, Any]:
    """The answer of a `load` that met another one with the same external ids: 200 all the same."""
    message = "could not serialize access due to concurrent update\n"
    one = {"rows": {"from": 0, "to": max(0, rows - 1)}, "record": 0, "type": "error", "message": message}
    return {"ids": False, "messages": [one], "nextrow": 0}


def split_external_id(text: str) -> tuple[str, str]:
    """Module and name; without a module it is kept as an export's."""
    module, dot, name = text.partition(".")
    return (module, name) if dot else ("__import__", text)


def load_rows(env: Env, model: Model, fields: Sequence[str], data: Sequence[Row]) -> dict[str, Any]:
    """Create or update records; on any error nothing is kept and `ids` is false."""
    paths = [[part for part in name.split("/") if part] for name in fields]
    for path in paths:
        _check_path(env, model, path)
    mark = env.savepoint()
    messages: list[dict[str, Any]] = []
    ready: list[Ready] = []
    ids: list[int] = []
    within = any(_points_home(model, path) for path in paths)
    for number, (first, last, rows) in enumerate(_grouped(model, paths, data)):
        place = {"from": first, "to": last}
        vals = _converted(env, model, paths, rows, number, place, messages)
        ready.append((number, place, rows[0], vals))
        if within:
            # A later row may point to this record by its external id, so it must be there.
            ids.extend(_kept_alone(env, model, paths, ready.pop(), messages))
    together = _kept_together(env, model, paths, ready) if not messages else None
    if together is not None:
        ids.extend(together)
    else:
        for one in ready:
            ids.extend(_kept_alone(env, model, paths, one, messages))
    if messages:
        env.rollback(mark)
        return {"ids": False, "messages": messages, "nextrow": 0}
    return {"ids": ids, "messages": [], "nextrow": 0}


def _check_path(env: Env, model: Model, path: Path) -> None:
    if path[0] in {"id", ".id"}:
        return
    field = model.fields.get(path[0])
    if field is None:
        raise python_fault("ValueError", f"Invalid field name {path[0]!r}")
    if len(path) > 1 and path[1] not in {"id", ".id"}:
        if not field.relation or field.relation not in env.registry:
            raise python_fault("ValueError", f"Invalid field name {path[1]!r}")
        _check_path(env, env.model(field.relation), path[1:])
    elif len(path) > 2:
        _check_path(env, env.model(field.relation), path[1:])


def _is_line(model: Model, path: Path) -> bool:
    return path[0] in model.fields and model.fields[path[0]].type == "one2many"


def _points_home(model: Model, path: Path) -> bool:
    return len(path) == 2 and path[1] == "id" and model.fields[path[0]].relation == model.model


def _grouped(
    model: Model, paths: Sequence[Path], data: Sequence[Row]
) -> Iterator[tuple[int, int, list[Row]]]:
    own = [at for at, path in enumerate(paths) if not _is_line(model, path)]
    first = 0
    while first < len(data):
        last = first
        while last + 1 < len(data) and not any(data[last + 1][at] for at in own) and any(data[last + 1]):
            last += 1
        yield first, last, list(data[first : last + 1])
        first = last + 1


def _converted(
    env: Env,
    model: Model,
    paths: Sequence[Path],
    rows: list[Row],
    number: int,
    place: Mapping[str, int],
    messages: list[dict[str, Any]],
) -> dict[str, Any]:
    vals: dict[str, Any] = {}
    for name in dict.fromkeys(path[0] for path in paths if path[0] not in {"id", ".id"}):
        field = model.fields[name]
        columns = [(at, path[1:]) for at, path in enumerate(paths) if path[0] == name]
        try:
            vals[name] = (
                _lines(env, field, columns, rows)
                if field.type == "one2many"
                else _cell(env, field, columns[0][1], rows[0][columns[0][0]], field.string)
            )
        except _CellError as error:
            message: dict[str, Any] = {
                "rows": dict(place),
                "type": "error",
                "record": number,
                "field": name,
                "message": str(error),
            }
            if error.more is not None:
                message["moreinfo"] = error.more
            messages.append({**message, "field_name": field.string})
    return vals


def _lines(env: Env, field: Field, columns: Sequence[tuple[int, Path]], rows: list[Row]) -> list[Any]:
    other = env.model(field.relation)
    commands: list[Any] = []
    for row in rows:
        if not any(row[at] for at, _ in columns):
            continue
        vals: dict[str, Any] = {}
        external = ""
        for at, path in columns:
            if path in (["id"], [".id"]):
                external = row[at] if path == ["id"] else external
                continue
            inner = other.fields[path[0]]
            label = f"{field.string}/{inner.string}"
            vals[path[0]] = _cell(env, inner, path[1:], row[at], label)
        commands.append((external, vals))
    return commands


def _cell(env: Env, field: Field, path: Path, text: Any, label: str) -> Any:  # noqa: C901, PLR0911 - one branch per type
    if text in ("", None, False):
        return False
    text = str(text)
    if field.relation:
        if field.type == "many2many":
            found = [_reference(env, field, path, one.strip(), label) for one in text.split(",")]
            return [[6, 0, found]]
        return _reference(env, field, path, text, label)
    if field.type in {"float", "monetary", "integer"}:
        return _number(field, text, label)
    if field.type == "boolean":
        if text.lower() in {"1", "true", "yes"}:
            return True
        if text.lower() in {"0", "false", "no"}:
            return False
        raise _CellError(
            f"Unknown value '{text}' for boolean field '{label}'", "Use '1' for yes and '0' for no"
        )
    if field.type == "selection":
        for key, name in field.selection:
            if text.lower() in {str(key).lower(), name.lower()}:
                return key
        raise _CellError(
            f"Value '{text}' not found in selection field '{label}'", [name for _, name in field.selection]
        )
    if field.type == "datetime":
        return _in_utc(env, text, label)
    return text


def _number(field: Field, text: str, label: str) -> Any:
    try:
        return int(text) if field.type == "integer" else Decimal(text)
    except (ValueError, InvalidOperation) as error:
        kind = "an integer" if field.type == "integer" else "a number"
        raise _CellError(f"'{text}' does not seem to be {kind} for field '{label}'") from error


def _in_utc(env: Env, text: str, label: str) -> str:
    try:
        moment = dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the zone comes from the caller
    except ValueError as error:
        raise _CellError(f"'{text}' does not seem to be a valid datetime for field '{label}'") from error
    # Odoo takes the text for the user's local time unless the call names a zone.
    zone = zoneinfo.ZoneInfo(str(env.context.get("tz") or env.user.get("tz") or "UTC"))
    return moment.replace(tzinfo=zone).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _reference(env: Env, field: Field, path: Path, text: str, label: str) -> int:
    relation = field.relation
    if path == [".id"]:
        if not text.isdigit():
            raise _CellError(f"Invalid database id '{text}' for the field '{label}'", _values(relation, "id"))
        if int(text) in env.table(relation).rows:
            return int(text)
        kind = "database id"
    elif path == ["id"]:
        known = known_record(env, text)
        if known is not None and known[0] == relation:
            return known[1]
        kind = "external id"
    else:
        for key in env.table(relation).rows:
            if env.display_name(relation, key) == text:
                return key
        kind = "name"
    raise _CellError(
        f"No matching record found for {kind} '{text}' in field '{label}'", _values(relation, kind)
    )


def _values(relation: str, kind: str) -> dict[str, Any]:
    if kind == "name":
        return {**_VALUES, "res_model": relation}
    return {**_VALUES, "res_model": "ir.model.data", "domain": [["model", "=", relation]]}


def known_record(env: Env, external: str) -> tuple[str, int] | None:
    """Model and id behind an external id, if both are there."""
    module, name = split_external_id(external)
    table = env.table("ir.model.data")
    for key in table.ids_where("name", name):
        row = table.rows[key]
        if row["module"] == module and row["res_id"] in env.table(row["model"]).rows:
            return row["model"], row["res_id"]
    return None


def _kept_together(env: Env, model: Model, paths: Sequence[Path], ready: Sequence[Ready]) -> list[int] | None:
    mark = env.savepoint()
    try:
        ids = [_keep(env, model, paths, first, vals) for _, _, first, vals in ready]
        env.flush()
    except ServerError:
        # Odoo then tries them one by one, to name the bad ones: slow, and all of it is rolled back.
        env.rollback(mark)
        return None
    return ids


def _kept_alone(
    env: Env, model: Model, paths: Sequence[Path], one: Ready, messages: list[dict[str, Any]]
) -> list[int]:
    number, place, first, vals = one
    mark = env.savepoint()
    try:
        key = _keep(env, model, paths, first, vals)
        env.flush()
    except ServerError as error:
        env.rollback(mark)
        message = {
            "rows": dict(place),
            "record": number,
            "type": "error",
            "message": error.message.removeprefix(PREFIX),
        }
        if getattr(error, "field", ""):
            message["field"] = error.field  # type: ignore[attr-defined]
        messages.append(message)
        return []
    return [key]


def _keep(env: Env, model: Model, paths: Sequence[Path], first: Row, vals: Mapping[str, Any]) -> int:
    external = next((first[at] for at, path in enumerate(paths) if path == ["id"]), "")
    database_id = next((first[at] for at, path in enumerate(paths) if path == [".id"]), "")
    known = known_record(env, external) if external else None
    key = known[1] if known else int(database_id) if database_id else 0
    lines = {n: v for n, v in vals.items() if model.fields[n].type == "one2many"}
    own = {n: v for n, v in vals.items() if n not in lines}
    if key:
        env.check(model.model, "w")
        env.write(model.model, [key], own)
    else:
        env.check(model.model, "c")
        key = env.create(model.model, {n: v for n, v in own.items() if v is not False})
        remember(env, model.model, key, external)
    for name, commands in lines.items():
        _keep_lines(env, model.fields[name], key, commands)
    return key


def _keep_lines(env: Env, field: Field, parent: int, commands: Sequence[tuple[str, dict[str, Any]]]) -> None:
    relation = field.relation
    for external, vals in commands:
        known = known_record(env, external) if external else None
        if known:
            env.write(relation, [known[1]], {**vals, field.inverse: parent})
            continue
        given = {n: v for n, v in vals.items() if v is not False}
        key = env.create(relation, {**given, field.inverse: parent})
        remember(env, relation, key, external)


def remember(env: Env, model: str, key: int, external: str) -> None:
    """Keep an external id; one whose record is gone points to the new record."""
    if not external:
        return
    module, name = split_external_id(external)
    table = env.table("ir.model.data")
    for known in table.ids_where("name", name):
        if table.rows[known]["module"] == module:
            env.set("ir.model.data", table.rows[known], {"model": model, "res_id": key})
            return
    env.create("ir.model.data", {"module": module, "name": name, "model": model, "res_id": key})
