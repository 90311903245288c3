"""The life of an election before its ballot: who may stand, who is put on the list, in which order."""

import hashlib
import io
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hoa.bulletin import service as bulletin
from hoa.bulletin.current import has_moved
from hoa.bulletin.tables import Publication
from hoa.kernel import canonical, packs, signing
from hoa.kernel.clock import FrozenClock, today
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.posts import COMMITTEE_CHAIR, PROPERTY_STAFF, STREET_OFFICER, SUPERVISOR
from hoa.offices import relationships
from hoa.offices.rules import TieKind
from hoa.platform import Platform
from hoa.ports.uploads import DocumentType
from tests.integration.people import a_community, a_person
from tests.integration.voting.candidates import Race, a_photo, a_race
from tests.integration.voting.world import World, give_key
from tests.signers import Signer
from voting import service as assemblies
from voting.elections import photos, service
from voting.elections.rules import clock as days
from voting.elections.rules import eligibility, life, seats
from voting.elections.rules.life import CandidateState, Channel, State
from voting.elections.service import (
    calling,
    integrity,
    listing,
    nominating,
    questions,
    reading,
    screening,
    undertaking,
)
from voting.elections.tables import Question, Supporter
from voting.rules import conveners
from voting.rules.life import State as Step
from voting.service import drafts
from voting.tables import Assembly


@pytest.fixture
def race(platform: Platform, clock: FrozenClock) -> Race:
    found = a_race(platform, clock)
    found.begin()
    return found


def write(race: Race, verb, *args, **values):
    """One verb in a transaction of its own."""
    with race.platform.database.writing() as session:
        return verb(session, race.community, *args, **values)


def listed(race: Race, people: int = 7) -> Race:
    """With the list published."""
    race.nominate(*race.people[:people])
    race.screen()
    race.publish()
    return race


# ------------------------------------------------------------------------------------------------------- the whole way


def test_the_drafted_assembly_has_a_motion_for_each_candidate_in_the_drawn_order(race: Race):
    listed(race)
    drawn = race.draw()
    assembly = race.draft()
    row = race.row()
    seed = bytes.fromhex(row.list_hash or "")
    assert drawn == sorted(range(1, 8), key=lambda n: hashlib.sha256(seed + str(n).encode()).digest())
    with race.platform.database.reading() as session:
        assembly = session.get_one(Assembly, (race.community, assembly.id))
        motions = drafts.motions(session, assembly)
        names = [reading.candidate(session, row, number).name for number in drawn]
        assert [motion.title for motion in motions] == names
        assert {motion.matter for motion in motions} == {"M3"}
        assert assembly.elections == [
            {
                "code": "e1",
                "title": "第一届业主委员会选举",
                "body": "owners_committee",
                "seats": 5,
                "minimum": 5,
                "alternates": 5,
                "approve_at_most": 5,
                "rank": "heads-area-lot",
                "motions": [f"m{place}" for place in range(1, 8)],
            }
        ]
        first = service.candidate_of(session, assembly, "m1")
        assert first is not None
        assert (first.person_id, first.name) == (race.people[drawn[0] - 1], names[0])
        assert service.candidate_of(session, assembly, "m9") is None
        body = motions[0].body
        assert body.endswith(f"https://example.org/c/WTY/elections/{row.code}/candidates/{drawn[0]}")
        statement = motions[0].documents[0]
        assert race.platform.files.get(statement["sha256"]).decode() == "住了十年，愿意为大家做事。"


def test_the_ballot_can_be_noticed_and_nobody_withdraws_after_it(race: Race):
    listed(race)
    race.draw()
    assembly = race.draft()
    world = World(race.platform, race.clock, race.community, race.people, race.leader, assembly.id)
    world.staff()
    world.to(Step.NOTICED)
    with pytest.raises(listing.BallotFixed):
        write(race, service.withdraw, race.code, person_id=race.people[0], reason="", now=race.now)
    with race.platform.database.reading() as session:
        assert integrity.verify(session, race.community) == []


