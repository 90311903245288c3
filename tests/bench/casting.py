"""Casting: what a ballot costs in CPU, how many go through one process, and how long owners wait at 200 a second."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from hoa.app import create_app
from hoa.config import Settings
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.kernel.ids import new_id
from hoa.migrations.runner import upgrade
from hoa.platform import Platform, open_platform
from tests.bench.table import Raw, Row, measure, percentile, timed
from tests.integration.voting.world import World, a_world
from tests.phones import Phone, phones
from tests.postgres import ACCOUNT, Cluster
from tests.servers import ServerProcess
from voting.rules.life import State

PER_SECOND = 200
SECONDS = 8
IN_PROCESS = 400
SERVICE = 600
SENDERS = 64


@measure
def casting(raw: Raw, folder: Path) -> Iterable[Row]:
    owners = PER_SECOND * SECONDS + IN_PROCESS + SERVICE
    url = f"sqlite:///{folder / 'hoa.db'}"
    clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
    platform = open_platform(Settings(data=folder / "data", database_url=url, sms="file", mail="file"), clock=clock)
    upgrade(platform.database)
    try:
        world = a_world(platform, clock, owners=owners)
        world.to(State.OPEN)
        clock.moment = datetime.now(CHINA)
        ready = phones(world)
        yield _closed_loop(world, raw)
        yield _in_process(platform, ready[SERVICE : SERVICE + IN_PROCESS], raw)
        yield from _open_loop(folder, url, ready[SERVICE + IN_PROCESS :])
    finally:
        platform.database.close()


def _closed_loop(world: World, raw: Raw) -> Row:
    """One ballot after the other through the service, each in a transaction of its own."""
    with timed() as watch:
        for place in range(SERVICE):
            world.cast(place, nonce=new_id(), m1="agree", m2="oppose")
    rate = SERVICE / watch.wall
    return Row(
        what="casting, closed loop, one thread, SQLite FULL",
        ours=f"{rate:,.0f}/s",
        raw=f"{raw.insert_per_second:,.0f}/s one-row inserts",
        target="≥ 40 %",
        met=rate >= 0.4 * raw.insert_per_second,
    )


@measure
def casting_on_postgresql(_raw: Raw, folder: Path) -> Iterable[Row]:
    """The same closed loop on a PostgreSQL that waits for its disk, beside one-row inserts on the same server."""
    cluster = Cluster(durable=True)
    try:
        cluster.start()
        inserts = _raw_inserts(cluster)
        clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
        cluster.create("bench")
        url = cluster.url("bench")
        platform = open_platform(Settings(data=folder / "data", database_url=url, sms="file", mail="file"), clock=clock)
        upgrade(platform.database)
        try:
            world = a_world(platform, clock, owners=SERVICE)
            world.to(State.OPEN)
            with timed() as watch:
                for place in range(SERVICE):
                    world.cast(place, nonce=new_id(), m1="agree", m2="oppose")
        finally:
            platform.database.close()
    finally:
        cluster.close()
    rate = SERVICE / watch.wall
    yield Row(
        what="casting, closed loop, one thread, PostgreSQL, synchronous_commit=on",
        ours=f"{rate:,.0f}/s",
        raw=f"{inserts:,.0f}/s one-row inserts",
        target="within 2 ×",
        met=2 * rate >= inserts,
    )


def _raw_inserts(cluster: Cluster) -> float:
    with psycopg.connect(host=str(cluster.folder), user=ACCOUNT, dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE TABLE row (id bigserial PRIMARY KEY, body text)")
        with timed() as watch:
            for _ in range(SERVICE):
                connection.execute("INSERT INTO row (body) VALUES (%s)", ("x" * 200,))
    return SERVICE / watch.wall


def _in_process(platform: Platform, ready: list[Phone], raw: Raw) -> Row:
    """The whole request without a socket: session, person, CSRF, standing, transaction, receipt, redirect."""
    app = create_app(platform)
    client = app.test_client(use_cookies=False)
    with timed() as watch:
        for phone in ready:
            answer = client.post(
                phone.path,
                data=phone.body,
                content_type="application/x-www-form-urlencoded",
                headers={"Cookie": phone.cookie},
            )
            assert answer.status_code == 303, answer.status_code
    milliseconds = watch.cpu * 1000 / len(ready)
    return Row(
        what="CPU of one cast ballot, whole request",
        ours=f"{milliseconds:.2f} ms",
        raw=f"{raw.hello_ms:.2f} ms hello ({milliseconds / raw.hello_ms:.0f} ×)",
        target="≤ 2 ms and ≤ 12 ×",
        met=milliseconds <= 2 and milliseconds <= 12 * raw.hello_ms,
    )


def _open_loop(folder: Path, url: str, ready: list[Phone]) -> Iterable[Row]:
    """`hoa serve` and its worker, a new owner every 5 ms whether or not the one before was answered."""
    server = ServerProcess(data=folder / "data", database_url=url)
    server.start()
    waits: list[float] = []
    statuses: list[int] = []
    lock = threading.Lock()

    def send(phone: Phone, due: float) -> None:
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            status = phone.confirm(server.port)
        except OSError:
            status = 599
        with lock:
            waits.append(time.perf_counter() - due)
            statuses.append(status)

    try:
        begin = time.perf_counter() + 0.5
        with ThreadPoolExecutor(SENDERS) as pool:
            for number, phone in enumerate(ready):
                pool.submit(send, phone, begin + number / PER_SECOND)
    finally:
        server.stop()
    failed = sum(status >= 500 for status in statuses)
    worst = percentile(waits, 0.99) * 1000
    yield Row(
        what=f"casting, open loop {PER_SECOND}/s, SQLite FULL, with worker",
        ours=f"p50 {percentile(waits, 0.5) * 1000:.0f} ms, p99 {worst:.0f} ms, {failed} × 5xx",
        target="p99 ≤ 100 ms, no 5xx",
        met=worst <= 100 and failed == 0 and all(status == 303 for status in statuses),
    )
