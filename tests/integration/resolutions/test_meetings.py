"""A committee meeting from its call to decisions in force, on both engines (rules.md R2.7, R2.9, R2.10)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from hoa.accounts import personal_keys
from hoa.bulletin.tables import Publication
from hoa.kernel import canonical, signing
from hoa.kernel.clock import FrozenClock, months_on
from hoa.kernel.errors import NotAllowed, NotFound, Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_MEMBER
from hoa.offices import service as offices
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings import attendance, ballots, minutes, rules, service
from hoa.resolutions.meetings.content import public
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind
from hoa.resolutions.meetings.tables import CommitteeBallot, CommitteeMinutes, CommitteeVote, CommitteeVoter
from tests.integration.people import a_community, a_person
from tests.integration.resolutions.committee import EXTINGUISHERS, SEATED, Committee, a_committee
from tests.signers import Signer

FOUR = ("chair", "deputy", "secretary", "treasurer")


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def decide(committee: Committee, meeting: str, *agree: str, present: tuple[str, ...] = FOUR) -> CommitteeVote:
    committee.gather(meeting, *present)
    return committee.vote(meeting, **dict.fromkeys(agree, "agree"))


def test_a_decision_of_four_out_of_seven_is_in_force_when_four_have_signed(committee: Committee):
    meeting = committee.call()
    vote = decide(committee, meeting, *FOUR)
    assert (vote.winner, vote.line, vote.present) == ("agree", "4 > 7/2", 4)
    digest = committee.finish(meeting)
    committee.sign(meeting, digest, *FOUR[:3])
    assert committee.held(meeting).settled_at is None
    with committee.platform.database.reading() as session:
        assert resolutions.resolutions(session, committee.community) == []
    committee.sign(meeting, digest, FOUR[3])
    assert committee.held(meeting).settled_at == committee.now
    with committee.platform.database.reading() as session:
        (row,) = resolutions.resolutions(session, committee.community)
        assert (row.source, row.title, row.limit_fen, row.evidence) == (
            "committee",
            EXTINGUISHERS.title,
            386_000,
            digest,
        )
        assert "4 > 7/2" in row.text
        assert row.url == service.path(session, service.get(session, committee.community, meeting))
        assert committee.items(meeting)[0].resolution_id == row.id


def test_three_agreeing_of_four_present_decide_nothing(committee: Committee):
    meeting = committee.call()
    vote = decide(committee, meeting, *FOUR[:3])
    assert (vote.winner, vote.line) == (None, "3 ≤ 7/2")
    committee.sign(meeting, committee.finish(meeting), *FOUR)
    assert committee.held(meeting).settled_at is not None
    with committee.platform.database.reading() as session:
        assert resolutions.resolutions(session, committee.community) == []


def test_three_present_cannot_begin_and_their_absence_still_counts(committee: Committee):
    meeting = committee.call()
    with pytest.raises(rules.NoQuorum):
        committee.gather(meeting, *FOUR[:3])
    digest = committee.finish(meeting)
    committee.sign(meeting, digest, *FOUR[:3])
    assert committee.held(meeting).settled_at is not None
    with committee.platform.database.reading() as session:
        year = committee.now.year
        assert service.absences(session, committee.community, committee.people["member1"], year) == (1, 1)
        assert service.absences(session, committee.community, committee.people["chair"], year) == (1, 0)
        assert service.absences(session, committee.community, committee.people["chair"], year - 1) == (0, 0)


def test_with_five_sitting_of_seven_seats_quorum_and_decision_are_still_four(platform: Platform, clock: FrozenClock):
    committee = a_committee(platform, clock, seated=SEATED[:5])
    meeting = committee.call()
    with pytest.raises(rules.NoQuorum):
        committee.gather(meeting, *FOUR[:3])
    committee.check_in(meeting, FOUR[3])
    with platform.database.writing() as session:
        attendance.open_meeting(session, committee.community, meeting, by=committee.people["chair"], now=committee.now)
    assert committee.vote(meeting, **dict.fromkeys(FOUR[:3], "agree")).winner is None


def test_the_call_is_published_and_the_residents_committee_told(committee: Committee):
    meeting = committee.call()
    assert committee.held(meeting).told_at == committee.now
    with committee.platform.database.reading() as session:
        row = session.scalars(select(Publication)).one()
        assert (row.kind, row.reference) == ("committee-meeting", meeting)
        assert row.content["agenda"][0]["title"] == EXTINGUISHERS.title
    with pytest.raises(rules.TooLateForAgenda):
        committee.call(days=6)
    urgent = committee.call(kind=Kind.EXTRAORDINARY, days=1, reason="主水管爆裂")
    assert committee.held(urgent).reason == "主水管爆裂"
    assert (committee.held(urgent).number, committee.held(meeting).number) == (2, 1)


def test_the_number_of_seats_is_asked_for_once_and_then_known(committee: Committee):
    for wrong, refusal in ((None, rules.NoSeats), (8, rules.BadSeats), (5, rules.BadSeats)):
        with pytest.raises(refusal):
            committee.call(planned=wrong)
    assert committee.held(committee.call(planned=9)).planned == 9
    assert committee.held(committee.call(planned=None)).planned == 9


def test_an_alternate_a_supervisor_and_an_absent_member_do_not_vote(committee: Committee):
    meeting = committee.call()
    committee.gather(meeting, *FOUR, "supervisor")
    vote = committee.open_vote(meeting)
    for name in ("supervisor", "alternate", "member1", "residents"):
        with pytest.raises(ballots.NotPresent):
            committee.cast(vote, "agree", name)
    with pytest.raises(attendance.NotAnObserver):
        committee.check_in(meeting, "alternate")
    with pytest.raises(rules.NotAChoice):
        committee.cast(vote, "maybe", "chair")
    committee.cast(vote, "agree", "chair")
    with pytest.raises(ballots.VotedAlready):
        committee.cast(vote, "oppose", "chair")


def test_nobody_votes_for_another_and_only_the_recorder_writes_a_raised_hand(committee: Committee):
    meeting = committee.call(EXTINGUISHERS, EXTINGUISHERS._replace(secret=True))
    committee.gather(meeting, *FOUR)
    shown, hidden = committee.open_vote(meeting, 1), committee.open_vote(meeting, 2)
    with pytest.raises(NotAllowed):
        committee.cast(shown, "agree", "treasurer", for_="deputy")
    committee.cast(shown, "agree", "secretary", for_="deputy")
    with pytest.raises(ballots.SecretIsYourOwn):
        committee.cast(hidden, "agree", "secretary", for_="deputy")
    with pytest.raises(ballots.NotPresent):
        committee.cast(shown, "agree", "secretary", for_="member1")


def test_a_secret_vote_keeps_who_voted_and_the_counts_and_never_the_two_together(committee: Committee):
    meeting = committee.call(EXTINGUISHERS._replace(secret=True))
    committee.gather(meeting, *FOUR, "member1")
    vote = committee.open_vote(meeting)
    for name, choice in zip((*FOUR, "member1"), ("agree", "oppose", "agree", "abstain", "agree"), strict=True):
        committee.cast(vote, choice, name)
    with committee.platform.database.reading() as session:
        row = session.scalars(select(CommitteeVote)).one()
        assert row.counts is None
        assert row.box is not None
        assert b"agree" not in row.box
        assert ballots.shown(session, row, {}).tally is None
        assert session.scalars(select(CommitteeBallot)).all() == []
        assert set(CommitteeVoter.__table__.columns.keys()) == {"community_id", "id", "vote_id", "person_id"}
        assert len(ballots.have_voted(session, row)) == 5
    closed = committee.close_vote(vote)
    assert closed.counts == {"agree": 3, "oppose": 1, "abstain": 1}
    assert (closed.box, closed.winner) == (None, None)
    committee.finish(meeting)
    with committee.platform.database.reading() as session:
        content = canonical.decode(session.scalars(select(CommitteeMinutes.content)).one())
    assert content["items"][0]["votes"][0]["voters"] == []


def test_an_open_vote_names_who_voted_how_in_the_minutes_and_masks_them_outside(committee: Committee):
    meeting = committee.call()
    decide(committee, meeting, *FOUR)
    committee.finish(meeting)
    with committee.platform.database.reading() as session:
        content = canonical.decode(session.scalars(select(CommitteeMinutes.content)).one())
    voters = content["items"][0]["votes"][0]["voters"]
    assert {"name": "甲chair", "choice": "agree", "person": ""} in voters
    outside = public(content)
    assert outside["full"] == canonical.digest(content)
    assert "甲chair" not in canonical.encode(outside).decode()


def first_meeting(platform: Platform, clock: FrozenClock, *, by: str = "residents") -> tuple[Committee, str]:
    fresh = tuple((name, COMMITTEE_MEMBER) for name, _ in SEATED)
    committee = a_committee(platform, clock, seated=fresh)
    agenda = (Item(ItemKind.CHAIR, "推选主任", secret=True), Item(ItemKind.DEPUTY, "推选副主任"))
    return committee, committee.call(*agenda, kind=Kind.FIRST, days=3, by=by)


def test_the_first_meeting_elects_its_chair_who_takes_office_on_signing(platform: Platform, clock: FrozenClock):
    began = clock.now()
    committee, meeting = first_meeting(platform, clock)
    committee.gather(meeting, *FOUR, by="residents")
    split = committee.vote(
        meeting, 1, "residents", chair="chair", deputy="deputy", secretary="chair", treasurer="abstain"
    )
    assert (split.winner, split.line) == (None, "2 ≤ 7/2")
    again = committee.vote(meeting, 1, "residents", **dict.fromkeys(FOUR, "chair"))
    assert (again.round, again.winner) == (2, committee.people["chair"])
    with pytest.raises(ballots.AlreadyDecided):
        committee.open_vote(meeting, 1, by="residents")
    vote = committee.open_vote(meeting, 2, by="residents")
    with pytest.raises(rules.NotAChoice):
        committee.cast(vote, "chair", "deputy")
    for name in FOUR:
        committee.cast(vote, "deputy", name)
    committee.close_vote(vote, by="residents")
    digest = committee.finish(meeting, by="residents")
    with platform.database.reading() as session:
        early = service.first_meeting(session, committee.community, since=began)
        assert early is not None
        assert early.content is None
    committee.sign(meeting, digest, "deputy", "secretary", "treasurer", "chair")
    with platform.database.reading() as session:
        held = offices.holders(session, committee.community, posts=frozenset({COMMITTEE_CHAIR}), now=committee.now)
        assert [(one.person.id, one.office.granted_by) for one in held] == [
            (committee.people["chair"], committee.people["treasurer"])
        ]
        done = service.first_meeting(session, committee.community, since=began)
        assert done is not None
        assert (done.digest, canonical.digest(canonical.decode(done.content or b""))) == (digest, digest)
        assert service.first_meeting(session, committee.community, since=committee.now) is None
        shown = session.scalars(select(Publication).where(Publication.kind == "committee-minutes")).one()
        assert shown.content["items"][0]["votes"][1]["winner"] == "甲chair"


def test_a_new_chair_replaces_the_one_before(committee: Committee):
    meeting = committee.call(Item(ItemKind.CHAIR, "改选主任"))
    committee.gather(meeting, *FOUR)
    committee.vote(meeting, **dict.fromkeys(FOUR, "member1"))
    committee.sign(meeting, committee.finish(meeting), *FOUR)
    with committee.platform.database.reading() as session:
        held = offices.holders(session, committee.community, posts=frozenset({COMMITTEE_CHAIR}), now=committee.now)
        assert [one.person.id for one in held] == [committee.people["member1"]]


def test_minutes_may_be_corrected_until_enough_have_signed_and_never_after(committee: Committee):
    meeting = committee.call()
    decide(committee, meeting, *FOUR)
    first = committee.finish(meeting)
    assert committee.minutes(meeting) == first
    committee.sign(meeting, first, "chair")
    with committee.platform.database.writing() as session:
        minutes.remark(
            session, committee.community, meeting, text="更正。", by=committee.people["secretary"], now=committee.now
        )
    second = committee.minutes(meeting, by="secretary")
    assert second != first
    with pytest.raises(minutes.NotTheVersion):
        committee.sign(meeting, first, "deputy")
    with pytest.raises(minutes.NotThere):
        committee.sign(meeting, second, "member1")
    committee.sign(meeting, second, *FOUR)
    with pytest.raises(minutes.InForce):
        committee.minutes(meeting)
    for statement in (
        update(CommitteeMinutes).values(digest="0"),
        update(CommitteeVote).values(line="7 > 7/2"),
        update(CommitteeBallot).values(choice="oppose"),
    ):
        with pytest.raises(DBAPIError), committee.platform.database.writing() as session:
            session.execute(statement)


def test_whoever_has_a_key_signs_with_it(committee: Committee):
    signer = Signer("chair")
    message = signing.message("key", personal_keys.claim(committee.people["chair"], signer.public))
    with committee.platform.database.writing() as session:
        personal_keys.register(
            session,
            person_id=committee.people["chair"],
            public=signer.public,
            signature=signer.sign(message),
            label="主任",
            now=committee.now,
        )
    meeting = committee.call()
    decide(committee, meeting, *FOUR)
    digest = committee.finish(meeting)
    with pytest.raises(minutes.KeyNeeded):
        committee.sign(meeting, digest, "chair")
    with committee.platform.database.reading() as session:
        content = canonical.decode(session.scalars(select(CommitteeMinutes.content)).one())
    made = signer.sign(signing.message("minutes", content))

    def sign(signature: bytes) -> None:
        with committee.platform.database.writing() as session:
            minutes.sign(
                session,
                committee.community,
                meeting,
                digest=digest,
                person_id=committee.people["chair"],
                signature=signature,
                now=committee.now,
            )

    with pytest.raises(minutes.WrongSignature):
        sign(bytes(64))
    sign(made)
    with committee.platform.database.reading() as session:
        assert minutes.verify(committee.platform, session, committee.community) == []


def test_a_third_of_the_members_obliges_to_call_a_meeting(committee: Committee):
    with committee.platform.database.writing() as session:
        row = service.demand(
            session, committee.community, subject="电梯停运", by=committee.people["member1"], now=committee.now
        )
    for name, due in (("member1", False), ("member2", False), ("member3", True)):
        with committee.platform.database.writing() as session:
            row = service.join(session, committee.community, row.id, by=committee.people[name], now=committee.now)
        assert (row.due is not None) == due
    assert row.due == (committee.now + timedelta(days=7)).date()
    with pytest.raises(service.NotAMember), committee.platform.database.writing() as session:
        service.join(session, committee.community, row.id, by=committee.people["alternate"], now=committee.now)
    with pytest.raises(rules.NotTheCaller):
        committee.call(kind=Kind.EXTRAORDINARY, days=1, reason="委员提议", by="member1", request_id=row.id)
    committee.clock.advance(days=8)
    committee.call(kind=Kind.EXTRAORDINARY, days=1, reason="委员提议", by="member1", request_id=row.id)
    with pytest.raises(service.AlreadyCalled):
        committee.call(kind=Kind.EXTRAORDINARY, days=1, reason="委员提议", request_id=row.id)


def test_the_next_meeting_is_due_two_months_after_the_last(committee: Committee):
    began = committee.now.date()
    with committee.platform.database.reading() as session:
        due = service.next_due(session, committee.community, committee.now)
        assert due == service.NextMeeting(months_on(began, 2), first=False)
    meeting = committee.call()
    with committee.platform.database.reading() as session:
        assert service.next_due(session, committee.community, committee.now) is None
    decide(committee, meeting, *FOUR)
    committee.finish(meeting)
    with committee.platform.database.reading() as session:
        due = service.next_due(session, committee.community, committee.now)
        assert due == service.NextMeeting(months_on(committee.now.date(), 2), first=False)


def test_a_committee_without_a_chair_meets_within_seven_days(platform: Platform, clock: FrozenClock):
    committee = a_committee(platform, clock, seated=tuple((name, COMMITTEE_MEMBER) for name, _ in SEATED))
    with platform.database.reading() as session:
        due = service.next_due(session, committee.community, committee.now)
    assert due == service.NextMeeting((committee.now + timedelta(days=7)).date(), first=True)


def test_observations_and_answers_stand_in_the_minutes(committee: Committee):
    meeting = committee.call()
    with committee.platform.database.writing() as session:
        row = attendance.observe(
            session,
            committee.community,
            meeting,
            text="灭火器是谁报的价？",
            by=committee.people["supervisor"],
            now=committee.now,
        )
        with pytest.raises(attendance.NotAnObserver):
            attendance.observe(
                session, committee.community, meeting, text="?", by=committee.people["alternate"], now=committee.now
            )
        attendance.answer(
            session, committee.community, row.id, text="三家比价。", by=committee.people["chair"], now=committee.now
        )
        with pytest.raises(attendance.AlreadyAnswered):
            attendance.answer(
                session, committee.community, row.id, text="两家", by=committee.people["chair"], now=committee.now
            )
    decide(committee, meeting, *FOUR)
    committee.finish(meeting)
    with committee.platform.database.reading() as session:
        content = canonical.decode(session.scalars(select(CommitteeMinutes.content)).one())
    assert [(one["role"], one["text"], one["answer"]) for one in content["observations"]] == [
        ("supervisor", "灭火器是谁报的价？", "三家比价。")
    ]
    with pytest.raises(attendance.ObservationsOver), committee.platform.database.writing() as session:
        attendance.observe(
            session, committee.community, meeting, text="晚了", by=committee.people["supervisor"], now=committee.now
        )


def test_another_communitys_meeting_is_not_found(committee: Committee):
    meeting, elsewhere = committee.call(), a_community(committee.platform, "BYL", "白云里")
    stranger = a_person(committee.platform, "路人")
    for verb in (attendance.open_meeting, attendance.end_meeting, attendance.check_in, minutes.finish):
        with pytest.raises(NotFound), committee.platform.database.writing() as session:
            verb(session, elsewhere, meeting, by=stranger, now=committee.now)
    with committee.platform.database.reading() as session:
        assert service.meetings(session, elsewhere) == []


def test_a_meeting_that_was_called_off_stays_with_its_reason(committee: Committee):
    meeting = committee.call()
    with pytest.raises(Refusal), committee.platform.database.writing() as session:
        service.cancel(
            session, committee.community, meeting, because=" ", by=committee.people["chair"], now=committee.now
        )
    with committee.platform.database.writing() as session:
        service.cancel(
            session, committee.community, meeting, because="停电", by=committee.people["chair"], now=committee.now
        )
    with pytest.raises(service.MeetingOver):
        committee.gather(meeting, *FOUR)
