"""Translate: raw bytes → records → canonical documents → one delivery per target. Decided purely, by the batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from crossdock.core.codes import code as code_of
from crossdock.core.delivery import effect_key
from crossdock.core.documents import Document, decode_document, encode_document, transaction_keys
from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.core.validate import validate
from crossdock.formats import BadRecord, Record, decode
from crossdock.mapping import CompiledMapping, LookupRef, MissingReferencesError, RecordError
from crossdock.pipeline.keys import business_object, revision_of
from crossdock.pipeline.outcomes import exception_for
from crossdock.pipeline.routes import Route, Routes, TargetRoute
from crossdock.store.contract import (
    MessageState,
    NewDelivery,
    NewDocument,
    NewException,
    StoredMessage,
    Translated,
)

__all__ = ["Decoded", "KeyQuestion", "Keys", "decode_message", "questions_of", "translate"]

_LOG = structlog.get_logger()
KeyQuestion = tuple[str, str, str]
"""(system, company, kind): whose ids are asked for."""
Keys = Mapping[tuple[str, str], Mapping[LookupRef, str]]
"""Answers by (system, company): made once for a batch of messages, since each message has only a few of them."""


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A message after decoding: what each of its routes has to map, and what could not be read."""

    message: StoredMessage
    parts: tuple[tuple[Route, tuple[Record | BadRecord, ...]], ...]
    faults: tuple[CrossdockError, ...]


def decode_message(message: StoredMessage, routes: Routes, *, body: Iterable[bytes] | None = None) -> Decoded:
    """Decode a message once for each format its routes name.

    Args:
        message: with its body.
        routes: all routes.
        body: chunks of a body that is too large to be in `message`.
    """
    found: dict[str, tuple[Record | BadRecord, ...]] = {}
    parts, faults = [], []
    for route in routes.of_message(message.system, message.topic):
        form = f"{route.interface.format} {sorted(route.interface.format_options.items())}"
        if form not in found:
            source = message.origin or f"{message.system} {message.topic} m{message.id}"
            chunks = (message.body,) if body is None else body
            try:
                found[form] = tuple(
                    decode(
                        route.interface.format, chunks, options=route.interface.format_options, source=source
                    )
                )
            except CrossdockError as error:
                faults.append(error)
                found[form] = ()
        parts.append((route, found[form]))
    return Decoded(message, tuple(parts), tuple(faults))


def questions_of(decoded: Decoded) -> dict[KeyQuestion, set[str]]:
    """The external ids whose keys the message's mappings need."""
    asked: dict[KeyQuestion, set[str]] = {}
    for route, records in decoded.parts:
        if route.mapping is None:
            continue
        for record in records:
            for ref in _needs(route, route.mapping, record):
                question = (decoded.message.system, decoded.message.company, ref.kind)
                asked.setdefault(question, set()).add(ref.value)
    return asked


def _needs(route: Route, mapping: CompiledMapping, record: Record | BadRecord) -> set[LookupRef]:
    try:
        if isinstance(record, BadRecord) or not _wanted(route, record):
            return set()
        return mapping.needs(record.data, route.variables)
    except Exception as error:  # noqa: BLE001 - what is wrong with the record is said when it is mapped
        _LOG.debug("needs not known", interface=route.interface.id, error=repr(error))
        return set()


def translate(decoded: Decoded, keys: Keys, *, patient: bool = False) -> Translated:
    """What becomes of a decoded message: documents with their deliveries, and exceptions.

    Args:
        decoded: the message's records.
        keys: answers to `questions_of`.
        patient: references that are missing may still come: raise rather than make an exception of them.

    Raises:
        MissingReferencesError: with `patient` only.
    """
    message = decoded.message
    if not decoded.parts and decoded.faults:
        return _failed(message, decoded.faults, "")
    if not decoded.parts:
        error = RejectedError(
            f"no active interface takes {message.topic!r} from {message.system}",
            code="T-NO-ROUTE",
            mend="add or activate an interface with this source, then retry; or ignore it with a reason",
        )
        return _failed(message, (error,), "")
    faults: list[NewException] = [_exception(message, "", error) for error in decoded.faults]
    documents: list[NewDocument] = []
    refused: list[str] = []
    lookups = keys.get((message.system, message.company), {})
    for route, records in decoded.parts:
        for record in records:
            try:
                if not _wanted(route, record):
                    refused.append(f"{route.interface.id}: {route.interface.source.when}")
                    continue
                documents.extend(_documents(message, route, record, lookups))
            except CrossdockError as error:
                if patient and isinstance(error, MissingReferencesError):
                    raise
                faults.extend(_exceptions(message, route.interface.id, error))
    if not faults and not documents:
        note = "filtered by " + " / ".join(dict.fromkeys(refused)) if refused else "it holds no records"
        return Translated(message.id, MessageState.FILTERED, note=note)
    state = MessageState.FAILED if faults else MessageState.TRANSLATED
    if not faults and all(document.filtered_by for document in documents):
        state = MessageState.FILTERED
    return Translated(message.id, state, tuple(documents), tuple(faults))


