"""Places for heavy work in a request: few at work, few waiting, the next one refused, and none lost."""

import threading
from contextlib import ExitStack

import pytest

from hoa.serving import THREADS
from hoa.web import heavy


def test_whoever_waits_gets_the_place_that_is_left() -> None:
    got = threading.Event()

    def wait() -> None:
        with heavy.place():
            got.set()

    waiting = threading.Thread(target=wait, daemon=True)
    with ExitStack() as taken:
        for _ in range(heavy.AT_WORK):
            taken.enter_context(heavy.place())
        waiting.start()
        assert not got.is_set()
    waiting.join(timeout=60)
    assert got.is_set()


def test_a_refused_one_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "WAIT_SECONDS", 0)
    with ExitStack() as taken:
        for _ in range(heavy.AT_WORK):
            taken.enter_context(heavy.place())
        for _ in range(heavy.AT_WORK + heavy.WAITING + 1):
            with pytest.raises(heavy.TooManyAtOnce), heavy.place():
                raise AssertionError("one more than may be at work")
    with heavy.place():
        pass


def test_more_than_may_wait_are_refused_without_waiting() -> None:
    with ExitStack() as taken:
        for _ in range(heavy.AT_WORK + heavy.WAITING):
            assert heavy._inside.acquire(blocking=False)
            taken.callback(heavy._inside.release)
        with pytest.raises(heavy.TooManyAtOnce), heavy.place():
            raise AssertionError("nobody is at work, but as many wait as may")


def test_the_server_keeps_threads_for_those_who_vote() -> None:
    assert heavy.AT_WORK + heavy.WAITING < THREADS
