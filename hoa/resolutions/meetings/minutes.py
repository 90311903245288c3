"""The minutes (会议记录, R2.9, R2.10, R2.18): made from what was recorded, signed by the members who were there, and
in force once more than half of all planned members have signed.

Then, in one transaction: passed decisions become resolutions whose evidence is the minutes' SHA-256, an elected chair
or deputy takes office, and the minutes are published with names masked.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.bulletin import service as bulletin
from hoa.db import get as get_row
from hoa.jobs import enqueue
from hoa.kernel import canonical, money, signing
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.posts import COMMITTEE
from hoa.offices import service as offices
from hoa.offices.tables import Office
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings import attendance, ballots, rules, service
from hoa.resolutions.meetings.content import compose, public
from hoa.resolutions.meetings.rules import ItemKind
from hoa.resolutions.meetings.tables import (
    CommitteeItem,
    CommitteeMeeting,
    CommitteeMinutes,
    CommitteeSignature,
    CommitteeVote,
)

PUBLICATION = "committee-minutes"
KIND = "minutes"
REMARKS_LENGTH = 4000


class NotEnded(Refusal):
    message: ClassVar[str] = N_("散会以后才能定稿会议记录")
    status: ClassVar[int] = 409


class InForce(Refusal):
    message: ClassVar[str] = N_("会议记录已经由过半数委员签名，不能再改")
    status: ClassVar[int] = 409


class NotFinished(Refusal):
    message: ClassVar[str] = N_("会议记录还没有定稿，不能签名")
    status: ClassVar[int] = 409


class NotTheVersion(Refusal):
    message: ClassVar[str] = N_("会议记录在您打开以后重新定稿了，请看过新的一版再签名")
    status: ClassVar[int] = 409


class NotThere(NotAllowed):
    message: ClassVar[str] = N_("会议记录由到会的委员签名")


class KeyNeeded(Refusal):
    message: ClassVar[str] = N_("您登记了签名钥匙，请用它签名")


class WrongSignature(Refusal):
    message: ClassVar[str] = N_("签名不成立：签的不是这份会议记录，或者用的不是您登记的钥匙")


class TooManyWords(Refusal):
    message: ClassVar[str] = N_("说明最多 %(most)s 个字")


# ------------------------------------------------------------------------------------------------- finishing, signing


def remark(
    session: Session, community_id: str, meeting_id: str, *, text: str, by: str, now: datetime
) -> CommitteeMeeting:
    """The recorder's own words; they may be changed until the minutes are finished."""
    meeting = _unsettled(session, community_id, meeting_id, by, now)
    if len(text) > REMARKS_LENGTH:
        raise TooManyWords(most=REMARKS_LENGTH)
    meeting.remarks = text.strip()
    session.flush()
    return meeting


