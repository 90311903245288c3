"""Rate limits counted in this process."""

import threading

import pytest

from hoa.web import counting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1000.0]
    monkeypatch.setattr("time.time", lambda: moment[0])
    return moment


def test_a_window_counts_up_and_begins_anew_when_it_is_over(clock: list[float]):
    counts = counting.Counts()
    assert [counts.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    assert counts.incr("b", 60) == 1
    clock[0] += 60
    assert counts.incr("a", 60) == 1


def test_what_is_over_is_forgotten_within_a_minute_and_the_rest_is_kept(clock: list[float]):
    counts = counting.Counts()
    counts.incr("short", 10)
    counts.incr("long", 3600)
    clock[0] += counting.SWEEP_SECONDS
    counts.incr("other", 10)
    assert "short" not in counts.storage
    assert "short" not in counts.expirations
    assert counts.incr("long", 3600) == 2


def test_counts_of_many_threads_add_up():
    counts = counting.Counts()
    threads = [threading.Thread(target=lambda: [counts.incr("a", 60) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.get("a") == 4000


def test_only_the_librarys_own_memory_is_replaced():
    assert counting.storage_uri("memory://") == "process://"
    assert counting.storage_uri("redis://127.0.0.1") == "redis://127.0.0.1"
