"""JSON Schema of the documents: it accepts what we write and refuses what we would not read."""

from __future__ import annotations

import json

import jsonschema
import pytest
from tests.unit.core.canonical_documents import one_of_each

from crossdock.core.documents import KINDS, encode_document
from crossdock.core.json_schema import schema_of


@pytest.mark.parametrize("document", one_of_each(), ids=lambda d: d.kind)
def test_what_we_write_fits_the_schema(document):
    schema = schema_of(document.kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(encode_document(document)))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_unknown_fields_and_missing_keys_do_not_fit(kind):
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    assert not validator.is_valid({"kind": kind, "colour": "red"})
    assert not validator.is_valid({"kind": kind})


@pytest.mark.parametrize(
    ("value", "fits"), [("1.5", True), ("-12", True), (1.5, False), ("1.1234567", False), ("NaN", False)]
)
def test_decimals_are_strings_of_our_form(value, fits):
    record = {"kind": "inventory_position", "key": "k", "product": "p", "on_hand": value}
    assert jsonschema.Draft202012Validator(schema_of("inventory_position")).is_valid(record) is fits
