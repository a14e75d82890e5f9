"""The exception codes: every one is there, with an owner, words and a runbook."""

from __future__ import annotations

from typing import get_args

import pytest

from crossdock.core import errors
from crossdock.core.codes import CODES, CodeClass, classify, code

NAMES = [
    "B-DUP-DOC",
    "B-DUP-PO",
    "B-UNK-PARTY",
    "B-UNK-SHIPTO",
    "B-UNK-ITEM",
    "B-UNK-UOM",
    "B-UNK-CARRIER",
    "B-UNK-LINE",
    "B-UNK-REF",
    "B-ITEM-DISC",
    "B-ITEM-BLOCK",
    "B-ITEM-NOTSOLD",
    "B-UOM-CONV",
    "B-PACK-MULT",
    "B-MIN-QTY",
    "B-MAX-QTY",
    "B-PRICE-MISM",
    "B-TERM-MISM",
    "B-CURR-MISM",
    "B-TAX-MISM",
    "B-DATE-PAST",
    "B-DATE-LEAD",
    "B-DATE-CANCELLED",
    "B-CREDIT",
    "B-HOLD-ACCT",
    "B-COMPLIANCE",
    "B-FRAUD",
    "B-ADDR-BAD",
    "B-STOCK-OUT",
    "B-STOCK-PART",
    "B-ALLOC-FAIL",
    "B-ALLOC-EXPIRED",
    "B-SHORT-PICK",
    "B-OVER-PICK",
    "B-WRONG-ITEM",
    "B-LOT-MISM",
    "B-EXPIRY-SHORT",
    "B-SERIAL-DUP",
    "B-ASN-MISSING",
    "B-ASN-LATE",
    "B-ASN-QTY",
    "B-ASN-SSCC-DUP",
    "B-ASN-NO-PO",
    "B-RCV-OVER",
    "B-RCV-SHORT",
    "B-RCV-DAMAGE",
    "B-RCV-WRONG",
    "B-RCV-NOASN",
    "B-CHG-LATE",
    "B-CXL-LATE",
    "B-CHG-CONFLICT",
    "B-INV-NO-SHIP",
    "B-INV-QTY",
    "B-INV-PRICE",
    "B-INV-DUP",
    "B-INV-TAX",
    "B-INV-TOTAL",
    "B-PAY-SHORT",
    "B-PAY-OVER",
    "B-PAY-UNK",
    "B-DEDUCTION",
    "B-RET-NOAUTH",
    "B-RET-LATE",
    "B-RET-QTY",
    "B-RET-COND",
    "B-TRK-LATE",
    "B-TRK-EXC",
    "B-TRK-LOST",
    "B-TRK-DAMAGE",
    "B-TRK-REFUSED",
    "B-POD-MISSING",
    "B-TENDER-DECL",
    "B-TENDER-EXP",
    "B-RATE-MISM",
    "B-STK-VAR",
    "B-NEG-STOCK",
    "B-OWNER",
    "T-ENV-ISA",
    "T-ENV-GS",
    "T-ENV-UNB",
    "T-ENV-DUPICN",
    "T-ENV-CTRL",
    "T-ENV-COUNT",
    "T-ENV-TRUNC",
    "T-GRP-UNSUP",
    "T-TXN-UNSUP",
    "T-SEG-UNK",
    "T-SEG-MISS",
    "T-SEG-SEQ",
    "T-SEG-MAX",
    "T-LOOP-MAX",
    "T-ELE-MISS",
    "T-ELE-COND",
    "T-ELE-MANY",
    "T-ELE-SHORT",
    "T-ELE-LONG",
    "T-ELE-CHAR",
    "T-ELE-CODE",
    "T-ELE-DATE",
    "T-ELE-TIME",
    "T-ELE-EXCL",
    "T-ELE-REPEAT",
    "T-CHARSET",
    "T-MAP",
    "T-SCHEMA",
    "T-PROFILE",
    "T-TRN-CONN",
    "T-TRN-AUTH",
    "T-TRN-TIMEOUT",
    "T-TRN-REJECT",
    "T-TRN-NOSPACE",
    "T-AS2-SIG",
    "T-AS2-DECRYPT",
    "T-AS2-MIC",
    "T-AS2-MDN-NEG",
    "T-AS2-MDN-LATE",
    "T-CERT-EXP",
    "T-ACK-LATE",
    "T-ACK-REJ",
    "T-ACK-UNK",
    "T-API-4XX",
    "T-API-429",
    "T-API-5XX",
    "T-API-SCHEMA",
    "T-API-CONFLICT",
    "T-ODOO-VALID",
    "T-ODOO-LOCK",
    "T-ODOO-ACCESS",
    "T-ODOO-MISSING",
    "T-ORDER",
    "T-STALE",
    "T-POISON",
    "T-TOO-BIG",
    "T-SIG",
    "T-OUTCOME",
    "T-DEADLINE",
    "T-NO-ROUTE",
    "T-ENV",
    "T-WIZARD",
    "T-ROUND",
    "T-FORMAT",
    "T-MEDIA",
    "T-CONFIG",
]


def test_every_code_is_there_and_no_other():
    assert sorted(CODES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_code_has_its_words(name):
    known = code(name)
    assert known.name == name
    assert known.title
    assert known.text.endswith((".", "?"))
    assert known.mend.endswith(".")
    assert known.runbook == f"docs/runbooks/{known.class_}.md"
    assert classify(name) == known.class_


def test_every_class_is_used():
    assert {known.class_ for known in CODES.values()} == set(get_args(CodeClass))


def test_every_error_class_starts_from_a_known_code():
    for name in errors.__all__:
        thing = getattr(errors, name)
        if isinstance(thing, type) and issubclass(thing, errors.CrossdockError):
            assert thing.default_code in CODES


def test_an_invented_code_is_an_error():
    with pytest.raises(KeyError):
        code("B-INVENTED")
