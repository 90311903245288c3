"""kill -9 in the middle of casting: every acknowledged ballot is there once, retries give the promised receipt, the log
verifies (trust.md, tests 1 and 5).
"""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask import session as flask_session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select

from hoa.accounts.signing_in import begin_session
from hoa.app import create_app
from hoa.config import Settings
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import Platform, open_platform
from tests.integration.voting.world import World, a_world
from tests.servers import ServerProcess
from voting.rules.life import State
from voting.tables import Ballot, LogEntry

OWNERS = 80
THREADS = 4
KILL_AFTER = 20
PATIENCE_SECONDS = 30


@dataclass
class Phone:
    """One owner's browser, as far as confirming a ballot needs it."""

    place: int
    path: str
    cookie: str
    body: str
    acknowledged: list[str] = field(default_factory=list)

    def confirm(self, port: int) -> None:
        """Send the confirmation; only an answer that leads to the receipt is an acknowledgement."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
            headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", self.path, self.body, headers)
            answer = line.getresponse()
            if answer.status == 303:
                location = urlsplit(answer.headers["Location"])
                self.acknowledged.append(parse_qs(location.query)["leaf"][0])


@pytest.fixture
def world(server: ServerProcess, durable_url: str) -> Iterator[World]:
    """An assembly that is open now, by the clock of the server."""
    clock = FrozenClock(datetime.now(CHINA) - timedelta(days=16))
    settings = Settings(data=server.data, database_url=durable_url, sms="file", mail="file")
    platform = open_platform(settings, clock=clock)
    try:
        made = a_world(platform, clock, owners=OWNERS)
        made.to(State.OPEN)
        clock.moment = datetime.now(CHINA)
        yield made
    finally:
        platform.database.close()


def phones(world: World) -> list[Phone]:
    """Every owner signed in, with both motions marked and the confirmation ready to be sent."""
    app = create_app(world.platform)
    return [_phone(app, world.platform, world, place) for place in range(OWNERS)]


def _phone(app: Flask, platform: Platform, world: World, place: int) -> Phone:
    with platform.database.writing() as session:
        token = begin_session(session, person_id=world.people[place], device="", method="code", now=platform.now())
    with app.test_request_context():
        flask_session.update({"_user_id": token, "_fresh": True})
        csrf = generate_csrf()
        serializer = app.session_interface.get_signing_serializer(app)
        cookie = serializer.dumps(dict(flask_session))
    body = {"csrf_token": csrf, "nonce": f"retry{place:015d}", "choice-m1": "agree", "choice-m2": "oppose"}
    path = f"/c/WTY/assemblies/2026-01/vote/{world.electors[place]}/cast"
    code = str(world.row().code)
    return Phone(place, path.replace("2026-01", code), f"hoa={cookie}", urlencode(body))


def send_all(server: ServerProcess, todo: Sequence[Phone], *, kill_after: int | None = None) -> None:
    """All phones at once over a few threads; kill -9 as soon as `kill_after` ballots were acknowledged."""
    waiting = list(todo)
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                phone = waiting.pop()
            try:
                phone.confirm(server.port)
            except (OSError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    if kill_after is not None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sum(bool(phone.acknowledged) for phone in todo) < kill_after and time.monotonic() < deadline:
            time.sleep(0.002)
        server.kill()
    for thread in threads:
        thread.join()


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_ballot_and_retries_double_none(server: ServerProcess, world: World) -> None:
    everyone = phones(world)
    server.start()
    send_all(server, everyone, kill_after=KILL_AFTER)
    before = {phone.place: list(phone.acknowledged) for phone in everyone}
    told = sum(bool(leaves) for leaves in before.values())
    assert KILL_AFTER <= told < OWNERS, "the server must die in the middle"
    server.start()
    send_all(server, everyone)
    for phone in everyone:
        # Whoever had a receipt before the kill gets the very same ballot's again.
        assert len(set(phone.acknowledged)) == 1, (phone.place, phone.acknowledged)
    acknowledged = {phone.acknowledged[0] for phone in everyone}
    _wait_for_the_sequencer(world)
    with world.platform.database.reading() as session:
        cast = session.scalars(select(Ballot.leaf)).all()
        logged = session.scalars(select(LogEntry.leaf).where(LogEntry.type == "ballot")).all()
    assert sorted(cast) == sorted(acknowledged)
    assert sorted(logged) == sorted(acknowledged)
    assert world.problems() == []


def _wait_for_the_sequencer(world: World) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with world.platform.database.reading() as session:
            if session.scalar(select(func.count()).where(LogEntry.type == "ballot")) == OWNERS:
                return
        time.sleep(0.1)
    raise AssertionError("the sequencer did not take up its work again")