def test_a_withdrawal_before_the_notice_closes_the_ballot_up_and_keeps_the_order(race: Race):
    listed(race)
    drawn = race.draw()
    assembly = race.draft()
    gone = drawn[2]
    write(race, service.withdraw, race.code, person_id=race.people[gone - 1], reason="搬家", now=race.now)
    with race.platform.database.reading() as session:
        row = session.get_one(Assembly, (race.community, assembly.id))
        left = [number for number in drawn if number != gone]
        assert row.elections[0]["motions"] == [f"m{place}" for place in range(1, 7)]
        assert row.elections[0]["approve_at_most"] == 5
        found = [service.candidate_of(session, row, code) for code in row.elections[0]["motions"]]
        assert [one.candidate.number for one in found if one] == left
        assert race.candidate(race.people[gone - 1]).motion_id is None
    with pytest.raises(life.WrongStep):
        write(race, service.withdraw, race.code, person_id=race.people[gone - 1], reason="", now=race.now)


def test_a_draft_gives_its_candidates_back_before_the_notice_and_one_of_them_may_be_refused_then(race: Race):
    listed(race)
    drawn = race.draw()
    assembly = race.draft()
    common = {"by": race.leader, "now": race.now}
    with pytest.raises(life.WrongStep):
        write(race, service.refuse, race.code, drawn[0], reasons="房子卖了", **common)
    with pytest.raises(calling.NoReason):
        write(race, service.take_off, race.code, reason="", **common)
    write(race, service.take_off, race.code, reason="第一位卖了房子", **common)
    with race.platform.database.reading() as session:
        row = session.get_one(Assembly, (race.community, assembly.id))
        assert (row.elections, list(drafts.motions(session, row))) == ([], [])
    write(race, service.refuse, race.code, drawn[0], reasons="房子卖了", **common)
    again = {"base_url": "", "by": race.leader}
    with pytest.raises(eligibility.AppealOpen), race.platform.database.writing() as session:
        service.join(session, race.platform.files, race.community, race.code, assembly.id, now=race.now, **again)
    race.clock.advance(days=4)
    with race.platform.database.writing() as session:
        row = session.get_one(Assembly, (race.community, assembly.id))
        row.opens_at, row.closes_at = race.now + timedelta(days=20), race.now + timedelta(days=40)
        service.join(session, race.platform.files, race.community, race.code, assembly.id, now=race.now, **again)
        found = [service.candidate_of(session, row, code) for code in row.elections[0]["motions"]]
        assert [one.candidate.number for one in found if one] == drawn[1:]
        assert integrity.verify(session, race.community) == []


def test_two_elections_may_stand_on_one_ballot_beside_an_ordinary_motion(race: Race):
    listed(race)
    race.draw()
    assembly = race.draft()
    with race.platform.database.writing() as session:
        drafts.add_motion(
            session, race.community, assembly.id, title="修改管理规约", body="是否同意？", matter_code="M2"
        )
    first = race.code
    race.standing = []
    race.begin(body_kind="supervisory_committee", seats=3, title="监督委员会选举")
    race.nominate(*race.people[8:12])
    race.screen()
    race.publish()
    race.draw()
    with race.platform.database.writing() as session:
        row = session.get_one(Assembly, (race.community, assembly.id))
        row.opens_at, row.closes_at = race.now + timedelta(days=20), race.now + timedelta(days=40)
    write_join = {"base_url": "", "by": race.leader, "now": race.now}
    with race.platform.database.writing() as session:
        service.join(session, race.platform.files, race.community, race.code, assembly.id, **write_join)
    with race.platform.database.reading() as session:
        row = session.get_one(Assembly, (race.community, assembly.id))
        assert [one["code"] for one in row.elections] == ["e1", "e2"]
        assert row.elections[1]["motions"] == ["m9", "m10", "m11", "m12"]
        assert [one.code for one in reading.of_assembly(session, row)] == [first, race.code]
        assert {motion.matter for motion in drafts.motions(session, row)[8:]} == {"M9"}


# ----------------------------------------------------------------------------------------------------------- calling


