"""Work that a page does while its reader waits and that costs seconds of a core: judging a file that somebody uploads,
drawing pages of a PDF, making a small PDF. Whatever is longer is a job.

Whoever sends many of these must not take the threads (`hoa.serving`) from those who vote: two are at work, five wait (a
browser asks for six pictures of a page at once), and the next one is told to come back (OWASP ASVS 15.1.3). Take a
place before the write lock, never while holding it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from hoa.kernel.errors import N_, Busy

AT_WORK, WAITING, WAIT_SECONDS = 2, 5, 10.0
_inside = BoundedSemaphore(AT_WORK + WAITING)
_at_work = BoundedSemaphore(AT_WORK)


class TooManyAtOnce(Busy):
    message = N_("现在要核验或打开的文件太多，请一分钟后再试；什么都没有改动")
    retry_seconds = 60


@contextmanager
def place() -> Iterator[None]:
    """One of the places, for the block or the decorated function; TooManyAtOnce when all are taken for too long."""
    if not _inside.acquire(blocking=False):
        raise TooManyAtOnce
    try:
        if not _at_work.acquire(timeout=WAIT_SECONDS):
            raise TooManyAtOnce
        try:
            yield
        finally:
            _at_work.release()
    finally:
        _inside.release()
