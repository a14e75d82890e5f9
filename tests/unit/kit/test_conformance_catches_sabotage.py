"""The conformance suite is green for an honest connector and red for each sabotage of it."""
# long: one made-up connector, and two dozen ways to spoil it that are read side by side

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from aiohttp import web

from crossdock.core.clock import SystemClock
from crossdock.core.errors import AlreadyDoneError, OutcomeUnknownError, RejectedError, RetryableError
from crossdock.kit import (
    Connector,
    Cursor,
    Delivery,
    Found,
    HookEvent,
    HookRequest,
    HookSample,
    Http,
    Receipt,
    Record,
    Secret,
    Settings,
    Simulator,
    WriteSample,
    check_hmac_base64,
    looks_up,
    reads,
    receives,
    setting,
    sign_hmac_base64,
    writes,
)
from crossdock.kit.conformance import conformance, run_checks

TOKEN = Secret("tok-4711-very-secret", origin="test")
HOOK_SECRET = Secret("hook-0815-very-secret", origin="test")


class DepotSimulator(Simulator):
    """Parcels that are booked under an idempotency key, shelves that are set, changes in pages by (time, key)."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parcels = {}
        self.bookings = []
        self.shelves = {}
        self.changes = {}
        self.deleted = set()
        self.tick = 0
        self.seeded = 0

    def routes(self):
        return [
            web.get("/ping", self._ping),
            web.post("/parcels", self._book),
            web.get("/parcels/{key}", self._show),
            web.post("/shelves", self._set_shelves),
            web.get("/changes", self._list),
        ]

    def settings(self):
        return {"base_url": self.url, "token": TOKEN, "hook_secret": HOOK_SECRET}

    def _enter(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN.reveal()}":
            raise web.HTTPUnauthorized

    async def _ping(self, request):
        self._enter(request)
        return web.json_response({"ok": True})

    async def _book(self, request):
        self._enter(request)
        payload = await request.json()
        if payload["weight"] == "0":
            return web.json_response({"error": "a parcel without weight"}, status=422)
        key = request.headers.get("Idempotency-Key", "")
        if key not in self.parcels:
            self.bookings.append(payload["number"])
            self.parcels[key or f"none-{len(self.bookings)}"] = f"P{len(self.bookings)}"
            key = key or f"none-{len(self.bookings)}"
        return web.json_response({"id": self.parcels[key]})

    async def _show(self, request):
        self._enter(request)
        parcel = self.parcels.get(request.match_info["key"])
        return web.json_response({"id": parcel}) if parcel else web.json_response({}, status=404)

    async def _set_shelves(self, request):
        self._enter(request)
        answers = []
        for row in await request.json():
            good = row["size"] != "0"
            if good:
                self.shelves[row["name"]] = row["size"]
            answers.append({"name": row["name"], "ok": good})
        return web.json_response({"rows": sorted(answers, key=lambda row: row["name"])})

    async def _list(self, request):
        self._enter(request)
        after = request.query.get("after", "")
        since = request.query.get("since", "")
        rows = sorted((at, key, key in self.deleted) for key, at in self.changes.items())
        rows = [row for row in rows if row[0] >= since and (not after or f"{row[0]}|{row[1]}" > after)]
        page = rows[: int(request.query["limit"])]
        following = f"{page[-1][0]}|{page[-1][1]}" if len(rows) > len(page) else ""
        return web.json_response(
            {"items": [{"key": k, "at": at, "gone": gone} for at, k, gone in page], "after": following}
        )

    def write_samples(self):
        return {"parcel.book": self._parcel, "shelf.set": self._shelf}

    async def _parcel(self, number):
        good = Delivery(
            "parcel.book",
            {"number": number, "weight": "2"},
            f"e{number}",
            "k",
            "1",
            "parcel",
            str(number),
            "x",
            "y",
        )
        bad = dataclasses.replace(good, payload={"number": number, "weight": "0"}, effect_key=f"bad{number}")
        return WriteSample(good, lambda: self.bookings.count(number), bad)

    async def _shelf(self, number):
        name = f"S{99 - number}"
        good = Delivery(
            "shelf.set", {"name": name, "size": "2"}, f"s{number}", "k", "1", "shelf", name, "x", "y"
        )
        bad = dataclasses.replace(good, payload={"name": name, "size": "0"})
        return WriteSample(good, lambda: int(name in self.shelves), bad)

    async def seed(self, source, count):
        keys = [f"C{self.seeded + n:03}" for n in range(count)]
        self.seeded += count
        for place, key in enumerate(keys):
            self.changes[key] = self._at(self.tick + place // 4)
        self.tick += (count - 1) // 4
        return keys

    async def touch(self, source, key):
        self.tick += 1
        self.changes[key] = self._at(self.tick)

    async def remove(self, source, key):
        self.deleted.add(key)
        await self.touch(source, key)

    @staticmethod
    def _at(tick):
        return (dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=tick)).isoformat()

    def hook_samples(self):
        body = json.dumps({"event": "E1"}).encode()
        headers = {"x-depot-hmac": sign_hmac_base64(HOOK_SECRET, body)}
        return {"moved": HookSample(HookRequest("moved", headers, body), "E1")}


class DepotSettings(Settings):
    base_url: str = setting("Address of the depot")
    token: Secret = setting("API token")
    hook_secret: Secret = setting("Secret of its webhooks")
    page_size: int = setting("Rows per page", default=100, ge=1)


class Depot(Connector[DepotSettings]):
    """An honest connector."""

    def make_http(self):
        return Http(
            clock=self.clock,
            base_url=self.settings.base_url,
            headers={"Authorization": f"Bearer {self.settings.token.reveal()}"},
        )

    async def check(self):
        await self.http.get("/ping")

    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Book a parcel."""
        answer = await self.http.post("/parcels", delivery.payload, idempotency_key=delivery.effect_key)
        return Receipt(external_id=answer.json()["id"])

    @looks_up("parcel.book")
    async def find_parcel(self, delivery: Delivery) -> Found:
        """By our effect key."""
        try:
            answer = await self.http.get(f"/parcels/{delivery.effect_key}")
        except RejectedError:
            return Found("absent")
        return Found("done", Receipt(external_id=answer.json()["id"]))

    @writes("shelf.set", once="natural", batch=50)
    async def set_shelves(self, deliveries):
        """Set the sizes of shelves."""
        answer = await self.http.post("/shelves", [delivery.payload for delivery in deliveries])
        rows = {row["name"]: row["ok"] for row in answer.json()["rows"]}
        return [
            Receipt(external_id=d.object_key)
            if rows[d.object_key]
            else RejectedError("no size", code="B-UNK-ITEM")
            for d in deliveries
        ]

    @reads("change", deletions=True)
    async def changes(self, since):
        """What changed, by time."""
        async for row in self.rows(since.value if since else ""):
            yield Record(row["key"], row, Cursor(row["at"]), deleted=row["gone"])

    async def rows(self, since):
        limit = str(self.settings.page_size)
        async for row in self.http.pages(
            "/changes", rows="items", next_page="after", since=since, limit=limit
        ):
            yield row

    @receives("moved")
    async def moved(self, request: HookRequest) -> HookEvent:
        """A parcel moved."""
        check_hmac_base64([self.settings.hook_secret], request.body, request.headers.get("x-depot-hmac", ""))
        return HookEvent("moved", json.loads(request.body)["event"])


