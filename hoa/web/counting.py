"""Counting requests for the rate limits inside this process."""

import threading
import time

from limits.storage import MemoryStorage

LIBRARYS, OWN = "memory://", "process://"
SWEEP_SECONDS = 60.0


def storage_uri(asked: str) -> str:
    """What the limiter is told for the setting: `memory://` is counted by `Counts`."""
    return OWN if asked == LIBRARYS else asked


class Counts(MemoryStorage):
    """Counts of fixed windows.

    The library's own starts a thread when it counts and looks through all keys in it, up to a hundred times a second
    while a building is voting. Here whoever counts forgets what is over, once a minute.
    """

    STORAGE_SCHEME = ["process"]  # noqa: RUF012  as the library declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self._turn = threading.Lock()
        self._sweep_at = time.time() + SWEEP_SECONDS
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count for `key`; its first count begins a window of `expiry` seconds."""
        with self._turn:
            now = time.time()
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP_SECONDS
                for other in [known for known, ends in self.expirations.items() if ends <= now]:
                    self.get(other)  # forgets it
            self.get(key)
            self.storage[key] += amount
            if self.storage[key] == amount:
                self.expirations[key] = now + expiry
            return self.storage[key]
