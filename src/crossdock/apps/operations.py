"""What people do with a hub, as plain data: the operations API and the command line are two faces of this."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.core.errors import RejectedError
from crossdock.core.ids import DeliveryId, ExceptionId, MessageId, format_id
from crossdock.core.interface import InterfaceDefinition
from crossdock.pipeline import Hub
from crossdock.pipeline.steps import step_done
from crossdock.store.contract import (
    ExceptionFilter,
    ExceptionRow,
    Journal,
    MessageFilter,
    NewMessage,
    Settled,
    StoredMessage,
)

__all__ = ["Operations"]

_BODY_SHOWN = 20_000


class Operations:
    """Looks and decisions over one journal; with a running hub, its loops are woken.

    Every method takes and gives JSON-able data. `actor` is who decides; it goes into the journal.
    """

    def __init__(
        self, journal: Journal, *, hub: Hub | None, interfaces: dict[str, InterfaceDefinition]
    ) -> None:
        self._journal = journal
        self._hub = hub
        self._interfaces = interfaces

    async def counts(self) -> dict[str, Any]:
        return dict(await self._journal.counts())

    async def latencies(self) -> dict[str, list[int]]:
        """Microseconds from a message's acceptance to its delivery, by interface, of the newest deliveries."""
        return await self._journal.latencies(since=0)

    async def accept(self, message: NewMessage) -> dict[str, Any]:
        """Take a message in as if its system had sent it."""
        accepted = await self._journal.accept(message)
        if self._hub is not None:
            self._hub.intake.arrived.set()
        return {"message_id": format_id("m", accepted.message_id), "duplicate": accepted.duplicate}

    async def list_messages(self, *, limit: int = 50, before: int = 0, **where: str) -> list[dict[str, Any]]:
        """Newest first."""
        found = await self._journal.list_messages(
            msgspec.convert(where, MessageFilter, strict=False), before=before, limit=limit
        )
        return [_message(message) for message in found]

    async def show_message(self, message_id: int) -> dict[str, Any]:
        """Everything about a message.

        Raises:
            RejectedError: there is none (T-NO-ROUTE).
        """
        found = await self._journal.show_message(MessageId(message_id))
        if found is None:
            raise RejectedError(
                f"there is no message m{message_id}", code="T-NO-ROUTE", mend="see: crossdock messages list"
            )
        plain: dict[str, Any] = msgspec.to_builtins(_readable(found))
        return plain

    async def replay_message(
        self, message_id: int, *, body: str | None = None, actor: str, reason: str
    ) -> dict[str, Any]:
        """Reprocess: from the raw bytes (or an edited body) through today's mapping."""
        await self.show_message(message_id)
        again = await self._journal.reopen_message(
            MessageId(message_id),
            body=body.encode() if body is not None else None,
            actor=actor,
            reason=reason,
        )
        if self._hub is not None:
            self._hub.intake.arrived.set()
        return {"message_id": f"m{again}", "edited": body is not None}

    async def list_exceptions(
        self, *, limit: int = 50, before: int = 0, **where: str
    ) -> list[dict[str, Any]]:
        """Newest first; open ones unless `state` says otherwise."""
        found = await self._journal.list_exceptions(
            msgspec.convert(where, ExceptionFilter), before=before, limit=limit
        )
        return [_exception(row) for row in found]

    async def group_exceptions(self, **where: str) -> list[dict[str, Any]]:
        """How many of each cause, most first."""
        groups = await self._journal.group_exceptions(msgspec.convert(where, ExceptionFilter))
        names = ("code", "system", "interface", "count", "oldest")
        return [dict(zip(names, group, strict=True)) for group in groups]

    async def show_exception(self, exception_id: int) -> dict[str, Any]:
        """One exception, with what it holds.

        Raises:
            RejectedError: there is none (T-NO-ROUTE).
        """
        row = await self._exception(exception_id)
        shown = _exception(row)
        if row.message_id is not None:
            message = await self.show_message(row.message_id)
            shown["message"] = message["message"]
        return shown

    async def retry_exception(
        self, exception_id: int, *, body: str | None = None, actor: str, reason: str
    ) -> dict[str, Any]:
        """Try again what the exception holds: its delivery, or its message (edited, if `body` is given)."""
        row = await self._exception(exception_id)
        if row.delivery_id is not None and body is None:
            await self._retry(row.delivery_id, actor=actor, reason=reason)
            return {"retried": f"d{row.delivery_id}"}
        if row.message_id is None:
            raise RejectedError(
                f"exception e{exception_id} holds nothing that could be tried again",
                code="T-NO-ROUTE",
                mend="mend its cause, then resolve it",
            )
        if row.delivery_id is not None:
            # The edited message takes its place: the old delivery must not go out as well.
            self._woken(await self._journal.cancel_delivery(row.delivery_id, actor=actor, reason=reason))
        again = await self.replay_message(row.message_id, body=body, actor=actor, reason=reason)
        await self._journal.resolve_exception(
            row.id, state="resolved", actor=actor, resolution=f"replayed as {again['message_id']}"
        )
        return {"retried": again["message_id"]}

    async def resolve_exception(
        self, exception_id: int, *, ignore: bool, actor: str, reason: str
    ) -> dict[str, Any]:
        """Close an exception with a reason; what it holds is given up (its key's followers go on)."""
        row = await self._exception(exception_id)
        if row.delivery_id is not None:
            self._woken(await self._journal.cancel_delivery(row.delivery_id, actor=actor, reason=reason))
        state = "ignored" if ignore else "resolved"
        await self._journal.resolve_exception(row.id, state=state, actor=actor, resolution=reason)
        return {"exception": f"e{row.id}", "state": state}

    async def show_transaction(self, key: str) -> dict[str, Any]:
        """A business case across systems.

        Raises:
            RejectedError: nothing is known of it (B-UNK-REF).
        """
        found: dict[str, Any] = msgspec.to_builtins(
            _readable(dict(await self._journal.show_transaction(key)))
        )
        if not found.get("documents"):
            raise RejectedError(
                f"nothing is known of {key!r}", code="B-UNK-REF", mend="give an order's key, such as 10001"
            )
        return found

    async def list_interfaces(self) -> list[dict[str, Any]]:
        """The registry: every interface as its file says."""
        return [msgspec.to_builtins(interface) for interface in self._interfaces.values()]

    async def show_interface(self, name: str) -> dict[str, Any]:
        """One interface.

        Raises:
            RejectedError: there is none (T-NO-ROUTE).
        """
        found = self._interfaces.get(name)
        if found is None:
            known = ", ".join(self._interfaces)
            raise RejectedError(f"there is no interface {name!r}", code="T-NO-ROUTE", mend=f"known: {known}")
        shown: dict[str, Any] = msgspec.to_builtins(found)
        return shown

    async def _retry(self, delivery_id: DeliveryId, *, actor: str, reason: str) -> None:
        """Retry a delivery. One whose effect a guard held is accepted by that: steps that wait for it are told."""
        before = await self._journal.show_delivery(delivery_id)
        self._woken(await self._journal.retry_delivery(delivery_id, actor=actor, reason=reason))
        if before is not None and before.effect_done:
            self._woken(await self._journal.put_xrefs([step_done(before)]))

    async def _exception(self, exception_id: int) -> ExceptionRow:
        row = await self._journal.show_exception(ExceptionId(exception_id))
        if row is None:
            raise RejectedError(
                f"there is no exception e{exception_id}",
                code="T-NO-ROUTE",
                mend="see: crossdock exceptions list",
            )
        return row

    def _woken(self, settled: Settled) -> None:
        if self._hub is not None:
            self._hub.released_for(settled.woken_targets)


def _message(message: StoredMessage) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(_readable(message))
    return shown


def _exception(row: ExceptionRow) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(row)
    shown["runbook"] = f"docs/runbooks/{row.class_}.md"
    return shown


def _readable(found: Any) -> Any:
    """Bytes as text, cut where they are long: this is for people's eyes and for JSON."""
    if isinstance(found, bytes):
        text = found[:_BODY_SHOWN].decode("utf-8", "replace")
        return text if len(found) <= _BODY_SHOWN else f"{text}… ({len(found)} bytes)"
    if isinstance(found, msgspec.Struct):
        return {name: _readable(getattr(found, name)) for name in found.__struct_fields__}
    if isinstance(found, dict):
        return {name: _readable(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [_readable(value) for value in found]
    return found
