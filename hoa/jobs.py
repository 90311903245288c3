"""Work that takes longer than a page: imports, PDFs, tallies, messages.

A job is a row, committed with what asks for it, so nothing asked for is forgotten. A worker leases the row, renews
the lease while it works and writes the result; when it dies, the lease runs out and another run begins. Handlers
are idempotent. The worker looks at an indexed table twice a second instead of being rung by a queue: one store
fewer to keep in step (docs/decisions.md).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from hoa.db import Base, PlatformRow
from hoa.kernel.errors import N_, Busy, Refusal
from hoa.kernel.traces import without_messages
from hoa.platform import Platform

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
POLL_SECONDS = 0.5

log = structlog.get_logger("hoa.jobs")


class Job(PlatformRow, Base):
    """One piece of background work. `community_id` is empty for the deployment's own work; only `person_id` and
    staff may look at it.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_lease", "state", "lease_until"),)

    community_id: Mapped[str | None]
    person_id: Mapped[str | None]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class JobFailed(Refusal):
    """What a person sees when a handler crashed; the log has the rest."""

    message = N_("处理时出错，没有保存任何结果。请重试；若再次失败，请联系平台管理员并告知编号 %(job)s")


class Run:
    """What a handler gets: the platform, its payload, and a way to say how far it is."""

    def __init__(self, platform: Platform, job: Job, clock_seconds: Callable[[], float] = time.monotonic) -> None:
        self.platform = platform
        self.job_id = job.id
        self.community_id = job.community_id
        self.person_id = job.person_id
        self.payload = job.payload
        self._clock = clock_seconds
        self._reported = float("-inf")

    @property
    def community(self) -> str:
        """The community's id; a handler that is only ever asked for by a community may rely on it."""
        if self.community_id is None:
            raise ValueError(f"job {self.job_id} belongs to no community")
        return self.community_id

    def progress(self, done: int, total: int) -> None:
        """Say how far the work is; renews the lease. Written at most once a second, so call it as often as you like."""
        if self._clock() - self._reported < 1 and done < total:
            return
        self._reported = self._clock()
        with self.platform.database.writing() as session:
            session.execute(
                update(Job)
                .where(Job.id == self.job_id)
                .values(done=done, total=total, lease_until=self.platform.now() + LEASE)
            )


Handler = Callable[[Run], dict[str, Any]]


@dataclass(frozen=True)
class Periodic:
    """Something the worker does again and again; it must be harmless when two workers do it at once."""

    name: str
    seconds: float
    run: Callable[[Platform], None]


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    now: datetime,
    community_id: str | None = None,
    person_id: str | None = None,
) -> Job:
    """Ask for work in the caller's transaction. `payload` is JSON; `kind` names a handler that the app collected."""
    job = Job(kind=kind, payload=payload, community_id=community_id, person_id=person_id, asked_at=now)
    session.add(job)
    session.flush()
    return job


class Worker:
    """Takes jobs one at a time and does the periodic work between them."""

    def __init__(self, platform: Platform, handlers: Mapping[str, Handler], periodic: Sequence[Periodic] = ()) -> None:
        self.platform = platform
        self.handlers = handlers
        self.periodic = periodic
        self._last: dict[str, float] = {}

    def run_one(self) -> bool:
        """Do the next waiting or abandoned job, if there is one; whether there was."""
        job = self._lease()
        if job is None:
            return False
        keeper = _LeaseKeeper(self.platform, job.id)
        with keeper:
            outcome = self._attempt(job)
        self._finish(job, outcome)
        return True

    def run_periodic(self, monotonic: float) -> None:
        """Do what is due; a failure is logged and tried again next time."""
        for task in self.periodic:
            if monotonic - self._last.get(task.name, float("-inf")) < task.seconds:
                continue
            self._last[task.name] = monotonic
            try:
                task.run(self.platform)
            except Busy:
                log.info("periodic.busy", task=task.name)
            except Exception as error:
                log.error("periodic.failed", task=task.name, trace=without_messages(error, frames=3))

    def run_until(self, stop: threading.Event) -> None:
        """The worker process's life. Jobs run in a thread of their own, so that a long one does not hold up the
        sequencer.
        """
        thread = threading.Thread(target=self._work_until, args=(stop,), name="jobs")
        thread.start()
        while not stop.wait(0.05):
            self.run_periodic(time.monotonic())
        thread.join()

    def _work_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                busy = self.run_one()
            except Busy:
                busy = False
            if not busy:
                stop.wait(POLL_SECONDS)

    def _lease(self) -> Job | None:
        now = self.platform.now()
        due = (Job.state == "waiting") | ((Job.state == "running") & (Job.lease_until < now))
        query = select(Job).where(due).order_by(Job.asked_at, Job.id).limit(1)
        with self.platform.database.reading() as session:
            if session.scalars(query).first() is None:
                return None
        with self.platform.database.writing() as session:
            job = session.scalars(query.with_for_update(skip_locked=True)).first()
            if job is None:
                return None
            job.attempts += 1
            job.state = "running"
            job.lease_until = now + LEASE
        return job

    def _attempt(self, job: Job) -> dict[str, Any]:
        if job.attempts > MOST_ATTEMPTS:
            return {"error": _told(JobFailed(job=job.id))}
        handler = self.handlers.get(job.kind)
        try:
            if handler is None:
                raise LookupError(f"no handler for {job.kind}")
            return {"result": handler(Run(self.platform, job))}
        except Busy:
            return {"again": True}
        except Refusal as refusal:
            return {"error": _told(refusal)}
        except Exception as error:
            log.error("job.failed", job=job.id, kind=job.kind, trace=without_messages(error, frames=3))
            return {"error": _told(JobFailed(job=job.id))}

    def _finish(self, job: Job, outcome: dict[str, Any]) -> None:
        if "again" in outcome:
            # The database was busy, the handler did nothing wrong: this attempt does not count.
            values: dict[str, Any] = {"state": "waiting", "lease_until": None, "attempts": job.attempts - 1}
        elif "result" in outcome:
            values = {"state": "done", "result": outcome["result"], "ended_at": self.platform.now()}
        else:
            values = {"state": "failed", "error": outcome["error"], "ended_at": self.platform.now()}
        with self.platform.database.writing(seconds=30) as session:
            session.execute(update(Job).where(Job.id == job.id, Job.attempts == job.attempts).values(**values))
        log.info("job.ended", job=job.id, kind=job.kind, state=values["state"])


class _LeaseKeeper:
    """Renews the lease of a running job from a thread, so that a long step without progress is not taken for a
    death.
    """

    def __init__(self, platform: Platform, job_id: str) -> None:
        self._platform = platform
        self._job_id = job_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._stop.wait(LEASE.total_seconds() / 4):
            try:
                with self._platform.database.writing() as session:
                    session.execute(
                        update(Job)
                        .where(Job.id == self._job_id, Job.state == "running")
                        .values(lease_until=self._platform.now() + LEASE)
                    )
            except Busy:
                log.info("lease.busy", job=self._job_id)


def _told(refusal: Refusal) -> dict[str, Any]:
    """A refusal as the row keeps it: the message id and parameters, so that each reader sees it in their language."""
    return {"message": refusal.message, "params": {key: str(value) for key, value in refusal.params.items()}}
