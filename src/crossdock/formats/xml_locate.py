"""Finds values again in the raw text of one XML element, which is known to be well-formed and without DTD."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import msgspec

from crossdock.core.errors import Place
from crossdock.formats.json_text import Origin
from crossdock.formats.records import Step, parse_path

__all__ = ["RawElement", "local_name", "locate_in_element"]

_TOKEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>"
    r"|<(?P<end>/?)(?P<name>[^\s/>]+)(?P<attributes>(?:[^>\"'/]|\"[^\"]*\"|'[^']*')*)(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TEXT = re.compile(r"[^<]*")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)

Match = re.Match[str]


class RawElement(msgspec.Struct, frozen=True):
    """The bytes of an element (its end tag may lack), their encoding, and where they begin."""

    raw: bytes
    encoding: str
    origin: Origin


def local_name(qualified: str) -> str:
    """A name without its namespace prefix."""
    return qualified.rpartition(":")[2]


def locate_in_element(element: RawElement, path: str) -> Place:
    """The place of the value at `path`, or of the nearest element around it.

    An element with text is found at its text, one with children at its tag, an attribute at its value.
    """
    text = element.raw.decode(element.encoding, errors="replace")
    tag = _TOKEN.match(text)
    steps = list(parse_path(path))
    while tag and steps:
        step = steps.pop(0)
        if isinstance(step, str) and step.startswith("@"):
            return _attribute_place(element.origin, text, tag, step, path)
        if step == "#text":
            break
        index = steps.pop(0) if steps and isinstance(steps[0], int) else 0
        child = _child(text, tag, step, int(index))
        if child is None:
            return element.origin.place(text[: tag.start()], path=path)
        tag = child
    if tag is None or not path:
        return element.origin.place("", path=path)
    return _value_place(element.origin, text, tag, path)


def _attribute_place(origin: Origin, text: str, tag: Match, step: str, path: str) -> Place:
    for match in _ATTRIBUTE.finditer(text, tag.start("attributes"), tag.end("attributes")):
        if step[1:] in (match[1], local_name(match[1])) and not match[1].startswith("xmlns"):
            group = 2 if match[2] is not None else 3
            return origin.place(text[: match.start(group)], path=path, value=html.unescape(match[group]))
    return origin.place(text[: tag.start()], path=path)


def _value_place(origin: Origin, text: str, tag: Match, path: str) -> Place:
    if tag["empty"] or next(_children(text, tag), None) is not None:
        return origin.place(text[: tag.start()], path=path)
    cdata = _CDATA.match(text, tag.end())
    if cdata:
        return origin.place(text[: cdata.start(1)], path=path, value=cdata[1])
    match = _TEXT.match(text, tag.end())
    return origin.place(text[: tag.end()], path=path, value=html.unescape(match[0] if match else ""))


def _child(text: str, tag: Match, name: Step, index: int) -> Match | None:
    same = (child for child in _children(text, tag) if local_name(child["name"]) == name)
    for position, child in enumerate(same):
        if position == index:
            return child
    return None


def _children(text: str, tag: Match) -> Iterator[Match]:
    """The start tags of the direct children of the element that `tag` opens."""
    if tag["empty"]:
        return
    depth = 0
    for token in _TOKEN.finditer(text, tag.end()):
        if token["name"] is None:
            continue
        if token["end"]:
            depth -= 1
            if depth < 0:
                return
            continue
        if depth == 0:
            yield token
        depth += 0 if token["empty"] else 1
