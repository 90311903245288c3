"""Demanding a recall, answering it, and putting it to the assembly (rules.md R2.12; 指导规则 44)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.db import get as get_row
from hoa.jobs import enqueue
from hoa.kernel import canonical, packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from hoa.kernel.posts import Post
from hoa.kernel.workdays import china
from hoa.offices import rules as bodies
from hoa.offices.changes import rules as leaving
from hoa.offices.changes import standing, suspensions
from hoa.offices.changes.standing import Member
from hoa.offices.changes.tables import OfficeSuspension
from hoa.offices.clocks import Deadline, after_days
from hoa.resolutions.meetings import service as meetings
from voting.recall import effect, rules
from voting.recall.rules import MEMBERS, OWNERS, Case, Facts, Stage
from voting.recall.tables import Recall, RecallSignature
from voting.rules.life import State
from voting.service import drafts, requests, tallying
from voting.tables import Assembly, AssemblyRequest

TELL = "voting.recall-tell"


class NotAMember(Refusal):
    message: ClassVar[str] = N_("没有这样的任职，或者任期已经结束，不需要罢免")
    status: ClassVar[int] = 409


class UnderWay(Refusal):
    message: ClassVar[str] = N_("对这个人的罢免提议正在办理，请在那里签名，不必再提一次")
    status: ClassVar[int] = 409


class OnlyMembersSign(Refusal):
    message: ClassVar[str] = N_("这是委员联名提出的，只有同一机构的其他委员可以签名")
    status: ClassVar[int] = 403


class NotSigned(Refusal):
    message: ClassVar[str] = N_("您没有在这份提议上签名")
    status: ClassVar[int] = 409


class Reached(Refusal):
    message: ClassVar[str] = N_("联名已达到法定比例，不能再签名或撤回")
    status: ClassVar[int] = 409


class NotYours(Refusal):
    message: ClassVar[str] = N_("书面申辩只能由被提议罢免的本人提交")
    status: ClassVar[int] = 403


class WrongStage(Refusal):
    message: ClassVar[str] = N_("这一步现在不能办：%(stage)s")
    status: ClassVar[int] = 409


class NoSuspension(Refusal):
    message: ClassVar[str] = N_("本小区的规则包没有规定表决以前暂停履行职责，不能暂停")
    status: ClassVar[int] = 409


class NotEnoughAbsences(Refusal):
    message: ClassVar[str] = N_("会议出席记录没有达到缺席 %(percent)s%%，不能写成理由")


class Support(NamedTuple):
    """Who stands behind a demand: owners in heads, or members; and how many it needs."""

    signed: int
    of: int
    needed: int

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.signed)


# ----------------------------------------------------------------------------------------------------- the demand


def start(
    session: Session,
    community_id: str,
    *,
    body_kind: str,
    person_id: str,
    demanded_by: str,
    reason: str,
    with_absences: bool = False,
    by: str,
    now: datetime,
) -> Recall:
    """Owners or members demand it, in words that are printed as they are; whoever starts it signs first. The member is
    told at once."""
    rules.check_text(reason)
    if person_id == by:
        raise leaving.OwnCase
    member = standing.member(session, community_id, body_kind, person_id, now=now)
    if member is None or not member.seat or body_kind not in leaving.ELECTED:
        raise NotAMember
    for earlier in about(session, community_id, person_id, body_kind):
        if earlier.outcome is None and not _lapse(session, earlier, now=now):
            raise UnderWay
    pack = pack_choice.current(session, community_id, day=today(now))
    absences = _absences(session, member, pack, now) if with_absences else {}
    last = session.scalar(select(func.max(Recall.number)).where(Recall.community_id == community_id))
    row = Recall(
        community_id=community_id,
        number=(last or 0) + 1,
        body_kind=body_kind,
        person_id=person_id,
        person_name=member.person.name,
        post_title=bodies.title(member.offices[0].post),
        demanded_by=demanded_by,
        reason=reason.strip(),
        absences=absences,
        pack=pack.code,
        started_by=by,
        started_at=now,
    )
    if demanded_by == OWNERS:
        title = rules.title(row.post_title, row.person_name)
        row.request_id = requests.start(
            session,
            community_id,
            title=title,
            reason=row.reason,
            motions=[{"title": title, "text": row.reason}],
            person_id=by,
            now=now,
            kind=requests.RECALL,
        ).id
    session.add(row)
    session.flush()
    if demanded_by == MEMBERS:
        _sign_as_member(session, row, by, now)
    enqueue(session, TELL, {"recall": row.id, "what": "demanded"}, now=now, community_id=community_id)
    look(session, row, now=now)
    return row


def sign(session: Session, community_id: str, recall_id: str, *, by: str, now: datetime) -> Recall:
    """One more owner or member stands behind it."""
    row = _open(session, community_id, recall_id)
    if row.demanded_by == OWNERS:
        assert row.request_id is not None
        requests.sign(session, community_id, row.request_id, person_id=by, now=now)
    else:
        if row.reached_at is not None:
            raise Reached
        _sign_as_member(session, row, by, now)
    look(session, row, now=now)
    return row


def withdraw(session: Session, community_id: str, recall_id: str, *, by: str, now: datetime) -> None:
    """Take a signature back while there are not enough."""
    row = _open(session, community_id, recall_id)
    if row.demanded_by == OWNERS:
        assert row.request_id is not None
        requests.withdraw(session, community_id, row.request_id, person_id=by, now=now)
        return
    if row.reached_at is not None:
        raise Reached
    mine = [one for one in _signatures(session, row) if one.person_id == by and one.withdrawn_at is None]
    if not mine:
        raise NotSigned
    mine[0].withdrawn_at = now
    session.flush()


def look(session: Session, row: Recall, *, now: datetime) -> None:
    """Write down the moment at which enough stand behind it: the days of defence run from here, and the member is told
    again."""
    if row.reached_at is not None:
        return
    if row.demanded_by == OWNERS:
        row.reached_at = _request(session, row).reached_at
    elif support(session, row, now=now).missing == 0:
        row.reached_at = now
    if row.reached_at is not None:
        session.flush()
        enqueue(session, TELL, {"recall": row.id, "what": "reached"}, now=now, community_id=row.community_id)


# ---------------------------------------------------------------------------------------------------- the defence


def defend(session: Session, community_id: str, recall_id: str, *, text: str, by: str, now: datetime) -> Recall:
    """The member's own answer, once, from the first day of the demand to the last day of defence; it is printed in the
    notice word for word."""
    row = _open(session, community_id, recall_id)
    if row.person_id != by:
        raise NotYours
    if row.defended_at is not None:
        raise rules.AlreadyDefended
    found = stage(session, row, now=now)
    if found not in (Stage.COLLECTING, Stage.DEFENDING):
        due = defence_by(row)
        raise rules.DefenceOver(day=due.last_day.isoformat() if due else today(now).isoformat())
    rules.check_text(text)
    row.defence, row.defended_at = text.strip(), now
    session.flush()
    return row


def collect_by(row: Recall) -> Deadline:
    """The last day on which signatures count."""
    return after_days(today(row.started_at), _pack(row).number("recall_collect_days"), china())


def defence_by(row: Recall) -> Deadline | None:
    """The last day of defence; None while there are not enough signatures."""
    if row.reached_at is None:
        return None
    return after_days(today(row.reached_at), _pack(row).number("recall_defence_days"), china())


def stage(session: Session, row: Recall, *, now: datetime) -> Stage:
    due = defence_by(row)
    facts = Facts(
        reached=row.reached_at is not None,
        collect_by=collect_by(row).last_day,
        defence_by=due.last_day if due else None,
        defended=row.defended_at is not None,
        drafted=row.assembly_id is not None,
        decided=row.outcome is not None,
        left=standing.member(session, row.community_id, row.body_kind, row.person_id, now=now) is None,
    )
    return rules.stage(facts, today(now))


# ----------------------------------------------------------------------------------------------------- suspension


def may_suspend(row: Recall) -> bool:
    """Whether the rule pack of the demand knows a suspension until the vote."""
    return _pack(row).text("recall_suspension") == rules.ALLOWED


def suspend(session: Session, community_id: str, recall_id: str, *, basis: str, by: str, now: datetime) -> Recall:
    """No power comes from the member's offices until the assembly has voted."""
    row = _open(session, community_id, recall_id)
    if not may_suspend(row):
        raise NoSuspension
    found = stage(session, row, now=now)
    if found in (Stage.COLLECTING, Stage.LEFT) or row.suspension_id is not None:
        raise WrongStage(stage=rules.STAGES[found])
    row.suspension_id = suspensions.order(
        session, community_id, body_kind=row.body_kind, person_id=row.person_id, basis=basis, by=by, now=now
    ).id
    session.flush()
    return row


