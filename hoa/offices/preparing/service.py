"""The group: listing its members, forming it, replacing and ending (rules.md R1.23)."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community import service as register
from hoa.db import get as get_row
from hoa.kernel import posts
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.kernel.posts import Post
from hoa.offices import service as offices
from hoa.offices.preparing import paperwork, progress
from hoa.offices.preparing.progress import IsOver, NoReason, opened
from hoa.offices.preparing.rules import composition
from hoa.offices.preparing.rules.composition import Delegation, Seat
from hoa.offices.preparing.rules.trigger import Kind
from hoa.offices.preparing.tables import Preparation, PreparationMember
from hoa.offices.tables import Office

# Nothing says how long a group may serve; a year is more than any term here, and its powers end with the preparation.
GROUP_DAYS = 365


class NotAnOwner(Refusal):
    message: ClassVar[str] = N_("%(name)s不是本小区已核验身份的业主，不能作为业主代表；请先在核验点核对身份")


class CompanyStaff(Refusal):
    message: ClassVar[str] = N_("%(name)s是物业服务企业的人员，不能作为业主代表")


class ListedTwice(Refusal):
    message: ClassVar[str] = N_("%(name)s已经在名单里，一个人只能代表一方")


class NeedsAccount(Refusal):
    message: ClassVar[str] = N_("请填写手机号：成立后本人用它登录办理筹备工作")


class FormedBefore(Refusal):
    message: ClassVar[str] = N_("成立日期应在收到报告（%(received)s）之后、今天之前")


class IsFormed(Refusal):
    message: ClassVar[str] = N_("小组已经成立，成立日期不能再改")
    status: ClassVar[int] = 409


def add_member(
    session: Session,
    community_id: str,
    preparation_id: str,
    *,
    name: str,
    delegation: Delegation,
    basis: str,
    person_id: str | None = None,
    leader: bool = False,
    consent: bool = False,
    by: str,
    now: datetime,
) -> PreparationMember:
    """List somebody who speaks for `delegation`. Once the group is formed they hold their office at once."""
    row = opened(session, community_id, preparation_id)
    there = progress.members(session, row)
    composition.check_member(
        delegation, leader=leader, consent=consent, has_leader=any(member.leader for member in there)
    )
    if delegation in composition.WITHOUT_OFFICE:
        person_id = None
    elif person_id is None:
        raise NeedsAccount
    _check_person(session, row, delegation, person_id, name, now)
    if any((member.person_id == person_id) if person_id else (member.name == name) for member in there):
        raise ListedTwice(name=name)
    member = PreparationMember(
        community_id=community_id,
        id=new_id(),
        preparation_id=row.id,
        person_id=person_id,
        name=name.strip(),
        delegation=delegation.value,
        leader=leader,
        consent=consent and delegation in composition.PARTY,
        basis=basis.strip(),
        added_by=by,
        added_at=now,
    )
    session.add(member)
    session.flush()
    if row.formed_on is not None:
        _appoint(session, row, member, by=by, now=now)
    return member


def _check_person(
    session: Session, row: Preparation, delegation: Delegation, person_id: str | None, name: str, now: datetime
) -> None:
    """Owners' delegates are owners who were checked, and nobody of the property company."""
    if delegation is not Delegation.OWNER or person_id is None:
        return
    if not register.owns_today(session, row.community_id, person_id, today(now)):
        raise NotAnOwner(name=name)
    if posts.PROPERTY_STAFF in offices.posts_held(session, row.community_id, person_id, now):
        raise CompanyStaff(name=name)


def remove_member(
    session: Session, community_id: str, preparation_id: str, member_id: str, *, reason: str, by: str, now: datetime
) -> PreparationMember:
    """Somebody leaves the group; their office ends the same second, and the row stays with the reason."""
    row = opened(session, community_id, preparation_id)
    member = get_row(session, PreparationMember, community_id, member_id, lock=True)
    if member.preparation_id != row.id or member.removed_at is not None:
        raise IsOver
    if not reason.strip():
        raise NoReason
    member.removed_by, member.removed_at, member.remove_reason = by, now, reason.strip()
    session.flush()
    _end_office(session, member, basis=reason.strip(), by=by, now=now)
    return member


def form(
    session: Session,
    community_id: str,
    preparation_id: str,
    *,
    formed_on: date,
    decision: str,
    reason: str = "",
    by: str,
    now: datetime,
) -> Preparation:
    """Form the group on what the street decided: each demand of the law is met, and members get their offices.

    `decision` is the id of the paper with the street's decision.
    """
    row = opened(session, community_id, preparation_id)
    if row.formed_on is not None:
        raise IsFormed
    if not row.received_on <= formed_on <= today(now):
        raise FormedBefore(received=row.received_on.isoformat())
    pack, group = progress.pack_of(row), progress.members(session, row)
    found = composition.checks(
        [Seat(member.speaks_for, member.leader) for member in group],
        developer_most=pack.number("preparatory_developer_most"),
    )
    composition.check_complete(found, party=pack.text("preparatory_party"), reason=reason)
    paper = paperwork.paper_of(session, community_id, row.id, decision)
    row.formed_on, row.formed_by, row.reason = formed_on, by, reason.strip()
    paperwork.write_step(session, row, "form", formed_on, paper_id=paper.id, by=by, now=now)
    for member in group:
        _appoint(session, row, member, by=by, now=now)
    return row


def finish(session: Session, community_id: str, preparation_id: str, *, reason: str, by: str, now: datetime) -> None:
    """End the preparation, because the assembly was held or for another reason; the group's offices end with it."""
    row = opened(session, community_id, preparation_id)
    if not reason.strip():
        raise NoReason
    for member in progress.members(session, row):
        _end_office(session, member, basis=reason.strip(), by=by, now=now)
    row.ended_at, row.ended_by, row.end_reason = now, by, reason.strip()
    session.flush()


def _appoint(session: Session, row: Preparation, member: PreparationMember, *, by: str, now: datetime) -> None:
    if member.person_id is None:
        return
    office = offices.appoint(
        session,
        row.community_id,
        post=_post(row, leader=member.leader),
        person_id=accounts.person(session, member.person_id).id,
        starts_at=now,
        ends_at=now + timedelta(days=GROUP_DAYS),
        basis=member.basis,
        by=by,
        now=now,
    )
    member.office_id = office.id
    session.flush()


def _post(row: Preparation, *, leader: bool) -> Post:
    if row.what is Kind.FIRST:
        return posts.PREPARATORY_LEADER if leader else posts.PREPARATORY_MEMBER
    return posts.RE_ELECTION_LEADER if leader else posts.RE_ELECTION_MEMBER


def _end_office(session: Session, member: PreparationMember, *, basis: str, by: str, now: datetime) -> None:
    """End what the group gave, if it has not run out by itself."""
    if member.office_id is None:
        return
    office = get_row(session, Office, member.community_id, member.office_id)
    if office.ends_at > now:
        offices.end(session, member.community_id, office_id=office.id, basis=basis, by=by, now=now)
