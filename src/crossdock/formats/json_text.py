"""One JSON text: decoded exactly, its faults explained, its values found again in the raw bytes."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from crossdock.core.errors import Place, RejectedError
from crossdock.formats.records import Step, parse_path, reject

__all__ = ["Origin", "decode_text", "explain", "locate"]

# An exponent beyond this is an attack on whoever turns the number into digits, not a price.
MAX_EXPONENT_DIGITS = 3

_LINE_END = re.compile(r"\r\n|\n|\r")
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_BYTE = re.compile(r"\(byte (\d+)\)")
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_CONTAINERS = (dict, list)


class Origin(msgspec.Struct, frozen=True):
    """Where a text begins in its source; lines and columns count from 1, columns in characters."""

    source: str = ""
    line: int = 1
    column: int = 1

    def after(self, text: str) -> tuple[int, int]:
        """Line and column of what follows `text`."""
        ends = list(_LINE_END.finditer(text))
        if not ends:
            return self.line, self.column + len(text)
        return self.line + len(ends), len(text) - ends[-1].end() + 1

    def place(self, text: str, *, path: str = "", value: str = "") -> Place:
        line, column = self.after(text)
        return Place(source=self.source, line=line, column=column, path=path, value=value[:200])


def _exact(text: str) -> Decimal:
    # Only an exponent can make a short text a huge number; most numbers have none.
    if "e" in text or "E" in text:
        exponent = text.lower().partition("e")[2].lstrip("+-").lstrip("0")
        if len(exponent) > MAX_EXPONENT_DIGITS:
            raise InvalidOperation(text)
    return Decimal(text)


_DECODER = msgspec.json.Decoder(float_hook=_exact)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_text(raw: bytes, origin: Origin, *, max_depth: int, strict_keys: bool) -> Any:
    """The value of a JSON text; fractions are Decimal.

    Raises:
        RejectedError: T-FORMAT or T-CHARSET, with the place of the fault.
    """
    try:
        value = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation) as error:
        raise explain(raw, origin, error) from error
    if raw.count(b"{") + raw.count(b"[") > max_depth and _is_deeper(value, max_depth):
        raise _too_deep(origin, max_depth)
    if strict_keys and _may_repeat_key(raw, value):
        _refuse_repeated_keys(raw.decode(), origin)
    return value


def _may_repeat_key(raw: bytes, value: Any) -> bool:
    """Whether a key can have been lost in decoding, without looking at each key in Python.

    Writing the value again gives as many colons as were read, unless a key was dropped (or a colon was
    escaped). Two counts and one encoding in C cost about as much as the decoding itself.
    """
    return raw.count(b":") != _ENCODER.encode(value).count(b":") or (
        b"\\u003" in raw and _ESCAPED_COLON.search(raw) is not None
    )


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
    return bool(level)


def _too_deep(origin: Origin, max_depth: int) -> RejectedError:
    return reject(
        f"the JSON is nested deeper than {max_depth} levels",
        place=origin.place(""),
        mend="ask the sender for a flatter form, or raise the option max_depth",
    )


def explain(raw: bytes, origin: Origin, error: Exception) -> RejectedError:
    """The fault that kept `raw` from being decoded, with its line and column."""
    if isinstance(error, RecursionError):
        return _too_deep(origin, 1000)
    try:
        text = raw.decode()
    except UnicodeDecodeError as charset:
        before = raw[: charset.start].decode()
        return reject(
            f"byte 0x{raw[charset.start]:02X} is not UTF-8",
            code="T-CHARSET",
            place=origin.place(before, value=repr(raw[charset.start : charset.start + 8])),
            mend="JSON is UTF-8: have the sender write UTF-8, or set the option encoding",
        )
    # Only numbers out of range fail validation; what is malformed is a DecodeError, which is no kin of it.
    if isinstance(error, InvalidOperation | msgspec.ValidationError):
        return _explain_number(text, origin)
    return _explain_malformed(raw, text, origin, str(error))


def _explain_number(text: str, origin: Origin) -> RejectedError:
    numbers = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d[\d.]*(?:[eE][+-]?\d+)?)', re.DOTALL)
    found = max(
        (match for match in numbers.finditer(text) if match[1]),
        key=lambda match: (_exponent(match[1]), len(match[1])),
    )
    return reject(
        "a number is too large to be a quantity or an amount",
        place=origin.place(text[: found.start()], value=found[1]),
        mend="correct the number at the source",
    )


def _exponent(number: str) -> int:
    # Digits of the exponent, not its value: it may have thousands.
    return len(number.lower().partition("e")[2].lstrip("+-").lstrip("0"))


def _explain_malformed(raw: bytes, text: str, origin: Origin, reason: str) -> RejectedError:
    found = _BYTE.search(reason)
    half = None if found else _HALF_PAIR.search(raw)
    if half is not None:
        return reject(
            "the JSON holds half of a surrogate pair, which is no character",
            code="T-CHARSET",
            place=origin.place(raw[: half.start()].decode(), value=half[0].decode()),
            mend="have the sender write the character as UTF-8",
        )
    if found is None:
        return reject(
            "the JSON ends before it is complete" if text.strip() else "there is nothing in it",
            place=origin.place(text.rstrip()),
            mend="have the sender send the whole file again",
        )
    at = len(raw[: int(found[1])].decode(errors="ignore"))
    word = re.match(r"-?(?:NaN|Infinity|nan|inf)", text[at:])
    if word:
        return reject(
            f"JSON has no number {word[0]}",
            place=origin.place(text[:at], value=word[0]),
            mend="send null for an unknown number",
        )
    at = _fault_position(text, at)
    what = reason.removeprefix("JSON is malformed: ").partition(" (byte")[0]
    return reject(
        f"the JSON is malformed: {what}",
        place=origin.place(text[:at], value=text[at : at + 20]),
        mend="correct the file at the source",
    )


def _fault_position(text: str, otherwise: int) -> int:
    """Where the malformed token begins: the standard library tells exactly, msgspec often where it ends."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):
        return otherwise
    return otherwise