# ------------------------------------------------------------------------------------------------------ the motion


def draft(
    session: Session,
    community_id: str,
    recall_id: str,
    *,
    convener: str,
    posts: frozenset[Post],
    by: str,
    now: datetime,
) -> Assembly:
    """An extraordinary assembly with the one motion, once the member has answered or the days for it are over. Not by
    the member."""
    row = _open(session, community_id, recall_id)
    if row.person_id == by:
        raise leaving.OwnCase
    look(session, row, now=now)
    found, due = stage(session, row, now=now), defence_by(row)
    if found is Stage.DEFENDING and due is not None:
        raise rules.StillDefending(day=due.last_day.isoformat())
    if found is not Stage.READY or due is None:
        raise WrongStage(stage=rules.STAGES[found])
    title = rules.title(row.post_title, row.person_name)
    assembly = drafts.extraordinary(
        session,
        community_id,
        title=f"关于{title}的临时会议",
        body=f"表决是否{title}。提议的理由和本人的申辩原文印在表决事项里。",
        convener=convener,
        posts=posts,
        by=by,
        now=now,
    )
    motion = drafts.add_motion(
        session,
        community_id,
        assembly.id,
        title=title,
        body=rules.words(_case(session, row, due, now)),
        matter_code="M3" if row.body_kind == "owners_committee" else "M9",
    )
    row.assembly_id, row.motion_id, row.drafted_by, row.drafted_at = assembly.id, motion.id, by, now
    if row.request_id is not None:
        requests.convened(session, _request(session, row), assembly, by=by, now=now)
    session.flush()
    return assembly


