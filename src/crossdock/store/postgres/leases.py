"""Leases of lanes among workers: rows with a fencing token."""

from __future__ import annotations

from crossdock.core.delivery import LANES
from crossdock.store.contract import LaneLease
from crossdock.store.lanes import Lane, lost, share
from crossdock.store.postgres.database import Database, Pg

__all__ = ["check_lease", "release", "take"]


async def take(base: Database, db: Pg, target: str, worker: str, *, want: int, ttl_s: float) -> LaneLease:
    """Take or renew; lanes beyond `want` are given back."""
    await base.lock(db, [("leases", target)])
    await db.execute(
        "INSERT INTO lane (target, lane, worker, token, expires_at) SELECT $1, n, '', 0, 0"
        " FROM generate_series(0, $2) AS n ON CONFLICT DO NOTHING",
        target,
        LANES - 1,
    )
    rows = await db.fetch(
        "SELECT worker, token, expires_at FROM lane WHERE target = $1 ORDER BY lane FOR UPDATE", target
    )
    token = await db.fetchval("SELECT nextval('lane_token')")
    lanes = [Lane(*row) for row in rows]
    now = base.now
    expires_at = now + round(ttl_s * 1_000_000)
    lease = share(
        lanes, target, worker, want=want, now=now, expires_at=expires_at, next_token=lambda: int(token)
    )
    await db.execute(
        "UPDATE lane SET worker = v.worker, token = v.token, expires_at = v.expires_at FROM unnest($2::smallint[],"
        " $3::text[], $4::bigint[], $5::bigint[]) AS v(lane, worker, token, expires_at)"
        " WHERE lane.target = $1 AND lane.lane = v.lane",
        target,
        list(range(LANES)),
        [lane.worker for lane in lanes],
        [lane.token for lane in lanes],
        [lane.expires_at for lane in lanes],
    )
    return lease


async def release(base: Database, db: Pg, lease: LaneLease) -> None:
    await base.lock(db, [("leases", lease.target)])
    await db.execute(
        "UPDATE lane SET worker = '' WHERE target = $1 AND lane = ANY($2::smallint[]) AND worker = $3 AND token = $4",
        lease.target,
        list(lease.lanes),
        lease.worker,
        lease.token,
    )


async def check_lease(db: Pg, lease: LaneLease, *, now: int, sending: bool) -> None:
    """Raise if any lane of the lease has another owner; to send, it must not have run out either.

    The rows stay locked against a new owner until the transaction ends.

    Raises:
        RetryableError: T-STALE.
    """
    rows = await db.fetch(
        "SELECT expires_at FROM lane WHERE target = $1 AND lane = ANY($2::smallint[]) AND worker = $3 AND token = $4"
        " ORDER BY lane FOR SHARE",
        lease.target,
        list(lease.lanes),
        lease.worker,
        lease.token,
    )
    if len(rows) < len(lease.lanes) or (sending and any(row[0] <= now for row in rows)):
        raise lost(lease)
