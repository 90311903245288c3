"""Drafting an assembly: what will be asked, under which matter, and when. Everything here ends with the notice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.posts import Post
from voting.recall import bound
from voting.rules import conveners, schedule
from voting.rules.counting import Counting
from voting.rules.life import NotTheNextStep, State
from voting.rules.matters import Majority, matter
from voting.rules.thresholds import stricter
from voting.service import steps
from voting.service.terms import Terms, settle
from voting.tables import Assembly, Motion


class NothingWritten(Refusal):
    message: ClassVar[str] = N_("请写明标题和内容")


class WrongTimes(Refusal):
    message: ClassVar[str] = N_("截止时间必须晚于开始时间，请改正")


class UnknownCounting(Refusal):
    message: ClassVar[str] = N_("计票方式只能是“以第一张为准”或“以最后一张为准”")


class CandidatesFixed(Refusal):
    """Who stands and in which order was decided before the draft (R2.4): no editor of motions changes it."""

    message: ClassVar[str] = N_("这会改动选举候选人的表决事项或次序：候选人名单由提名环节确定，请到选举的页面办理")
    status: ClassVar[int] = 409


def create(
    session: Session,
    community_id: str,
    *,
    title: str,
    body: str,
    convener: str,
    opens_at: datetime,
    closes_at: datetime,
    by: str | None,
    now: datetime,
    counting: str | None = None,
    terms: Terms | None = None,
    posts: Iterable[Post] | None = None,
) -> Assembly:
    """A new draft under the community's rule pack, numbered within its year. `posts` are those of whoever drafts: they
    say as what one may convene (R1.26); None is the platform itself.
    """
    pack = pack_choice.current(session, community_id, day=today(now))
    if posts is not None:
        conveners.check(convener.strip(), posts)
    assembly = Assembly(
        community_id=community_id,
        code=_next_code(session, community_id, today(now).year),
        rule_pack=pack.code,
        counting=_counting(counting or pack.text("counting")),
        identity_level=pack.text("identity_level"),
        receipt_minutes=pack.number("receipt_due_minutes"),
        silent_rule=pack.text("silent_rule"),
        proxy_cap=pack.number("proxy_cap"),
        created_at=now,
        **_written(title, body, convener),
        **_times(opens_at, closes_at),
    )
    session.add(assembly)
    session.flush()
    if terms is not None:
        settle(session, assembly, terms, now=now)
    steps.record(session, assembly, State.DRAFT, by=by, now=now, reason="")
    return assembly


def extraordinary(
    session: Session,
    community_id: str,
    *,
    title: str,
    body: str,
    convener: str,
    posts: Iterable[Post],
    by: str,
    now: datetime,
) -> Assembly:
    """A draft that answers a demand (R1.25, R2.12): as soon as its notice can be given in time, at the usual hours."""
    pack = pack_choice.current(session, community_id, day=today(now))
    notice = schedule.notice_days(pack, schedule.Form.EXTRAORDINARY)
    opens_at, closes_at = schedule.usual_window(pack, today(now) + timedelta(days=notice + 1))
    channel = "online" if "online" in pack.text("channels").split() else "paper"
    return create(
        session,
        community_id,
        title=title,
        body=body,
        convener=convener,
        opens_at=opens_at,
        closes_at=closes_at,
        by=by,
        now=now,
        terms=Terms(form=schedule.Form.EXTRAORDINARY.value, channels=(channel,)),
        posts=posts,
    )


def change(
    session: Session,
    community_id: str,
    assembly_id: str,
    *,
    title: str,
    body: str,
    convener: str,
    opens_at: datetime,
    closes_at: datetime,
    terms: Terms,
    now: datetime,
    posts: Iterable[Post] | None = None,
) -> Assembly:
    """Change a draft's own words, times and terms."""
    assembly = locked_draft(session, community_id, assembly_id)
    if posts is not None and convener.strip() != assembly.convener:
        conveners.check(convener.strip(), posts)
    for name, value in {**_written(title, body, convener), **_times(opens_at, closes_at)}.items():
        setattr(assembly, name, value)
    settle(session, assembly, terms, now=now)
    return assembly


