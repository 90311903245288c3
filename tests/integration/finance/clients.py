"""Signed-in clients of one application."""

from flask import Flask
from flask.testing import FlaskClient

from hoa.accounts.signing_in import begin_session
from hoa.platform import Platform


def as_person(app: Flask, platform: Platform, person_id: str) -> FlaskClient:
    """A browser in which this person has signed in."""
    with platform.database.writing() as session:
        token = begin_session(session, person_id=person_id, device="t", method="code", now=platform.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client