def settle(session: Session, community_id: str, *, now: datetime) -> int:
    """What follows by itself: enough signatures that came in elsewhere, too few in time, results that did not pass,
    members who left before the vote."""
    settled = 0
    for row in open_ones(session, community_id):
        if _lapse(session, row, now=now):
            settled += 1
            continue
        outcome = _outcome(session, row, now)
        if outcome is not None:
            effect.decided(session, row, outcome, by=None, now=now)
            settled += 1
    return settled


def _lapse(session: Session, row: Recall, *, now: datetime) -> bool:
    """Count the signatures once more, and end a demand whose days for them are over."""
    look(session, row, now=now)
    if stage(session, row, now=now) is not Stage.LAPSED:
        return False
    effect.decided(session, row, Stage.LAPSED.value, by=None, now=now)
    return True


def _outcome(session: Session, row: Recall, now: datetime) -> str | None:
    if row.assembly_id is None:
        return Stage.LEFT.value if stage(session, row, now=now) is Stage.LEFT else None
    assembly = get_row(session, Assembly, row.community_id, row.assembly_id)
    if assembly.step is not State.ANNOUNCED:
        return None
    code = next(motion.code for motion in drafts.motions(session, assembly) if motion.id == row.motion_id)
    tally = canonical.decode(tallying.tally_of(session, assembly).public)
    return next(str(one["outcome"]) for one in tally["motions"] if one["motion"] == code)


# -------------------------------------------------------------------------------------------------------- reading


def answer_days(row: Recall) -> int:
    """In how many days the conveners put it to the assembly once enough have signed (R1.25)."""
    return _pack(row).number("request_answer_days")


def suspension(session: Session, row: Recall) -> OfficeSuspension | None:
    """The member's suspension, if one was ordered."""
    if row.suspension_id is None:
        return None
    return get_row(session, OfficeSuspension, row.community_id, row.suspension_id)


def get(session: Session, community_id: str, recall_id: str) -> Recall:
    return get_row(session, Recall, community_id, recall_id)


def of_request(session: Session, community_id: str, request_id: str) -> Recall | None:
    query = select(Recall).where(Recall.community_id == community_id, Recall.request_id == request_id)
    return session.scalars(query).one_or_none()


def recalls(session: Session, community_id: str) -> Sequence[Recall]:
    """Every recall, the latest first."""
    query = select(Recall).where(Recall.community_id == community_id)
    return session.scalars(query.order_by(Recall.number.desc())).all()


def open_ones(session: Session, community_id: str) -> Sequence[Recall]:
    query = select(Recall).where(Recall.community_id == community_id, Recall.outcome.is_(None))
    return session.scalars(query.order_by(Recall.number)).all()


