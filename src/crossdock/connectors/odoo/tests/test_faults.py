"""Faults of Odoo get the type that says what to do next, whatever status they come with."""

from __future__ import annotations

import msgspec
import pytest

from crossdock.connectors.odoo.faults import (
    error_for_answer,
    error_for_load_message,
    error_for_rpc,
    wizard,
)
from crossdock.core.errors import (
    AuthenticationError,
    ConflictError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from crossdock.kit import Answer

CASES = [
    (422, "odoo.exceptions.UserError", "no", RejectedError, "T-ODOO-VALID"),
    (422, "odoo.exceptions.ValidationError", "no", RejectedError, "T-ODOO-VALID"),
    (403, "odoo.exceptions.AccessError", "You are not allowed to x", RejectedError, "T-ODOO-ACCESS"),
    (401, "odoo.exceptions.AccessDenied", "Access Denied", AuthenticationError, "T-TRN-AUTH"),
    (401, "werkzeug.exceptions.Unauthorized", "Invalid apikey", AuthenticationError, "T-TRN-AUTH"),
    (404, "odoo.exceptions.MissingError", "gone", ConflictError, "T-ODOO-MISSING"),
    (404, "werkzeug.exceptions.NotFound", "the model 'x' does not exist", RejectedError, "T-CONFIG"),
    (500, "builtins.ValueError", "Invalid field", RejectedError, "T-SCHEMA"),
    (500, "builtins.KeyError", "nope", RejectedError, "T-SCHEMA"),
    (500, "builtins.TypeError", "unexpected argument", RejectedError, "T-SCHEMA"),
    (500, "psycopg2.errors.InvalidTextRepresentation", "bad integer", RejectedError, "T-SCHEMA"),
    (500, "psycopg2.errors.SerializationFailure", "x", RetryableError, "T-ODOO-LOCK"),
    (
        500,
        "builtins.Exception",
        "could not serialize access due to concurrent update",
        RetryableError,
        "T-ODOO-LOCK",
    ),
]


@pytest.mark.parametrize(("status", "name", "message", "kind", "code"), CASES)
def test_a_named_fault_is_typed_by_its_name(status, name, message, kind, code):
    body = msgspec.json.encode({"name": name, "message": message, "debug": "a traceback"})
    error = error_for_answer(Answer(status=status, headers={}, body=body))
    assert type(error) is kind
    assert error.code == code
    again = error_for_rpc({"data": {"name": name, "message": message}}, where="Odoo")
    assert (type(again), again.code) == (kind, code)
    assert "traceback" not in f"{error}{error.detail}"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_unnamed_fault_is_left_to_the_table_of_statuses(status):
    assert error_for_answer(Answer(status=status, headers={}, body=b"<html>bad gateway</html>")) is None
    assert error_for_answer(Answer(status=status, headers={}, body=b'{"error": "internal"}')) is None
    named = msgspec.json.encode({"name": "builtins.MemoryError", "message": "x"})
    assert error_for_answer(Answer(status=status, headers={}, body=named)) is None


def test_throttling_is_left_to_the_table_even_if_it_looks_like_odoo():
    body = msgspec.json.encode({"name": "odoo.exceptions.UserError", "message": "slow down"})
    assert error_for_answer(Answer(status=429, headers={}, body=body)) is None
    assert error_for_answer(Answer(status=503, headers={}, body=body)) is None


def test_an_unnamed_rpc_fault_has_an_unknown_outcome():
    assert isinstance(error_for_rpc({"message": "Odoo Server Error"}, where="Odoo"), OutcomeUnknownError)


def test_the_right_that_lacks_is_named():
    message = (
        "You are not allowed to create 'Contact' (res.partner) records.\n\nThis operation is allowed for the "
        "following groups:\n\t- Contact/Creation\n\t- Role / Administrator\n\nContact your administrator"
    )
    error = error_for_load_message({"message": message}, where="res.partner")
    assert error.code == "T-ODOO-ACCESS"
    assert "Contact/Creation, Role / Administrator" in error.mend


def test_a_question_for_a_person_is_an_exception_and_true_is_not():
    asked = wizard(
        {"type": "ir.actions.act_window", "res_model": "stock.new.wizard"}, where="button_validate"
    )
    assert asked.code == "T-WIZARD"
    assert "stock.new.wizard" in asked.text
    assert wizard(True, where="x") is None
    assert wizard({"type": "ir.actions.client"}, where="x") is None
