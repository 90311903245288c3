"""Nominating (R2.4): owners themselves, owners together, the party branch, the residents' committee; and what a
candidate says of themselves until the list is published."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.rules import IdentityLevel
from hoa.community.service import RollElector, elector_of, ownerships_of, roll
from hoa.community.tables import Owner, Ownership, Unit
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_MEMBER, SELF_MANAGEMENT_MEMBER, SUPERVISOR, Post
from hoa.offices import relationships
from hoa.offices.rules import Conflict
from hoa.ports.files import Files
from voting.elections import photos
from voting.elections.rules import clock, life, seats
from voting.elections.rules.life import CandidateState, Channel, State
from voting.elections.service import reading
from voting.elections.tables import Candidate, Election, Nomination, Supporter

STATEMENT_LENGTH = 800
WORDS_LENGTH = 300
# What an elected member will be, for asking what stands against it.
MEMBERS: dict[str, Post] = {
    seats.COMMITTEE: COMMITTEE_MEMBER,
    seats.SUPERVISORS: SUPERVISOR,
    seats.SELF_MANAGEMENT: SELF_MANAGEMENT_MEMBER,
}


class NotAnOwner(Refusal):
    message: ClassVar[str] = N_("只有本小区的业主可以参选：名册上还没有您名下的房屋，请先激活账户或到核验点办理")
    status: ClassVar[int] = 403


class NotChecked(Refusal):
    message: ClassVar[str] = N_("联名要先当面核验业主身份：请带身份证和产权证明到核验点，由两名工作人员核对")
    status: ClassVar[int] = 403


class AlreadyNominated(Refusal):
    message: ClassVar[str] = N_("已经以这种方式提名过了，不用再提")
    status: ClassVar[int] = 409


class HasWithdrawn(Refusal):
    message: ClassVar[str] = N_("本人已经退出这次选举，不能再提名")
    status: ClassVar[int] = 409


class NotJoint(Refusal):
    message: ClassVar[str] = N_("这位候选人没有发起联名，不能联名")
    status: ClassVar[int] = 409


class OwnSupport(Refusal):
    message: ClassVar[str] = N_("联名要由其他业主签，本人和同一户不计入")


class NothingToTakeBack(Refusal):
    message: ClassVar[str] = N_("您没有给这位候选人联名")
    status: ClassVar[int] = 409


class NobodyFound(Refusal):
    message: ClassVar[str] = N_("没有找到：请核对房号和姓名，并请本人先激活账户。推荐以后还要本人签署承诺书")


class TooLong(Refusal):
    message: ClassVar[str] = N_("太长了，最多 %(most)s 个字，现在是 %(found)s 个字")


class NoWords(Refusal):
    message: ClassVar[str] = N_("请写明推荐的理由，理由会公开")


class ListPublished(Refusal):
    message: ClassVar[str] = N_("候选人名单已经公布，姓名、自述和照片不能再改")
    status: ClassVar[int] = 409


class CompanyTie(Refusal):
    """What somebody else is told: the rule, and not who is related to whom."""

    message: ClassVar[str] = N_(
        "这位业主不能做候选人：本人或者配偶、直系亲属在物业服务企业任职或与它有利害关系"
        "（《上海市住宅物业管理规定》第 20 条、《北京市物业管理条例》第 39 条，R2.3）"
    )


class NotStanding(Refusal):
    message: ClassVar[str] = N_("您没有参加这次选举")
    status: ClassVar[int] = 404


def stand(
    session: Session, community_id: str, code: str, *, channel: Channel, person_id: str, now: datetime
) -> Candidate:
    """Nominate oneself, or begin a joint nomination of oneself that other owners sign."""
    row = _nominating(session, community_id, code, now)
    return _nominate(session, row, person_id, channel, words="", by=person_id, now=now)


def recommend(
    session: Session,
    community_id: str,
    code: str,
    *,
    channel: Channel,
    room: str,
    name: str,
    words: str,
    by: str,
    now: datetime,
) -> Candidate:
    """The party branch or the residents' committee recommends an owner by room and name. Who is recommended stands
    only by signing the undertaking; nobody learns here who else lives behind a door."""
    row = _nominating(session, community_id, code, now)
    if not words.strip():
        raise NoWords
    _short(words, WORDS_LENGTH)
    query = (
        select(Owner.person_id)
        .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
        .join(Unit, (Unit.community_id == Ownership.community_id) & (Unit.id == Ownership.unit_id))
        .where(Unit.community_id == community_id, Unit.removed_at.is_(None), Ownership.until.is_(None))
        .where((Unit.label == room.strip()) | (Unit.code == room.strip()), Owner.name == name.strip())
        .where(Owner.person_id.is_not(None), Owner.organisation.is_(False))
    )
    person_id = session.scalars(query).first()
    if person_id is None:
        raise NobodyFound
    return _nominate(session, row, person_id, channel, words=words.strip(), by=by, now=now)


def support(session: Session, community_id: str, code: str, number: int, *, person_id: str, now: datetime) -> Candidate:
    """Stand behind a joint nomination with every elector this person may act for; one elector counts once."""
    row = _nominating(session, community_id, code, now)
    one = reading.candidate(session, row, number, lock=True)
    if Channel.JOINT not in channels(session, one) or one.step is not CandidateState.NOMINATED:
        raise NotJoint
    rows = {signed.elector: signed for signed in reading.about(session, one, Supporter)}
    mine = _checked_electors(session, community_id, person_id)
    others = [elector for elector in mine if one.person_id not in {owner.person_id for owner in elector.owners}]
    if not others:
        raise OwnSupport
    for elector in others:
        signed = rows.get(elector.elector_id)
        if signed is None:
            session.add(
                Supporter(
                    community_id=community_id,
                    candidate_id=one.id,
                    elector=elector.elector_id,
                    heads=elector.heads,
                    signed_by=person_id,
                    signed_at=now,
                )
            )
        elif signed.withdrawn_at is not None:
            signed.signed_by, signed.signed_at, signed.withdrawn_at = person_id, now, None
    session.flush()
    return one


def take_back(session: Session, community_id: str, code: str, number: int, *, person_id: str, now: datetime) -> None:
    """Take support back while nominations are open; any owner of the elector may."""
    row = _nominating(session, community_id, code, now)
    one = reading.candidate(session, row, number, lock=True)
    mine = {elector.elector_id for elector in _checked_electors(session, community_id, person_id)}
    found = [signed for signed in reading.supporters(session, one) if signed.elector in mine]
    if not found:
        raise NothingToTakeBack
    for signed in found:
        signed.withdrawn_at = now
    session.flush()


def supports(session: Session, one: Candidate, person_id: str) -> bool:
    """Whether an elector of this person stands behind the candidate."""
    signed = {row.elector for row in reading.supporters(session, one)}
    return any(elector.id in signed for elector in elector_of(session, one.community_id, person_id))


def describe(session: Session, community_id: str, code: str, *, person_id: str, statement: str) -> Candidate:
    """The candidate's own words, equally long for all, until the list is published."""
    one = _own(session, community_id, code, person_id)
    text = statement.strip()
    _short(text, STATEMENT_LENGTH)
    one.statement = text
    session.flush()
    return one