def about(session: Session, community_id: str, person_id: str, body_kind: str) -> Sequence[Recall]:
    query = select(Recall).where(
        Recall.community_id == community_id, Recall.person_id == person_id, Recall.body_kind == body_kind
    )
    return session.scalars(query.order_by(Recall.number)).all()


def support(session: Session, row: Recall, *, now: datetime) -> Support:
    """Against the roll of today, or the planned members (the stricter reading of 全体委员, R2.9)."""
    if row.demanded_by == OWNERS:
        behind = requests.support(session, _request(session, row))
        needed = behind.heads + behind.missing(_pack(row).number("recall_owners_percent"))
        return Support(behind.heads, behind.of_heads, needed)
    found = standing.of(session, row.community_id, row.body_kind, now=now)
    sitting = {one.person.id for one in standing.members(session, row.community_id, row.body_kind, now=now) if one.seat}
    signed = sum(one.person_id in sitting for one in _signatures(session, row) if one.withdrawn_at is None)
    members = found.planned or found.sitting
    share = leaving.share(_pack(row).text("recall_members_share"))
    return Support(signed, members, leaving.members_needed(members, share))


def has_signed(session: Session, row: Recall, person_id: str) -> bool:
    if row.demanded_by == OWNERS:
        return requests.have_signed(session, _request(session, row), person_id)
    return any(one.person_id == person_id for one in _signatures(session, row) if one.withdrawn_at is None)


def absences_of(session: Session, member: Member, *, now: datetime) -> Mapping[str, Any]:
    """The attendance of this year, or of the last one, where it is a reason to move for a recall; else empty."""
    pack = pack_choice.current(session, member.offices[0].community_id, day=today(now))
    for year in (today(now).year, today(now).year - 1):
        found = meetings.absences(session, member.offices[0].community_id, member.person.id, year)
        if leaving.absent_enough(absent=found.absent, held=found.meetings, percent=pack.number("absence_percent")):
            return {"year": year, "meetings": found.meetings, "absent": found.absent}
    return {}


# --------------------------------------------------------------------------------------------------------- helpers


def _absences(session: Session, member: Member, pack: RulePack, now: datetime) -> dict[str, Any]:
    found = absences_of(session, member, now=now)
    if not found:
        raise NotEnoughAbsences(percent=pack.number("absence_percent"))
    return dict(found)


def _case(session: Session, row: Recall, due: Deadline, now: datetime) -> Case:
    behind = support(session, row, now=now)
    who = "名业主" if row.demanded_by == OWNERS else "名委员"
    figures = row.absences
    return Case(
        body=bodies.BODIES[row.body_kind],
        post=row.post_title,
        name=row.person_name,
        behind=f"（由 {behind.signed} {who}提议，共 {behind.of} {who}）",
        reason=row.reason,
        absences=(
            f"会议出席记录：{figures['year']} 年应出席 {figures['meetings']} 次，缺席 {figures['absent']} 次。"
            if figures
            else ""
        ),
        defence=row.defence,
        defence_by=due.last_day,
    )


def _sign_as_member(session: Session, row: Recall, by: str, now: datetime) -> None:
    member = standing.member(session, row.community_id, row.body_kind, by, now=now)
    if member is None or not member.seat or by == row.person_id:
        raise OnlyMembersSign
    mine = [one for one in _signatures(session, row) if one.person_id == by]
    if not mine:
        session.add(RecallSignature(community_id=row.community_id, recall_id=row.id, person_id=by, signed_at=now))
    else:
        mine[0].signed_at, mine[0].withdrawn_at = now, None
    session.flush()


def _signatures(session: Session, row: Recall) -> Sequence[RecallSignature]:
    query = select(RecallSignature).where(
        RecallSignature.community_id == row.community_id, RecallSignature.recall_id == row.id
    )
    return session.scalars(query).all()


def _request(session: Session, row: Recall) -> AssemblyRequest:
    assert row.request_id is not None
    return requests.get(session, row.community_id, row.request_id)


def _open(session: Session, community_id: str, recall_id: str) -> Recall:
    row = get_row(session, Recall, community_id, recall_id, lock=True)
    if row.outcome is not None:
        raise WrongStage(stage=rules.STAGES[Stage.LAPSED if row.outcome == Stage.LAPSED else Stage.DECIDED])
    return row


def _pack(row: Recall) -> RulePack:
    """As it was when the demand was made."""
    return packs.pack(row.pack, day=today(row.started_at))
