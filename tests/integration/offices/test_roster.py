"""The roster, the bodies' pages, the log and the files: who sees whose name, phone and posts in the party."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.accounts import service as accounts
from hoa.kernel import posts
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import (
    BUILDING_LEAD,
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBER,
    ENTRANCE_LEAD,
    FLOOR_LEAD,
    PARTY_MEMBER,
    PARTY_SECRETARY,
    RESIDENTS_STAFF,
    SUPERVISOR,
    Post,
)
from hoa.offices import consents, history, places, rules, service
from hoa.offices.rules import Place
from hoa.platform import Platform
from tests.integration.community.scene import a_register, post, signed_in
from tests.integration.people import a_community, a_person
from tests.integration.voting.world import a_world
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import packages

HERE = "/c/WTY/offices/"


def appoint(
    platform: Platform,
    community: str,
    person: str,
    wanted: Post,
    *,
    place: Place = rules.NOWHERE,
    basis: str = "业主大会选举",
    days: float = 365,
    start: datetime | None = None,
    by: str | None = None,
) -> str:
    now = platform.now()
    with platform.database.writing() as session:
        return service.appoint(
            session,
            community,
            post=wanted,
            person_id=person,
            starts_at=start or now,
            ends_at=(start or now) + timedelta(days=days),
            basis=basis,
            by=by,
            now=now,
            place=place,
        ).id


def somebody(platform: Platform, name: str, phone: str) -> str:
    """A person with a phone."""
    with platform.database.writing() as session:
        return accounts.person_for_phone(session, platform.keys, phone=phone, name=name, now=platform.now()).id


@pytest.fixture
def community(platform: Platform) -> str:
    return a_register(platform)


# ---------------------------------------------------------------------------------------------------------- roster


def test_visitors_see_masks_and_a_number_to_call_and_members_see_names(platform: Platform, app: Flask, community: str):
    chair = somebody(platform, "鲁秀诺", "19900000073")
    appoint(platform, community, chair, COMMITTEE_CHAIR)
    visited = app.test_client().get(HERE).text
    assert "鲁**" in visited
    assert "199****0073" in visited
    assert 'href="tel:023-00000405"' in visited
    assert "鲁秀诺" not in visited
    assert "19900000073" not in visited
    known = signed_in(app, platform, chair).get(HERE).text
    assert "鲁秀诺" in known
    assert "19900000073" not in known


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_file_says_what_the_page_says_and_its_cells_are_text(
    platform: Platform, app: Flask, community: str, ending: str
):
    appoint(platform, community, somebody(platform, "鲁秀诺", "19900000073"), COMMITTEE_CHAIR, basis="=1+1")
    answer = app.test_client().get(f"{HERE}roster.{ending}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=roster-WTY.{ending}"
    if ending == "csv":
        row = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))[1]
        assert row[7] == "'=1+1"
    else:
        sheet = load_workbook(io.BytesIO(answer.data)).active
        assert sheet is not None
        row = [cell.value for cell in list(sheet.rows)[1]]
        assert (row[7], sheet["H2"].data_type) == ("=1+1", "s")
    assert row[:2] == ["业主委员会", "主任"]
    assert (row[3], row[4]) == ("鲁**", "199****0073")
    assert app.test_client().get(f"{HERE}roster.exe").status_code == 404


def test_what_is_over_stands_below_without_a_phone(platform: Platform, app: Flask, community: str, clock: FrozenClock):
    appoint(platform, community, somebody(platform, "鲁秀诺", "19900000073"), COMMITTEE_CHAIR, days=1)
    clock.advance(days=1)
    page = app.test_client().get(HERE).text
    assert "任期届满" in page
    assert "199****0073" not in page


# ------------------------------------------------------------------------------------------------- building posts


@pytest.mark.parametrize(
    ("wanted", "place", "refusal"),
    [
        (BUILDING_LEAD, Place("9幢"), places.UnknownBuilding),
        (ENTRANCE_LEAD, Place("1幢", "7"), places.UnknownEntrance),
        (FLOOR_LEAD, Place("1幢", "1", "33"), places.UnknownFloor),
        (FLOOR_LEAD, Place("1幢", "1"), rules.NoFloor),
        (BUILDING_LEAD, Place(), rules.NoBuilding),
        (COMMITTEE_CHAIR, Place("1幢"), rules.NeedsNoPlace),
    ],
)
def test_a_building_post_is_where_the_register_knows(
    platform: Platform, community: str, wanted: Post, place: Place, refusal: type[Exception]
):
    with platform.database.reading() as session:
        building, entrances = next(iter(places.buildings(session, community).items()))
    named = {"1幢": building, "1": next(iter(entrances))}
    place = Place(*(named.get(part, part) for part in place))
    with pytest.raises(refusal):
        appoint(platform, community, a_person(platform), wanted, place=place)


def test_a_community_without_a_register_has_no_building_posts_yet(platform: Platform):
    with pytest.raises(places.UnknownBuilding, match="先导入业主名册"):
        appoint(platform, a_community(platform), a_person(platform), BUILDING_LEAD, place=Place("1幢"))


def test_one_person_leads_two_buildings_and_one_building_has_one_lead(platform: Platform, app: Flask, community: str):
    person = a_person(platform, "和豪")
    with platform.database.reading() as session:
        first, second = places.buildings(session, community)
    appoint(platform, community, person, BUILDING_LEAD, place=Place(first))
    appoint(platform, community, person, BUILDING_LEAD, place=Place(second))
    with pytest.raises(rules.AlreadyHolds):
        appoint(platform, community, person, BUILDING_LEAD, place=Place(second))
    with pytest.raises(rules.PostTaken):
        appoint(platform, community, a_person(platform), BUILDING_LEAD, place=Place(second))
    page = app.test_client().get(HERE).text
    assert first in page
    assert second in page


def test_the_clerk_appoints_a_floor_lead_on_the_page(platform: Platform, app: Flask, community: str):
    clerk = a_person(platform, "秦雅宁")
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    browser = signed_in(app, platform, clerk)
    with platform.database.reading() as session:
        building, entrances = next(iter(places.buildings(session, community).items()))
    entrance = next(iter(entrances))
    fields = {
        "name": "沈知远",
        "phone": "19900007001",
        "post": str(FLOOR_LEAD),
        "starts_on": "2026-10-01",
        "ends_on": "2028-09-30",
        "basis": "楼层业主推选",
        "building": building,
        "entrance": entrance,
    }
    wrong = post(browser, f"{HERE}appoint", {**fields, "floor": "33"})
    assert "没有第“33”层，现有：1、2" in wrong.text
    assert post(browser, f"{HERE}appoint", {**fields, "floor": "2"}).status_code == 302
    assert f"{building} {entrance} 2 层" in browser.get(HERE).text


@pytest.mark.parametrize("rewritten", ["building = '2幢'", "floor = '9'", "granted_by = 'x'"])
def test_the_database_itself_keeps_where_an_office_is_and_who_granted_it(
    platform: Platform, community: str, rewritten: str
):
    with platform.database.reading() as session:
        building = next(iter(places.buildings(session, community)))
    appoint(platform, community, a_person(platform), BUILDING_LEAD, place=Place(building))
    with pytest.raises(DBAPIError, match="stays"), platform.database.writing() as session:
        session.execute(text(f"UPDATE office SET {rewritten}"))


# --------------------------------------------------------------------------------------------------------- bodies


def describe(platform: Platform, community: str, *, seats: int, by: str | None = None) -> None:
    with platform.database.writing() as session:
        service.describe_body(
            session,
            community,
            kind="owners_committee",
            seats=seats,
            basis="业主大会决定",
            by=by,
            now=platform.now(),
        )


def test_a_body_takes_no_more_members_than_its_planned_seats(platform: Platform):
    community = a_community(platform)
    describe(platform, community, seats=2)
    member = a_person(platform)
    appoint(platform, community, member, COMMITTEE_MEMBER)
    appoint(platform, community, member, COMMITTEE_CHAIR)
    appoint(platform, community, a_person(platform), COMMITTEE_MEMBER)
    appoint(platform, community, a_person(platform), posts.COMMITTEE_ALTERNATE)
    with pytest.raises(rules.BodyFull, match="2"):
        appoint(platform, community, a_person(platform), COMMITTEE_MEMBER)
    appoint(platform, community, a_person(platform), COMMITTEE_MEMBER, start=platform.now() + timedelta(days=365))
    with pytest.raises(rules.BodyFull):
        describe(platform, community, seats=1)


def test_there_is_one_chair_at_a_time(platform: Platform, clock: FrozenClock):
    community = a_community(platform)
    appoint(platform, community, a_person(platform), COMMITTEE_CHAIR, days=10)
    with pytest.raises(rules.PostTaken):
        appoint(platform, community, a_person(platform), COMMITTEE_CHAIR)
    clock.advance(days=10)
    appoint(platform, community, a_person(platform), COMMITTEE_CHAIR)


def test_the_clerk_says_what_a_body_is_and_every_change_is_kept(platform: Platform, app: Flask, community: str):
    clerk, chair = a_person(platform, "秦雅宁"), a_person(platform, "鲁秀诺")
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    appoint(platform, community, chair, COMMITTEE_CHAIR)
    browser, page = signed_in(app, platform, clerk), f"{HERE}bodies/owners_committee"
    fields = {
        "name": "梧桐苑第一届业主委员会",
        "seats": "7",
        "legal_form": "non_enterprise",
        "since": "2025-06-01",
        "basis": "备案文件 2025-11 号",
    }
    assert "席位数应在 0 到 99 之间" in post(browser, f"{page}/edit", {**fields, "seats": "100"}).text
    assert post(browser, f"{page}/edit", fields).status_code == 302
    seen = app.test_client().get(page).text
    for words in ("梧桐苑第一届业主委员会", "民办非企业单位", "2025年6月1日", "空缺 6 席", "鲁**"):
        assert words in seen
    log = signed_in(app, platform, chair).get(f"{HERE}log/").text
    assert "计划席位数：由“0”改为“7”" in log
    assert "备案文件 2025-11 号" in log
    assert signed_in(app, platform, chair).get(f"{page}/edit").status_code == 403
    assert app.test_client().get(f"{HERE}bodies/parliament").status_code == 404
    assert app.test_client().get(f"{HERE}bodies/auditor").status_code == 404
    with pytest.raises(DBAPIError, match="stays"), platform.database.writing() as session:
        session.execute(text("UPDATE body_change SET after = '9'"))


# ------------------------------------------------------------------------------------------------------------ log


def test_the_log_tells_every_grant_and_end_with_its_basis_and_who_wrote_it(
    platform: Platform, app: Flask, community: str, clock: FrozenClock
):
    clerk, person = a_person(platform, "秦雅宁"), a_person(platform, "和豪")
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    office = appoint(platform, community, person, SUPERVISOR, basis="第三次会议选举", by=clerk)
    appoint(platform, community, a_person(platform, "华若兰"), COMMITTEE_MEMBER, days=1)
    clock.advance(days=2)
    with platform.database.writing() as session:
        service.end(session, community, office_id=office, basis="书面辞职", by=clerk, now=platform.now())
    with platform.database.reading() as session:
        told = [
            (entry.what.value, entry.basis, entry.by.name if entry.by else "")
            for entry in history.entries(session, community, now=platform.now())
        ]
    assert told[:2] == [("ended", "书面辞职", "秦雅宁"), ("expired", "", "")]
    assert ("granted", "第三次会议选举", "秦雅宁") in told
    browser = signed_in(app, platform, clerk)
    assert "第三次会议选举" in browser.get(f"{HERE}log/").text
    rows = list(csv.reader(io.StringIO(browser.get(f"{HERE}log/log.csv").data.decode("utf-8-sig"))))
    assert len(rows) == len(told) + 1
    assert browser.get(f"{HERE}log/?page=99").status_code == 200
    assert browser.get(f"{HERE}log/log.exe").status_code == 404
    assert signed_in(app, platform, a_person(platform)).get(f"{HERE}log/").status_code == 403


# ---------------------------------------------------------------------------------------------------------- party


def test_party_posts_are_shown_by_their_holders_consent_only(platform: Platform, app: Flask, community: str):
    member, clerk = somebody(platform, "吴梓超", "19900000582"), a_person(platform, "秦雅宁")
    secretary, neighbour = a_person(platform, "高敬之"), a_person(platform, "华若兰")
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    appoint(platform, community, member, PARTY_MEMBER)
    appoint(platform, community, secretary, PARTY_SECRETARY)
    appoint(platform, community, neighbour, COMMITTEE_MEMBER)
    other = signed_in(app, platform, neighbour)
    for page in (HERE, f"{HERE}log/", f"{HERE}bodies/party_branch", f"{HERE}roster.csv"):
        seen = other.get(page).data.decode()
        assert "吴梓超" not in seen, page
        assert "高敬之" not in seen, page
        assert "未经本人同意，不公开" in seen, page
    assert "199****0582" not in other.get(HERE).text
    assert "吴梓超" in signed_in(app, platform, clerk).get(HERE).text
    assert "吴梓超" in signed_in(app, platform, secretary).get(HERE).text
    mine = signed_in(app, platform, member)
    consent = f"{HERE}mine/consent"
    assert post(mine, consent, page=f"{HERE}mine").status_code == 302
    assert "吴梓超" in other.get(HERE).text
    assert "吴**" in app.test_client().get(HERE).text
    assert post(mine, f"{consent}/withdraw", page=f"{HERE}mine").status_code == 302
    assert "吴梓超" not in other.get(HERE).text


def test_only_who_has_such_a_post_agrees(platform: Platform, app: Flask, community: str):
    neighbour = a_person(platform, "华若兰")
    appoint(platform, community, neighbour, COMMITTEE_MEMBER)
    answer = post(signed_in(app, platform, neighbour), f"{HERE}mine/consent", page=f"{HERE}relationships/own")
    assert answer.status_code == 422
    assert "不需要同意" in answer.text
    with platform.database.reading() as session:
        assert consents.consented(session, community) == frozenset()
    with pytest.raises(consents.NoPartyPost), platform.database.writing() as session:
        consents.give(session, community, person_id=neighbour, now=platform.now())


def test_a_consent_is_withdrawn_and_never_rewritten(platform: Platform, community: str):
    member = a_person(platform, "吴梓超")
    appoint(platform, community, member, PARTY_MEMBER)
    with platform.database.writing() as session:
        consents.give(session, community, person_id=member, now=platform.now())
        consents.give(session, community, person_id=member, now=platform.now())
    with platform.database.reading() as session:
        assert len(consents.history(session, community, member)) == 1
    with pytest.raises(DBAPIError, match="withdrawn"), platform.database.writing() as session:
        session.execute(text("DELETE FROM party_consent"))
    with platform.database.writing() as session:
        consents.withdraw(session, community, person_id=member, now=platform.now())
    with pytest.raises(DBAPIError, match="only be withdrawn"), platform.database.writing() as session:
        session.execute(text("UPDATE party_consent SET withdrawn_at = NULL"))


def test_a_cross_appointment_is_an_attribute_for_those_who_oversee_it_and_for_all_by_consent(
    platform: Platform, app: Flask, community: str
):
    member, clerk = a_person(platform, "吴梓超"), a_person(platform, "秦雅宁")
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    appoint(platform, community, member, PARTY_MEMBER, basis="社区党委批准")
    appoint(platform, community, member, COMMITTEE_MEMBER)
    browser, visitor = signed_in(app, platform, clerk), app.test_client()
    assert "交叉任职" in browser.get(HERE).text
    report = browser.get(f"{HERE}crossing").text
    assert "交叉任职 1 人" in report
    assert "社区党委批准" in report
    assert "交叉任职" not in visitor.get(HERE).text
    assert signed_in(app, platform, member).get(f"{HERE}crossing").status_code == 403
    with platform.database.writing() as session:
        consents.give(session, community, person_id=member, now=platform.now())
    assert "交叉任职" in visitor.get(HERE).text


@pytest.mark.sqlite_only
def test_no_roll_ballot_or_package_knows_who_is_in_the_party(platform: Platform, clock: FrozenClock):
    world = a_world(platform, clock, owners=3, staffed=True)
    world.to(State.OPEN)
    before = record(platform)
    for person, wanted in ((world.people[0], PARTY_MEMBER), (world.people[0], COMMITTEE_MEMBER)):
        appoint(platform, world.community, person, wanted)
    with platform.database.writing() as session:
        consents.give(session, world.community, person_id=world.people[0], now=platform.now())
    assert record(platform) == before
    for place in range(3):
        world.cast(place, m1="agree", m2="agree")
    world.to(State.ANNOUNCED)
    with platform.database.reading() as session:
        for form in Form:
            package = packages.build(session, platform.keys, world.row(), form)
            assert b"party" not in package
            assert "党".encode() not in package
            assert packages.verify(package)[0]


def record(platform: Platform) -> list[tuple[object, ...]]:
    """Everything the voting room keeps, row by row."""
    tables = ("assembly", "motion", "roll_entry", "ballot", "log_entry", "tree_head", "official")
    with platform.database.reading() as session:
        return [tuple(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}"))]
