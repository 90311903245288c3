"""Signed-in clients of one application, and the engagement by which an auditor is let in."""

from collections.abc import Mapping
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from finance.engagements import service as engagements
from finance.engagements.rules import Bounds, Part
from finance.engagements.service import Terms
from finance.engagements.tables import Engagement
from hoa.accounts.signing_in import begin_session
from hoa.demo import people as cast
from hoa.platform import Platform


def as_person(app: Flask, platform: Platform, person_id: str) -> FlaskClient:
    """A browser in which this person has signed in."""
    with platform.database.writing() as session:
        token = begin_session(session, person_id=person_id, device="t", method="code", now=platform.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def engage(
    platform: Platform, community: str, people: Mapping[str, str], *, bounds: Bounds | None = None, who: str = "auditor"
) -> Engagement:
    """Let one of the cast audit the year for some weeks, all that can be agreed: the office alone opens nothing."""
    role = next(role for role in cast.ROLES if role.key == who)
    with platform.database.writing() as session:
        row = engagements.invite(
            session,
            platform.keys,
            community,
            terms=Terms(
                firm="公正会计师事务所",
                name=role.name,
                phone=role.phone,
                parts=(Part.BOOKS, Part.VOTES),
                bounds=bounds or Bounds(date(2026, 1, 1), date(2026, 12, 31), date(2026, 10, 20), date(2026, 11, 30)),
                resolution_id=None,
                basis="议事规则",
                fee_fen=0,
            ),
            by=people["chair"],
            now=platform.now(),
        )
        session.expunge(row)
        return row