def test_an_election_is_refused_with_an_even_number_a_wrong_term_or_somebody_elses_name(race: Race):
    common = {"by": race.leader, "now": race.now}
    for values, refusal in [
        ({"seats": 6}, seats.EvenSeats),
        ({"seats": 13}, seats.SeatsOutOfRange),
        ({"term_ends_on": race.call().term_starts_on + timedelta(days=9)}, seats.TermOutOfRange),
        ({"body_kind": "street_office"}, seats.UnknownBody),
        ({"nominations_until": today(race.now)}, days.NominationsPast),
        ({"title": " "}, calling.NothingWritten),
    ]:
        with pytest.raises(refusal):
            write(race, service.create, race.call(**values), **common)
    with pytest.raises(conveners.MayNotConvene):
        write(race, service.create, race.call(convener="业主委员会"), posts={STREET_OFFICER}, **common)
    with race.platform.database.reading() as session:
        assert len(reading.elections(session, race.community)) == 1


def test_nominations_close_after_their_last_day_and_may_be_extended_with_a_reason(race: Race):
    race.nominate(race.people[0])
    with pytest.raises(days.NominationsOpen):
        write(race, service.close_nominations, race.code, by=race.leader, now=race.now)
    race.clock.advance(days=8)
    with pytest.raises(days.NominationsOver):
        write(race, service.stand, race.code, channel=Channel.SELF, person_id=race.people[1], now=race.now)
    write(race, service.close_nominations, race.code, by=race.leader, now=race.now)
    until = today(race.now) + timedelta(days=5)
    with pytest.raises(calling.NoReason):
        write(race, service.extend, race.code, until=until, reason=" ", by=race.leader, now=race.now)
    write(race, service.extend, race.code, until=until, reason="候选人不够", by=race.leader, now=race.now)
    race.nominate(race.people[1])
    assert race.row().step is State.NOMINATION


def test_a_cancelled_election_says_why_and_takes_nothing_more(race: Race):
    write(race, service.cancel, race.code, reason="街道决定重新成立筹备组", by=race.leader, now=race.now)
    with pytest.raises(life.WrongStep):
        write(race, service.stand, race.code, channel=Channel.SELF, person_id=race.people[0], now=race.now)
    with race.platform.database.reading() as session:
        assert reading.steps(session, race.row())[-1].reason == "街道决定重新成立筹备组"


# -------------------------------------------------------------------------------------------------------- nominating


def test_only_owners_stand_and_each_way_of_nominating_counts_once(race: Race):
    stranger = a_person(race.platform, "租客")
    with pytest.raises(nominating.NotAnOwner):
        write(race, service.stand, race.code, channel=Channel.SELF, person_id=stranger, now=race.now)
    race.nominate(race.people[0])
    with pytest.raises(nominating.AlreadyNominated):
        write(race, service.stand, race.code, channel=Channel.SELF, person_id=race.people[0], now=race.now)
    race.clock.advance(minutes=1)
    write(race, service.stand, race.code, channel=Channel.JOINT, person_id=race.people[0], now=race.now)
    with race.platform.database.reading() as session:
        one = race.candidate(race.people[0])
        assert nominating.channels(session, one) == [Channel.SELF, Channel.JOINT]
        assert (one.number, one.room) == (1, "1幢1单元0101")


def test_whoever_works_for_the_property_company_or_is_married_to_it_is_refused_with_the_rule(race: Race):
    staff, spouse, child = race.people[0], race.people[1], race.people[2]
    race.appoint(staff, PROPERTY_STAFF)
    with race.platform.database.writing() as session:
        for kind, person in ((TieKind.SPOUSE, spouse), (TieKind.RELATIVE, child)):
            relationships.declare(
                session,
                race.community,
                kind=kind,
                person_id=person,
                other_id=staff,
                since=today(race.now),
                basis="本人申报",
                evidence="户口簿",
                by=race.leader,
                now=race.now,
            )
    for person in (staff, spouse, child):
        with pytest.raises(Refusal, match=r"R2\.3、R2\.21"):
            write(race, service.stand, race.code, channel=Channel.SELF, person_id=person, now=race.now)
    with pytest.raises(nominating.CompanyTie):
        write(
            race,
            service.recommend,
            race.code,
            channel=Channel.BRANCH,
            room="1-1-0201",
            name="业主1",
            words="热心",
            by=race.leader,
            now=race.now,
        )
    with race.platform.database.reading() as session:
        assert reading.candidates(session, race.row()) == []


