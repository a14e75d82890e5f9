"""What a connector is: settings and verbs. Capabilities come from the decorators and are never repeated."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

import structlog

from crossdock.core.clock import Clock
from crossdock.core.errors import CrossdockError, RejectedError
from crossdock.kit.http import Http
from crossdock.kit.settings import Settings

__all__ = [
    "Connector",
    "Context",
    "Cursor",
    "Delivery",
    "Found",
    "HookEvent",
    "HookRequest",
    "Once",
    "ReadSpec",
    "Receipt",
    "Record",
    "Verbs",
    "WriteSpec",
    "XrefClaim",
    "finds",
    "looks_up",
    "reads",
    "receives",
    "writes",
]

S = TypeVar("S", bound=Settings)
F = TypeVar("F", bound=Callable[..., Any])

Once = Literal["external_id", "idempotency_key", "lookup_then_create", "natural", "none"]
"""How a write happens once (DESIGN §3, promise 4).

external_id: the target refuses or finds the second one by an id we choose; racing with a former call is safe.
idempotency_key: the target keeps our effect key; racing is safe.
lookup_then_create: a marker is looked up first; a former call must have ended (call_life_s) before.
natural: doing it twice is doing it once (a state is set).
none: at least once; the registry shows it in red.
"""


@dataclasses.dataclass(frozen=True)
class Cursor:
    """How far a source has been read: text that sorts or numbers itself as the source likes; opaque to the engine."""

    value: str


@dataclasses.dataclass(frozen=True)
class Record:
    """One thing read from a source.

    Attributes:
        key: identity of the object in the source.
        payload: the object as the source shows it; JSON-able, Decimal for money and quantities.
        cursor: where to go on after this record. `since` is inclusive: records with equal cursors are given
            again, and the journal drops those whose payload it has seen.
        deleted: the source tells, or a sweep found, that it is gone.
        stream: gives the message's bytes in chunks, where the record is a file; `payload` then only names its
            version (size, time of change) for telling whether it is new.
        content_type: of those bytes.
    """

    key: str
    payload: Mapping[str, Any]
    cursor: Cursor | None = None
    deleted: bool = False
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    content_type: str = "application/json"


@dataclasses.dataclass(frozen=True)
class HookRequest:
    """A webhook as it came in. Header names are lower case."""

    topic: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class HookEvent:
    """What a verified webhook is: its topic, and the key under which the sender sends it again.

    `hint_for`: names of read verbs to read at once; the body is a hint and not a message (Odoo's webhooks).
    """

    topic: str
    dedupe_key: str = ""
    company: str = ""
    hint_for: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class XrefClaim:
    """`external_id` over there is our (`kind`, `key`)."""

    kind: str
    key: str
    external_id: str
    tombstone: bool = False


@dataclasses.dataclass(frozen=True)
class Delivery:
    """What a write verb is given: one document in the operation's form.

    Attributes:
        payload: the target's form, built by the mapping (or by the connector's own mapping).
        effect_key: what must happen once: give it to the target as idempotency key or marker.
        object_kind, object_key: the business object (`order`, `10001`).
        document_kind, document_key: the canonical document.
        external_id: our cross-reference of the document in this system, if known.
        attempt: 1 for the first.
        in_doubt: an earlier attempt may have had its effect.
        context: settings of the interface target (`price_tolerance`).
    """

    operation: str
    payload: Mapping[str, Any]
    effect_key: str
    ordering_key: str
    company: str
    object_kind: str
    object_key: str
    document_kind: str
    document_key: str
    source_version: str = ""
    external_id: str = ""
    attempt: int = 1
    in_doubt: bool = False
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Receipt:
    """A write that happened, or was found to have happened.

    Attributes:
        external_id: id of the document over there; becomes its cross-reference.
        xrefs: further cross-references (lines, pickings, invoices).
        answer: small JSON-able answer for people (numbers the target computed).
        hold: the effect is there but something must be decided before the key goes on (a total that differs).
        ack_deadline_s: the partner's own answer is expected within this time.
    """

    external_id: str = ""
    xrefs: tuple[XrefClaim, ...] = ()
    answer: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    hold: RejectedError | None = None
    ack_deadline_s: float | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """A look-up's answer: the effect is there (`receipt`), is certainly not, or it cannot be told."""

    state: Literal["done", "absent", "unclear"]
    receipt: Receipt | None = None
    text: str = ""