def add_motion(
    session: Session,
    community_id: str,
    assembly_id: str,
    *,
    title: str,
    body: str,
    matter_code: str,
    majority: str | None = None,
) -> Motion:
    """One more question. The convener picks the matter (R1.8) and may ask for the stricter majority (R1.7)."""
    assembly = locked_draft(session, community_id, assembly_id)
    found = matter(matter_code)
    if not title.strip() or not body.strip():
        raise NothingWritten
    same = (Motion.community_id == community_id, Motion.assembly_id == assembly_id)
    position = (session.scalar(select(func.max(Motion.position)).where(*same)) or 0) + 1
    motion = Motion(
        community_id=community_id,
        assembly_id=assembly.id,
        code=f"m{position}",
        position=position,
        title=title.strip(),
        body=body.strip(),
        matter=found.code,
        majority=stricter(found.majority, Majority(majority) if majority else None).value,
    )
    session.add(motion)
    session.flush()
    return motion


def remove_motion(session: Session, community_id: str, assembly_id: str, motion_id: str) -> None:
    """Take a question out of a draft."""
    assembly = locked_draft(session, community_id, assembly_id)
    motion = get(session, Motion, community_id, motion_id)
    if motion.assembly_id != assembly.id:
        raise NotFound
    not_a_candidate(assembly, motion)
    bound.not_a_recall(session, motion)
    session.delete(motion)
    session.flush()
    number(session, assembly, motions(session, assembly))


def number(session: Session, assembly: Assembly, order: Sequence[Motion]) -> None:
    """Codes and places of a draft's motions follow their order: what the notice freezes has no gaps."""
    standing = candidates(assembly)
    if any(motion.code in standing and motion.code != f"m{place}" for place, motion in enumerate(order, 1)):
        raise CandidatesFixed
    for place, motion in enumerate(order, 1):
        motion.code, motion.position = f"{assembly.id}-{place}", place
    session.flush()  # codes are unique, so none may meet its neighbour's old one
    for place, motion in enumerate(order, 1):
        motion.code = f"m{place}"
    session.flush()


def candidates(assembly: Assembly) -> set[str]:
    """The codes of the motions that are candidates of an election."""
    return {code for election in assembly.elections for code in election["motions"]}


def not_a_candidate(assembly: Assembly, motion: Motion) -> None:
    """Refuse to touch a candidate's motion where ordinary ones are written."""
    if motion.code in candidates(assembly):
        raise CandidatesFixed


def motions(session: Session, assembly: Assembly) -> Sequence[Motion]:
    """The questions in the order of the notice."""
    query = select(Motion).where(Motion.community_id == assembly.community_id, Motion.assembly_id == assembly.id)
    return session.scalars(query.order_by(Motion.position)).all()


def assembly_of(session: Session, motion: Motion) -> Assembly:
    """The assembly that a motion belongs to."""
    return get(session, Assembly, motion.community_id, motion.assembly_id)


def locked_draft(session: Session, community_id: str, assembly_id: str) -> Assembly:
    """The draft, held for this transaction; after the notice nothing of it changes any more."""
    assembly = get(session, Assembly, community_id, assembly_id, lock=True)
    if assembly.step is not State.DRAFT:
        raise NotTheNextStep
    return assembly


def _next_code(session: Session, community_id: str, year: int) -> str:
    query = select(func.count()).where(Assembly.community_id == community_id, Assembly.code.like(f"{year}-%"))
    return f"{year}-{(session.scalar(query) or 0) + 1:02d}"


def _written(title: str, body: str, convener: str) -> dict[str, str]:
    if not title.strip() or not body.strip() or not convener.strip():
        raise NothingWritten
    return {"title": title.strip(), "body": body.strip(), "convener": convener.strip()}


def _times(opens_at: datetime, closes_at: datetime) -> dict[str, datetime]:
    if closes_at <= opens_at:
        raise WrongTimes
    return {"opens_at": opens_at, "closes_at": closes_at}


def _counting(text: str) -> str:
    if text not in tuple(Counting):
        raise UnknownCounting
    return text
