"""An election from notice to resolution: seats, alternates, lot and shortfall in the signed record."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hoa.bulletin import service as bulletin
from hoa.kernel import canonical
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import SUPERVISOR
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from hoa.resolutions.tables import Resolution
from tests.integration.community.scene import signed_in, work
from tests.integration.voting.electing import NAMES, TITLE, a_world_that_elects, an_election, seven_and_two, vote
from tests.integration.voting.test_sample import in_post
from tests.integration.voting.world import World, a_world
from voting.rules import contests, record
from voting.rules.election import Standing, elect
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import casting, drafts, minutes, packages, tallying
from voting.service import motions as writing
from voting.service.casting import TooManyApproved
from voting.service.evidence import counted_again
from voting.tables import Assembly

BASE = "/c/WTY/assemblies/2026-01"


def elected(world: World) -> list[tallying.ElectionResult]:
    with world.platform.database.reading() as session:
        return tallying.elected(session, world.row())


def entered(world: World) -> list[Resolution]:
    with world.platform.database.reading() as session:
        return list(resolutions.resolutions(session, world.community))


def test_nine_candidates_seven_seats_two_alternates_and_one_resolution(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    world = a_world_that_elects(platform, clock, also=[("更换电梯钢丝绳", "M5")])
    seven_and_two(world)
    world.to(State.ANNOUNCED)
    (one,) = elected(world)
    assert (one.outcome, one.stands, one.vacant) == (Standing.COMPLETE, True, 0)
    # m3, m4 and m5: all nine; the others six of nine, and of these who has the larger flats goes first: 3 to 8 agree to
    # m8 and m9, 0 to 5 to m6 and m7, 0 to 2 and 6 to 8 to m1 and m2. Equal pairs are drawn.
    assert {row.motion for row in one.elected[:3]} == {"m3", "m4", "m5"}
    assert {row.motion for row in one.elected[3:5]} == {"m8", "m9"}
    assert {row.motion for row in one.elected[5:]} == {"m1", "m2"}
    assert {row.motion for row in one.alternates} == {"m6", "m7"}
    assert [row.agreed.heads for row in (*one.elected, *one.alternates)] == [9, 9, 9, 6, 6, 6, 6, 6, 6]
    assert [row.place for row in one.alternates] == [8, 9]
    assert {row.name for row in one.elected} <= set(NAMES)
    (resolution,) = entered(world)
    assert (resolution.title, resolution.matter) == (TITLE, "M3")
    assert resolution.evidence == world.row().manifest_hash
    assert all(f"{row.place}. {row.name}" in resolution.text for row in (*one.elected, *one.alternates))
    assert "候补委员 2 名" in resolution.text
    assert world.problems() == []


def test_both_packages_of_an_election_are_confirmed_and_a_recount_elects_the_same(
    platform: Platform, clock: FrozenClock
) -> None:
    world = a_world_that_elects(platform, clock, staffed=True, witnesses=("street.example",))
    seven_and_two(world)
    world.to(State.CLOSED)
    world.cosign("street.example")
    world.to(State.ANNOUNCED)
    with platform.database.reading() as session:
        for form in Form:
            packages.must_verify(packages.build(session, platform.keys, world.row(), form), world.row())
        told = canonical.decode(tallying.tally_of(session, world.row()).full)
        assert counted_again(platform, session, world.row(), told) is None
        told["elections"][0]["elected"].reverse()
        assert "elects others" in str(counted_again(platform, session, world.row(), told))
    assert told["elections"][0]["seed"] == told["sample"]["seed"]


def test_an_election_that_falls_short_is_announced_and_decides_nothing(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    world = a_world_that_elects(platform, clock, owners=6)
    vote(world, range(6), [1, 2, 3, 4])
    world.to(State.ANNOUNCED)
    (one,) = elected(world)
    assert (one.outcome, one.stands, one.vacant, len(one.elected)) == (Standing.SHORTFALL, False, 3, 4)
    assert entered(world) == []
    page = app.test_client().get(BASE).text
    assert "没有选足" in page
    assert "只有 4 名候选人通过" in page
    with platform.database.reading() as session:
        published = next(
            row for row in bulletin.publications(session, world.community) if row.kind == "assembly-result"
        )
        assert published.content["elections"][0]["outcome"] == "shortfall"


def test_a_committee_with_empty_seats_is_entered_with_what_is_vacant(platform: Platform, clock: FrozenClock) -> None:
    world = a_world_that_elects(platform, clock, owners=6)
    vote(world, range(6), [1, 2, 3, 4, 5])
    world.to(State.ANNOUNCED)
    assert [(one.outcome, one.vacant) for one in elected(world)] == [(Standing.VALID, 2)]
    (resolution,) = entered(world)
    assert "尚缺 2 名" in resolution.text


def spoil(world: World, receipt: bytes, *motions_: str) -> None:
    """Two counters rule this ballot invalid for these motions."""
    leaf = str(canonical.decode(receipt)["leaf"])
    for motion in motions_:
        entry = record.ruling_entry(
            world.row().manifest_hash or "",
            time=world.clock.now(),
            leaf=leaf,
            motion=motion,
            ruling="invalid",
            reason="altered",
        )
        world.enter(entry, "counter1", "counter2")


ONE_SEAT = {"seats": 1, "minimum": 1, "alternates": 1, "approve_at_most": 1}


def test_a_review_that_decides_who_is_elected_enters_nobody(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    """Four of seven valid ballots agree; with an eighth, invalid one in the base four of eight are exactly half."""
    world = a_world_that_elects(platform, clock, candidates=2, election=ONE_SEAT, staffed=True)
    vote(world, range(3, 7), [1])
    vote(world, range(3), [2])
    spoil(world, world.cast(7, m2="agree"), "m1", "m2")
    world.to(State.ANNOUNCED)
    (one,) = elected(world)
    assert (one.outcome, one.elected, one.vacant, one.stands) == (Standing.REVIEW, (), 1, False)
    assert entered(world) == []
    page = app.test_client().get(BASE).text
    assert "听取法律意见以前，谁也不能就任" in page
    assert "2 × 4 &gt; 1 × 8" in page


def test_a_review_of_somebody_who_cannot_win_holds_up_nobody(platform: Platform, clock: FrozenClock) -> None:
    world = a_world_that_elects(platform, clock, candidates=2, election=ONE_SEAT | {"approve_at_most": 2}, staffed=True)
    vote(world, range(3), [1])
    vote(world, range(3, 7), [1, 2])
    spoil(world, world.cast(7, m1="agree"), "m2")
    world.to(State.ANNOUNCED)
    (one,) = elected(world)
    assert (one.outcome, [row.motion for row in one.elected], one.alternates) == (Standing.COMPLETE, ["m1"], ())
    assert len(entered(world)) == 1


# ----------------------------------------------------------------------------------------------------- too many marks


def test_online_and_by_proxy_too_many_marks_are_refused_with_how_many_to_take_away(
    platform: Platform, clock: FrozenClock
) -> None:
    world = a_world_that_elects(platform, clock)
    everybody = {f"m{number}": "agree" for number in range(1, 10)}
    with pytest.raises(TooManyApproved, match=f"{TITLE}.*最多同意 7 人，您同意了 9 人.*去掉 2 人"):
        world.cast(0, **everybody)
    with platform.database.writing() as session, pytest.raises(TooManyApproved):
        casting.cast(
            session,
            platform.keys,
            world.community,
            world.assembly,
            elector=world.electors[0],
            choices=everybody,
            client_nonce="a" * 32,
            channel="proxy",
            evidence={"authority": "ab" * 32, "agent": "代理人", "instruction": "同意"},
            now=clock.now(),
        )
    with platform.database.reading() as session:
        assert casting.my_ballots(session, world.row(), world.electors[0]) == []
    world.cast(0, **{**everybody, "m1": "oppose", "m2": "abstain"})


def by_hand(world: World, place: int, **marks: str) -> None:
    """A ballot marked at the meeting's desk and keyed as it was marked."""
    with world.platform.database.writing() as session:
        entry = casting.keyed_entry(
            session,
            world.row(),
            elector=world.electors[place],
            choices=marks,
            channel="meeting",
            evidence={"desk": "一号桌"},
            now=world.clock.now(),
        )
    assert world.enter(entry) == "appended"