@dataclasses.dataclass(frozen=True)
class ReadSpec:
    """A source of a connector."""

    name: str
    document: str
    method: str
    text: str
    deletions: bool


@dataclasses.dataclass(frozen=True)
class WriteSpec:
    """A write operation of a connector."""

    name: str
    document: str
    once: Once
    method: str
    batch: int
    text: str
    mapping: str
    rights: tuple[str, ...]
    lookup: str = ""


@dataclasses.dataclass(frozen=True)
class Verbs:
    """All that a connector class can do, gathered from its decorators."""

    reads: Mapping[str, ReadSpec]
    writes: Mapping[str, WriteSpec]
    receives: Mapping[str, str]
    finds: Mapping[str, str]


def reads(name: str, *, document: str = "", deletions: bool = False) -> Callable[[F], F]:
    """Mark `async def m(self, since: Cursor | None) -> AsyncIterator[Record]` as the source `name`.

    `since` is inclusive; None reads all. `deletions` says that the verb also tells what is gone.
    """
    return _mark("read", {"name": name, "document": document, "deletions": deletions})


def writes(
    name: str,
    *,
    once: Once,
    document: str = "",
    batch: int = 1,
    mapping: str = "",
    rights: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Mark a write operation.

    With batch=1: `async def m(self, delivery: Delivery) -> Receipt`. With a larger batch:
    `async def m(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]`, one result per
    delivery in the same order; raising fails them all alike.

    Args:
        name: the operation, noun and verb: `sales_order.create`.
        once: how it happens once.
        document: the canonical kind it takes.
        batch: most deliveries in one call.
        mapping: name of the connector's own mapping in its mappings/ folder; empty = the document as it is.
        rights: what the service account needs over there, for the docs.
    """
    return _mark(
        "write",
        {
            "name": name,
            "once": once,
            "document": document,
            "batch": batch,
            "mapping": mapping,
            "rights": rights,
        },
    )


def looks_up(*operations: str) -> Callable[[F], F]:
    """Mark `async def m(self, delivery: Delivery) -> Found`: has this effect happened already?"""
    return _mark("lookup", {"operations": operations})


def finds(kind: str) -> Callable[[F], F]:
    """Mark `async def m(self, keys: Sequence[str], company: str) -> Mapping[str, str]`: external ids of master
    data that exists over there under our keys (a product by its SKU, a party by its number).
    """
    return _mark("find", {"name": kind})


def receives(*topics: str) -> Callable[[F], F]:
    """Mark `async def m(self, request: HookRequest) -> HookEvent`: verify the signature, name the dedupe key.

    Raises AuthenticationError (T-SIG) for a bad signature. Does nothing else: the sender waits.
    """
    return _mark("receive", {"topics": topics})


def _mark(role: str, data: dict[str, Any]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        function.__dict__.setdefault("__crossdock__", []).append((role, data))
        return function

    return decorate


@dataclasses.dataclass(frozen=True)
class Context:
    """What the engine lends a connector: name, clock, randomness, log. Nothing else is reached from inside."""

    system: str
    clock: Clock
    random: random.Random
    zone: str = "UTC"
    companies: tuple[str, ...] = ()
    environment: str = "dev"


class Connector(Generic[S]):
    """Base of connectors. Subclass with a Settings class: `class Acme(Connector[AcmeSettings])`.

    Connectors keep no state between calls but connections and caches that may be lost at any time.
    """

    settings_class: ClassVar[type[Settings]]
    verbs: ClassVar[Verbs]

    def __init__(self, settings: S, context: Context) -> None:
        self.settings: S = settings
        self.context = context
        self.clock = context.clock
        self.log = structlog.get_logger(system=context.system)
        self.http: Http = self.make_http()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            args = getattr(base, "__args__", ())
            if args and isinstance(args[0], type) and issubclass(args[0], Settings):
                cls.settings_class = args[0]
        cls.verbs = _gather(cls)

    def make_http(self) -> Http:
        """The HTTP client of this connector; override to set address, headers and status differences."""
        return Http(clock=self.clock)

    async def check(self) -> None:
        """Prove that address and credentials work; raises a typed error if not."""
        raise NotImplementedError

    async def identity(self) -> str:
        """A text that names the very database behind the address, or '' where there is none to ask.

        The journal pins it: a restored or swapped system is noticed before anything is written to it.
        """
        return ""

    async def committed(self, source: str, keys: Sequence[str]) -> None:
        """The records `keys` of `source` are on disk: a file may be moved, a queue's message acknowledged.

        Called again for records that are given again. The base has nothing to acknowledge.
        """

    async def close(self) -> None:
        await self.http.close()

    # Calls by name, for the engine.

    def read(self, name: str, since: Cursor | None) -> AsyncIterator[Record]:
        """Read the source `name` from `since`, inclusive."""
        iterator: AsyncIterator[Record] = getattr(self, self.verbs.reads[name].method)(since)
        return iterator

    async def write(self, name: str, deliveries: Sequence[Delivery]) -> Sequence[Receipt | CrossdockError]:
        """Send `deliveries` by the operation `name`: one result each, in order."""
        spec = self.verbs.writes[name]
        method = getattr(self, spec.method)
        if spec.batch > 1:
            results: Sequence[Receipt | CrossdockError] = await method(deliveries)
            return results
        single: list[Receipt | CrossdockError] = []
        for delivery in deliveries:
            try:
                single.append(await method(delivery))
            except CrossdockError as error:
                single.append(error)
        return single

    async def look_up(self, delivery: Delivery) -> Found:
        """Whether the effect of `delivery` is there already; 'unclear' where the connector has no way to tell."""
        method = self.verbs.writes[delivery.operation].lookup
        if not method:
            return Found("unclear", text=f"{type(self).__name__} has no look-up for {delivery.operation}")
        ask: Callable[[Delivery], Awaitable[Found]] = getattr(self, method)
        return await ask(delivery)

    async def find(self, kind: str, keys: Sequence[str], company: str) -> Mapping[str, str]:
        """External ids, by our keys, of records that exist over there; {} where the connector cannot find `kind`."""
        method = self.verbs.finds.get(kind)
        if method is None:
            return {}
        ask: Callable[[Sequence[str], str], Awaitable[Mapping[str, str]]] = getattr(self, method)
        return await ask(keys, company)

    async def receive(self, request: HookRequest) -> HookEvent:
        """Verify a webhook.

        Raises:
            AuthenticationError: bad or missing signature (T-SIG).
            RejectedError: no such topic (T-NO-ROUTE).
        """
        method = self.verbs.receives.get(request.topic) or self.verbs.receives.get("*")
        if method is None:
            raise RejectedError(
                f"{self.context.system} has no hook {request.topic!r}",
                code="T-NO-ROUTE",
                mend=f"known hooks: {', '.join(sorted(self.verbs.receives)) or 'none'}",
            )
        ask: Callable[[HookRequest], Awaitable[HookEvent]] = getattr(self, method)
        return await ask(request)


def _gather(cls: type) -> Verbs:
    read: dict[str, ReadSpec] = {}
    write: dict[str, WriteSpec] = {}
    receive: dict[str, str] = {}
    find: dict[str, str] = {}
    lookups: dict[str, str] = {}
    for name in dir(cls):
        member = getattr(cls, name, None)
        text = (getattr(member, "__doc__", "") or "").strip().split("\n")[0]
        for role, data in getattr(member, "__crossdock__", ()):
            if role == "read":
                read[data["name"]] = ReadSpec(method=name, text=text, **data)
            elif role == "write":
                write[data["name"]] = WriteSpec(method=name, text=text, **data)
            elif role == "receive":
                receive.update(dict.fromkeys(data["topics"], name))
            elif role == "find":
                find[data["name"]] = name
            else:
                lookups.update(dict.fromkeys(data["operations"], name))
    unknown = set(lookups) - set(write)
    if unknown and write:
        msg = f"{cls.__name__} looks up {sorted(unknown)}, which it cannot write"
        raise TypeError(msg)
    write = {n: dataclasses.replace(spec, lookup=lookups.get(n, "")) for n, spec in write.items()}
    return Verbs(reads=read, writes=write, receives=receive, finds=find)
