"""What of a document owners may open: published ones, and none that names a person until a masked copy exists."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from hoa.accounts.service import find_by_phone
from hoa.accounts.signing_in import begin_session
from hoa.app import create_app
from hoa.demo.people import ROLES
from hoa.platform import Platform

PUBLISHED = """
    SELECT a.document_id FROM finance_attachment a
    JOIN finance_voucher v ON v.community_id = a.community_id AND v.id = a.voucher_id
    WHERE v.day < '2026-07-01' AND v.state = 'posted' AND a.document_id IS NOT NULL ORDER BY v.day
"""

TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'finance_voucher'"


def as_role(platform: Platform, key: str) -> FlaskClient:
    phone = next(role.phone for role in ROLES if role.key == key)
    with platform.database.writing() as session:
        person = find_by_phone(session, platform.keys, phone)
        assert person is not None
        token = begin_session(session, person_id=person.id, device="t", method="code", now=platform.now())
    client = create_app(platform).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


@pytest.mark.sqlite_only
def test_a_document_that_names_a_person_is_kept_from_owners_until_it_is_masked(demo_platform: Platform):
    with demo_platform.database.reading() as session:
        document = session.scalar(text(PUBLISHED))
    address = f"/c/WTY/books/documents/{document}"
    owner, supervisor = as_role(demo_platform, "elder"), as_role(demo_platform, "supervisor")
    assert owner.get(address).status_code == 200
    with demo_platform.database.writing() as session:
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='finance_voucher'")
        ).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE finance_voucher SET party_is_person = 1"))
    held_back = owner.get(address)
    assert (held_back.status_code, "遮盖" in held_back.text) == (403, True)
    assert supervisor.get(address).status_code == 200