def locate(raw: bytes, origin: Origin, path: str) -> Place:
    """The place of the value at `path`, found by scanning `raw` again; a missing value's is its holder's."""
    text = raw.decode()
    position = _skip(text, 0)
    for step in parse_path(path):
        inner = _step_into(text, position, step)
        if inner is None:
            return origin.place(text[:position], path=path)
        position = inner
    end = _end_of_value(text, position)
    return origin.place(text[:position], path=path, value=_shown(text[position:end]) if path else "")


def _shown(token: str) -> str:
    return str(msgspec.json.decode(token)) if token.startswith('"') else token


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _step_into(text: str, position: int, step: Step) -> int | None:
    """Start of the member `step` of the container at `position`, or None if it has no such member."""
    opener = text[position]
    if opener not in ("{" if isinstance(step, str) else "["):
        return None
    position = _skip(text, position + 1)
    index = 0
    while text[position] not in "}]":
        key: Step = index
        if opener == "{":
            end = _end_of_value(text, position)
            key = msgspec.json.decode(text[position:end], type=str)
            position = _skip(text, _skip(text, end) + 1)
        if key == step:
            return position
        position = _skip(text, _end_of_value(text, position))
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return None


def _end_of_value(text: str, position: int) -> int:
    if text[position] not in '"{[':
        match = _SCALAR.match(text, position)
        return match.end() if match else position
    depth = 0
    for token in _TOKEN.finditer(text, position):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _refuse_repeated_keys(text: str, origin: Origin) -> None:
    """Raise if an object of the well-formed `text` has a key twice."""
    seen: list[set[str] | None] = []
    for token in re.finditer(r'("(?:[^"\\]|\\.)*")([ \t\r\n]*:)?|[{}\[\]]', text, re.DOTALL):
        sign = token[0]
        if sign in "{[":
            seen.append(set() if sign == "{" else None)
        elif sign in "}]":
            seen.pop()
        elif token[2]:
            key = msgspec.json.decode(token[1], type=str)
            keys = seen[-1]
            if keys is None or key not in keys:
                (keys if keys is not None else set()).add(key)
                continue
            raise reject(
                f"the JSON names the key {key!r} twice in one object",
                place=origin.place(text[: token.start()], path=key, value=key),
                mend="have the sender name each key once: which of the two values counts is anyone's guess",
            )
