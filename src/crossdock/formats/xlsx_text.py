"""How XLSX writes what XML cannot hold, and names its cells."""

from __future__ import annotations

import re

__all__ = ["MAX_ROWS", "column_letters", "escape_text", "unescape_text"]

MAX_ROWS = 1_048_576

# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): a character as _xHHHH_, a text that looks so with its _ escaped.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def escape_text(text: str) -> str:
    """`text` as a cell holds it; still to be escaped for XML."""
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescape_text(text: str) -> str:
    """The text that a cell means."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def column_letters(number: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