def picture(
    session: Session, files: Files, community_id: str, code: str, *, person_id: str, data: bytes, name: str
) -> Candidate:
    """The candidate's photo, cut to the frame all photos have."""
    one = _own(session, community_id, code, person_id)
    one.photo = files.put(photos.portrait(data, name))
    session.flush()
    return one


def channels(session: Session, one: Candidate) -> list[Channel]:
    """How this candidate was nominated, in the order in which it happened."""
    return [Channel(row.channel) for row in reading.about(session, one, Nomination)]


def conflicts(session: Session, row: Election, person_id: str, *, now: datetime) -> Sequence[Conflict]:
    """What stands between this person and a seat in the body, from now on: posts and relatives' posts (R2.3, R2.21)."""
    until = datetime.combine(row.term_ends_on, datetime.min.time(), CHINA)
    return relationships.conflicts(session, row.community_id, person_id, MEMBERS[row.body_kind], now, until=until)


def check_company(session: Session, row: Election, person_id: str, *, now: datetime) -> None:
    """Nobody stands who works for the property company, or whose spouse or direct relative does: refused with the rule
    named (R2.3; Shanghai 20, Beijing 39). Other exclusions keep nobody from standing, only from taking office."""
    for found in conflicts(session, row, person_id, now=now):
        if found.with_company:
            raise found.refusal


def to_resign(session: Session, row: Election, person_id: str, *, now: datetime) -> list[Conflict]:
    """The posts that must be given up before the candidate takes office, their own and relatives' (R2.21)."""
    return [found for found in conflicts(session, row, person_id, now=now) if not found.with_company]


def _nominating(session: Session, community_id: str, code: str, now: datetime) -> Election:
    row = reading.election(session, community_id, code, lock=True)
    life.check_step(row.step, State.NOMINATION)
    clock.check_nominating(row.nominations_until, now=now)
    return row


def _nominate(
    session: Session, row: Election, person_id: str, channel: Channel, *, words: str, by: str, now: datetime
) -> Candidate:
    owned = [one for one in ownerships_of(session, row.community_id, person_id) if one.owner.capacity == ""]
    electors = elector_of(session, row.community_id, person_id)
    if not owned or not electors or all(one.ownership.level == IdentityLevel.V0.value for one in owned):
        raise NotAnOwner
    try:
        check_company(session, row, person_id, now=now)
    except Refusal:
        if by == person_id:
            raise
        raise CompanyTie from None
    one = reading.mine(session, row, person_id, lock=True)
    if one is None:
        last = session.scalar(
            select(func.max(Candidate.number)).where(
                Candidate.community_id == row.community_id, Candidate.election_id == row.id
            )
        )
        one = Candidate(
            community_id=row.community_id,
            election_id=row.id,
            number=(last or 0) + 1,
            person_id=person_id,
            name=accounts.person(session, person_id).name,
            elector=electors[0].id,
            room=owned[0].unit.label,
            made_at=now,
        )
        session.add(one)
        session.flush()
    elif one.step is CandidateState.WITHDRAWN:
        raise HasWithdrawn
    elif channel in channels(session, one):
        raise AlreadyNominated
    session.add(
        Nomination(
            community_id=row.community_id, candidate_id=one.id, channel=channel.value, words=words, by=by, at=now
        )
    )
    session.flush()
    return one


def _own(session: Session, community_id: str, code: str, person_id: str) -> Candidate:
    """One's own candidacy, as long as what is said in it may change."""
    row = reading.election(session, community_id, code, lock=True)
    one = reading.mine(session, row, person_id, lock=True)
    if one is None:
        raise NotStanding
    if one.frozen:
        raise ListPublished
    life.check_step(row.step, State.NOMINATION, State.SCREENING)
    if one.step is CandidateState.WITHDRAWN:
        raise HasWithdrawn
    return one


def _short(text: str, most: int) -> None:
    if len(text) > most:
        raise TooLong(most=most, found=len(text))


def _checked_electors(session: Session, community_id: str, person_id: str) -> list[RollElector]:
    found = [
        elector
        for elector in roll(session, community_id)
        if any(owner.person_id == person_id and owner.level.reaches(IdentityLevel.V2) for owner in elector.owners)
    ]
    if not found:
        raise NotChecked
    return found
