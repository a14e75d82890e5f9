"""Mapping files: parse, lint, compile, test, trace. Pure: text and records in, documents and faults out."""

from __future__ import annotations

from crossdock.mapping.cases import TestResult, run_tests
from crossdock.mapping.compiled import CompiledMapping, compile_mapping, compile_rule
from crossdock.mapping.environment import LOOKUP_KINDS, Environment, build_environment
from crossdock.mapping.faults import (
    LookupRef,
    MappingError,
    MappingFault,
    MissingReference,
    MissingReferencesError,
    RecordError,
    ValueFaultError,
)
from crossdock.mapping.functions import FUNCTIONS, Function
from crossdock.mapping.lineage import Lineage, lineage
from crossdock.mapping.lint import lint
from crossdock.mapping.parse import parse_mapping
from crossdock.mapping.shapes import Form, Shape, parse_form, shape_of_kind
from crossdock.mapping.spec import FIELD_KEYS, CodeTable, FieldSpec, MappingSpec
from crossdock.mapping.tables import bundled_tables, parse_table

__all__ = [
    "FIELD_KEYS",
    "FUNCTIONS",
    "LOOKUP_KINDS",
    "CodeTable",
    "CompiledMapping",
    "Environment",
    "FieldSpec",
    "Form",
    "Function",
    "Lineage",
    "LookupRef",
    "MappingError",
    "MappingFault",
    "MappingSpec",
    "MissingReference",
    "MissingReferencesError",
    "RecordError",
    "Shape",
    "TestResult",
    "ValueFaultError",
    "build_environment",
    "bundled_tables",
    "compile_mapping",
    "compile_rule",
    "lineage",
    "lint",
    "parse_form",
    "parse_mapping",
    "parse_table",
    "run_tests",
    "shape_of_kind",
]