class DropsEqualTimes(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Goes on behind the last time, so what shares it is lost."""
        async for row in self.rows(since.value if since else ""):
            if since is None or row["at"] > since.value:
                yield Record(row["key"], row, Cursor(row["at"]), deleted=row["gone"])


class SinceBehindTheRecord(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Exclusive by (time, key): nothing of the past is lost, but the record at the cursor is not given again."""
        async for row in self.rows(since.value.split("|")[0] if since else ""):
            at = f"{row['at']}|{row['key']}"
            if since is None or at > since.value:
                yield Record(row["key"], row, Cursor(at), deleted=row["gone"])


class DropsTheLastPage(Depot):
    async def rows(self, since):
        page = await self.http.get("/changes", params={"since": since, "limit": str(self.settings.page_size)})
        for row in page.json()["items"]:
            yield row


class PagesByOffset(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Counts rows, so one that moves to the end pushes another over the page border."""
        offset, size = 0, self.settings.page_size
        while True:
            everything = [row async for row in self.everything(since.value if since else "")]
            for row in everything[offset : offset + size]:
                yield Record(row["key"], row, Cursor(row["at"]), deleted=row["gone"])
            offset += size
            if offset >= len(everything):
                return

    async def everything(self, since):
        async for row in self.http.pages(
            "/changes", rows="items", next_page="after", since=since, limit="1000"
        ):
            yield row


class HidesDeletions(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Says that it tells deletions, and does not."""
        async for row in self.rows(since.value if since else ""):
            yield Record(row["key"], row, Cursor(row["at"]))


class KeepsStateBetweenCalls(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Gives each record once per connector."""
        seen = self.__dict__.setdefault("seen", set())
        async for row in self.rows(since.value if since else ""):
            if row["key"] not in seen:
                seen.add(row["key"])
                yield Record(row["key"], row, Cursor(row["at"]), deleted=row["gone"])


class SwallowsBrokenReads(Depot):
    async def rows(self, since):
        try:
            async for row in super().rows(since):
                yield row
        except RetryableError:
            return


class FloatsInRecords(Depot):
    @reads("change", deletions=True)
    async def changes(self, since):
        """Gives floats."""
        async for row in self.rows(since.value if since else ""):
            yield Record(row["key"], row | {"weight": 0.1}, Cursor(row["at"]), deleted=row["gone"])


class DoublesOnRetry(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """A fresh key for each attempt."""
        key = f"{delivery.effect_key}-{delivery.attempt}"
        answer = await self.http.post("/parcels", delivery.payload, idempotency_key=key)
        return Receipt(external_id=answer.json()["id"])


class NoKeyAtAll(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Forgets the key."""
        answer = await self.http.post("/parcels", delivery.payload)
        return Receipt(external_id=answer.json()["id"])


class SwallowsRejection(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Takes a refusal for done."""
        try:
            return await super().book(delivery)
        except RejectedError as error:
            if isinstance(error, AlreadyDoneError):
                raise
            return Receipt()


class RefusalIsRetried(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Retries what is refused for ever."""
        try:
            return await super().book(delivery)
        except RejectedError as error:
            raise RetryableError("again") from error


class RetriesByItself(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Does not tell the hub that patience was asked for."""
        try:
            return await super().book(delivery)
        except RetryableError:
            return await super().book(delivery)


class LostAnswerIsRetryable(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Gives up where the outcome is unknown."""
        try:
            return await super().book(delivery)
        except OutcomeUnknownError as error:
            raise RejectedError("no answer") from error


class LookUpFindsNothing(Depot):
    @looks_up("parcel.book")
    async def find_parcel(self, delivery: Delivery) -> Found:
        """Never finds anything."""
        return Found("absent")


class LookUpFindsAll(Depot):
    @looks_up("parcel.book")
    async def find_parcel(self, delivery: Delivery) -> Found:
        """Finds what was never sent."""
        return Found("done", Receipt(external_id="P1"))


class ResultsInAnswersOrder(Depot):
    @writes("shelf.set", once="natural", batch=50)
    async def set_shelves(self, deliveries):
        """Takes the answer's order for the deliveries' order."""
        answer = await self.http.post("/shelves", [delivery.payload for delivery in deliveries])
        return [
            Receipt(external_id=row["name"]) if row["ok"] else RejectedError("no size", code="B-UNK-ITEM")
            for row in answer.json()["rows"]
        ]


class BadRecordFailsTheBatch(Depot):
    @writes("shelf.set", once="natural", batch=50)
    async def set_shelves(self, deliveries):
        """All or nothing."""
        results = await super().set_shelves(deliveries)
        for result in results:
            if isinstance(result, RejectedError):
                raise result
        return results


class IgnoresSignature(Depot):
    @receives("moved")
    async def moved(self, request: HookRequest) -> HookEvent:
        """Trusts everybody."""
        return HookEvent("moved", json.loads(request.body or b"{}").get("event", "E1"))


class FreshDedupeKeys(Depot):
    @receives("moved")
    async def moved(self, request: HookRequest) -> HookEvent:
        """Another key each time."""
        event = await super().moved(request)
        return dataclasses.replace(event, dedupe_key=str(SystemClock().monotonic_s()))


class LeaksInErrors(Depot):
    async def check(self):
        try:
            await self.http.get("/ping")
        except Exception as error:
            error.text = f"{error} with {self.settings.token.reveal()}"
            error.args = (error.text,)
            raise


class LeaksInLogs(Depot):
    async def check(self):
        self.log.info("checking", headers={"authorization": self.settings.token.reveal()})
        await self.http.get("/ping")


class ChecksNothing(Depot):
    async def check(self):
        return None


class ChangesThePayload(Depot):
    @writes("parcel.book", once="idempotency_key")
    async def book(self, delivery: Delivery) -> Receipt:
        """Writes into what it was given."""
        delivery.payload["sent"] = True
        return await super().book(delivery)


SABOTAGES = {
    DropsEqualTimes: "since_is_inclusive[change]",
    SinceBehindTheRecord: "since_is_inclusive[change]",
    DropsTheLastPage: "a_full_read_gives_all[change]",
    PagesByOffset: "a_change_while_reading_loses_nothing[change]",
    HidesDeletions: "what_is_gone_is_told[change]",
    KeepsStateBetweenCalls: "reads_do_not_disturb_each_other[change]",
    SwallowsBrokenReads: "a_read_that_breaks_is_typed[change]",
    FloatsInRecords: "records_are_well_formed[change]",
    DoublesOnRetry: "a_broken_call_leaves_one_effect[parcel.book]",
    NoKeyAtAll: "eight_at_once_are_done_once[parcel.book]",
    SwallowsRejection: "a_refusal_is_typed[parcel.book]",
    RefusalIsRetried: "a_refusal_is_typed[parcel.book]",
    RetriesByItself: "patience_is_asked_for_in_type[parcel.book]",
    LostAnswerIsRetryable: "a_broken_call_leaves_one_effect[parcel.book]",
    LookUpFindsNothing: "a_look_up_finds_what_was_done[parcel.book]",
    LookUpFindsAll: "a_look_up_finds_what_was_done[parcel.book]",
    ResultsInAnswersOrder: "a_batch_answers_in_order[shelf.set]",
    BadRecordFailsTheBatch: "one_bad_record_fails_alone[shelf.set]",
    IgnoresSignature: "a_changed_body_is_refused[moved]",
    FreshDedupeKeys: "a_signed_hook_is_taken[moved]",
    LeaksInErrors: "secrets_show_nowhere",
    LeaksInLogs: "secrets_show_nowhere",
    ChecksNothing: "bad_credentials_are_noticed_by_check",
    ChangesThePayload: "repeated_is_done_once[parcel.book]",
}

TestDepot = conformance(Depot, simulator=DepotSimulator)


async def red(connector, **kwargs):
    verdicts = await run_checks(connector, simulator=DepotSimulator, **kwargs)
    return {verdict.case: verdict.text for verdict in verdicts if verdict.state == "failed"}


async def test_an_honest_connector_is_green():
    assert await red(Depot) == {}


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda cls: cls.__name__)
async def test_a_sabotage_turns_the_suite_red(sabotage):
    sabotage.__doc__ = sabotage.__doc__ or "A sabotage."
    failures = await red(sabotage)
    assert SABOTAGES[sabotage] in failures, failures


async def test_an_echoed_secret_is_caught_where_http_does_not_hide_it(monkeypatch):
    monkeypatch.setattr("crossdock.kit.http._secrets_in", lambda headers: [])
    assert "secrets_show_nowhere" in await red(Depot)


async def test_a_waived_breach_is_not_red_but_a_waiver_that_no_longer_bites_is():
    waivers = {"bad_credentials_are_noticed_by_check": "the depot has no address to ask"}
    assert "bad_credentials_are_noticed_by_check" not in await red(ChecksNothing, waivers=waivers)
    failures = await red(Depot, waivers=waivers)
    assert "no longer bites" in failures["bad_credentials_are_noticed_by_check"]


@pytest.mark.parametrize("waivers", [{"no_such_check": "because"}, {"since_is_inclusive": " "}])
def test_a_waiver_needs_a_known_check_and_a_reason(waivers):
    with pytest.raises(ValueError, match="waiver"):
        conformance(Depot, simulator=DepotSimulator, waivers=waivers)


async def test_without_a_simulator_declarations_are_checked():
    verdicts = await run_checks(Depot)
    assert {verdict.state for verdict in verdicts} == {"passed"}
    assert "every_verb_says_what_it_does" in {verdict.case for verdict in verdicts}
