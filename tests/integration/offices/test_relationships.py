"""Declared relationships keep people out of posts they may not hold together, and tell those who may end one."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import NotFound
from hoa.kernel.posts import (
    COMMITTEE_CHAIR,
    COMMITTEE_MEMBER,
    PROPERTY_STAFF,
    RESIDENTS_STAFF,
    STREET_OFFICER,
    SUPERVISOR,
    Post,
)
from hoa.offices import relationships, rules, service
from hoa.offices.rules import TieKind
from hoa.offices.tables import Office
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_community, a_person

BOOK = "/c/WTY/offices/relationships/"


def appoint(platform: Platform, community: str, person: str, wanted: Post, *, start: datetime | None = None) -> str:
    now = platform.now()
    with platform.database.writing() as session:
        return service.appoint(
            session,
            community,
            post=wanted,
            person_id=person,
            starts_at=start or now,
            ends_at=(start or now) + timedelta(days=365),
            basis="业主大会选举",
            by=None,
            now=now,
        ).id


def declare(
    platform: Platform,
    community: str,
    person: str,
    other: str | None,
    kind: TieKind = TieKind.SPOUSE,
    *,
    by: str | None = None,
    since: date = date(2020, 5, 20),
) -> str:
    """By an authority, unless somebody is named."""
    authority = by or a_person(platform, "孔令仪")
    with platform.database.writing() as session:
        return relationships.declare(
            session,
            community,
            kind=kind,
            person_id=person,
            other_id=other,
            since=since,
            basis="本人声明",
            evidence="结婚证原件已看，声明书存居委会",
            by=authority,
            now=platform.now(),
        ).id


def over(platform: Platform, community: str, row: str, by: str, until: date) -> None:
    with platform.database.writing() as session:
        relationships.end(
            session, community, relationship_id=row, until=until, basis="离婚证", by=by, now=platform.now()
        )


def clashes(platform: Platform, community: str) -> list[set[Post]]:
    with platform.database.reading() as session:
        found = relationships.clashes(session, community, now=platform.now())
        return [{clash.office.post} | ({clash.other.post} if clash.other else set()) for clash in found]


@pytest.mark.parametrize(("first", "second"), [(COMMITTEE_CHAIR, SUPERVISOR), (SUPERVISOR, COMMITTEE_CHAIR)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_supervisor_who_is_the_chairs_spouse_is_refused_with_the_rule_named(
    platform: Platform, first: Post, second: Post, turned: bool
):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    declare(platform, community, *((she, he) if turned else (he, she)))
    appoint(platform, community, he, first)
    with pytest.raises(rules.SupervisingSpouse) as refused:
        appoint(platform, community, she, second)
    words = str(refused.value)
    assert "R2.21" in words
    assert rules.title(first) in words
    assert rules.title(second) in words
    with platform.database.reading() as session:
        assert service.posts_held(session, community, she, platform.now()) == frozenset()


def test_other_rooms_ask_before_they_propose_somebody(platform: Platform):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    declare(platform, community, he, she, TieKind.RELATIVE)
    appoint(platform, community, he, COMMITTEE_CHAIR)
    now = platform.now()
    with platform.database.reading() as session:
        (found,) = relationships.conflicts(session, community, she, SUPERVISOR, now)
        assert (found.held, found.person) == (COMMITTEE_CHAIR, he)
        assert relationships.conflicts(session, community, she, COMMITTEE_MEMBER, now) == ()
        assert relationships.conflicts(session, community, she, SUPERVISOR, now + timedelta(days=366)) == ()
        long = relationships.conflicts(
            session, community, she, SUPERVISOR, now - timedelta(days=30), until=now + timedelta(days=1)
        )
        assert len(long) == 1


def test_a_relationship_that_ended_does_not_count(platform: Platform):
    community, clerk = a_community(platform), a_person(platform, "秦雅宁")
    he, she = a_person(platform, "和豪"), a_person(platform, "余英")
    row = declare(platform, community, he, she)
    appoint(platform, community, he, COMMITTEE_CHAIR)
    over(platform, community, row, clerk, today(platform.now()))
    appoint(platform, community, she, SUPERVISOR)
    assert clashes(platform, community) == []


def test_a_relationship_of_another_community_does_not_count_here(platform: Platform):
    here, there = a_community(platform), a_community(platform, "BYL", "白云里")
    he, she = a_person(platform, "和豪"), a_person(platform, "余英")
    row = declare(platform, there, he, she)
    appoint(platform, here, he, COMMITTEE_CHAIR)
    appoint(platform, here, she, SUPERVISOR)
    with pytest.raises(NotFound):
        over(platform, here, row, a_person(platform), date(2026, 1, 1))


@pytest.mark.parametrize("wanted", [COMMITTEE_MEMBER, SUPERVISOR])
@pytest.mark.parametrize("kind", [TieKind.EMPLOYED, TieKind.INTERESTED, TieKind.FAMILY])
def test_the_property_companys_people_sit_on_neither_side(platform: Platform, wanted: Post, kind: TieKind):
    community, he = a_community(platform), a_person(platform, "和豪")
    declare(platform, community, he, None, kind)
    with pytest.raises((rules.InCompanyPay, rules.InterestInCompany, rules.FamilyInCompany)):
        appoint(platform, community, he, wanted)


def test_a_managers_spouse_sits_on_neither_side_and_no_member_becomes_the_managers(platform: Platform):
    community, manager, she = a_community(platform), a_person(platform, "孟晓帆"), a_person(platform, "余英")
    declare(platform, community, manager, she)
    appoint(platform, community, manager, PROPERTY_STAFF)
    for wanted in (COMMITTEE_MEMBER, SUPERVISOR):
        with pytest.raises(rules.CompanySpouse):
            appoint(platform, community, she, wanted)
    member = a_person(platform, "华若兰")
    appoint(platform, community, member, COMMITTEE_MEMBER)
    with pytest.raises(rules.CompanyPosts):
        appoint(platform, community, member, PROPERTY_STAFF)


def test_a_declaration_that_makes_two_sitting_offices_clash_alarms_those_who_may_end_one(
    platform: Platform, app: Flask, clock: FrozenClock
):
    community = a_community(platform)
    he, she, clerk = a_person(platform, "和豪"), a_person(platform, "余英"), a_person(platform, "秦雅宁")
    appoint(platform, community, he, COMMITTEE_CHAIR)
    office = appoint(platform, community, she, SUPERVISOR)
    appoint(platform, community, clerk, RESIDENTS_STAFF)
    assert clashes(platform, community) == []
    declare(platform, community, she, he)
    assert clashes(platform, community) == [{COMMITTEE_CHAIR, SUPERVISOR}]
    browser = signed_in(app, platform, clerk)
    front = browser.get("/c/WTY/").text
    assert "任职不相容" in front
    assert "余英" not in front
    told = browser.get(BOOK).text
    assert "其配偶任" in told
    assert f"/c/WTY/offices/{office}/end" in told
    assert "任职不相容" not in signed_in(app, platform, she).get("/c/WTY/").text
    assert signed_in(app, platform, she).get(BOOK).status_code == 403
    with platform.database.writing() as session:
        service.end(session, community, office_id=office, basis="任职不相容", by=clerk, now=platform.now())
    assert clashes(platform, community) == []
    assert "任职不相容" not in browser.get("/c/WTY/").text


def test_a_sitting_member_who_declares_a_job_with_the_company_is_an_alarm_of_its_own(platform: Platform):
    community, he = a_community(platform), a_person(platform, "和豪")
    appoint(platform, community, he, COMMITTEE_MEMBER)
    declare(platform, community, he, None, TieKind.EMPLOYED)
    assert clashes(platform, community) == [{COMMITTEE_MEMBER}]


def test_two_offices_of_one_person_from_before_the_rule_are_an_alarm_too(platform: Platform):
    community, he = a_community(platform), a_person(platform, "和豪")
    appoint(platform, community, he, COMMITTEE_MEMBER)
    now = platform.now()
    with platform.database.writing() as session:
        service.ensure_body(session, community, kind=PROPERTY_STAFF.body)
        session.add(
            Office(
                community_id=community,
                body_kind=PROPERTY_STAFF.body,
                post_kind=PROPERTY_STAFF.kind,
                person_id=he,
                starts_at=now,
                ends_at=now + timedelta(days=30),
                basis="物业服务合同",
                granted_at=now,
            )
        )
    assert clashes(platform, community) == [{COMMITTEE_MEMBER, PROPERTY_STAFF}]


def test_offices_that_begin_later_clash_too(platform: Platform):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    appoint(platform, community, he, COMMITTEE_CHAIR)
    appoint(platform, community, she, SUPERVISOR, start=platform.now() + timedelta(days=100))
    declare(platform, community, he, she)
    assert clashes(platform, community) == [{COMMITTEE_CHAIR, SUPERVISOR}]


def test_what_a_declaration_lacks_is_said(platform: Platform):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    with pytest.raises(relationships.OtherMissing):
        declare(platform, community, he, None)
    with pytest.raises(relationships.OtherNotNeeded):
        declare(platform, community, he, she, TieKind.EMPLOYED)
    with pytest.raises(relationships.NotOneself):
        declare(platform, community, he, he)
    with pytest.raises(relationships.BeginsLater):
        declare(platform, community, he, she, since=today(platform.now()) + timedelta(days=1))
    declare(platform, community, he, she)
    for by in (he, she, None):
        with pytest.raises(relationships.AlreadyDeclared):
            declare(platform, community, she, he, by=by)


def test_what_one_of_two_declares_binds_them_alone_until_the_other_or_an_authority_declares_it(platform: Platform):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    appoint(platform, community, he, COMMITTEE_CHAIR)
    declare(platform, community, he, she, by=he)
    with pytest.raises(relationships.AlreadyDeclared):
        declare(platform, community, he, she, by=he)
    now = platform.now()
    with platform.database.reading() as session:
        assert relationships.conflicts(session, community, she, SUPERVISOR, now) == ()
    appoint(platform, community, she, SUPERVISOR)
    assert clashes(platform, community) == [{COMMITTEE_CHAIR, SUPERVISOR}], "those who may end one of them are told"
    declare(platform, community, she, he, by=she)
    with platform.database.reading() as session:
        assert len(relationships.conflicts(session, community, she, SUPERVISOR, now)) == 1
    declare(platform, community, he, she)


def test_nobody_ends_a_relationship_of_their_own_and_none_ends_twice(platform: Platform):
    community, clerk = a_community(platform), a_person(platform, "秦雅宁")
    he, she = a_person(platform, "和豪"), a_person(platform, "余英")
    row = declare(platform, community, he, she)
    for own in (he, she):
        with pytest.raises(relationships.OwnRelationship):
            over(platform, community, row, own, date(2026, 1, 1))
    with pytest.raises(relationships.EndsBeforeItBegan):
        over(platform, community, row, clerk, date(2020, 5, 19))
    over(platform, community, row, clerk, date(2020, 5, 20))
    with pytest.raises(relationships.AlreadyOver):
        over(platform, community, row, clerk, date(2026, 1, 1))
    appoint(platform, community, he, COMMITTEE_CHAIR)
    appoint(platform, community, she, SUPERVISOR)


@pytest.mark.parametrize(
    "rewritten",
    ["kind = 'employed'", "other_id = person_id", "since = '2026-01-01'", "evidence = 'x'", "declared_by = other_id"],
)
def test_the_database_itself_keeps_what_was_declared(platform: Platform, rewritten: str):
    community, he, she = a_community(platform), a_person(platform, "和豪"), a_person(platform, "余英")
    declare(platform, community, he, she)
    with pytest.raises(DBAPIError, match="can only be ended"), platform.database.writing() as session:
        session.execute(text(f"UPDATE relationship SET {rewritten}"))
    with pytest.raises(DBAPIError, match="never deleted"), platform.database.writing() as session:
        session.execute(text("DELETE FROM relationship"))


def test_an_owner_declares_on_the_page_and_the_officer_writes_down_and_ends(platform: Platform, app: Flask):
    community = a_community(platform)
    he, she, officer = a_person(platform, "和豪"), a_person(platform, "余英"), a_person(platform, "罗正言")
    appoint(platform, community, he, COMMITTEE_CHAIR)
    appoint(platform, community, she, COMMITTEE_MEMBER)
    appoint(platform, community, officer, STREET_OFFICER)
    fields = {"since": "2019-05-20", "basis": "本人声明", "evidence": "声明书存居委会"}
    mine = signed_in(app, platform, she)
    page = mine.get(f"{BOOK}own").text
    assert "和豪" in page
    missing = post(mine, f"{BOOK}own", {**fields, "kind": "spouse", "other": ""})
    assert "请写明另一方是谁" in missing.text
    assert post(mine, f"{BOOK}own", {**fields, "kind": "spouse", "other": he}).status_code == 302
    assert "和豪" in mine.get("/c/WTY/offices/mine").text
    street = signed_in(app, platform, officer)
    third = {"name": "沈知远", "phone": "19900007001", "other_name": "", "other_phone": ""}
    assert post(street, f"{BOOK}new", {**fields, **third, "kind": "employed"}).status_code == 302
    half = {**third, "other_name": "余英"}
    assert "两项都要填" in post(street, f"{BOOK}new", {**fields, **half, "kind": "spouse"}).text
    wrong = {**third, "name": "别人"}
    assert "与填写的姓名不一致" in post(street, f"{BOOK}new", {**fields, **wrong, "kind": "employed"}).text
    book = street.get(BOOK).text
    assert "沈知远" in book
    assert "本人受雇于物业服务企业" in book
    with platform.database.reading() as session:
        row = next(one.row for one in relationships.listed(session, community) if one.other is not None)
    ending = f"{BOOK}{row.id}/end"
    assert "不能早于" in post(street, ending, {"until": "2019-01-01", "basis": "离婚证"}).text
    assert post(street, ending, {"until": "2026-01-01", "basis": "离婚证"}).status_code == 302
    assert "离婚证" in street.get(BOOK).text
