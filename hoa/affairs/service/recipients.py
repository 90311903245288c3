"""Who is told of a step, and in which words: which suggestion, until when, and where the rest stands. No message names
a person or quotes one, and each leads to a page that its reader may open.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts.service import phone_of
from hoa.affairs.service import handlers, intake, links, reporters
from hoa.affairs.tables import Follower, Handler, Suggestion
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.errors import N_
from hoa.kernel.posts import BUILDING_LEAD, ENTRANCE_LEAD, RESIDENTS_STAFF, STREET_OFFICER, Post
from hoa.offices import service as offices
from hoa.platform import Platform
from hoa.ports.keys import Keys

TO_REPORTER: Mapping[str, str] = {
    "received": N_("您的诉求 %(label)s 已收到，最迟 %(day)s 梳理交办。进度：%(link)s"),
    "assigned": N_("您的诉求 %(label)s 已交办，最迟 %(day)s 答复。进度：%(link)s"),
    "reassigned": N_("您的诉求 %(label)s 改由另一个单位承办，答复期限不变。进度：%(link)s"),
    "progress": N_("您的诉求 %(label)s 有新进展：%(link)s"),
    "paused": N_("您的诉求 %(label)s 中止计时，原因见：%(link)s"),
    "resumed": N_("您的诉求 %(label)s 恢复计时，最迟 %(day)s 答复。进度：%(link)s"),
    "answered": N_("您的诉求 %(label)s 已经答复，请看结果并点一下评价：%(link)s"),
    "merged": N_("您的诉求 %(label)s 和另一件是同一件事，已合并办理。进度：%(link)s"),
    "refused": N_("您的诉求 %(label)s 不予受理，理由见：%(link)s"),
    "published": N_("您的诉求 %(label)s 的办理结果已经公示：%(link)s"),
}
TO_FOLLOWERS: Mapping[str, str] = {
    "progress": N_("您关注的诉求 %(label)s 有新进展：%(link)s 不再关注：%(stop)s"),
    "answered": N_("您关注的诉求 %(label)s 已经答复：%(link)s 不再关注：%(stop)s"),
    "published": N_("您关注的诉求 %(label)s 的办理结果已经公示：%(link)s 不再关注：%(stop)s"),
}
TO_HANDLER: Mapping[str, str] = {
    "assigned": N_("诉求 %(label)s 交由您的单位承办，最迟 %(day)s 答复：%(link)s"),
    "reassigned": N_("诉求 %(label)s 改由您的单位承办，最迟 %(day)s 答复：%(link)s"),
    "reopened": N_("诉求 %(label)s 被要求重办，最迟 %(day)s 答复：%(link)s"),
    "letter": N_("诉求 %(label)s 已逾期，督办函见：%(link)s"),
    "remind_soon": N_("诉求 %(label)s 快到期了，最迟 %(day)s 答复：%(link)s"),
    "remind_overdue": N_("诉求 %(label)s 已逾期（最迟 %(day)s），请尽快答复：%(link)s"),
    "remind_plan": N_("诉求 %(label)s 今天是提出方案的最后一天，请反馈：%(link)s"),
    "remind_plan_overdue": N_("诉求 %(label)s 提出方案已逾期，请尽快反馈：%(link)s"),
    "remind_report": N_("诉求 %(label)s 今天是报告进展的最后一天，请反馈：%(link)s"),
    "remind_report_overdue": N_("诉求 %(label)s 报告进展已逾期，请尽快反馈：%(link)s"),
}
TO_LEVEL: Mapping[str, frozenset[Post]] = {
    "escalated_1": frozenset({BUILDING_LEAD, ENTRANCE_LEAD}),
    "escalated_2": frozenset({RESIDENTS_STAFF}),
    "escalated_3": frozenset({STREET_OFFICER}),
}
ESCALATED = N_("诉求 %(label)s 逾期未办（最迟 %(day)s），请督促：%(link)s")


class Sending(NamedTuple):
    """One message to one recipient: what its row calls them, where to, the words and their parameters."""

    recipient: str
    phone: str | None
    words: str
    params: Mapping[str, str]


def sendings(session: Session, platform: Platform, row: Suggestion, kind: str) -> Iterator[Sending]:
    """Everybody to be told, each phone once: a reporter may follow as well."""
    told: set[str] = set()
    for sending in _everybody(session, platform, row, kind):
        if sending.phone is None or sending.phone not in told:
            yield sending
        if sending.phone is not None:
            told.add(sending.phone)


def _everybody(session: Session, platform: Platform, row: Suggestion, kind: str) -> Iterator[Sending]:
    keys, now = platform.keys, platform.now()
    base, code = platform.settings.base_url, get_community(session, row.community_id).code
    here = f"{base}/c/{code}"
    merged = list(_merged(session, row))
    if kind in TO_REPORTER:
        for one in (row, *merged):
            # Who reported the same thing hears the answer; it is rated by whose it is.
            link = base + links.path(keys, code, one) + ("/rate" if kind == "answered" and one is row else "")
            phone = reporters.phone_to_tell(session, keys, one)
            params = _params(row, link) | {"label": one.label}
            yield Sending(f"reporter:{one.id}", phone, TO_REPORTER[kind], params)
    if kind in TO_FOLLOWERS:
        for follower in _followers(session, (row, *merged)):
            params = _params(row, f"{here}/suggestions/{row.label}")
            stop = base + intake.unfollow_path(keys, code, follower)
            phone = _phone_of_follower(session, keys, follower)
            yield Sending(f"follower:{follower.id}", phone, TO_FOLLOWERS[kind], params | {"stop": stop})
    if kind in TO_HANDLER and row.handler_id is not None:
        unit = get(session, Handler, row.community_id, row.handler_id)
        for person_id in handlers.people(session, unit, now):
            params = _params(row, f"{here}/handling/{row.id}")
            yield Sending(f"person:{person_id}", phone_of(session, keys, person_id), TO_HANDLER[kind], params)
    if kind in TO_LEVEL:
        for person_id in _level(session, row, TO_LEVEL[kind], now):
            params = _params(row, f"{here}/suggestions/{row.label}")
            yield Sending(f"person:{person_id}", phone_of(session, keys, person_id), ESCALATED, params)


def _params(row: Suggestion, link: str) -> dict[str, str]:
    return {"label": row.label, "day": f"{row.due_on.month}月{row.due_on.day}日" if row.due_on else "", "link": link}


def _merged(session: Session, row: Suggestion) -> Iterator[Suggestion]:
    """What was merged into it, and into that."""
    query = select(Suggestion).where(Suggestion.community_id == row.community_id, Suggestion.merged_into_id == row.id)
    for one in session.scalars(query.order_by(Suggestion.id)).all():
        yield one
        yield from _merged(session, one)


def _followers(session: Session, rows: Sequence[Suggestion]) -> Sequence[Follower]:
    query = select(Follower).where(
        Follower.community_id == rows[0].community_id, Follower.suggestion_id.in_([row.id for row in rows])
    )
    return session.scalars(query.order_by(Follower.since, Follower.id)).all()


def _phone_of_follower(session: Session, keys: Keys, follower: Follower) -> str | None:
    if follower.person_id is not None:
        return phone_of(session, keys, follower.person_id)
    if follower.phone_sealed is None:
        return None
    return reporters.opened(keys, follower.community_id, follower.id, follower.phone_sealed)


def _level(session: Session, row: Suggestion, posts: frozenset[Post], now: datetime) -> Iterator[str]:
    """Who sees to it at this level; of the buildings' people those of the suggestion's own place."""
    for holder in offices.holders(session, row.community_id, posts=posts, now=now):
        place = holder.office.place
        if place.building in ("", row.building) and place.entrance in ("", row.entrance):
            yield holder.person.id
