"""Long sums over many small objects."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Do not look for reference cycles meanwhile: over a hundred thousand ballots, which have none, the search takes
    a third of a recount. Memory is freed as always; other threads only wait longer for their own cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
