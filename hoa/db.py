"""Engines, the declarative base and the one way to read or write.

SQLite is run so that an acknowledged row survives a power cut (WAL, synchronous=FULL) and writers queue fairly:
`busy_timeout` alone let p99 grow to seconds, so a FIFO lock inside the process and a file lock between processes stand
before it. Reads go through an engine that cannot write. PostgreSQL brings its own locks; there both engines differ
only in `default_transaction_read_only`.
"""

import contextlib
import fcntl
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    LargeBinary,
    MetaData,
    Text,
    create_engine,
    event,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from hoa.kernel.clock import CHINA
from hoa.kernel.errors import Busy, NotFound
from hoa.kernel.ids import new_id

LOCK_SECONDS = 5.0


class Instant(TypeDecorator[datetime]):
    """An aware moment; kept in UTC (SQLite has no time zones), given back in China Standard Time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(CHINA)


class Base(DeclarativeBase):
    """Every table. Integers are 64 bit (fen, 0.01 m²), text is unbounded, moments are aware."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        int: BigInteger(),
        str: Text(),
        datetime: Instant(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class PlatformRow:
    """A row of the deployment as a whole."""

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)


class CommunityRow:
    """A row of one community. Its key begins with the community, so that tables can be partitioned by it (design.md
    7).
    """

    community_id: Mapped[str] = mapped_column(ForeignKey("community.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)


Row = TypeVar("Row", bound=CommunityRow)


def get(session: Session, model: type[Row], community_id: str, row_id: str, *, lock: bool = False) -> Row:
    """The row of this community, or NotFound: what belongs to another community does not exist here.

    `lock` takes the row for update (PostgreSQL; SQLite's writer holds the whole database already).
    """
    query = select(model).where(model.community_id == community_id, model.id == row_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row


class FairLock:
    """First come, first served among the threads of this process; a file lock settles it with other processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._owner: int | None = None

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold the lock for the block, or raise Busy after waiting `seconds`."""
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is already writing; pass its session on instead of opening another")
        deadline = time.monotonic() + seconds
        self._take_turn(seconds)
        self._owner = threading.get_ident()
        try:
            with self._path.open("ab") as handle:
                self._lock_file(handle.fileno(), deadline)
                yield
        finally:
            self._owner = None
            self._pass_on()

    def _take_turn(self, seconds: float) -> None:
        turn = threading.Event()
        with self._mutex:
            self._waiting.append(turn)
            if self._waiting[0] is turn:
                turn.set()
        if not turn.wait(seconds):
            with self._mutex:
                if not turn.is_set():
                    self._waiting.remove(turn)
                    raise Busy

    def _pass_on(self) -> None:
        with self._mutex:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].set()

    @staticmethod
    def _lock_file(descriptor: int, deadline: float) -> None:
        pause = 0.0005
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy from None
                time.sleep(pause)
                pause = min(pause * 2, 0.01)
            else:
                return


class Database:
    """The two engines of one database and the sessions on them. Only requests, commands and tasks open sessions."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(self.url.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._gate: FairLock | None = FairLock(path.with_name(path.name + ".lock"))
            self.write_engine = _sqlite_write_engine(self.url)
            self.read_engine = _sqlite_read_engine(path)
        else:
            self._gate = None
            self.write_engine = _postgres_engine(self.url, "-c lock_timeout=5000")
            self.read_engine = _postgres_engine(self.url, "-c default_transaction_read_only=on")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that cannot write."""
        with Session(self.read_engine, expire_on_commit=False) as session, _refusing_when_unavailable():
            yield session

    @contextmanager
    def writing(self, *, seconds: float = LOCK_SECONDS) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back by any exception; Busy when the lock does not
        come in time.
        """
        gate = self._gate.held(seconds) if self._gate else contextlib.nullcontext()
        with (
            gate,
            _refusing_when_unavailable(),
            Session(self.write_engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        self.write_engine.dispose()
        self.read_engine.dispose()


@contextmanager
def _refusing_when_unavailable() -> Iterator[None]:
    """A database that is locked, full or gone is a 503 the caller may retry, not a crash."""
    try:
        yield
    except DBAPIError as error:
        if is_unavailable(error):
            raise Busy from error
        raise


def is_unavailable(error: DBAPIError) -> bool:
    """Whether the database refused for a reason that passes: a lock, a full disk, a lost connection."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in ("55P03", "57P01", "57P02", "57P03", "40001", "40P01", "53100", "53300")
    if not isinstance(error, OperationalError):
        return False
    text = str(error.orig)
    passing = ("database is locked", "database or disk is full", "disk I/O error", "unable to open", "connection")
    return any(phrase in text for phrase in passing)


def _sqlite_write_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": LOCK_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # Without it INSERT OR REPLACE would delete a guarded row without firing its trigger.
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred BEGIN that reads first and writes later fails under load; take the write lock at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_read_engine(path: Path) -> Engine:
    address = f"sqlite:///file:{path}?mode=ro&uri=true"
    engine = create_engine(address, connect_args={"timeout": LOCK_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _postgres_engine(url: URL, options: str) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        connect_args={"options": options},
        hide_parameters=True,  # a name or a number that a statement fails over is nobody's to read in a log
    )