def test_a_tie_to_the_company_that_is_found_later_keeps_off_the_list(race: Race):
    race.nominate(*race.people[:6])
    race.screen()
    race.appoint(race.people[0], PROPERTY_STAFF)
    with pytest.raises(Refusal, match=r"R2\.3"):
        race.publish()
    assert race.row().step is State.SCREENING
    assert not race.candidate(race.people[1]).frozen


def test_a_supervisor_may_stand_and_is_told_to_resign_before_taking_office(race: Race):
    race.appoint(race.people[0], SUPERVISOR)
    race.nominate(race.people[0])
    with race.platform.database.reading() as session:
        (found,) = nominating.to_resign(session, race.row(), race.people[0], now=race.now)
        assert "R2.21" in found.refusal.message
    race.pass_all(race.people[0])
    race.clock.advance(days=8)
    write(race, service.close_nominations, race.code, by=race.leader, now=race.now)
    write(race, service.accept, race.code, 1, reasons="", by=race.leader, now=race.now)
    assert race.candidate(race.people[0]).step is CandidateState.ACCEPTED


def test_a_joint_nomination_needs_enough_other_heads_and_each_counts_once(race: Race):
    needed = packs.pack("cn-national", day=today(race.now)).number("joint_nomination_heads")
    write(race, service.stand, race.code, channel=Channel.JOINT, person_id=race.people[0], now=race.now)
    race.complete(race.people[0])
    sign = {"now": race.now}
    with pytest.raises(nominating.OwnSupport):
        write(race, service.support, race.code, 1, person_id=race.people[0], **sign)
    with pytest.raises(nominating.NotChecked):
        write(race, service.support, race.code, 1, person_id=race.leader, **sign)
    for person in race.people[1 : needed + 1]:
        write(race, service.support, race.code, 1, person_id=person, **sign)
        write(race, service.support, race.code, 1, person_id=person, **sign)
    write(race, service.take_back, race.code, 1, person_id=race.people[1], **sign)
    with pytest.raises(nominating.NothingToTakeBack):
        write(race, service.take_back, race.code, 1, person_id=race.people[1], **sign)
    race.pass_all(race.people[0])
    with race.platform.database.reading() as session:
        row, one = race.row(), race.candidate(race.people[0])
        assert reading.heads_behind(session, one) == needed - 1
        with pytest.raises(screening.TooFewSupporters):
            screening.check_ready(session, row, one, now=race.now)
    write(race, service.support, race.code, 1, person_id=race.people[1], **sign)
    with race.platform.database.reading() as session:
        screening.check_ready(session, race.row(), race.candidate(race.people[0]), now=race.now)
        assert len(reading.about(session, race.candidate(race.people[0]), Supporter)) == needed


def test_branch_and_residents_committee_recommend_by_room_and_name_and_the_owner_decides(race: Race):
    common = {"words": "热心楼道事务", "by": race.leader, "now": race.now}
    for room, name in (("1幢1单元0201", "业主9"), ("9幢", "业主1")):
        with pytest.raises(nominating.NobodyFound):
            write(race, service.recommend, race.code, channel=Channel.BRANCH, room=room, name=name, **common)
    one = write(race, service.recommend, race.code, channel=Channel.BRANCH, room="1幢1单元0201", name="业主1", **common)
    assert one.person_id == race.people[1]
    race.pass_all(race.people[1])
    with race.platform.database.reading() as session, pytest.raises(eligibility.NotUndertaken):
        screening.check_ready(session, race.row(), one, now=race.now)
    write(race, service.withdraw, race.code, person_id=race.people[1], reason="", now=race.now)
    with pytest.raises(nominating.HasWithdrawn):
        write(race, service.recommend, race.code, channel=Channel.RESIDENTS, room="1-1-0201", name="业主1", **common)


# ------------------------------------------------------------------------------------------- undertaking, photo, words


