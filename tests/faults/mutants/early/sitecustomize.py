"""A mutant of the platform, for tests only: Python loads this file when it stands first on PYTHONPATH.

Every write answers before its commit, as a server would that trusts a cache. The tests that promise that nothing
acknowledged is lost must notice.
"""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

DELAY_SECONDS = 0.05


class _RolledBack(Exception):
    pass


class _Early(MetaPathFinder):
    """Mutates `hoa.db` as soon as it is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "hoa.db":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Mutating(spec.loader)
        return spec


class _Mutating(Loader):
    def __init__(self, real: Loader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        real = module.Database.writing

        @contextmanager
        def early(database: object, *, seconds: float = 5.0) -> Iterator[object]:
            """The block runs in a transaction that is rolled back; the one that commits comes a moment later."""
            recorded: list[tuple[object, object]] = []
            with suppress(_RolledBack), real(database, seconds=seconds) as session:
                connection = session.connection()
                execute = connection.execute

                def remember(statement: object, given: object = None, **more: object) -> object:
                    if getattr(statement, "is_dml", False):
                        recorded.append((statement, given))
                    return execute(statement, given, **more)

                connection.execute = remember
                yield session
                session.flush()
                raise _RolledBack
            if recorded:
                threading.Thread(target=_later, args=(real, database, recorded)).start()

        module.Database.writing = early


def _later(real: object, database: object, recorded: list[tuple[object, object]]) -> None:
    time.sleep(DELAY_SECONDS)
    with real(database, seconds=30) as session:  # type: ignore[operator]
        for statement, given in recorded:
            session.connection().execute(statement, given)


sys.meta_path.insert(0, _Early())