def _wanted(route: Route, record: Record | BadRecord) -> bool:
    rule = route.source_rule
    return rule is None or isinstance(record, BadRecord) or rule(record.data, route.variables)


def _documents(
    message: StoredMessage, route: Route, record: Record | BadRecord, lookups: Mapping[LookupRef, str]
) -> list[NewDocument]:
    if isinstance(record, BadRecord):
        raise record.error
    document = _map(route, record, lookups)
    decided = bool(message.note)  # a person had it translated again: the note says who
    if message.conflicts_with is not None and not decided and not document.source_version:
        raise RejectedError(
            f"{document.key}: the same message m{message.conflicts_with} came before with another content",
            code="B-DUP-DOC",
            mend="compare both messages; retry this one to apply it as a new revision, or ignore it",
        )
    faults = [fault for fault in validate(document) if code_of(fault.code).severity == "E"]
    if faults:
        first = faults[0]
        raise RejectedError(
            "; ".join(fault.text for fault in faults),
            code=first.code,
            place=_source_place(record, first.place),
            mend=first.mend,
            detail={"faults": [{"code": f.code, "text": f.text, "path": f.place.path} for f in faults]},
        )
    return [_new_document(message, route, document)]


def _map(route: Route, record: Record, lookups: Mapping[LookupRef, str]) -> Document:
    if route.mapping is None:
        try:
            return decode_document(msgspec.json.encode({**record.data, "kind": route.interface.document}))
        except RejectedError as error:
            raise RejectedError(
                error.text,
                code=error.code,
                place=record.place_of(error.place.path),
                mend="mend the document, or give the interface a mapping",
            ) from error
    result = route.mapping.run(
        record.data, lookups=lookups, variables=route.variables, place_of=record.place_of
    )
    assert isinstance(result, Document), "the project's check holds interface mappings to canonical kinds"
    return result


def _new_document(message: StoredMessage, route: Route, document: Document) -> NewDocument:
    interface = route.interface
    body = encode_document(document)
    new = NewDocument(
        kind=interface.document,
        key=document.key,
        company=document.company or message.company,
        source_version=document.source_version,
        body=body,
        interface=interface.id,
        transactions=transaction_keys(document),
        source_ids=tuple(ref.value for ref in document.refs if ref.role == "source"),
    )
    if route.rule is not None and not route.rule(document, route.variables):
        return msgspec.structs.replace(new, filtered_by=f"{interface.id}: {interface.when}")
    deliveries = tuple(
        _new_delivery(document, body, target)
        for target in route.targets
        if target.rule is None or target.rule(document, target.variables)
    )
    if not deliveries:
        rules = " / ".join(t.target.when for t in route.targets) or "no targets"
        return msgspec.structs.replace(new, filtered_by=f"{interface.id}: {rules}")
    return msgspec.structs.replace(new, deliveries=deliveries)


def _new_delivery(document: Document, body: bytes, route: TargetRoute) -> NewDelivery:
    interface, target = route.interface, route.target
    object_kind, object_key = business_object(interface.document, document)
    return NewDelivery(
        interface=interface.id,
        interface_version=interface.version,
        target=target.system,
        company=target.company,
        operation=target.operation,
        object_kind=object_kind,
        object_key=object_key,
        effect_key=effect_key(
            target.system,
            target.company,
            interface.document,
            document.key,
            target.operation,
            revision_of(document, body),
        ),
        source_version=document.source_version,
        supersede=target.supersede,
        on_conflict="revise" if document.source_version else "park",
        target_index=route.index,
    )


def _source_place(record: Record, place: Any) -> Any:
    """The fault's path, at the record's place in the source where the source can tell it."""
    found = record.place_of("")
    return msgspec.structs.replace(place, source=found.source, line=found.line)


def _failed(message: StoredMessage, errors: Sequence[CrossdockError], interface: str) -> Translated:
    return Translated(
        message.id, MessageState.FAILED, exceptions=tuple(_exception(message, interface, e) for e in errors)
    )


def _exceptions(message: StoredMessage, interface: str, error: CrossdockError) -> list[NewException]:
    """One row for each fault where a mapping reports several."""
    if not isinstance(error, RecordError) or len(error.faults) == 1:
        return [_exception(message, interface, error)]
    several = [RejectedError(f.text, code=f.code, place=f.place, mend=f.mend) for f in error.faults]
    return [_exception(message, interface, one) for one in several]


def _exception(message: StoredMessage, interface: str, error: CrossdockError) -> NewException:
    return exception_for(error, stage="translate", system=message.system, interface=interface, transaction="")
