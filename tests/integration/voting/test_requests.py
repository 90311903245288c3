"""Owners ask for an extraordinary assembly: 20 of 100 heads create the duty, names are nobody's to read."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.posts import COMMITTEE_CHAIR
from hoa.platform import Platform
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_community, a_person
from tests.integration.voting.test_pages import in_post
from tests.integration.voting.world import World, _register
from voting.service import drafts, requests
from voting.tables import Assembly, AssemblyRequest, RequestSignature

WORDS = {
    "title": "请召开临时会议，讨论电梯",
    "reason": "电梯三个月停了九次。",
    "motions": [{"title": "是否更换电梯广告公司？", "text": "合同到期后不再出租。"}],
}


@pytest.fixture
def hundred(platform: Platform, clock: FrozenClock) -> World:
    """A hundred owners of one flat each, all known in person."""
    community = a_community(platform)
    people = [a_person(platform, f"业主{number}") for number in range(100)]
    _register(platform, community, people)
    return World(platform, clock, community, people, a_person(platform))


def begun(world: World) -> str:
    with world.platform.database.writing() as session:
        return requests.start(session, world.community, **WORDS, person_id=world.people[0], now=world.clock.now()).id


def sign(world: World, request: str, *places: int) -> None:
    for place in places:
        with world.platform.database.writing() as session:
            requests.sign(session, world.community, request, person_id=world.people[place], now=world.clock.now())


def row(world: World) -> AssemblyRequest:
    with world.platform.database.reading() as session:
        return session.scalars(select(AssemblyRequest)).one()


def test_twenty_of_a_hundred_create_the_duty_and_nineteen_do_not(hundred: World):
    request = begun(hundred)
    sign(hundred, request, *range(1, 19), 18, 18)
    with hundred.platform.database.reading() as session:
        behind = requests.support(session, row(hundred))
        assert (behind.heads, behind.of_heads) == (19, 100)
        assert behind.area == sum(8000 + 100 * number for number in range(19))
        assert requests.unanswered(session, hundred.community) == []
    assert row(hundred).reached_at is None
    sign(hundred, request, 19)
    found = row(hundred)
    assert (found.reached_heads, found.reached_of) == (20, 100)
    assert found.answer_by == today(hundred.clock.now()) + timedelta(days=30)
    with hundred.platform.database.reading() as session:
        assert [one.id for one in requests.unanswered(session, hundred.community)] == [request]


def test_two_owners_of_one_flat_are_one_signature_and_either_takes_it_back(hundred: World):
    with hundred.platform.database.writing() as session:
        unit = session.scalars(
            select(Ownership.unit_id).join(Owner, Owner.id == Ownership.owner_id).where(Owner.key == "key-5")
        ).one()
        spouse = session.scalars(select(Owner).where(Owner.key == "key-6")).one()
        session.add(
            Ownership(
                community_id=hundred.community,
                unit_id=unit,
                owner_id=spouse.id,
                since=today(hundred.clock.now()),
                level="V2",
                checked_by=[],
            )
        )
    request = begun(hundred)
    sign(hundred, request, 5)
    with hundred.platform.database.reading() as session:
        assert requests.support(session, row(hundred)).heads == 2
    sign(hundred, request, 6)  # the flat that 5 and 6 own together, and the one that is 6's alone
    with hundred.platform.database.reading() as session:
        assert requests.support(session, row(hundred)).heads == 3
    with hundred.platform.database.writing() as session:
        requests.withdraw(session, hundred.community, request, person_id=hundred.people[5], now=hundred.clock.now())
    with hundred.platform.database.reading() as session:
        assert requests.support(session, row(hundred)).heads == 2
        assert requests.have_signed(session, row(hundred), hundred.people[6])
        assert not requests.have_signed(session, row(hundred), hundred.people[5])
    sign(hundred, request, 5)
    with hundred.platform.database.reading() as session:
        assert requests.support(session, row(hundred)).heads == 3


def test_whoever_sold_is_not_counted_any_more(hundred: World):
    request = begun(hundred)
    sign(hundred, request, 1)
    with hundred.platform.database.writing() as session:
        owner = session.scalars(select(Owner).where(Owner.key == "key-1")).one()
        session.scalars(select(Ownership).where(Ownership.owner_id == owner.id)).one().until = today(
            hundred.clock.now()
        )
    with hundred.platform.database.reading() as session:
        assert requests.support(session, row(hundred)).heads == 1


def test_an_owner_who_was_not_checked_in_person_neither_starts_nor_signs(hundred: World):
    request = begun(hundred)
    with hundred.platform.database.writing() as session:
        for ownership in session.scalars(select(Ownership)):
            ownership.level = "V1"
    with pytest.raises(requests.NotAKnownOwner):
        sign(hundred, request, 1)
    with pytest.raises(requests.NotAKnownOwner):
        begun(hundred)
    with pytest.raises(requests.NotAKnownOwner), hundred.platform.database.writing() as session:
        requests.start(session, hundred.community, **WORDS, person_id=hundred.chair, now=hundred.clock.now())


def test_after_the_duty_nobody_withdraws_and_before_it_nobody_answers(hundred: World):
    request = begun(hundred)
    with hundred.platform.database.writing() as session, pytest.raises(requests.NotDue):
        requests.decline(session, hundred.community, request, reason="不", by=hundred.chair, now=hundred.clock.now())
    sign(hundred, request, *range(1, 20))
    with hundred.platform.database.writing() as session, pytest.raises(requests.CannotWithdraw):
        requests.withdraw(session, hundred.community, request, person_id=hundred.people[3], now=hundred.clock.now())
    with hundred.platform.database.writing() as session, pytest.raises(requests.NoReason):
        requests.decline(session, hundred.community, request, reason=" ", by=hundred.chair, now=hundred.clock.now())
    with hundred.platform.database.writing() as session:
        requests.decline(
            session,
            hundred.community,
            request,
            reason="下月定期会议一并讨论。",
            by=hundred.chair,
            now=hundred.clock.now(),
        )
    with pytest.raises(requests.IsAnswered):
        sign(hundred, request, 30)


def test_what_owners_signed_cannot_be_reworded_or_removed(hundred: World):
    begun(hundred)
    for statement in (
        "UPDATE assembly_request SET reason = 'x'",
        "UPDATE assembly_request SET motions = '[]'",
        "DELETE FROM assembly_request",
        "DELETE FROM request_signature",
    ):
        with pytest.raises(DBAPIError), hundred.platform.database.writing() as session:
            session.execute(text(statement))


def test_owners_sign_on_the_page_conveners_answer_with_a_draft_and_no_name_is_shown(app: Flask, hundred: World):
    base = "/c/WTY/assemblies/requests"
    first = signed_in(app, hundred.platform, hundred.people[0])
    fields = {
        "title": WORDS["title"],
        "reason": WORDS["reason"],
        "title1": "是否更换电梯广告公司？",
        "text1": "合同到期后不再出租。",
    }
    assert "请填写这一项" in post(first, f"{base}/new", {**fields, "text1": ""}).text
    page = post(first, f"{base}/new", fields).headers["Location"]
    request = page.rsplit("/", 1)[1]
    sign(hundred, request, *range(2, 20))
    visitor = app.test_client().get(page).text
    assert "19 / 100 人" in visitor
    assert "还差 1 人" in visitor
    assert "我要签名" not in visitor
    second = signed_in(app, hundred.platform, hundred.people[1])
    assert post(second, f"{page}/sign", page=page).status_code == 302
    shown = second.get(page).text
    assert "已达到法定人数" in shown
    assert not any(f"业主{number}" in shown for number in range(2, 20))
    chair = signed_in(app, hundred.platform, in_post(hundred, hundred.chair, COMMITTEE_CHAIR))
    assert "请答复" in chair.get("/c/WTY/").text
    assert post(second, f"{page}/convene", {"convener": "业主委员会"}, page=f"{base}/new").status_code == 403
    assert post(chair, f"{page}/convene", {"convener": "街道办事处（乡镇人民政府）"}, page=page).status_code == 403
    done = post(chair, f"{page}/convene", {"convener": "业主委员会"}, page=page)
    assert done.headers["Location"].endswith("/2026-01/manage")
    with hundred.platform.database.reading() as session:
        assembly = session.scalars(select(Assembly)).one()
        assert (assembly.form, row(hundred).assembly_id) == ("extraordinary", assembly.id)
        assert [(motion.title, motion.matter) for motion in drafts.motions(session, assembly)] == [
            ("是否更换电梯广告公司？", "M8")
        ]
        assert len(session.scalars(select(RequestSignature)).all()) == 20
    assert "已决定召开" in app.test_client().get(page).text
    assert "请答复" not in chair.get("/c/WTY/").text