def test_a_keyed_ballot_with_too_many_marks_counts_for_the_motions_and_not_for_the_election(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    world = a_world_that_elects(
        platform,
        clock,
        owners=7,
        candidates=3,
        election={"seats": 1, "minimum": 1, "approve_at_most": 1},
        also=[("更换电梯钢丝绳", "M5")],
        staffed=True,
        channels=["online", "meeting"],
    )
    vote(world, range(6), [1], m4="agree")
    by_hand(world, 6, m1="agree", m2="agree", m4="agree")
    world.to(State.ANNOUNCED)
    with platform.database.reading() as session:
        told = canonical.decode(tallying.tally_of(session, world.row()).full)["motions"]
    assert [motion["options"]["agree"]["heads"] for motion in told] == [6, 0, 0, 7]
    assert [motion["invalid"]["reasons"].get("multiple-choice", {}).get("heads") for motion in told] == [1, 1, 1, None]
    assert [row.name for row in elected(world)[0].elected] == [NAMES[0]]
    mine = signed_in(app, platform, world.people[6]).get(BASE).text
    assert "同意的候选人超过了最多人数" in mine
    assert "同意的候选人超过了最多人数" not in signed_in(app, platform, world.people[0]).get(BASE).text
    watched = signed_in(app, platform, in_post(world, "监督员", SUPERVISOR)).get(BASE).text
    assert "同意的人数超过上限，或对同一人勾了不止一项 1 人" in watched
    assert world.problems() == []


# ---------------------------------------------------------------------------------------------- the page and its paper


def test_the_page_says_the_result_first_then_everybody_in_rank_with_what_was_missing(
    app: Flask, platform: Platform, clock: FrozenClock
) -> None:
    """Seven of eight take part; the third has three of seven, half a head short of more than half."""
    world = a_world_that_elects(platform, clock, owners=8, candidates=3, election={"seats": 1, "minimum": 1})
    vote(world, range(5), [1, 2])
    vote(world, [5], [1, 3])
    vote(world, [6], [1, 3])
    world.to(State.ANNOUNCED)
    page = app.test_client().get(BASE).text
    order = [
        page.index(text_)
        for text_ in ("选出 1 名委员，候补 1 名", *(f">{place}. {NAMES[place - 1]}" for place in (1, 2)))
    ]
    assert order == sorted(order)
    assert "同意人数还差 2 人" in page
    assert "2 × 2 &gt; 1 × 7" in page, "the inequality with its numbers"
    assert "面积不公布" in page, "two who agree are fewer than five"
    assert "同票抽签" not in page


def test_a_tie_is_explained_with_seed_and_lots(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    world = a_world_that_elects(platform, clock, owners=6, candidates=3, election={"seats": 1, "minimum": 1})
    vote(world, range(5), [1, 2])
    world.to(State.ANNOUNCED)
    (one,) = elected(world)
    page = app.test_client().get(BASE).text
    assert "同票抽签" in page
    assert one.seed in page
    drawn = [one.elected[0].name, one.alternates[0].name]
    assert "、".join(drawn) + "的同意人数和面积都相同" in page


def test_two_elections_and_a_motion_stand_side_by_side(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    first = an_election(2, motions=["m1", "m2"], seats=1, minimum=1, approve_at_most=1)
    second = first | {"code": "e2", "title": "选举监督委员会委员", "body": "supervisory_committee", "motions": ["m3"]}
    world = a_world(
        platform,
        clock,
        owners=6,
        motions=[("林小竹", "M3"), ("何守信", "M3"), ("周永安", "M9"), ("更换电梯钢丝绳", "M5")],
        elections=[first, second],
    )
    world.to(State.OPEN)
    for place in range(6):
        world.cast(place, m1="agree", m3="agree", m4="agree")
    world.to(State.ANNOUNCED)
    assert [(one.contest.code, one.stands) for one in elected(world)] == [("e1", True), ("e2", True)]
    assert sorted((row.title, row.matter) for row in entered(world)) == sorted(
        [(TITLE, "M3"), ("选举监督委员会委员", "M9"), ("更换电梯钢丝绳", "M5")]
    )
    page = app.test_client().get(BASE).text
    for heading in (f"1. {TITLE}", "2. 选举监督委员会委员", "3. 更换电梯钢丝绳"):
        assert heading in page


def test_the_paper_and_the_minutes_tell_the_same(app: Flask, platform: Platform, clock: FrozenClock) -> None:
    world = a_world_that_elects(platform, clock, owners=9)
    seven_and_two(world)
    with platform.database.reading() as session:
        assert "result" not in minutes.compose(session, world.row())["elections"][0]
    world.to(State.ANNOUNCED)
    client = app.test_client()
    assert client.get(f"{BASE}/result.pdf").status_code == 202
    work(platform)
    assert client.get(f"{BASE}/result.pdf").data.startswith(b"%PDF")
    with platform.database.writing() as session:
        minutes.finish(session, platform.keys, world.community, world.assembly, by=world.chair, now=clock.now())
    page = client.get(f"{BASE}/minutes").text
    assert "选出 7 名委员，候补 2 名" in page
    assert page.count("当选") >= 7
    assert "<h3>2. " not in page, "candidates are not told one by one as decisions"


# ----------------------------------------------------------------------------------------------- before the notice


def a_draft(platform: Platform, clock: FrozenClock, **election: Any) -> World:
    """A draft with two candidates and one ordinary motion, not noticed."""
    world = a_world(platform, clock, owners=3)
    with platform.database.writing() as session:
        row = drafts.create(
            session,
            world.community,
            title="第二次会议",
            body="请参加。",
            convener="业主委员会",
            opens_at=clock.now().replace(day=28),
            closes_at=clock.now().replace(day=29),
            by=world.chair,
            now=clock.now(),
        )
        world.assembly = row.id
        for title, matter in (("林小竹", "M3"), ("何守信", "M3"), ("更换电梯钢丝绳", "M5")):
            drafts.add_motion(session, world.community, row.id, title=title, body=f"{title}？", matter_code=matter)
        row.elections = [an_election(2, seats=1, minimum=1, approve_at_most=1, **election)]
    return world


@pytest.mark.parametrize(
    ("election", "refusal"),
    [
        ({"motions": ["m1", "m7"]}, contests.NoSuchCandidate),
        ({"motions": ["m1", "m3"]}, contests.WrongMatter),
        ({"motions": []}, contests.NoCandidates),
    ],
)
def test_an_election_that_does_not_fit_its_motions_is_not_noticed(
    platform: Platform, clock: FrozenClock, election: dict[str, Any], refusal: type[Exception]
) -> None:
    world = a_draft(platform, clock, **election)
    clock.moment = world.row().opens_at.replace(day=1)
    with pytest.raises(refusal):
        world.to(State.NOTICED)
    assert world.state() is State.DRAFT


def test_whoever_writes_motions_changes_neither_candidates_nor_their_order(
    platform: Platform, clock: FrozenClock
) -> None:
    world = a_draft(platform, clock)
    with platform.database.reading() as session:
        found = {row.code: row.id for row in drafts.motions(session, world.row())}

    def refused(act: Any, *arguments: Any, **more: Any) -> None:
        with platform.database.writing() as session, pytest.raises(drafts.CandidatesFixed):
            act(session, world.community, world.assembly, *arguments, **more)

    refused(drafts.remove_motion, found["m1"])
    refused(writing.move_up, found["m2"])
    refused(writing.move_up, found["m3"])
    refused(writing.make_stricter, found["m1"])
    refused(writing.change, found["m1"], title="另一个人", body="？", matter_code="M3", majority=None)
    with platform.database.writing() as session:
        drafts.remove_motion(session, world.community, world.assembly, found["m3"])
    with platform.database.reading() as session:
        assert [row.code for row in drafts.motions(session, world.row())] == ["m1", "m2"]


# ------------------------------------------------------------------------------------------------- whoever tampers


@pytest.mark.sqlite_only
def test_what_was_to_be_elected_cannot_change_unseen(platform: Platform, clock: FrozenClock) -> None:
    world = a_world_that_elects(platform, clock)
    with pytest.raises(DatabaseError), platform.database.writing() as session:
        session.get_one(Assembly, (world.community, world.assembly)).elections = []
    assert world.problems() == []
    with platform.database.writing() as session:
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.get_one(Assembly, (world.community, world.assembly)).elections = [an_election(seats=9)]
    (problem,) = world.problems()
    assert "table assembly, column elections" in problem


@pytest.mark.sqlite_only
def test_a_tally_that_elects_others_is_named_by_every_check(platform: Platform, clock: FrozenClock) -> None:
    """Somebody with the platform's keys signs a tally in which an alternate has a seat."""
    world = a_world_that_elects(platform, clock)
    seven_and_two(world)
    world.to(State.CLOSED)

    def dishonest(one: Any, seed: str, candidates: Any) -> Any:
        result = elect(one, seed, candidates)
        return result._replace(
            elected=(*result.elected[:6], result.alternates[0]), alternates=(result.elected[6], *result.alternates[1:])
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallying, "elect", dishonest)
        world.to(State.TALLIED)
    with pytest.raises(packages.VerifierObjects, match=r"tally.json, line 0, rule 8: .*elections\[0\]"):
        world.to(State.ANNOUNCED)
    assert any("the recount elects others" in problem for problem in world.problems())
