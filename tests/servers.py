"""A real `hoa serve` on a free port, for tests that drive a browser or pull the plug."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class ServerProcess:
    """`hoa serve` and its worker in a process group of their own; `data` and `database_url` outlive them."""

    def __init__(self, *, data: Path, database_url: str, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        self.log = data.parent / f"{data.name}-server.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HOA_")},
            "HOA_DATA": str(data),
            "HOA_DATABASE_URL": database_url,
            "HOA_PORT": str(self.port),
            "HOA_SMS": "file",
            "HOA_MAIL": "file",
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The web process."""
        assert self._process is not None, "start the server first"
        return self._process.pid

    def hoa(self, *arguments: str) -> str:
        """Run another `hoa` command on the same data; its standard output. A failure shows what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "hoa.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"hoa {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *, prefix: tuple[str, ...] = ()) -> None:
        """Start and wait until /healthz answers. `prefix` goes before the command, such as ("strace", "-f", …)."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "hoa.cli", "serve"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"hoa serve did not come up: {self.said()[-3000:]}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether the page that says "healthy" says so now."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def said(self) -> str:
        """Everything the server wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """kill -9 on the web process and its worker at once: a power cut as far as they can tell."""
        self._signal_group(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and insist after a while."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        self._process.wait()
        self._process = None


def _die_with_parent() -> None:
    """Between fork and exec: should the tests be killed, no server stays behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
