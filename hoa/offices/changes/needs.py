"""What changes of members put on people's start pages."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.kernel.clock import today
from hoa.offices import rules as bodies
from hoa.offices.changes import service, standing, succession
from hoa.offices.changes.powers import CONFIRM, RECEIVE
from hoa.offices.changes.rules import TITLES
from hoa.offices.changes.tables import PROPOSED, WAITING
from hoa.web.room import Asker, Need, Overdue


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """An alternate's answer; resignations to receive and ends to confirm; too few left, seats that nobody fills."""
    found = [
        Need(
            title=gettext("请答复是否递补为业主委员会委员"),
            url=url_for("changes.index") + "#offers",
            due=offer.answer_by,
            urgent=offer.answer_by <= today(asker.now),
        )
        for offer in succession.waiting_for(session, asker.community_id, asker.person_id, now=asker.now)
    ]
    if RECEIVE in asker.powers:
        found += _to_receive(session, asker)
    if CONFIRM in asker.powers:
        found += _to_confirm(session, asker)
        found += _too_few(session, asker)
    return found


def _to_receive(session: Session, asker: Asker) -> list[Need]:
    rows = [
        row
        for row in service.changes(session, asker.community_id, states=(WAITING,))
        if row.received_at is None and row.person_id != asker.person_id
    ]
    names = accounts.names(session, [row.person_id for row in rows])
    return [
        Need(
            title=gettext("请登记收到%(name)s的辞职书", name=names[row.person_id]),
            url=url_for("changes.show", change_id=row.id),
        )
        for row in rows
    ]


def _to_confirm(session: Session, asker: Asker) -> list[Need]:
    rows = [
        row
        for row in service.changes(session, asker.community_id, states=(PROPOSED,))
        if asker.person_id not in (row.person_id, row.proposed_by)
    ]
    names = accounts.names(session, [row.person_id for row in rows])
    return [
        Need(
            title=gettext(
                "请确认或驳回：%(name)s%(reason)s",
                name=names[row.person_id],
                reason=gettext(TITLES[row.reason]),
            ),
            url=url_for("changes.show", change_id=row.id),
            urgent=True,
        )
        for row in rows
    ]


def _too_few(session: Session, asker: Asker) -> list[Need]:
    """Fewer than half left: the assembly elects anew (指导规则 46). A vacancy without alternates: a supplementary
    election."""
    found = []
    alarmed = set()
    for kind, now_left in standing.all_bodies(session, asker.community_id, now=asker.now):
        if now_left.reelection:
            alarmed.add(kind)
            title = gettext(
                "%(body)s %(planned)s 个席位只剩 %(sitting)s 人，不足半数，请组织重新选举",
                body=gettext(bodies.BODIES[kind]),
                planned=now_left.planned,
                sitting=now_left.sitting,
            )
            found.append(Need(title=title, url=url_for("changes.index"), urgent=True))
    open_seats = succession.unfilled(session, asker.community_id, now=asker.now)
    for kind in dict.fromkeys(row.body_kind for row in open_seats if row.body_kind not in alarmed):
        title = gettext("%(body)s有席位空缺，没有候补可以递补，请列入补选", body=gettext(bodies.BODIES[kind]))
        found.append(Need(title=title, url=url_for("changes.index")))
    return found


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """Fewer than half left, for the street officer's list over all communities: since the last member left."""
    code = get_community(session, community_id).code
    found, changes = [], service.changes(session, community_id)
    for kind, left in standing.all_bodies(session, community_id, now=now):
        days = [
            today(row.effective_at)
            for row in changes
            if row.body_kind == kind and row.seat and row.effective_at is not None
        ]
        if left.reelection and days:
            title = gettext("%(body)s不足半数，要重新选举", body=gettext(bodies.BODIES[kind]))
            url = url_for("changes.index", community_code=code)
            found.append(Overdue(title=title, url=url, since=max(days)))
    return found
