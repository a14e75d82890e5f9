"""What a simulated model declares: its rules as methods, and which of them a client may call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from crossdock.connectors.odoo.simulator.schema import Field, model_info
from crossdock.connectors.odoo.simulator.table import Row

if TYPE_CHECKING:
    from crossdock.connectors.odoo.simulator.env import Env

__all__ = ["Model", "Remote", "remote", "remote_for_model"]

F = TypeVar("F", bound=Callable[..., Any])
Live = Callable[["Env", Row], Any]


class Remote:
    """How a method may be called from outside.

    Attributes:
        on_records: it takes ids; otherwise it is the model's own.
        needs: rights on the model, one letter each of r, w, c, u.
    """

    def __init__(self, *, on_records: bool, needs: str) -> None:
        self.on_records = on_records
        self.needs = needs


def remote(needs: str = "rw") -> Callable[[F], F]:
    """Mark `method(self, env, ids, **arguments)` as callable on records."""
    return _marked(Remote(on_records=True, needs=needs))


def remote_for_model(needs: str = "r") -> Callable[[F], F]:
    """Mark `method(self, env, **arguments)` as callable without records."""
    return _marked(Remote(on_records=False, needs=needs))


def _marked(mark: Remote) -> Callable[[F], F]:
    def apply(method: F) -> F:
        method.remote = mark  # type: ignore[attr-defined]
        return method

    return apply


class Model:
    """Base of all models; one stateless instance serves all calls.

    Attributes:
        name: technical name.
        indexed: further fields with an index, besides those behind one2many fields.
        must: fields without which a record is refused.
        live: values computed when they are read.
        archives: whether searches leave out records whose `active` is false.
    """

    name: ClassVar[str] = ""
    indexed: ClassVar[tuple[str, ...]] = ()
    must: ClassVar[tuple[str, ...]] = ()
    live: ClassVar[Mapping[str, Live]] = {}
    archives: ClassVar[bool] = False

    def __init__(self, name: str = "") -> None:
        self.model = name or type(self).name
        self.info = model_info(self.model)
        self.fields: Mapping[str, Field] = self.info.fields
        self.label = self.info.label

    @functools.cached_property
    def order(self) -> tuple[tuple[str, bool], ...]:
        """The default order: fields, and whether downwards. Unknown names are left out."""
        terms = [term.strip().split() for term in self.info.order.split(",")]
        return tuple(
            (term[0], term[-1].lower() == "desc") for term in terms if term and term[0] in self.fields
        )

    def defaults(self, env: Env, vals: dict[str, Any]) -> None:
        """Fill in what the caller left out; `vals` are as they came."""

    def display_name(self, env: Env, row: Row) -> str:
        """How other records show this one."""
        del env
        return str(row.get("name") or f"{self.model},{row['id']}")

    def hidden(self, env: Env, row: Row) -> bool:
        """Whether a record rule keeps the row from who asks."""
        del env, row
        return False

    def created(self, env: Env, row: Row) -> None:
        """After a record and its lines are there."""

    def writing(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        """Before a change: may refuse it."""

    def written(self, env: Env, rows: list[Row], vals: Mapping[str, Any]) -> None:
        """After a change."""

    def deleting(self, env: Env, rows: list[Row]) -> None:
        """Before a deletion: may refuse it."""

    def derive(self, env: Env, row: Row) -> Mapping[str, Any]:
        """Stored values that follow from others; a difference changes the record's write date."""
        del env, row
        return {}

    def affects(self, env: Env, row: Row) -> Iterable[tuple[str, Any]]:
        """Records whose derived values depend on this one."""
        del env, row
        return ()