def test_an_undertaking_wants_the_tick_the_own_name_and_a_word_and_keeps_what_was_signed(race: Race):
    race.nominate(race.people[0])
    given = {"person_id": race.people[0], "agreed": True, "name": "业主0", "lot_word": "七", "now": race.now}
    for wrong, refusal in [
        ({"agreed": False}, undertaking.NotTicked),
        ({"name": "别人"}, undertaking.OtherName),
        ({"lot_word": ""}, Refusal),
        ({"person_id": race.people[1]}, nominating.NotStanding),
    ]:
        with pytest.raises(refusal):
            write(race, service.sign, race.code, **{**given, **wrong})
    signed = write(race, service.sign, race.code, **given)
    assert signed.text_hash == hashlib.sha256(signed.text.encode()).hexdigest()
    assert "业主0" in signed.text
    with race.platform.database.reading() as session:
        latest = reading.undertaking(session, race.candidate(race.people[0]))
        assert latest is not None
        assert (latest.no, latest.lot_word) == (2, "七")


def test_a_personal_key_signs_the_same_text_and_no_other(race: Race):
    race.nominate(race.people[0])
    with race.platform.database.writing() as session:
        give_key(session, race.people[0], "业主0", now=race.now)
    row, one = race.row(), race.candidate(race.people[0])
    with race.platform.database.reading() as session:
        signed = reading.undertaking(session, one)
        assert signed is not None
        message = signing.message(undertaking.KIND, undertaking.to_sign(row, one, signed))
    common = {"person_id": race.people[0], "now": race.now}
    with pytest.raises(undertaking.WrongSignature):
        write(race, undertaking.add_key, race.code, signature=Signer("别人").sign(message), **common)
    kept = write(race, undertaking.add_key, race.code, signature=Signer("业主0").sign(message), **common)
    assert undertaking.is_whole(row, one, kept)
    kept.text += "。"
    assert not undertaking.is_whole(row, one, kept)
    assert isinstance(Signer("业主0").public, bytes)
    assert ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(kept.public))


def test_every_photo_has_the_same_frame_and_no_hidden_data(race: Race):
    race.nominate(race.people[0], race.people[1])
    for person, data in ((race.people[0], a_photo(900, 600)), (race.people[1], a_photo(300, 1200))):
        with race.platform.database.writing() as session:
            service.picture(
                session, race.platform.files, race.community, race.code, person_id=person, data=data, name="我.png"
            )
    for person in race.people[:2]:
        kept = race.platform.files.get(race.candidate(person).photo or "")
        with Image.open(io.BytesIO(kept)) as picture:
            assert picture.size == (photos.WIDTH, photos.HEIGHT)
            assert picture.getexif() == {}
    with pytest.raises(DocumentType):
        photos.portrait(b"<svg/>", "我.png")


def test_a_statement_has_the_same_limit_for_all_and_stays_once_published(race: Race):
    with pytest.raises(nominating.NotStanding):
        write(race, service.describe, race.code, person_id=race.people[9], statement="我")
    race.nominate(*race.people[:6])
    with pytest.raises(nominating.TooLong):
        write(race, service.describe, race.code, person_id=race.people[0], statement="字" * 801)
    race.screen()
    race.publish()
    with pytest.raises(nominating.ListPublished):
        write(race, service.describe, race.code, person_id=race.people[0], statement="另一份")
    with pytest.raises(nominating.ListPublished):
        write(
            race,
            service.sign,
            race.code,
            person_id=race.people[0],
            agreed=True,
            name="业主0",
            lot_word="新",
            now=race.now,
        )


# --------------------------------------------------------------------------------------------------------- screening


def test_a_fail_or_an_unknown_keeps_off_the_list_and_the_latest_look_holds(race: Race):
    race.nominate(race.people[0])
    race.pass_all(race.people[0], arrears="fail", debtor="unknown")
    race.clock.advance(days=8)
    write(race, service.close_nominations, race.code, by=race.leader, now=race.now)
    with pytest.raises(eligibility.NotAllPassed) as refused:
        write(race, service.accept, race.code, 1, reasons="", by=race.leader, now=race.now)
    assert refused.value.params["n"] == 2
    race.pass_all(race.people[0])
    write(race, service.accept, race.code, 1, reasons="", by=race.leader, now=race.now)
    with race.platform.database.reading() as session:
        assert set(reading.results(session, race.candidate(race.people[0])).values()) == {"pass"}


