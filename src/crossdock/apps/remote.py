"""The operations of a running hub, over its operations API: the same methods as `Operations`."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from crossdock.apps.bootstrap import RunFile, open_project_journal, run_file_path
from crossdock.apps.operations import Operations
from crossdock.core.clock import SystemClock
from crossdock.core.errors import RejectedError, RetryableError
from crossdock.govern import Project
from crossdock.store.contract import NewMessage

__all__ = ["AnyOperations", "RemoteOperations", "find_running_hub", "operations_of"]


class RemoteOperations:
    """Asks the hub that runs: two processes never write to one SQLite file."""

    def __init__(self, session: aiohttp.ClientSession, run: RunFile) -> None:
        self._session = session
        self._run = run

    async def counts(self) -> dict[str, Any]:
        return await self._show("/ops/counts")

    async def accept(self, message: NewMessage) -> dict[str, Any]:
        return await self._post("/ops/messages", **msgspec.to_builtins(message))

    async def list_messages(self, *, limit: int = 50, before: int = 0, **where: str) -> list[dict[str, Any]]:
        return await self._list("/ops/messages", limit=limit, before=before, **where)

    async def show_message(self, message_id: int) -> dict[str, Any]:
        return await self._show(f"/ops/messages/m{message_id}")

    async def replay_message(
        self, message_id: int, *, body: str | None = None, actor: str, reason: str
    ) -> dict[str, Any]:
        return await self._post(f"/ops/messages/m{message_id}/replay", body=body, actor=actor, reason=reason)

    async def list_exceptions(
        self, *, limit: int = 50, before: int = 0, **where: str
    ) -> list[dict[str, Any]]:
        return await self._list("/ops/exceptions", limit=limit, before=before, **where)

    async def group_exceptions(self, **where: str) -> list[dict[str, Any]]:
        return await self._list("/ops/exception-groups", **where)

    async def show_exception(self, exception_id: int) -> dict[str, Any]:
        return await self._show(f"/ops/exceptions/e{exception_id}")

    async def retry_exception(
        self, exception_id: int, *, body: str | None = None, actor: str, reason: str
    ) -> dict[str, Any]:
        return await self._post(
            f"/ops/exceptions/e{exception_id}/retry", body=body, actor=actor, reason=reason
        )

    async def resolve_exception(
        self, exception_id: int, *, ignore: bool, actor: str, reason: str
    ) -> dict[str, Any]:
        path = f"/ops/exceptions/e{exception_id}/resolve"
        return await self._post(path, ignore=ignore, actor=actor, reason=reason)

    async def show_transaction(self, key: str) -> dict[str, Any]:
        return await self._show(f"/ops/transactions/{quote(key, safe='')}")

    async def list_interfaces(self) -> list[dict[str, Any]]:
        return await self._list("/ops/interfaces")

    async def show_interface(self, name: str) -> dict[str, Any]:
        return await self._show(f"/ops/interfaces/{quote(name, safe='')}")

    async def _list(self, path: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._get(path, **params)
        return found

    async def _show(self, path: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self._get(path, **params)
        return found

    async def _get(self, path: str, **params: Any) -> Any:
        return await self._ask("GET", path, params={name: str(value) for name, value in params.items()})

    async def _post(self, path: str, **data: Any) -> dict[str, Any]:
        done: dict[str, Any] = await self._ask(
            "POST", path, json={name: value for name, value in data.items() if value is not None}
        )
        return done

    async def _ask(self, method: str, path: str, **kwargs: Any) -> Any:
        try:
            async with self._session.request(
                method,
                self._run.url + path,
                headers={"Authorization": f"Bearer {self._run.token}"},
                timeout=aiohttp.ClientTimeout(total=30),
                **kwargs,
            ) as response:
                content = msgspec.json.decode(await response.read())
                if response.status >= 400:
                    raise RejectedError(content["title"], code=content["code"], mend=content.get("mend", ""))
                return content
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise RetryableError(
                f"the running hub at {self._run.url} does not answer as it should: {error or 'it is too slow'}",
                mend=f"look at its log; if process {self._run.pid} is no hub, delete .crossdock-run.json",
            ) from error


AnyOperations = Operations | RemoteOperations


def find_running_hub(folder: pathlib.Path) -> RunFile | None:
    """How the hub of a project's folder is reached, if one runs."""
    try:
        run = msgspec.json.decode(run_file_path(folder).read_bytes(), type=RunFile)
        os.kill(run.pid, 0)
    except (OSError, msgspec.MsgspecError):
        return None
    return run


@contextlib.asynccontextmanager
async def operations_of(project: Project) -> AsyncIterator[AnyOperations]:
    """The operations of a project: through its running hub, or on its journal when none runs."""
    run = find_running_hub(project.folder)
    if run is not None:
        async with aiohttp.ClientSession() as session:
            yield RemoteOperations(session, run)
        return
    journal = await open_project_journal(project, clock=SystemClock())
    try:
        yield Operations(journal, hub=None, interfaces=project.interfaces)
    finally:
        await journal.close()