def finish(session: Session, community_id: str, meeting_id: str, *, by: str, now: datetime) -> CommitteeMinutes:
    """Freeze the minutes under their hash. Until enough members have signed they may be corrected: a new version, to be
    signed anew; unchanged they stay the version they are."""
    meeting = _unsettled(session, community_id, meeting_id, by, now)
    if meeting.ended_at is None:
        raise NotEnded
    content = compose(session, meeting, now)
    before = service.latest_minutes(session, meeting)
    if before is not None and before.digest == canonical.digest(content):
        return before
    row = CommitteeMinutes(
        community_id=community_id,
        meeting_id=meeting.id,
        version=before.version + 1 if before else 1,
        content=canonical.encode(content),
        digest=canonical.digest(content),
        finished_by=by,
        finished_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _unsettled(session: Session, community_id: str, meeting_id: str, by: str, now: datetime) -> CommitteeMeeting:
    meeting = get_row(session, CommitteeMeeting, community_id, meeting_id, lock=True)
    service.needs_recorder(session, meeting, by, now)
    if meeting.settled_at is not None:
        raise InForce
    if meeting.cancelled_at is not None:
        raise service.MeetingOver
    return meeting


def signatures(session: Session, minutes: CommitteeMinutes) -> Sequence[CommitteeSignature]:
    """Who signed this version, in order of time."""
    query = select(CommitteeSignature).where(
        CommitteeSignature.community_id == minutes.community_id, CommitteeSignature.minutes_id == minutes.id
    )
    return session.scalars(query.order_by(CommitteeSignature.at, CommitteeSignature.id)).all()


def may_sign(session: Session, meeting: CommitteeMeeting) -> frozenset[str]:
    """The members who were there; where nobody was, whoever ended the meeting."""
    if meeting.ended_at is None:
        return frozenset()
    there = frozenset(person.id for person in attendance.present(session, meeting, meeting.ended_at))
    return there or frozenset({meeting.ended_by or ""})


def needed(session: Session, meeting: CommitteeMeeting) -> int:
    """More than half of all planned members; all who came, where that was no quorum and nothing was decided. What was
    decided never comes into force with fewer, whoever left the committee before the meeting was ended."""
    most = rules.more_than_half(meeting.planned)
    decided = any(vote.winner for item in service.agenda(session, meeting) for vote in ballots.votes(session, item))
    return most if decided else min(most, len(may_sign(session, meeting)))


def sign(
    session: Session,
    community_id: str,
    meeting_id: str,
    *,
    digest: str,
    person_id: str,
    now: datetime,
    signature: bytes | None = None,
) -> CommitteeSignature:
    """Sign the minutes with one's own key, or by a confirmation under one's account where one has none; signing twice
    changes nothing. `digest` is of the version that was read."""
    meeting = get_row(session, CommitteeMeeting, community_id, meeting_id, lock=True)
    minutes = service.latest_minutes(session, meeting)
    if minutes is None:
        raise NotFinished
    if minutes.digest != digest:
        raise NotTheVersion
    if person_id not in may_sign(session, meeting):
        raise NotThere
    for one in signatures(session, minutes):
        if one.person_id == person_id:
            return one
    key = personal_keys.current(session, person_id)
    if key is not None and signature is None:
        raise KeyNeeded
    message = signing.message(KIND, canonical.decode(minutes.content))
    if signature is not None and (
        key is None or not signing.verify_p256(public=bytes.fromhex(key.public), signature=signature, message=message)
    ):
        raise WrongSignature
    row = CommitteeSignature(
        community_id=community_id,
        minutes_id=minutes.id,
        person_id=person_id,
        key_id=key.key_id if key else None,
        public=key.public if key else None,
        signature=signature.hex() if signature else None,
        at=now,
    )
    session.add(row)
    session.flush()
    signed = [one.person_id for one in signatures(session, minutes)]
    if meeting.settled_at is None and len(signed) >= needed(session, meeting):
        _settle(session, meeting, minutes, signed, now)
    return row


# ------------------------------------------------------------------------------------------------------ taking effect


def _settle(
    session: Session, meeting: CommitteeMeeting, minutes: CommitteeMinutes, signed: Sequence[str], now: datetime
) -> None:
    assert meeting.ended_at is not None
    by = signed[-1]
    for item in service.agenda(session, meeting):
        rounds = ballots.votes(session, item)
        won = rounds[-1] if rounds and rounds[-1].winner else None
        if won is None:
            continue
        if item.kind == ItemKind.DECISION:
            _enter(session, meeting, item, won, minutes, by=by, now=now)
        else:
            _take_office(session, meeting, item, str(won.winner), signed, now)
    shown = public(canonical.decode(minutes.content))
    bulletin.publish(
        session,
        meeting.community_id,
        kind=PUBLICATION,
        title=f"业主委员会{service.number_text(meeting)}会议记录和决定",
        content=shown,
        reference=meeting.id,
        url=service.path(session, meeting) + "/minutes",
        by=by,
        now=now,
    )
    meeting.settled_at = now
    session.flush()
    for form in ("full", "public"):
        enqueue(
            session,
            "meetings.paper",
            {"meeting": meeting.id, "form": form},
            now=now,
            community_id=meeting.community_id,
        )


def _enter(
    session: Session,
    meeting: CommitteeMeeting,
    item: CommitteeItem,
    vote: CommitteeVote,
    minutes: CommitteeMinutes,
    *,
    by: str,
    now: datetime,
) -> None:
    assert meeting.ended_at is not None
    counts = vote.counts or {}
    figures = "，".join(f"{rules.CHOICE_TITLES[choice]} {counts.get(choice, 0)} 人" for choice in vote.choices)
    limit = f"授权支出上限 {money.show(item.limit_fen)}。\n" if item.limit_fen is not None else ""
    row = resolutions.enter(
        session,
        meeting.community_id,
        source="committee",
        title=item.title,
        text=f"{item.text}\n{limit}表决：{figures}，{vote.line}。",
        decided_on=today(meeting.ended_at),
        valid_until=item.valid_until,
        limit_fen=item.limit_fen,
        evidence=minutes.digest,
        url=service.path(session, meeting),
        by=by,
        now=now,
    )
    item.resolution_id = row.id
    session.flush()


def _take_office(
    session: Session,
    meeting: CommitteeMeeting,
    item: CommitteeItem,
    person_id: str,
    signed: Sequence[str],
    now: datetime,
) -> None:
    """The elected member takes the post for the rest of their own term; a chair before them leaves it. Whoever is no
    member any more when the minutes are signed takes no office."""
    community_id, post = meeting.community_id, rules.ELECTED_POSTS[item.kind]
    basis = f"业主委员会{service.number_text(meeting)}会议推选"
    by = next(one for one in reversed(signed) if one != person_id)
    own = [
        office
        for office in session.scalars(
            select(Office).where(
                Office.community_id == community_id,
                Office.person_id == person_id,
                Office.starts_at <= now,
                Office.ends_at > now,
            )
        )
        if office.post in COMMITTEE
    ]
    if not own or any(office.post == post for office in own):
        return
    if item.kind == ItemKind.CHAIR:
        for holder in offices.holders(session, community_id, posts=frozenset({post}), now=now):
            offices.end(session, community_id, office_id=holder.office.id, basis=basis, by=by, now=now)
    offices.appoint(
        session,
        community_id,
        post=post,
        person_id=person_id,
        starts_at=now,
        ends_at=max(office.ends_at for office in own),
        basis=basis,
        by=by,
        now=now,
    )


def verify(_platform: Platform, session: Session, community_id: str) -> list[str]:
    """`hoa verify`: minutes still have the hash that decisions cite, and their signatures hold."""
    query = select(CommitteeMinutes).where(CommitteeMinutes.community_id == community_id)
    rows = session.scalars(query.order_by(CommitteeMinutes.id))
    return [sentence for row in rows for sentence in _wrong(session, row)]


def _wrong(session: Session, row: CommitteeMinutes) -> Iterator[str]:
    content = canonical.decode(row.content)
    if canonical.digest(content) != row.digest:
        yield f"table committee_minutes, row {row.id}: the content is not the one that was hashed"
    message = signing.message(KIND, content)
    for one in signatures(session, row):
        made = bytes.fromhex(one.signature or "")
        if made and not signing.verify_p256(public=bytes.fromhex(one.public or ""), signature=made, message=message):
            yield f"table committee_signature, row {one.id}: the signature does not hold"