def test_a_refusal_says_why_can_be_appealed_once_in_time_and_is_answered_with_reasons(race: Race):
    race.nominate(*race.people[:7])
    race.screen()
    common = {"by": race.leader, "now": race.now}
    with pytest.raises(eligibility.NoReasons):
        write(race, service.refuse, race.code, 7, reasons=" ", **common)
    write(race, service.refuse, race.code, 7, reasons="欠缴物业费两年", **common)
    with pytest.raises(eligibility.AppealOpen):
        race.publish()
    mine = {"person_id": race.people[6], "now": race.now}
    with pytest.raises(screening.NotRefused):
        write(race, service.appeal, race.code, text="我", person_id=race.people[0], now=race.now)
    write(race, service.appeal, race.code, text="已经缴清，附收据", **mine)
    with pytest.raises(screening.AlreadyAppealed):
        write(race, service.appeal, race.code, text="再说一次", **mine)
    race.clock.advance(days=9)
    with pytest.raises(eligibility.AppealOpen):
        race.publish()
    later = {"by": race.leader, "now": race.now}
    with pytest.raises(eligibility.NoReasons):
        write(race, service.answer_appeal, race.code, 7, uphold=True, reasons="", **later)
    write(race, service.answer_appeal, race.code, 7, uphold=True, reasons="收据属实", **later)
    with pytest.raises(screening.AppealAnswered):
        write(race, service.answer_appeal, race.code, 7, uphold=False, reasons="反悔", **later)
    race.publish()
    with race.platform.database.reading() as session:
        assert len(reading.in_order(session, race.row())) == 7


def test_the_time_for_an_appeal_ends_with_its_last_day_and_then_the_list_may_go_out(race: Race):
    race.nominate(*race.people[:6])
    race.screen()
    write(race, service.refuse, race.code, 6, reasons="不是业主", by=race.leader, now=race.now)
    race.clock.advance(days=3)
    with pytest.raises(eligibility.AppealOpen):
        race.publish()
    race.clock.advance(days=1)
    with pytest.raises(screening.AppealOver):
        write(race, service.appeal, race.code, text="晚了", person_id=race.people[5], now=race.now)
    race.publish()
    with race.platform.database.reading() as session:
        assert [one.number for one in reading.in_order(session, race.row())] == [1, 2, 3, 4, 5]


def test_nobody_screens_an_election_in_which_they_stand(race: Race):
    race.nominate(*race.people[:2])
    for number in (1, 2):
        with pytest.raises(eligibility.ReviewsOwn):
            write(
                race,
                service.check,
                race.code,
                number,
                criterion="owner",
                result="pass",
                evidence="我看过",
                by=race.people[0],
                now=race.now,
            )


def test_the_list_waits_for_every_decision_and_for_enough_who_may_stand(race: Race):
    race.nominate(*race.people[:4])
    race.screen()
    with pytest.raises(eligibility.TooFewCandidates) as refused:
        race.publish()
    assert refused.value.params == {"n": 4, "minimum": 5}
    assert race.row().step is State.SCREENING


# ---------------------------------------------------------------------------------------------------- list and draw


def test_the_published_list_is_hashed_shown_and_a_change_underneath_is_noticed(race: Race):
    listed(race)
    with race.platform.database.reading() as session:
        row = race.row()
        publication = session.get_one(Publication, (race.community, row.publication_id))
        assert publication.content_hash == row.list_hash == canonical.digest(publication.content)
        assert [one["name"] for one in publication.content["candidates"]] == [f"业主{n}" for n in range(7)]
        assert publication.content["candidates"][0]["lot"] == "数1"
        assert "room" not in str(publication.content)
        assert not has_moved(session, publication)
        assert integrity.verify(session, race.community) == []


