"""Definitions of a project: systems, and interfaces with their policies. Data only; the registry reads them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Classification",
    "Criticality",
    "InterfaceDefinition",
    "InterfaceSource",
    "InterfaceTarget",
    "Objective",
    "Pattern",
    "Policy",
    "SystemDefinition",
]

Pattern = Literal["request-reply", "event", "micro-batch", "scheduled-batch"]
Criticality = Literal["low", "medium", "high", "critical"]
Classification = Literal["public", "internal", "commercial", "personal"]


class Policy(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How deliveries of one interface target are retried, timed and waited for.

    Attributes:
        attempts: tries before the delivery is parked, for errors that certainly had no effect.
        base_s: wait before the first retry; doubles each time, with jitter.
        cap_s: longest wait between two tries.
        timeout_s: longest life of one call.
        wait_s: how long a missing fact may take to arrive before it becomes an exception. The delivery is
            woken by the fact even after that.
        price_tolerance: largest difference, in the document's currency, between what the customer was
            promised and what the target computed, before the order is held.
    """

    attempts: int = 8
    base_s: float = 1.0
    cap_s: float = 300.0
    timeout_s: float = 30.0
    wait_s: float = 900.0
    price_tolerance: str = "0.00"


class Objective(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the interface promises: 95 of 100 messages delivered within `latency_s` seconds."""

    latency_s: float = 60.0


class InterfaceSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where an interface's messages come from.

    Attributes:
        system: name of a system of the project.
        topics: names of hooks or sources of its connector (`orders/create`, `fulfilment_order`).
        every_s: for sources that are read: seconds between two reads.
        sweep_every_s: seconds between two full re-reads that find what watermarks miss; 0 = never.
        company: legal entity that the records belong to, where the source doesn't say.
        when: rule over the source's record, before it is mapped; what it refuses is filtered by the rule's text.
    """

    system: str
    topics: list[str]
    every_s: float = 5.0
    sweep_every_s: float = 0.0
    company: str = ""
    when: str = ""


class InterfaceTarget(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One effect at one target for each document.

    Attributes:
        system: name of the target system.
        operation: a write verb of its connector (`sales_order.create`).
        company: legal entity inside the target.
        mapping: mapping file from the document to the operation's form; empty = the connector's own.
        when: rule over the canonical document (a mapping expression); a document it refuses is filtered
            for this target, by the rule's text.
        supersede: yesterday's state need not be sent once today's is known (stock levels, master data).
        mode: shadow does everything but the write.
        after: indexes of targets of this interface whose effect must be there first: a process's earlier steps.
            Where one is refused, this one is not sent.
        owns: field paths that the source system owns at this target; a change of another field is a conflict.
    """

    system: str
    operation: str
    company: str = ""
    mapping: str = ""
    when: str = ""
    supersede: bool = False
    mode: Literal["live", "shadow"] = "live"
    after: list[int] = []
    owns: list[str] = []
    policy: Policy = Policy()


class InterfaceDefinition(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A governed flow: source → document → targets."""

    id: str
    version: int
    title: str
    domain: str
    owner: str
    criticality: Criticality
    pattern: Pattern
    source: InterfaceSource
    document: str
    targets: list[InterfaceTarget]
    runbook: str
    objective: Objective = Objective()
    format: str = "json"
    format_options: dict[str, Any] = {}
    mapping: str = ""
    when: str = ""
    classification: Classification = "commercial"
    retention_days: int = 90
    active: bool = True


class SystemDefinition(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One system of the project.

    Attributes:
        name: the word used everywhere for it.
        connector: kind of connector (`odoo`).
        settings: values of the connector's settings; secrets are references (`env:NAME`, `file:PATH`).
        concurrency: calls at once.
        zone: IANA time zone of dates without one.
        variables: text values that mappings may use as `{system.NAME}`.
        call_life_s: longest time the system may still be working on a call after we lost its answer.
    """

    name: str
    connector: str
    settings: dict[str, Any] = {}
    title: str = ""
    owner: str = ""
    concurrency: int = 4
    zone: str = "UTC"
    variables: dict[str, str] = {}
    call_life_s: float = 120.0
