"""What decoding yields: records that know where their values stand, and faults in place of bad ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from crossdock.core.errors import ConfigError, Place, RejectedError

__all__ = [
    "FORMAT",
    "BadRecord",
    "Locate",
    "Record",
    "RecordReader",
    "RecordWriter",
    "Step",
    "parse_options",
    "parse_path",
    "reject",
]

FORMAT = "T-FORMAT"
VALUE_LIMIT = 200

Step = str | int
Locate = Callable[[str], Place]
OptionsT = TypeVar("OptionsT", bound=msgspec.Struct)

_STEP = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[]+)')


class Record:
    """One record of a file or body.

    Attributes:
        data: field → value; values are str, Decimal, int, bool, None, dict and list, never float.
        number: position in the source, from 1; bad records count.
        source: name of the file or body, for messages.
    """

    __slots__ = ("_locate", "data", "number", "source")

    def __init__(self, data: dict[str, Any], *, number: int, locate: Locate, source: str = "") -> None:
        self.data = data
        self.number = number
        self.source = source
        self._locate = locate

    def place_of(self, path: str = "") -> Place:
        """Where the value at `path` (`lines[3].quantity`, lists count from 0) stands in the source.

        Looked up only now, in the record's raw text. A path that leads nowhere gives the place of the
        nearest thing around it, with `path` as asked and no value; an empty path gives the record's start.
        """
        return self._locate(path)

    def __repr__(self) -> str:
        return f"Record(number={self.number}, source={self.source!r}, data={self.data!r})"


class BadRecord(msgspec.Struct, frozen=True):
    """Stands in the stream for a record that could not be read; the records after it follow as usual."""

    number: int
    error: RejectedError


class RecordReader(Protocol):
    """Bytes → records of one format."""

    def __call__(
        self, chunks: Iterable[bytes], options: Mapping[str, Any], source: str
    ) -> Iterator[Record | BadRecord]: ...


class RecordWriter(Protocol):
    """Records → bytes of one format."""

    def __call__(
        self, records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> Iterator[bytes]: ...


def reject(
    text: str,
    *,
    place: Place,
    mend: str,
    code: str = FORMAT,
) -> RejectedError:
    """The error of a fault in the bytes; its place's value is cut to 200 characters."""
    if len(place.value) > VALUE_LIMIT:
        place = msgspec.structs.replace(place, value=place.value[:VALUE_LIMIT])
    return RejectedError(text, code=code, place=place, mend=mend)


def parse_path(path: str) -> tuple[Step, ...]:
    """`lines[3].quantity` as steps; a name with dots or brackets is written `["Unit.Price"]`.

    What does not follow the grammar is taken as one name: CSV headings hold all sorts of things.
    """
    steps: list[Step] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return (path,)
        index, quoted, name = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(name if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    return tuple(steps)


def parse_options(form: type[OptionsT], options: Mapping[str, Any], format_name: str) -> OptionsT:
    """The options of a format, checked.

    Raises:
        ConfigError: an unknown option or a wrong type.
    """
    try:
        return msgspec.convert(dict(options), form)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(form))
        raise ConfigError(
            f"an option of format {format_name} is wrong: {error}",
            place=Place(path="options"),
            mend=f"the options of {format_name} are: {known}",
        ) from error
