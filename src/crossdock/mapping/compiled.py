"""Compiled mappings: what a record needs looked up, and the record mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.documents import Document
from crossdock.core.errors import Place
from crossdock.mapping.environment import Environment
from crossdock.mapping.evaluate import RawFault, describe_fault
from crossdock.mapping.expressions import Expression, ExpressionError, parse_expression
from crossdock.mapping.faults import (
    LookupRef,
    MappingError,
    MappingFault,
    MissingReference,
    MissingReferencesError,
    RecordError,
    ValueFaultError,
    reference_code,
)
from crossdock.mapping.field_code import looks_up
from crossdock.mapping.generate import generate
from crossdock.mapping.lint import lint
from crossdock.mapping.spec import FieldSpec, MappingSpec
from crossdock.mapping.values import MissingSignal, describe

__all__ = ["CompiledMapping", "compile_mapping", "compile_rule"]

PlaceOf = Callable[[str], Place]


class _Collector(dict[Any, str]):
    """Look-ups that note what they are asked for, and answer so that the asking goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[tuple[str, str]] = set()

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ARG002 - the form of dict.get
        self.asked.add(key)
        return "1 EA"


class CompiledMapping:
    """A mapping as two functions, made once. Safe to use from several threads.

    Attributes:
        spec: what was compiled.
        source_form: the left side.
        target_form: the right side; a canonical kind gives its document, another form a dict.
        code: the generated source, for the curious and for bug reports.
    """

    def __init__(self, spec: MappingSpec, environment: Environment) -> None:
        shape, _ = environment.shape_of(spec.target_form, spec.target_schema)
        self.spec = spec
        self.environment = environment
        self.source_form = spec.source_form
        self.target_form = spec.target_form
        self._run, self.code = generate(spec, environment, shape, needs=False)
        self._needs: Callable[..., Any] | None = None
        if any(looks_up(field) for field in spec.fields.values()):
            self._needs, _ = generate(spec, environment, shape, needs=True)

    def needs(self, record: Mapping[str, Any] | Document, variables: Mapping[str, Any]) -> set[LookupRef]:
        """The look-ups this record needs, so that those of a whole batch can be fetched together.

        What is wrong with the record is left for `run` to say.
        """
        if self._needs is None:
            return set()
        collector = _Collector()
        try:
            self._needs(_plain_record(record), collector, variables, [], collector.asked.add)
        except (ValueFaultError, RecordError):
            return set()
        return set(map(LookupRef._make, collector.asked))

    def run(
        self,
        record: Mapping[str, Any] | Document,
        *,
        lookups: Mapping[LookupRef, str],
        variables: Mapping[str, Any],
        place_of: PlaceOf | None = None,
    ) -> Document | dict[str, Any]:
        """The record in the target's form.

        Args:
            record: decoded source record; numbers as int, Decimal or text, never binary floats.
            lookups: answers to what `needs` asked for; leave out what is not known.
            variables: values of `{name}`, flat (`system.zone`) or nested.
            place_of: where a path of the record stands in its source (line, segment), for errors.

        Raises:
            RecordError: everything that is wrong with the record.
            MissingReferencesError: nothing is wrong but references that are not known.
        """
        faults: list[RawFault] = []
        try:
            result = self._run(_plain_record(record), lookups, variables, faults)
        except ValueFaultError as error:
            # Only variables are read outside the fields' own handlers.
            raise RecordError([MappingFault(error.text, self.spec.place, error.mend, error.code)]) from error
        if faults:
            self._refuse(faults, place_of)
        return result  # type: ignore[no-any-return]

    def _refuse(self, raw: list[RawFault], place_of: PlaceOf | None) -> None:
        faults: list[MappingFault] = []
        missing: list[MissingReference] = []
        for entry in raw:
            place = _place(entry, place_of)
            if isinstance(entry.error, MissingSignal):
                ref = entry.error.ref
                missing.append(MissingReference(ref, place))
                text = f"{ref.kind} {ref.value!r} is not known"
                faults.append(MappingFault(text, place, "Add the cross-reference.", reference_code(ref.kind)))
                continue
            code, text, mend = describe_fault(entry.error)
            target = entry.filled(entry.site.target)
            faults.append(MappingFault(f"{target}: {text}" if target else text, place, mend, code))
        if len(missing) == len(faults):
            raise MissingReferencesError(missing)
        raise RecordError(faults) from raw[0].error


def compile_mapping(spec: MappingSpec, environment: Environment) -> CompiledMapping:
    """The mapping, ready to run.

    Raises:
        MappingError: lint found errors in it.
    """
    errors = [fault for fault in lint(spec, environment=environment) if fault.severity == "error"]
    if errors:
        raise MappingError(errors)
    return CompiledMapping(spec, environment)


def compile_rule(
    text: str, *, source: str = ""
) -> Callable[[Mapping[str, Any] | Document, Mapping[str, Any]], bool]:
    """An expression over a record as a test: `rule(record, variables)`, as `when:` of an interface has it.

    Raises:
        MappingError: the text is not an expression, or one that needs look-ups.
    """
    place = Place(source=source, value=text[:200])
    try:
        expression: Expression = parse_expression(text)
    except ExpressionError as error:
        raise MappingError([MappingFault(str(error), place, error.mend)]) from error
    if expression.looks_up:
        raise MappingError([MappingFault("a rule cannot look anything up", place, "Leave out to_base().")])
    field = FieldSpec(place=place, when=expression, has_value=True, value=True, as_type="boolean")
    spec = MappingSpec(
        source=source, source_form="record", target_form="rule", place=place, fields={"holds": field}
    )
    compiled = CompiledMapping(spec, Environment())

    def rule(record: Mapping[str, Any] | Document, variables: Mapping[str, Any]) -> bool:
        result = compiled.run(record, lookups={}, variables=variables)
        return isinstance(result, dict) and result.get("holds") is True

    return rule


def _plain_record(record: Any) -> dict[str, Any]:
    if isinstance(record, dict):
        return record
    if isinstance(record, msgspec.Struct):
        # With its defaults: a rule on `document_function` must see them. What is inside follows when it is read.
        return msgspec.structs.asdict(record)
    if isinstance(record, Mapping):
        return dict(record)
    fault = MappingFault(
        f"{describe(record)} stands where a record was expected", Place(value=_shown(record))
    )
    raise RecordError([fault])


def _place(entry: RawFault, place_of: PlaceOf | None) -> Place:
    path = entry.filled(entry.site.source)
    place = Place(path=path) if place_of is None else place_of(path)
    return msgspec.structs.replace(place, path=place.path or path, value=place.value or _shown(entry.value))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, Decimal, date)):
        return str(value)[:200]
    if isinstance(value, (int, float)):
        return str(value)[:200] if abs(value) < 10**200 else "a number of more than 200 digits"
    return describe(value)
