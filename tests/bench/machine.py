"""The raw limits, measured the same way on every machine."""

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from tests.bench.table import Raw, Row, percentile, timed

SIGNATURES = 2000
REQUESTS = 2000
INSERT_SECONDS = 2.0
WRITES = 500


def limits(folder: Path) -> Raw:
    """Measure the machine; `folder` must be on the disk that the platform would use."""
    sign_us, verify_us = _signatures()
    return Raw(
        write_us=_writes(folder / "writes"),
        insert_per_second=_inserts(folder / "raw.db"),
        sign_us=sign_us,
        verify_us=verify_us,
        hello_ms=_hello(),
    )


def rows(raw: Raw) -> Iterable[Row]:
    yield Row(what="write 4 KiB + fdatasync, p50", ours="", raw=f"{raw.write_us:.0f} µs")
    yield Row(what="SQLite WAL/FULL, one-row transactions", ours="", raw=f"{raw.insert_per_second:,.0f} /s")
    yield Row(what="Ed25519 sign / verify", ours="", raw=f"{raw.sign_us:.0f} / {raw.verify_us:.0f} µs")
    yield Row(what="Flask hello-world, CPU", ours="", raw=f"{raw.hello_ms:.2f} ms")


def _writes(path: Path) -> float:
    block = os.urandom(4096)
    taken = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for _ in range(WRITES):
            start = time.perf_counter()
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            taken.append(time.perf_counter() - start)
    finally:
        os.close(descriptor)
    return percentile(taken, 0.5) * 1e6


def _inserts(path: Path) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
        done = 0
        start = time.perf_counter()
        while time.perf_counter() - start < INSERT_SECONDS:
            connection.execute("INSERT INTO row (body) VALUES (?)", ("x" * 200,))
            done += 1
        return done / (time.perf_counter() - start)


def _signatures() -> tuple[float, float]:
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    message = os.urandom(200)
    with timed() as signing:
        for _ in range(SIGNATURES):
            signature = key.sign(message)
    with timed() as verifying:
        for _ in range(SIGNATURES):
            public.verify(signature, message)
    return signing.cpu / SIGNATURES * 1e6, verifying.cpu / SIGNATURES * 1e6


def _hello() -> float:
    app = Flask("hello")

    @app.get("/")
    def hello() -> str:
        return "hello"

    client = app.test_client()
    client.get("/")
    with timed() as watch:
        for _ in range(REQUESTS):
            client.get("/")
    return watch.cpu / REQUESTS * 1e3
