"""A PostgreSQL cluster of one's own over the distribution's binaries: no service, no password, gone with the tests.

PostgreSQL refuses to run as root, so a root user's tests start it as `postgres`. Data and socket live in a fresh
folder under /tmp or in memory that this user can reach (root's own checkout may be closed to it), and a socket's path
must stay under 100 bytes.
"""

import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

ACCOUNT = "postgres"
TEMPLATE = "hoa_template"
PR_SET_PDEATHSIG = 1
START_SECONDS = 60
MEMORY = "/dev/shm"  # noqa: S108 - a fresh folder is made inside
ENOUGH_BYTES = 4 << 30


class PostgresMissing(RuntimeError):
    """PostgreSQL cannot be started here. That is a failure: the promise is for both databases."""


def binaries() -> Path:
    """The folder with the newest installed initdb and postgres."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))],
    )
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere:
        return Path(elsewhere).resolve().parent
    raise PostgresMissing("PostgreSQL is not installed; run `bin/system-packages test`")


class Cluster:
    """One PostgreSQL server with a template database, from which each test gets its own copy."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.folder = Path(tempfile.mkdtemp(prefix="hoa-pg-", dir=_place(durable=durable)))
        self.data = self.folder / "data"
        self._bin = binaries()
        self._account = _unprivileged()
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self.folder.chmod(0o755)
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._initialise()

    def _initialise(self) -> None:
        command = [str(self._bin / "initdb"), "-D", str(self.data), "-U", ACCOUNT, "-A", "trust", "-E", "UTF8"]
        command += ["--locale=C", "--no-sync", "--no-instructions"]
        done = subprocess.run([*self._runner(), *command], cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise PostgresMissing(f"initdb failed: {done.stderr.strip()}")
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self.folder}'",
            "max_connections": "60",
            "shared_buffers": "'32MB'",
            "autovacuum": "off",
            "log_min_messages": "warning",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as handle:
            handle.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _runner(self) -> list[str]:
        return ["runuser", "-u", self._account.pw_name, "--"] if self._account else []

    # ------------------------------------------------------------------------------------------- the server
    def start(self) -> None:
        """Start the server and wait until it answers (after a kill this includes recovery)."""
        account = self._account
        log = (self.folder / "log").open("ab")
        with log:
            self._server = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,  # an interrupt of the tests must not reach it before they are done with it
                preexec_fn=_die_with_parent,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._execute("SELECT 1")
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
                    raise PostgresMissing(f"PostgreSQL did not start: {said[-2000:]}") from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """kill -9 on the postmaster; its children notice and go. `start` recovers what was committed."""
        assert self._server is not None, "start the cluster first"
        children = _children(self._server.pid)
        self._server.kill()
        self._server.wait()
        self._server = None
        deadline = time.monotonic() + START_SECONDS
        while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
            time.sleep(0.02)

    def close(self) -> None:
        """Stop at once, keep nothing."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # ----------------------------------------------------------------------------------------- its databases
    def url(self, name: str) -> str:
        """The HOA_DATABASE_URL of one database."""
        return f"postgresql+psycopg://{ACCOUNT}@/{name}?host={self.folder}"

    def create(self, name: str, *, template: str = "template0") -> None:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._execute(copy.format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a fresh copy of the template, dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.create(name, template=template)
        try:
            yield self.url(name)
        finally:
            with contextlib.suppress(psycopg.OperationalError):  # a test may have killed the server
                self.drop(name)

    def _execute(self, statement: str | sql.Composed) -> None:
        query = sql.SQL(statement) if isinstance(statement, str) else statement
        with psycopg.connect(
            host=str(self.folder), user=ACCOUNT, dbname="postgres", autocommit=True, connect_timeout=5
        ) as connection:
            connection.execute(query)


def _place(*, durable: bool) -> str:
    """In memory, where there is room, for a cluster whose plug nobody pulls; else on a disk.

    A copy of the template is 1,500 files. Beside SQLite's flushing, a disk takes a second over making them.
    """
    if not durable and os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
        return MEMORY
    return "/tmp"  # noqa: S108 - a fresh folder is made inside


def _unprivileged() -> pwd.struct_passwd | None:
    """The account that runs PostgreSQL when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise PostgresMissing(
            f"tests run as root need the account `{ACCOUNT}`, which Debian's package postgresql creates"
        ) from None


def _die_with_parent() -> None:
    """Between fork and exec: should the tests be killed, the kernel ends their server too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
