"""Each route × role × another community's ids: nothing of a community is found from another, and nothing of it changes.

Made from the application's own map of routes, so that a new page is covered the day it appears; a page with an id this
file does not know fails here until somebody says where such ids come from.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from hoa.accounts.signing_in import begin_session
from hoa.app import create_app
from hoa.db import Base
from hoa.kernel.posts import POSTS, PROPERTY_STAFF, SUPERVISORS
from hoa.offices import places
from hoa.offices import service as offices
from hoa.offices.rules import PLACED, Place
from hoa.platform import Platform
from hoa.web.access import access_of
from tests.integration.community.scene import a_register
from tests.integration.people import a_person

HERE, THERE = "WTY", "BYL"

# Where an id in an address comes from: a query for ids that exist in WTY. {c} is the community's id.
IDS = {
    "publication_id": "SELECT id FROM publication WHERE community_id = :c",
    "objection_id": "SELECT id FROM objection WHERE community_id = :c",
    "engagement_id": "SELECT id FROM engagement WHERE community_id = :c",
    "resolution_id": "SELECT id FROM resolution WHERE community_id = :c",
    "relationship_id": "SELECT id FROM relationship WHERE community_id = :c",
    "office_id": "SELECT id FROM office WHERE community_id = :c",
    "change_id": "SELECT id FROM member_change WHERE community_id = :c",
    "offer_id": "SELECT id FROM seat_offer WHERE community_id = :c",
    "recall_id": "SELECT id FROM recall WHERE community_id = :c",
    "unit_id": "SELECT id FROM unit WHERE community_id = :c",
    "owner_id": "SELECT id FROM owner WHERE community_id = :c",
    "check_id": "SELECT id FROM identity_check WHERE community_id = :c",
    "batch_id": "SELECT id FROM import_batch WHERE community_id = :c",
    "code": "SELECT code FROM assembly WHERE community_id = :c ORDER BY code DESC",
    "motion_id": "SELECT id FROM motion WHERE community_id = :c",
    "elector": "SELECT elector FROM roll_entry WHERE community_id = :c",
    "leaf": "SELECT leaf FROM ballot WHERE community_id = :c",
    "official_id": "SELECT id FROM official WHERE community_id = :c",
    "witness_id": "SELECT id FROM witness WHERE community_id = :c",
    "proposal_id": "SELECT id FROM proposal WHERE community_id = :c",
    "authority_id": "SELECT id FROM proxy_authority WHERE community_id = :c",
    "desk_id": "SELECT id FROM meeting_desk WHERE community_id = :c",
    "assisted_id": "SELECT id FROM assisted_session WHERE community_id = :c",
    "result_id": "SELECT id FROM official_result WHERE community_id = :c",
    "line_id": "SELECT id FROM finance_bank_line WHERE community_id = :c",
    "match_id": "SELECT id FROM finance_match WHERE community_id = :c",
    "account_id": "SELECT id FROM finance_bank_account WHERE community_id = :c",
    "asset_id": "SELECT id FROM finance_asset WHERE community_id = :c",
    "voucher_id": "SELECT id FROM finance_voucher WHERE community_id = :c",
    "document_id": "SELECT id FROM finance_document WHERE community_id = :c",
    "masking_id": "SELECT id FROM finance_masking WHERE community_id = :c",
    "archive_id": "SELECT id FROM finance_archive WHERE community_id = :c",
    "destruction_id": "SELECT id FROM finance_destruction WHERE community_id = :c",
    "number": "SELECT number FROM finance_contract WHERE community_id = :c",
    "version": "SELECT number FROM rulebook_version WHERE community_id = :c AND number IS NOT NULL",
    "draft_id": "SELECT id FROM rulebook_version WHERE community_id = :c AND number IS NULL",
    "request_id": "SELECT id FROM assembly_request WHERE community_id = :c",
    "roll_objection_id": "SELECT id FROM roll_objection WHERE community_id = :c",
    "serial": "SELECT serial FROM paper_sheet WHERE community_id = :c",
    "scan_id": "SELECT id FROM paper_scan WHERE community_id = :c",
    "building_id": "SELECT id FROM building WHERE community_id = :c",
    "election": "SELECT code FROM election WHERE community_id = :c",
    "standing": "SELECT number FROM candidate WHERE community_id = :c",
    "question_id": "SELECT id FROM candidate_question WHERE community_id = :c",
    "evidence_id": "SELECT id FROM criterion_check WHERE community_id = :c",
    "meeting_id": "SELECT id FROM committee_meeting WHERE community_id = :c",
    "item_id": "SELECT id FROM committee_item WHERE community_id = :c",
    "vote_id": "SELECT id FROM committee_vote WHERE community_id = :c",
    "observation_id": "SELECT id FROM committee_observation WHERE community_id = :c",
    "meeting_request_id": "SELECT id FROM committee_request WHERE community_id = :c",
    "limit_id": "SELECT id FROM authority_limit WHERE community_id = :c",
    "seal_id": "SELECT id FROM seal WHERE community_id = :c",
    "use_id": "SELECT id FROM seal_use WHERE community_id = :c",
    "related_id": "SELECT id FROM finance_related_party WHERE community_id = :c",
    "inspection_id": "SELECT id FROM finance_inspection WHERE community_id = :c",
    "run_id": "SELECT id FROM share_run WHERE community_id = :c",
    "order_id": "SELECT id FROM share_batch WHERE community_id = :c",
    "payout_id": "SELECT id FROM share_payout WHERE community_id = :c",
    "part_id": "SELECT id FROM share_part WHERE community_id = :c",
    "naming_id": "SELECT id FROM share_naming WHERE community_id = :c",
    "budget_id": "SELECT id FROM budget WHERE community_id = :c",
    "certificate_id": "SELECT id FROM topup_certificate WHERE community_id = :c",
    "standard_id": "SELECT id FROM allowance_standard WHERE community_id = :c",
    "allowance_id": "SELECT id FROM allowance_run WHERE community_id = :c",
    "fee_item_id": "SELECT id FROM fee_item WHERE community_id = :c",
    "report_id": "SELECT id FROM audit_report WHERE community_id = :c",
    "case_id": "SELECT id FROM supervision_case WHERE community_id = :c",
    "sample_id": "SELECT id FROM supervision_sample WHERE community_id = :c",
    "sample_item_id": "SELECT id FROM supervision_sample_item WHERE community_id = :c",
    "evaluation_id": "SELECT id FROM supervision_evaluation WHERE community_id = :c",
    "term_audit_id": "SELECT id FROM supervision_term_audit WHERE community_id = :c",
    "marked_id": "SELECT id FROM supervision_objection WHERE community_id = :c",
    "round_no": "SELECT number FROM filing_round WHERE community_id = :c",
    "event_id": "SELECT id FROM filing_event WHERE community_id = :c",
    "pack_id": "SELECT id FROM filing_pack WHERE community_id = :c",
    "handover_id": "SELECT id FROM handover WHERE community_id = :c",
    "handover_item_id": "SELECT id FROM handover_item WHERE community_id = :c",
    "preparation_id": "SELECT id FROM preparation WHERE community_id = :c",
    "member_id": "SELECT id FROM preparation_member WHERE community_id = :c",
    "paper_id": "SELECT id FROM preparation_paper WHERE community_id = :c",
    "topic_id": "SELECT id FROM topic WHERE community_id = :c",
    "comment_id": "SELECT id FROM topic_comment WHERE community_id = :c",
    "topic_meeting_id": "SELECT id FROM topic_meeting WHERE community_id = :c",
    "link_id": "SELECT id FROM resolution WHERE community_id = :c",
    "place_id": "SELECT id FROM affairs_place WHERE community_id = :c",
    "place_code": "SELECT code FROM affairs_place WHERE community_id = :c",
    "follower_id": "SELECT id FROM suggestion_follower WHERE community_id = :c",
    "suggestion_id": "SELECT id FROM suggestion WHERE community_id = :c",
    "cluster_id": "SELECT id FROM suggestion_cluster WHERE community_id = :c",
    "photo_id": "SELECT id FROM suggestion_photo WHERE community_id = :c",
    "label": "SELECT year || '-' || substr(CAST(10000 + number AS text), 2) FROM suggestion WHERE community_id = :c",
    "handler_id": "SELECT id FROM handler WHERE community_id = :c",
    "letter_id": "SELECT id FROM supervision_letter WHERE community_id = :c",
    "api_key_id": "SELECT id FROM open311_key WHERE community_id = :c",
}
# Parts of an address that are no ids: any value will do.
WORDS = {
    "page": 1,
    "ending": "xlsx",
    "book": "procedure",
    "digest": "0" * 64,
    "fund": "trust",
    "quarter": "2026Q2",
    "span": "2026Q2",
    "month": "2026-09",
    "period": "2026-09",
    "sheet": "01",
    "key": "assets",
    "year": "2026",
    "format": "csv",
    "step": 1,
    "target": "open",
    "contest": "e1",
    "print_job": "x",
    "token": "x",
    "kept_id": "x",
    "seq": 1,
    "stage": "publish",
    "body": "owners_committee",
    "kind": "resolution",
}
# What answers the same for everybody, or is about the asker alone; not about a thing of a community.
OWN = {"community.mine", "home.mine"}
UNSETTLED = {"job", "attempt", "login_session", "login_code", "passkey_challenge"}


@pytest.fixture
def two_communities(demo_platform: Platform) -> Platform:
    a_register(demo_platform, THERE)
    return demo_platform


@pytest.fixture
def app(two_communities: Platform) -> Flask:
    application = create_app(two_communities)
    application.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    return application


def community_id(platform: Platform, code: str) -> str:
    with platform.database.reading() as session:
        return str(session.scalar(text("SELECT id FROM community WHERE code = :code"), {"code": code}))


def signed_in(app: Flask, platform: Platform, person: str) -> FlaskClient:
    with platform.database.writing() as session:
        token = begin_session(session, person_id=person, device="test", method="code", now=platform.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def strangers(platform: Platform) -> list[str]:
    """Three people who between them hold every post of the other community, one for each side of the exclusions."""
    there = community_id(platform, THERE)
    people = [a_person(platform, name) for name in ("路人甲", "路人乙", "路人丙")]
    now = platform.now()
    for post in POSTS:
        with platform.database.writing() as session:
            (building, entrances), *_ = places.buildings(session, there).items()
            entrance, floors = next(iter(entrances.items()))
            parts = (building, entrance, str(floors[0]))[: PLACED.get(post, 0)]
            offices.appoint(
                session,
                there,
                post=post,
                place=Place(*parts),
                person_id=people[2 if post == PROPERTY_STAFF else post in SUPERVISORS],
                starts_at=now,
                ends_at=now + timedelta(days=100),
                basis="测试",
                by=None,
                now=now,
            )
    return people


def fingerprint(platform: Platform, code: str) -> str:
    """A digest of every row of one community."""
    digest = hashlib.sha256()
    here = community_id(platform, code)
    with platform.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if "community_id" in table.c and table.name not in UNSETTLED:
                query = table.select().where(table.c.community_id == here).order_by(*table.primary_key.columns)
                for row in session.execute(query):
                    digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def routes(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if "community_code" in rule.arguments and rule.endpoint not in OWN:
            yield rule


def arguments(platform: Platform, rule: Rule) -> dict[str, str | int] | None:
    """Ids of WTY for a route's arguments; None when WTY has no such thing."""
    values: dict[str, str | int] = {}
    here = community_id(platform, HERE)
    for name in rule.arguments - {"community_code"}:
        if name in WORDS:
            values[name] = WORDS[name]
            continue
        assert name in IDS, f"{rule.endpoint}: say in IDS or WORDS where {name!r} comes from"
        with platform.database.reading() as session:
            found = session.scalar(text(IDS[name] + " LIMIT 1"), {"c": here})
        if found is None:
            return None
        values[name] = found
    return values