def test_the_draw_waits_for_the_display_and_for_every_objections_answer_and_happens_once(race: Race):
    listed(race)
    with pytest.raises(days.OnDisplay):
        write(race, service.draw, race.code, by=race.leader, now=race.now)
    with pytest.raises(listing.NotDrawn):
        race.draft()
    with race.platform.database.writing() as session:
        objection = bulletin.object_to(
            session,
            race.community,
            publication_id=race.row().publication_id or "",
            text="第三位出租了车库",
            by=race.people[9],
            now=race.now,
        )
    race.clock.advance(days=8)
    with pytest.raises(listing.ObjectionsOpen):
        write(race, service.draw, race.code, by=race.leader, now=race.now)
    with race.platform.database.writing() as session:
        bulletin.answer(
            session, race.community, objection_id=objection.id, text="已核实，没有", by=race.leader, now=race.now
        )
    write(race, service.draw, race.code, by=race.leader, now=race.now)
    with pytest.raises(listing.AlreadyDrawn):
        write(race, service.draw, race.code, by=race.leader, now=race.now)


def test_an_objection_that_proves_right_takes_somebody_off_the_published_list(race: Race):
    listed(race)
    write(race, service.refuse, race.code, 3, reasons="异议属实：违规出租车库", by=race.leader, now=race.now)
    drawn = race.draw()
    assert sorted(drawn) == [1, 2, 4, 5, 6, 7]
    with race.platform.database.reading() as session:
        assert not reading.is_public(race.row(), race.candidate(race.people[2]))
        assert integrity.verify(session, race.community) == []


def test_voting_may_not_open_before_list_and_notice_had_their_days(race: Race):
    listed(race)
    race.draw()
    with pytest.raises(days.OpensTooEarly) as refused:
        race.draft(opens_in=14)
    assert refused.value.params["day"] == (today(race.now) + timedelta(days=15)).isoformat()
    opens, closes = listing.suggested(race.row(), now=race.now)
    assert today(opens) == today(race.now) + timedelta(days=16)
    assert opens < closes
    assert race.draft(opens_in=15).step is Step.DRAFT


# ---------------------------------------------------------------------------------------------------------- questions


def test_an_owner_asks_the_candidate_answers_once_and_only_personal_data_is_hidden_with_a_reason(race: Race):
    race.nominate(*race.people[:6])
    ask = {"text": "每月能花几天？", "person_id": race.people[9], "now": race.now}
    with pytest.raises(NotFound):
        write(race, questions.ask, race.code, 1, **ask)
    race.screen()
    race.publish()
    asked = write(race, questions.ask, race.code, 1, **ask)
    reply = {"text": "周末两天", "now": race.now}
    with pytest.raises(NotFound):
        write(race, questions.answer, race.code, asked.id, person_id=race.people[1], **reply)
    write(race, questions.answer, race.code, asked.id, person_id=race.people[0], **reply)
    with pytest.raises(questions.IsAnswered):
        write(race, questions.answer, race.code, asked.id, person_id=race.people[0], **reply)
    with pytest.raises(questions.NoReason):
        write(race, questions.hide, race.code, asked.id, reason="", by=race.leader, now=race.now)
    for _ in range(4):
        write(race, questions.ask, race.code, 1, **ask)
    with pytest.raises(questions.EnoughAsked):
        write(race, questions.ask, race.code, 1, **ask)
    with pytest.raises(questions.NothingAsked):
        write(race, questions.ask, race.code, 2, **{**ask, "text": "字" * 301})


# ------------------------------------------------------------------------------------------------------ supplementary


