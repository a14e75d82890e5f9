"""Which source fields a mapping reads: paths that don't exist, alternatives never reached, fields nobody uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from crossdock.core.errors import Place
from crossdock.mapping.faults import MappingFault
from crossdock.mapping.paths import Path, Step
from crossdock.mapping.shapes import Shape
from crossdock.mapping.spec import FieldSpec, MappingSpec

__all__ = ["SourceUse"]

Names = tuple[str, ...]


class SourceUse:
    """Follows a mapping's paths through the source's shape, if that is known."""

    def __init__(self, spec: MappingSpec, shape: Shape | None, *, is_open: bool) -> None:
        self.spec = spec
        self.shape = shape
        self.is_open = is_open
        self.used: set[Names] = set()
        self.found: list[MappingFault] = []
        self._scopes: list[Names] = [()]

    def enter(self, field: FieldSpec) -> None:
        """Notes what a field reads, and steps into its scope."""
        self.read(field)
        self._alternatives(field)
        step = (
            field.each
            if field.each is not None
            else (field.sources[0] if field.fields is not None and field.sources else None)
        )
        self._scopes.append(self._scopes[-1] if step is None else self._absolute(step))
        if field.each is not None and field.when is not None:
            self._read_all((used.path for used in field.when.paths), field.place_of("when"))

    def leave(self, field: FieldSpec) -> None:  # noqa: ARG002 - the counterpart of enter
        self._scopes.pop()

    def read(self, field: FieldSpec) -> None:
        """Notes what a field reads where it stands."""
        for path, place in zip(
            field.sources, field.source_places or (field.place,) * len(field.sources), strict=True
        ):
            self._read(path, place)
        if field.expr is not None:
            self._read_all((used.path for used in field.expr.paths), field.place_of("expr"))
        if field.when is not None and field.each is None:
            self._read_all((used.path for used in field.when.paths), field.place_of("when"))
        for path_or_none, key in ((field.each, "each"), (field.packaging_of, "packaging_of")):
            if path_or_none is not None:
                self._read(path_or_none, field.place_of(key))
        if field.python and not field.sources:
            self.used.add((*self._scopes[-1], "*"))

    def type_of(self, path: Path) -> str:
        """The declared type at a path; empty when nothing is known."""
        shape = self._at(self._absolute(path))
        return shape.type if shape is not None else ""

    def faults(self) -> Iterator[MappingFault]:
        """What was found, and the source fields that nobody reads."""
        yield from self.found
        if self.shape is None:
            return
        known_unused = {_names(path.steps) for path in self.spec.unused}
        for path in sorted(known_unused):
            if self._at(path) is None and not self.is_open:
                yield self._warning(
                    f"`unused` names {_shown(path)}, which {self.spec.source_form} does not have",
                    self.spec.place,
                )
        for path in _leaves(self.shape, ()):
            if not self._covered(path, self.used) and not self._covered(path, known_unused):
                mend = "Map it, or add it to `unused`."
                yield self._warning(f"the source field {_shown(path)} is not used", self.spec.place, mend)

    def _covered(self, path: Names, paths: set[Names]) -> bool:
        return any(
            path[:length] in paths or (*path[: length - 1], "*") in paths
            for length in range(1, len(path) + 1)
        )

    def _warning(self, text: str, place: Place, mend: str = "") -> MappingFault:
        return MappingFault(text, place, mend, severity="warning")

    def _alternatives(self, field: FieldSpec) -> None:
        if field.join is not None:
            return
        seen: set[str] = set()
        always = ""
        for path, place in zip(field.sources, field.source_places, strict=True):
            text = str(path)
            if text in seen:
                self.found.append(
                    self._warning(f"the alternative {text} stands here twice", place, "Remove one.")
                )
            elif always:
                note = f"the alternative {text} is never reached: {always} is always there"
                self.found.append(self._warning(note, place, "Remove it, or put it first."))
            seen.add(text)
            shape = self._at(self._absolute(path))
            if shape is not None and shape.required and len(path.steps) == 1:
                always = always or text

    def _read_all(self, paths: Iterable[Path], place: Place) -> None:
        for path in paths:
            self._read(path, place)

    def _read(self, path: Path, place: Place) -> None:
        if path.position:
            return
        names = self._absolute(path)
        self.used.add(names)
        if self.shape is None or self.is_open or not names:
            return
        for length in range(1, len(names) + 1):
            if self._at(names[:length]) is None:
                above = self._at(names[: length - 1])
                near = difflib.get_close_matches(names[length - 1], _fields(above), n=1)
                mend = (
                    f"Did you mean {near[0]}?"
                    if near
                    else "Declare it in the source's form, or correct the path."
                )
                self.found.append(
                    MappingFault(
                        f"{self.spec.source_form} has no field {_shown(names[:length])}", place, mend
                    )
                )
                return

    def _absolute(self, path: Path) -> Names:
        return (*(() if path.root else self._scopes[-1]), *_names(path.steps))

    def _at(self, names: Names) -> Shape | None:
        shape = self.shape
        for name in names:
            while shape is not None and shape.item is not None:
                shape = shape.item
            if shape is None:
                return None
            if shape.type in {"any", "dict", "quantity", "money"} or (
                shape.type == "object" and not shape.fields
            ):
                return Shape("any")
            shape = shape.fields.get(name)
        return shape


def _names(steps: tuple[Step, ...]) -> Names:
    return tuple(step.name for step in steps if step.name is not None)


def _leaves(shape: Shape, path: Names) -> Iterator[Names]:
    inner = shape.item if shape.item is not None else shape
    if inner.fields:
        for name, field in inner.fields.items():
            yield from _leaves(field, (*path, name))
    elif path:
        yield path


def _fields(shape: Shape | None) -> Iterable[str]:
    while shape is not None and shape.item is not None:
        shape = shape.item
    return shape.fields if shape is not None else ()


def _shown(names: Names) -> str:
    return ".".join(names)
