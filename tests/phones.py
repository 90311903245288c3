"""Owners' browsers with a confirmation ready to be sent, for tests and measurements that vote over the wire."""

import http.client
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask import session as flask_session
from flask_wtf.csrf import generate_csrf

from hoa.accounts.signing_in import begin_session
from hoa.app import create_app
from tests.integration.voting.world import World


@dataclass
class Phone:
    """One owner's browser, as far as confirming a ballot needs it."""

    place: int
    path: str
    cookie: str
    body: str
    acknowledged: list[str] = field(default_factory=list)

    def confirm(self, port: int) -> int:
        """Send the confirmation; only an answer that leads to the receipt is an acknowledgement. The HTTP status."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
            headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", self.path, self.body, headers)
            answer = line.getresponse()
            if answer.status == 303:
                location = urlsplit(answer.headers["Location"])
                self.acknowledged.append(parse_qs(location.query)["leaf"][0])
            return answer.status


def phones(world: World) -> list[Phone]:
    """Every owner signed in, with both motions marked and the confirmation ready to be sent."""
    app = create_app(world.platform)
    return [_phone(app, world, place) for place in range(len(world.people))]


def _phone(app: Flask, world: World, place: int) -> Phone:
    platform = world.platform
    with platform.database.writing() as session:
        token = begin_session(session, person_id=world.people[place], device="", method="code", now=platform.now())
    with app.test_request_context():
        flask_session.update({"_user_id": token, "_fresh": True})
        csrf = generate_csrf()
        serializer = app.session_interface.get_signing_serializer(app)
        cookie = serializer.dumps(dict(flask_session))
    body = {"csrf_token": csrf, "nonce": f"retry{place:015d}", "choice-m1": "agree", "choice-m2": "oppose"}
    path = f"/c/WTY/assemblies/{world.row().code}/vote/{world.electors[place]}/cast"
    return Phone(place, path, f"hoa={cookie}", urlencode(body))