def test_a_supplementary_election_fills_what_fell_vacant_for_the_rest_of_the_term(race: Race):
    with pytest.raises(calling.NotCounted):
        write(race, service.supplement, race.code, race.call(seats=2), by=race.leader, now=race.now)
    listed(race)
    race.draw()
    assembly = race.draft()
    world = World(race.platform, race.clock, race.community, race.people, race.leader, assembly.id)
    world.staff()
    world.to(Step.OPEN)
    with race.platform.database.reading() as session:
        world.electors = [
            assemblies.casting.standings(session, world.row(), person_id=person, day=today(race.now))[0].elector
            for person in race.people
        ]
    for place in range(len(race.people)):
        world.cast(place, m1="agree", m2="agree", m3="agree", m4="agree", m5="oppose", m6="oppose", m7="abstain")
    world.to(Step.ANNOUNCED)
    earlier = race.row()
    with race.platform.database.reading() as session:
        found = calling.vacancies(session, earlier, now=race.now)
        assert (found.planned, found.sitting, found.vacant) == (5, 4, 1)
    day = today(race.now)
    call = race.call(seats=2, term_starts_on=day + timedelta(days=100))
    with pytest.raises(seats.MoreThanVacant):
        write(race, service.supplement, race.code, call, by=race.leader, now=race.now)
    call = race.call(seats=1, term_starts_on=day + timedelta(days=100))
    row = write(race, service.supplement, race.code, call, by=race.leader, now=race.now)
    assert (row.seats, row.minimum, row.supplements_id) == (1, 1, earlier.id)
    assert row.term_ends_on == earlier.term_ends_on
    assert row.body_kind == "owners_committee"


# ------------------------------------------------------------------------------------------- what the database refuses


EVIDENCE = (
    "UPDATE criterion_check SET result = 'pass'",
    "DELETE FROM criterion_check",
    "UPDATE screening_decision SET reasons = ''",
    "UPDATE candidate_undertaking SET lot_word = '九'",
    "UPDATE nomination SET channel = 'branch'",
    "DELETE FROM candidate",
    "UPDATE candidate SET statement = '别的'",
    "UPDATE candidate SET number = number + 10",
    "UPDATE election SET seats = 9",
    "UPDATE election SET drawn = '[1]'",
    "UPDATE election SET list_hash = NULL",
    "DELETE FROM election_step",
    "DELETE FROM candidate_supporter",
)


def test_what_was_signed_checked_published_or_drawn_is_not_changed_in_the_database(race: Race):
    race.nominate(*race.people[:5])
    write(race, service.stand, race.code, channel=Channel.JOINT, person_id=race.people[5], now=race.now)
    write(race, service.support, race.code, 6, person_id=race.people[6], now=race.now)
    write(race, service.withdraw, race.code, person_id=race.people[5], reason="", now=race.now)
    race.screen()
    race.publish()
    race.draw()
    for statement in EVIDENCE:
        with pytest.raises(DBAPIError), race.platform.database.writing() as session:
            session.execute(text(statement))


def test_an_answered_question_and_an_answered_appeal_stay(race: Race):
    race.nominate(*race.people[:6])
    race.screen()
    write(race, service.refuse, race.code, 6, reasons="不是业主", by=race.leader, now=race.now)
    write(race, service.appeal, race.code, text="我是", person_id=race.people[5], now=race.now)
    write(race, service.answer_appeal, race.code, 6, uphold=False, reasons="名册上没有", by=race.leader, now=race.now)
    race.publish()
    asked = write(race, questions.ask, race.code, 1, text="问", person_id=race.people[9], now=race.now)
    write(race, questions.answer, race.code, asked.id, text="答", person_id=race.people[0], now=race.now)
    for statement in ("UPDATE candidate_appeal SET outcome = 'upheld'", "UPDATE candidate_question SET answer = ''"):
        with pytest.raises(DBAPIError), race.platform.database.writing() as session:
            session.execute(text(statement))
    with race.platform.database.reading() as session:
        assert session.get_one(Question, (race.community, asked.id)).answer == "答"


def test_another_communitys_election_is_not_found(race: Race):
    elsewhere = a_community(race.platform, "BYL", "白云里")
    with race.platform.database.reading() as session:
        with pytest.raises(NotFound):
            reading.election(session, elsewhere, race.code)
        assert reading.elections(session, elsewhere) == []


def test_a_committee_chair_of_this_community_may_be_the_convener(race: Race):
    race.appoint(race.leader, COMMITTEE_CHAIR)
    row = write(
        race,
        service.create,
        race.call(convener="业主委员会"),
        by=race.leader,
        now=race.now,
        posts={COMMITTEE_CHAIR},
    )
    assert row.code.endswith("-02")