def visits(app: Flask, platform: Platform, code: str, *, with_ids: bool) -> Iterator[tuple[Rule, str, str]]:
    """(route, method, address) of every route under `code`, filled with WTY's ids."""
    for rule in routes(app):
        values = arguments(platform, rule)
        has_ids = bool(rule.arguments - {"community_code"} - set(WORDS))
        if values is None or (with_ids and not has_ids):
            continue
        with app.test_request_context():
            address = app.url_for(rule.endpoint, community_code=code, **values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, address


@pytest.mark.sqlite_only
def test_the_ids_of_one_community_lead_nowhere_in_another(app: Flask, two_communities: Platform):
    before = fingerprint(two_communities, HERE)
    for person in strangers(two_communities):
        client = signed_in(app, two_communities, person)
        for rule, method, address in visits(app, two_communities, THERE, with_ids=True):
            status = client.open(address, method=method).status_code
            assert status in (403, 404), f"{method} {rule.rule} answered {status} with another community's ids"
    assert fingerprint(two_communities, HERE) == before


@pytest.mark.sqlite_only
def test_offices_of_another_community_open_no_door_here(app: Flask, two_communities: Platform):
    before = fingerprint(two_communities, HERE)
    for person in strangers(two_communities):
        client = signed_in(app, two_communities, person)
        for rule, method, address in visits(app, two_communities, HERE, with_ids=False):
            if not (access_of(app, rule.endpoint) or "").startswith("power:"):
                continue
            status = client.open(address, method=method).status_code
            assert status in (403, 404), f"{method} {rule.rule} answered {status} to somebody from elsewhere"
    assert fingerprint(two_communities, HERE) == before


def test_whoever_has_not_signed_in_is_asked_to_and_changes_nothing(app: Flask, two_communities: Platform):
    before = fingerprint(two_communities, HERE)
    client = app.test_client()
    for rule, method, address in visits(app, two_communities, HERE, with_ids=False):
        if access_of(app, rule.endpoint) == "public":
            continue
        answer = client.open(address, method=method)
        assert answer.status_code == 302, f"{method} {rule.rule} answered {answer.status_code} to nobody"
        assert answer.headers["Location"].startswith("/sign-in")
    assert fingerprint(two_communities, HERE) == before


@pytest.mark.sqlite_only
def test_no_route_changes_anything_without_a_csrf_token(two_communities: Platform):
    app = create_app(two_communities)
    app.config["RATELIMIT_ENABLED"] = False
    before = fingerprint(two_communities, HERE)
    people = strangers(two_communities)
    client = signed_in(app, two_communities, people[0])
    for rule, method, address in visits(app, two_communities, HERE, with_ids=False):
        if method == "GET":
            continue
        answer = client.open(address, method=method)
        assert answer.status_code == 400, f"{method} {rule.rule} answered {answer.status_code} without a token"
    assert fingerprint(two_communities, HERE) == before
