"""Fields of the simulated models: the real server's fields_get, kept as data in fields/, and its conversions."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from importlib import resources
from typing import Any

import msgspec

from crossdock.connectors.odoo.simulator.faults import bad_integer, python_fault

__all__ = [
    "Field",
    "ModelInfo",
    "empty_value",
    "model_info",
    "model_names",
    "round_to",
    "shown",
    "to_stored",
    "zone_free",
]

_CENTS = 2
_DATE_LENGTH = 10
_FLOAT_DECIMALS = 10
_MOMENT = "%Y-%m-%d %H:%M:%S"


class Field(msgspec.Struct, frozen=True):
    """One field as fields_get shows it; `inverse` is a one2many's field on the other side."""

    type: str
    string: str
    relation: str = ""
    inverse: str = ""
    required: bool = False
    readonly: bool = False
    store: bool = True
    digits: int | None = None
    selection: list[tuple[Any, str]] = []

    @property
    def to_many(self) -> bool:
        """Whether it holds a list of ids."""
        return self.type in {"one2many", "many2many"}


class ModelInfo(msgspec.Struct, frozen=True):
    """A model's label, order and fields."""

    label: str
    order: str
    fields: dict[str, Field]


@functools.cache
def model_info(model: str) -> ModelInfo:
    """The recorded fields of `model`."""
    folder = resources.files(__package__) / "fields"
    return msgspec.json.decode((folder / f"{model}.json").read_bytes(), type=ModelInfo)


@functools.cache
def model_names() -> frozenset[str]:
    """Names of all models whose fields are recorded."""
    folder = resources.files(__package__) / "fields"
    return frozenset(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".json"))


def round_to(value: Decimal, digits: int) -> Decimal:
    """Half up, as the server rounds quantities (to the unit's precision) and money, without saying so."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _number(field: Field, value: object) -> Decimal:
    if value in (False, None, ""):
        return Decimal(0)
    try:
        number = Decimal(str(value if value is not True else 1))
    except InvalidOperation as error:
        raise python_fault("ValueError", f"could not convert string to float: {value!r}") from error
    if field.type == "monetary":
        return round_to(number, _CENTS)
    if field.digits is not None:
        return round_to(number, field.digits)
    return round_to(number, _FLOAT_DECIMALS).normalize()


def _integer(value: object) -> int:
    if value in (False, None, ""):
        return 0
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError) as error:
        message = f"invalid literal for int() with base 10: {value!r}"
        raise python_fault("ValueError", message) from error


def _moment(value: object, *, day_only: bool) -> str | bool:
    if value in (False, None, ""):
        return False
    text = str(value)
    shown_text = text[:_DATE_LENGTH] if day_only else text
    # The server cuts its format to the text's length; so a bad text is named with a cut format.
    form = _MOMENT[: max(0, len(shown_text) - 2)]
    try:
        moment = dt.datetime.strptime(shown_text, form)  # noqa: DTZ007 - Odoo's times have no zone
    except ValueError as error:
        message = f"time data {text!r} does not match format {form!r}"
        raise python_fault("ValueError", message) from error
    return moment.strftime("%Y-%m-%d" if day_only else _MOMENT)


def to_stored(model: str, name: str, field: Field, value: Any) -> Any:  # noqa: C901, PLR0911 - one branch per type
    """`value` as the table keeps it; to-many commands are not handled here.

    Raises:
        ServerError: the value does not fit, in the server's words.
    """
    kind = field.type
    if kind in {"char", "text", "html"}:
        return False if value in (False, None) else str(value)
    if kind in {"float", "monetary"}:
        return _number(field, value)
    if kind == "boolean":
        return bool(value)
    if kind == "many2one":
        if isinstance(value, str):
            raise bad_integer(value)
        return value or False
    if kind in {"integer", "many2one_reference"}:
        return _integer(value)
    if kind == "selection":
        if value in (False, None, ""):
            return False
        if field.selection and not any(value == key for key, _ in field.selection):
            raise python_fault("ValueError", f"Wrong value for {model}.{name}: {value!r}")
        return value
    if kind in {"date", "datetime"}:
        return _moment(value, day_only=kind == "date")
    return value


def zone_free(moment: dt.datetime) -> str:
    """A moment as the database keeps it: UTC, with microseconds, without a zone."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def empty_value(field: Field) -> Any:
    """What a field holds that nobody set."""
    if field.type in {"float", "monetary"}:
        return Decimal(0)
    if field.type in {"integer", "many2one_reference"}:
        return 0
    return [] if field.to_many else False


def shown(field: Field, value: Any) -> Any:
    """A stored value as `read` shows it; many2one is done by the caller, who knows the name."""
    if field.type in {"float", "monetary"}:
        return float(value or 0)
    if field.type == "datetime" and value:
        return value[:19]
    return value
