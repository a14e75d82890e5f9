"""XML documents: writing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from crossdock.core.errors import ConfigError, Place
from crossdock.formats.byte_stream import encode_text
from crossdock.formats.plain_values import as_plain, as_text
from crossdock.formats.records import parse_options, reject
from crossdock.formats.xml_read import XmlOptions

__all__ = ["write_xml"]

# XML 1.0 §2.2 and §2.3, without the colon: https://www.w3.org/TR/xml/
_START = "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
_START += "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
_NAME = re.compile(f"[{_START}][{_START}.0-9\u00b7\u0300-\u036f\u203f\u2040-]*")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A parser turns a bare carriage return into a line feed, and white space of an attribute into spaces.
_IN_TEXT = {"\r": "&#13;"}
_IN_ATTRIBUTE = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;", '"': "&quot;"}


def write_xml(records: Iterable[Mapping[str, Any]], options: Mapping[str, Any]) -> Iterator[bytes]:
    """One document; None is no element, a list is the element repeated, `@name` an attribute."""
    chosen = parse_options(XmlOptions, options, "xml")
    encoding = chosen.encoding or "utf-8"
    return encode_text(_document(records, chosen, encoding), encoding, errors="xmlcharrefreplace")


def _document(records: Iterable[Mapping[str, Any]], options: XmlOptions, encoding: str) -> Iterator[str]:
    names = options.record.strip("/").split("/")
    record_name = names[-1] or "record"
    namespace = f' xmlns="{escape(options.namespace, _IN_ATTRIBUTE)}"' if options.namespace else ""
    around = names[:-1] or ([options.root] if options.root else [])
    yield f'<?xml version="1.0" encoding="{encoding}"?>\n'
    for depth, name in enumerate(around):
        yield f"<{_checked_name(name, name)}{'' if depth else namespace}>\n"
    number = 0
    for number, record in enumerate(records, start=1):
        if not around and number > 1:
            raise _single_record_error()
        data = as_plain(record, "")
        yield "".join(_element(record_name, data, record_name, "" if around else namespace)) + "\n"
    if not around and number == 0:
        raise _single_record_error()
    for name in reversed(around):
        yield f"</{name}>\n"


def _single_record_error() -> ConfigError:
    return ConfigError(
        "an XML document without a root around its records holds exactly one",
        place=Place(path="options.root"),
        mend="set the option root",
    )


def _element(name: str, value: Any, path: str, namespace: str = "") -> Iterator[str]:
    _checked_name(name, path)
    if value is None:
        return
    if isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, list):
                raise reject(
                    "XML has no list in a list",
                    place=Place(path=f"{path}[{index}]"),
                    mend="give the inner list a name in the mapping",
                )
            # An item without value keeps its place, so that the others keep theirs.
            yield from _element(name, "" if inner is None else inner, f"{path}[{index}]")
        return
    fields = value if isinstance(value, dict) else {"#text": value}
    attributes = [
        f' {_checked_name(key[1:], f"{path}.{key}")}="{_text(inner, f"{path}.{key}", _IN_ATTRIBUTE)}"'
        for key, inner in fields.items()
        if key.startswith("@") and inner is not None
    ]
    yield f"<{name}{namespace}{''.join(attributes)}>"
    if fields.get("#text") is not None:
        yield _text(fields["#text"], path, _IN_TEXT)
    for key, inner in fields.items():
        if key != "#text" and not key.startswith("@"):
            yield from _element(key, inner, f"{path}.{key}")
    yield f"</{name}>"


def _text(value: Any, path: str, entities: dict[str, str]) -> str:
    text = as_text(value, path)
    found = _NO_CHARACTER.search(text)
    if found:
        raise reject(
            f"XML cannot hold the character {found[0]!a}",
            code="T-CHARSET",
            place=Place(path=path, value=ascii(text)),
            mend="remove the character in the mapping or at its source",
        )
    return escape(text, entities)


def _checked_name(name: str, path: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise reject(
        f"{name!r} cannot be the name of an XML element or attribute",
        place=Place(path=path, value=name),
        mend="rename the field in the mapping",
    )
