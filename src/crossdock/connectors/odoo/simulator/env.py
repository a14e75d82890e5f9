"""One call's view of the database: who calls, when, what it changed, and how to undo it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossdock.connectors.odoo.simulator.faults import (
    AccessError,
    MissingError,
    ServerError,
    ValidationError,
    bad_integer,
    python_fault,
)
from crossdock.connectors.odoo.simulator.model import Model
from crossdock.connectors.odoo.simulator.rights import Rights
from crossdock.connectors.odoo.simulator.schema import Field, empty_value, to_stored, zone_free
from crossdock.connectors.odoo.simulator.table import Database, Row, Table, UndoLog

__all__ = ["MANDATORY", "PREFIX", "Env", "mandatory"]

MANDATORY = (
    "Missing required value for the field '{label}' ({name}).\nModel: {model}\n"
    "- create/update: a mandatory field is not set\n"
    "- delete: another model requires the record being deleted, you can archive it instead\n"
)
PREFIX = "The operation cannot be completed: "


class Env:
    """A call in progress. Business rules act through it with all rights; only what a client asks is checked.

    Attributes:
        now: start of the transaction; write dates carry it, however long the call takes.
        stamp: the same as the database keeps it.
        changed: records created or written, for automation rules: `create` or `write`.
    """

    def __init__(
        self,
        database: Database,
        registry: Mapping[str, Model],
        rights: Rights,
        *,
        uid: int,
        context: Mapping[str, Any],
        now: dt.datetime,
    ) -> None:
        self.database = database
        self.registry = registry
        self.rights = rights
        self.uid = uid
        self.context = dict(context)
        self.now = now
        self.stamp = zone_free(now)
        self.changed: dict[tuple[str, int], str] = {}
        self._log: UndoLog = []
        self._dirty: dict[str, dict[int, None]] = {}
        self._names: dict[tuple[str, int], str] = {}

    # Looking.

    @property
    def moment(self) -> str:
        """The transaction's start to the second, as a user field holds it."""
        return self.stamp[:19]

    @property
    def today(self) -> str:
        """The transaction's day."""
        return self.stamp[:10]

    def model(self, name: str) -> Model:
        """The rules of a model."""
        return self.registry[name]

    def table(self, name: str) -> Table:
        """The rows of a model."""
        return self.database.tables[name]

    def row(self, model: str, key: Any) -> Row:
        """A record.

        Raises:
            MissingError: it is not there.
        """
        row = self.table(model).rows.get(key)
        if row is None:
            if isinstance(key, str):
                raise bad_integer(key)
            raise MissingError(model, key, self.uid)
        return row

    def rows(self, model: str, ids: Iterable[Any]) -> list[Row]:
        """Several records, each of which must be there."""
        return [self.row(model, key) for key in ids]

    def children(self, model: str, inverse: str, parent: int) -> list[Row]:
        """Rows of `model` whose `inverse` is `parent`, in the model's order."""
        table = self.table(model)
        ids = table.ids_where(inverse, parent)
        rows = [table.rows[key] for key in ids]
        return rows if len(rows) < 2 else self.sorted(model, rows)

    def sorted(self, model: str, rows: list[Row], order: Sequence[tuple[str, bool]] = ()) -> list[Row]:
        """Rows in an order; without one in the model's own. Nothing sorts last going up, first going down."""
        rules = self.model(model)
        for name, down in reversed(order or rules.order):
            kind = rules.fields[name].type
            blank = kind not in {"boolean", "integer", "float", "monetary"}

            def key(row: Row, name: str = name, kind: str = kind, blank: bool = blank) -> tuple[bool, Any]:  # noqa: FBT001
                value = self.value(model, row, name)
                if blank and (value is False or value is None):
                    return (True, 0)
                return (False, value if kind != "char" or not isinstance(value, str) else value.casefold())

            rows = sorted(rows, key=key, reverse=down)
        return rows

    def value(self, model: str, row: Row, name: str) -> Any:
        """A field of a record: stored, computed, or gathered from the other side."""
        rules = self.registry[model]
        live = rules.live.get(name)
        if live is not None:
            return live(self, row)
        if name in row:
            return row[name]
        if name == "display_name":
            return self.display_name(model, row["id"])
        field = rules.fields[name]
        if field.type == "one2many" and field.inverse and field.relation in self.registry:
            children = self.children(field.relation, field.inverse, row["id"])
            # A message points to any model, so the number alone does not tell whose it is.
            return [child["id"] for child in children if child.get("model", model) == model]
        return empty_value(field)

    def display_name(self, model: str, key: int) -> str:
        """How a record is shown in others; kept for the length of the call."""
        known = self._names.get((model, key))
        if known is None:
            row = self.table(model).rows.get(key)
            known = self.model(model).display_name(self, row) if row is not None else ""
            self._names[model, key] = known
        return known

    @property
    def user(self) -> Row:
        """Who calls."""
        return self.row("res.users", self.uid)

    def company(self) -> int:
        """The company that new records get."""
        allowed = self.context.get("allowed_company_ids")
        return int(allowed[0] if allowed else self.user["company_id"])

    def check(self, model: str, letters: str) -> None:
        """Refuse what the caller may not do.

        Raises:
            AccessError: with the groups that may.
        """
        for letter in letters:
            refusal = self.rights.refusal(model, self.model(model).label, self.user["groups"], letter)
            if refusal:
                raise AccessError(refusal)

    # Changing.

    def create(self, model: str, vals: Mapping[str, Any]) -> int:
        """A new record with its lines; returns its id."""
        rules = self.model(model)
        given = dict(vals)
        for name in given:
            if name not in rules.fields:
                raise python_fault("ValueError", f"Invalid field {name!r} in {model!r}")
        rules.defaults(self, given)
        key = self.table(model).next_id()
        row: Row = {"id": key}
        for name, value in given.items():
            field = rules.fields.get(name)
            if field is None:
                row[name] = value
            elif not field.to_many:
                row[name] = self._stored(model, name, field, value)
        self._require(rules, row)
        row.update(create_date=self.stamp, write_date=self.stamp, create_uid=self.uid, write_uid=self.uid)
        self.table(model).put(row, self._log)
        self.changed[model, key] = "create"
        self._command(model, row, given)
        rules.created(self, row)
        self.mark(model, row)
        return key

    def write(self, model: str, ids: Iterable[int], vals: Mapping[str, Any]) -> None:
        """Change records, as a client does: rules are asked before and after."""
        rules = self.model(model)
        rows = self.rows(model, ids)
        for name in vals:
            if name not in rules.fields:
                raise python_fault("KeyError", name)
        rules.writing(self, rows, vals)
        scalars = {
            name: self._stored(model, name, rules.fields[name], value)
            for name, value in vals.items()
            if not rules.fields[name].to_many
        }
        for row in rows:
            self.affect(model, row)
            self.set(model, row, scalars)
            self._command(model, row, vals)
        for row in rows:
            self._require(rules, row)
        rules.written(self, rows, vals)
        for row in rows:
            self.mark(model, row)

    def set(self, model: str, row: Row, changes: Mapping[str, Any]) -> None:
        """Change stored values as they are; the write date moves even if they are the same."""
        stamps = {"write_date": self.stamp, "write_uid": self.uid}
        self.table(model).patch(row["id"], {**changes, **stamps}, self._log)
        self.changed.setdefault((model, row["id"]), "write")
        if self._names:
            self._names.clear()
        self.mark(model, row)

    def unlink(self, model: str, ids: Iterable[int]) -> None:
        """Delete records, and the lines that live only with them."""
        rules = self.model(model)
        rows = self.rows(model, ids)
        rules.deleting(self, rows)
        for row in rows:
            self.affect(model, row)
            for field in rules.fields.values():
                if field.type == "one2many" and field.relation in _PARTS.get(model, ()):
                    lines = self.table(field.relation).ids_where(field.inverse, row["id"])
                    self.unlink(field.relation, lines)
            self.table(model).remove(row["id"], self._log)
            self.changed.pop((model, row["id"]), None)
            for known in self.table("ir.model.data").ids_where("res_id", row["id"]):
                if self.table("ir.model.data").rows[known]["model"] == model:
                    self.table("ir.model.data").remove(known, self._log)

    def mark(self, model: str, row: Row) -> None:
        """Derived values of `row` and of what depends on it are to be computed again."""
        self._dirty.setdefault(model, {})[row["id"]] = None
        self.affect(model, row)

    def affect(self, model: str, row: Row) -> None:
        """Derived values of what depends on `row` are to be computed again."""
        for other, key in self.model(model).affects(self, row):
            if key:
                self._dirty.setdefault(other, {})[key] = None

    def flush(self) -> None:
        """Compute derived values until nothing changes any more."""
        while self._dirty:
            model = next(iter(self._dirty))
            ids = self._dirty.pop(model)
            rules, rows = self.model(model), self.table(model).rows
            for key in ids:
                row = rows.get(key)
                if row is None:
                    continue
                derived = rules.derive(self, row)
                changes = {name: value for name, value in derived.items() if row.get(name) != value}
                if changes:
                    self.set(model, row, changes)

    def rollback(self, to: int = 0) -> None:
        """Take back every change since `to` (a mark from `savepoint`)."""
        while len(self._log) > to:
            table, key, old = self._log.pop()
            table.undo(key, old)
        self._dirty.clear()
        self._names.clear()
        if to == 0:
            self.changed.clear()

    def savepoint(self) -> int:
        """A mark to roll back to."""
        self.flush()
        return len(self._log)

    def _stored(self, model: str, name: str, field: Field, value: Any) -> Any:
        stored = to_stored(model, name, field, value)
        if field.type == "many2one" and stored and field.relation in self.registry:
            self.row(field.relation, stored)
        return stored

    def _require(self, rules: Model, row: Row) -> None:
        for name in rules.must:
            if row.get(name) in (False, None, ""):
                raise mandatory(rules, name)

    def _command(self, model: str, row: Row, vals: Mapping[str, Any]) -> None:
        for name, commands in vals.items():
            field = self.model(model).fields.get(name)
            if field is None or not field.to_many or commands is False or commands is None:
                continue
            if field.type == "one2many" and field.inverse and field.relation in self.registry:
                for command in commands:
                    self._line(model, field, row["id"], command)
            else:
                held = list(row.get(name) or [])
                for command in commands:
                    held = self._linked(field, held, command)
                self.set(model, row, {name: held})

    def _line(self, model: str, field: Field, parent: int, command: Any) -> None:
        code, key, vals = (*command, 0, 0)[:3] if isinstance(command, list | tuple) else (4, command, 0)
        other = field.relation
        if code == 0:
            whose = {"model": model} if other == "mail.message" else {}
            self.create(other, {**whose, **vals, field.inverse: parent})
        elif code == 1:
            self.write(other, [key], vals)
        elif code in {2, 3}:
            self.unlink(other, [key])
        elif code == 4:
            self.write(other, [key], {field.inverse: parent})
        else:
            kept = set(vals if code == 6 else ())
            held = self.table(other).ids_where(field.inverse, parent)
            self.unlink(other, [one for one in held if one not in kept])
            for one in kept - set(held):
                self.write(other, [one], {field.inverse: parent})

    def _linked(self, field: Field, held: list[int], command: Any) -> list[int]:
        code, key, vals = (*command, 0, 0)[:3] if isinstance(command, list | tuple) else (4, command, 0)
        if code == 0:
            return [*held, self.create(field.relation, vals)]
        if code == 1:
            self.write(field.relation, [key], vals)
            return held
        if code in {2, 3}:
            return [one for one in held if one != key]
        if code == 4:
            return held if key in held else [*held, key]
        return list(vals) if code == 6 else []


_PARTS = {
    "sale.order": {"sale.order.line"},
    "purchase.order": {"purchase.order.line"},
    "account.move": {"account.move.line"},
    "stock.picking": {"stock.move", "stock.move.line"},
    "stock.move": {"stock.move.line"},
    "product.template": {"product.product"},
}
"""Lines that are deleted with their head."""


def mandatory(rules: Model, name: str) -> ServerError:
    """A required field is not set."""
    if rules.model == "res.partner" and name == "name":
        return ValidationError(PREFIX + "Contacts require a name")
    model = f"'{rules.label}' ({rules.model})"
    label = rules.fields[name].string
    error = ValidationError(PREFIX + MANDATORY.format(label=label, name=name, model=model))
    error.field = name  # type: ignore[attr-defined]
    return error
