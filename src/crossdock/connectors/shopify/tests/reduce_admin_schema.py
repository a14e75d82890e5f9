"""Cuts Shopify's Admin schema down to the types that our documents use: `data/admin_schema.graphql`.

    npm pack @shopify/dev-mcp && tar xzf shopify-dev-mcp-*.tgz
    python -m crossdock.connectors.shopify.tests.reduce_admin_schema package/dist/data/admin_2026-10.json.gz 1.16.0

Kept whole: every input type and enum that a kept field or argument needs. Of an object type, those fields and
optional arguments are kept whose types are kept; types are kept for what the documents select. Descriptions are dropped.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import sys

import graphql
from graphql.type import GraphQLNamedType

from crossdock.connectors.shopify.queries import DOCUMENTS

_TARGET = pathlib.Path(__file__).parent / "data" / "admin_schema.graphql"
_NOTE = """\
# Part of Shopify's GraphQL Admin API schema, version {version}: the types that our documents use, cut out by
# reduce_admin_schema.py. Source: the npm package @shopify/dev-mcp {package} (dist/data/admin_{version}.json.gz),
# Copyright 2025-present, Shopify Inc., ISC License: see LICENSE.shopify-dev-mcp beside this file.
"""


class _Collector(graphql.Visitor):
    """Names of the types that a document touches."""

    def __init__(self, types: graphql.TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.names: set[str] = set()

    def enter(self, *_: object) -> None:
        for found in (self.types.get_type(), self.types.get_parent_type(), self.types.get_input_type()):
            if found is not None:
                self.names.add(graphql.get_named_type(found).name)


def used_types(schema: graphql.GraphQLSchema, documents: tuple[str, ...]) -> set[str]:
    """Types that `documents` touch, and all input types and enums that those need."""
    info = graphql.TypeInfo(schema)
    collector = _Collector(info)
    for text in documents:
        graphql.visit(graphql.parse(text), graphql.TypeInfoVisitor(info, collector))
    names = set(collector.names)
    todo = list(names)
    while todo:
        kind = schema.type_map[todo.pop()]
        if isinstance(kind, graphql.GraphQLInputObjectType):
            for field in kind.fields.values():
                inner = graphql.get_named_type(field.type).name
                if inner not in names:
                    names.add(inner)
                    todo.append(inner)
    return names


def _is_kept(kind: GraphQLNamedType, names: set[str]) -> bool:
    return kind.name in names or isinstance(kind, (graphql.GraphQLScalarType, graphql.GraphQLEnumType))


def _kept_fields(kind: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType, names: set[str]) -> set[str]:
    """Drop the fields of `kind` that lead out of `names`, and deprecated ones; the types that the rest needs."""
    needed: set[str] = set()
    fields = {}
    for name, field in kind.fields.items():
        arguments = {
            key: argument
            for key, argument in field.args.items()
            if graphql.is_required_argument(argument)
            or _is_kept(graphql.get_named_type(argument.type), names)
        }
        parts = [graphql.get_named_type(p) for p in (field.type, *(a.type for a in arguments.values()))]
        if field.deprecation_reason or not all(_is_kept(part, names) for part in parts):
            continue
        field.args = arguments
        fields[name] = field
        needed |= {part.name for part in parts}
    kind.fields = fields
    if isinstance(kind, graphql.GraphQLObjectType):
        kind.interfaces = [interface for interface in kind.interfaces if interface.name in names]
    return needed


def _forget_descriptions(kind: GraphQLNamedType) -> None:
    kind.description = None
    for member in {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}.values():
        member.description = None
        for argument in getattr(member, "args", {}).values():
            argument.description = None


def reduce(schema: graphql.GraphQLSchema, names: set[str]) -> str:
    """The reduced schema as SDL."""
    kept = set(names)
    for name in names:
        kind = schema.type_map[name]
        if isinstance(kind, (graphql.GraphQLObjectType, graphql.GraphQLInterfaceType)):
            kept |= _kept_fields(kind, names)
        elif isinstance(kind, graphql.GraphQLInputObjectType):
            kept |= {graphql.get_named_type(field.type).name for field in kind.fields.values()}
    blocks = [
        "schema {\n  query: QueryRoot\n  mutation: Mutation\n}",
        "directive @idempotent(key: String!) on FIELD",
    ]
    for name in sorted(kept):
        kind = schema.type_map[name]
        if not graphql.is_specified_scalar_type(kind):
            _forget_descriptions(kind)
            blocks.append(graphql.print_type(kind))
    return "\n\n".join(blocks) + "\n"


def main() -> None:
    """Write the reduced schema of the file named on the command line."""
    source = pathlib.Path(sys.argv[1])
    version = source.name.removeprefix("admin_").removesuffix(".json.gz")
    with gzip.open(source) as file:
        content = json.load(file)
    schema = graphql.build_client_schema(content.get("data", content), assume_valid=True)
    for text in DOCUMENTS:
        faults = graphql.validate(schema, graphql.parse(text))
        if faults:
            raise SystemExit("\n".join(str(fault) for fault in faults))
    note = _NOTE.format(version=version, package=sys.argv[2])
    _TARGET.write_text(note + reduce(schema, used_types(schema, DOCUMENTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
