"""Background work: nothing is forgotten, nothing is done twice, and a person is told what went wrong."""

from typing import Any

import pytest

from hoa.jobs import LEASE, Job, JobFailed, Periodic, Run, Worker, enqueue
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import N_, Busy, Refusal
from hoa.platform import Platform


class NoPaper(Refusal):
    message = N_("纸用完了，还差 %(sheets)s 张")


def ask(platform: Platform, kind: str, **payload: Any) -> str:
    with platform.database.writing() as session:
        return enqueue(session, kind, payload, now=platform.now(), community_id=None, person_id=None).id


def job(platform: Platform, job_id: str) -> Job:
    with platform.database.reading() as session:
        found = session.get(Job, job_id)
    assert found is not None
    return found


def test_a_job_is_done_once_and_its_result_kept(platform: Platform):
    seen: list[str] = []

    def work(run: Run) -> dict[str, Any]:
        seen.append(run.payload["name"])
        run.progress(1, 2)
        return {"url": "/done"}

    job_id = ask(platform, "print", name="notice")
    worker = Worker(platform, {"print": work})
    assert worker.run_one()
    assert not worker.run_one()
    done = job(platform, job_id)
    assert (seen, done.state, done.result, done.done, done.total) == (["notice"], "done", {"url": "/done"}, 1, 2)


def test_a_job_asked_for_in_a_transaction_that_fails_was_never_asked_for(platform: Platform):
    with pytest.raises(LookupError), platform.database.writing() as session:
        enqueue(session, "print", {}, now=platform.now())
        raise LookupError
    assert not Worker(platform, {}).run_one()


def test_a_job_whose_worker_died_is_taken_up_when_its_lease_ran_out(platform: Platform, clock: FrozenClock):
    job_id = ask(platform, "print")
    worker = Worker(platform, {"print": lambda _run: {"url": "/done"}})
    leased = worker._lease()
    assert leased is not None
    assert not worker.run_one(), "while the lease holds, nobody else takes it"
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert worker.run_one()
    assert job(platform, job_id).attempts == 2


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_later_result(platform: Platform, clock: FrozenClock):
    job_id = ask(platform, "print")
    slow = Worker(platform, {})
    first = slow._lease()
    assert first is not None
    clock.advance(seconds=LEASE.total_seconds() + 1)
    Worker(platform, {"print": lambda _run: {"url": "/second"}}).run_one()
    slow._finish(first, {"result": {"url": "/first"}})
    assert job(platform, job_id).result == {"url": "/second"}


def test_a_refusal_is_kept_with_its_words_and_figures(platform: Platform):
    def work(_run: Run) -> dict[str, Any]:
        raise NoPaper(sheets=12)

    job_id = ask(platform, "print")
    Worker(platform, {"print": work}).run_one()
    failed = job(platform, job_id)
    assert (failed.state, failed.error) == ("failed", {"message": NoPaper.message, "params": {"sheets": "12"}})


def test_a_crash_tells_the_person_a_number_and_not_the_trace(platform: Platform):
    def work(_run: Run) -> dict[str, Any]:
        raise ValueError("secret name in here")

    job_id = ask(platform, "print")
    Worker(platform, {"print": work}).run_one()
    error = job(platform, job_id).error
    assert error == {"message": JobFailed.message, "params": {"job": job_id}}


def test_a_job_that_kills_its_worker_every_time_is_given_up(platform: Platform, clock: FrozenClock):
    job_id = ask(platform, "print")
    for _ in range(3):
        assert Worker(platform, {})._lease() is not None
        clock.advance(seconds=LEASE.total_seconds() + 1)
    ran: list[Run] = []
    Worker(platform, {"print": lambda run: ran.append(run) or {}}).run_one()
    assert (ran, job(platform, job_id).state) == ([], "failed")


def test_a_busy_database_puts_the_job_back_instead_of_failing_it(platform: Platform):
    answers = iter([Busy(), {"url": "/done"}])

    def work(_run: Run) -> dict[str, Any]:
        answer = next(answers)
        if isinstance(answer, Busy):
            raise answer
        return answer

    job_id = ask(platform, "print")
    worker = Worker(platform, {"print": work})
    worker.run_one()
    waiting = job(platform, job_id)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    worker.run_one()
    assert job(platform, job_id).state == "done"


def test_jobs_are_taken_in_the_order_they_were_asked_for(platform: Platform, clock: FrozenClock):
    order: list[str] = []
    for name in ("a", "b", "c"):
        ask(platform, "print", name=name)
        clock.advance(seconds=1)
    worker = Worker(platform, {"print": lambda run: order.append(run.payload["name"]) or {}})
    while worker.run_one():
        pass
    assert order == ["a", "b", "c"]


def test_periodic_work_runs_when_it_is_due_and_a_failure_does_not_stop_the_next(platform: Platform):
    ran: list[str] = []

    def fail(_platform: Platform) -> None:
        ran.append("fail")
        raise ValueError

    worker = Worker(
        platform, {}, [Periodic("fail", 5, fail), Periodic("tick", 1, lambda _platform: ran.append("tick"))]
    )
    for second in (0.0, 0.5, 1.0, 5.0):
        worker.run_periodic(second)
    assert ran == ["fail", "tick", "tick", "fail", "tick"]
