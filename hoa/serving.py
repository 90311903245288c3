"""The two processes of a deployment: one answers requests, one does the background work."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import Any

import click
import structlog
import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from hoa.app import create_app, create_worker
from hoa.config import LOOPBACK, Settings
from hoa.demo import build as demo
from hoa.migrations import runner
from hoa.platform import Platform
from hoa.web import errors
from hoa.web.security import MOST_BODY

# Seven may be taken by heavy work or wait for it (`hoa.web.heavy`); the database's pool has sixteen connections.
THREADS = 10

log = structlog.get_logger("hoa.serving")


def serve(platform: Platform) -> None:
    """Answer requests until a signal ends it, with a worker process beside that is started again when it dies."""
    if platform.settings.demo:
        ensure_demo(platform)
    runner.demand_current(platform.database)
    app = create_app(platform)
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stop,), name="worker keeper")
    keeper.start()
    settings = platform.settings
    server = listening(app, settings)
    click.echo(f"http://localhost:{settings.port}")
    if settings.host not in LOOPBACK and not settings.https:
        click.echo(
            "Open to the network over plain http: passkeys and keys kept in browsers do not work there; "
            "put https in front.",
            err=True,
        )

    def _end(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, _end)
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        log.info("serve.ended")
    finally:
        stop.set()
        server.close()
        keeper.join()


def listening(app: Flask, settings: Settings) -> Any:
    """The server at its address. waitress keeps a whole body on disk before the application sees any of it, so a body
    far beyond what any page takes is refused by its declared length, on a page of ours; up to there the page itself
    says what is wrong.
    """
    server = waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=THREADS,
        ident=None,
        max_request_body_size=2 * MOST_BODY,
    )
    too_large = errors.page_of(app, 413)

    class Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
        """What waitress refuses by itself: plain words, but for a body that is too large."""

        def execute(self) -> None:
            if self.request.error.code != 413:
                super().execute()
                return
            self.status = "413 Content Too Large"
            self.response_headers.append(("Content-Type", "text/html; charset=utf-8"))
            self.set_close_on_finish()
            self.content_length = len(too_large)
            self.write(too_large)

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
        error_task_class = Refusal

    # One server an address, or several under one roof where the host has several.
    for part in (server, *getattr(server, "map", {}).values()):
        if hasattr(part, "channel_class"):
            part.channel_class = Channel
    return server


def ensure_demo(platform: Platform) -> None:
    """The demo community, made on the first start; later starts find it there."""
    runner.upgrade(platform.database)
    if not demo.is_built(platform):
        click.echo("Making the demo community, once; this takes less than a minute …")
        demo.build(platform, tell=lambda part: click.echo(f"  {part}"))


def work(platform: Platform) -> None:
    """Do background work until a signal comes or the process that started this one is gone (its pipe closes)."""
    runner.demand_current(platform.database)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: stop.set())
    if os.environ.get("HOA_WORKER_PIPE"):
        threading.Thread(target=_stop_when_alone, args=(stop,), daemon=True).start()
    create_worker(platform).run_until(stop)


def _stop_when_alone(stop: threading.Event) -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the worker ends for another reason.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def _keep_worker(stop: threading.Event) -> None:
    while not stop.is_set():
        worker = subprocess.Popen(
            [sys.executable, "-m", "hoa.cli", "work"],
            stdin=subprocess.PIPE,
            env={**os.environ, "HOA_WORKER_PIPE": "1"},
        )
        while worker.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            worker.terminate()
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            return
        log.warning("worker.died", status=worker.returncode)
        time.sleep(1)
