"""What is an owner's own in the assemblies: each elector, whether a ballot was cast for it, and whether it counted."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import today
from hoa.web.i18n import day, moment
from hoa.web.room import Asker, Own, OwnLine
from voting.rules import record
from voting.rules.life import State
from voting.service import casting, proxies, reading, successions
from voting.service.entrance import removed
from voting.tables import Assembly, Ballot, CountedRow, RollUnit


class _Mine(NamedTuple):
    """An elector of mine with its ballots that stand."""

    standing: casting.Standing
    ballots: Sequence[Ballot]


def own(session: Session, asker: Asker) -> Sequence[Own]:
    """My ballots and receipts, assembly by assembly: what is under way first, then the latest."""
    found = []
    for assembly in reading.assemblies(session, asker.community_id, drafts=False):
        lines = [_line(session, assembly, one, asker) for one in _mine(session, assembly, asker)]
        if lines:
            found.append(
                Own(
                    title=assembly.title,
                    url=url_for("voting.show", code=assembly.code),
                    text=_when(assembly),
                    current=assembly.step is not State.ANNOUNCED,
                    lines=lines,
                    links=_links(assembly),
                )
            )
    return found


def _mine(session: Session, assembly: Assembly, asker: Asker) -> Sequence[_Mine]:
    """The electors I act for, and those for which I voted before I sold."""
    now = {
        one.elector: one
        for one in casting.standings(session, assembly, person_id=asker.person_id, day=today(asker.now))
    }
    ever = (
        select(RollUnit.elector)
        .join(Ownership, (Ownership.community_id == RollUnit.community_id) & (Ownership.unit_id == RollUnit.unit_id))
        .join(Owner, (Owner.community_id == Ownership.community_id) & (Owner.id == Ownership.owner_id))
        .where(
            RollUnit.community_id == assembly.community_id,
            RollUnit.assembly_id == assembly.id,
            Owner.person_id == asker.person_id,
        )
    )
    found = []
    for elector in sorted({*now, *session.scalars(ever)} - removed(session, assembly)):
        standing = now.get(elector) or successions.former_standing(
            session, assembly, person_id=asker.person_id, elector=elector
        )
        if standing is not None:
            ballots = successions.standing_ballots(session, assembly, successions.ballots(session, assembly, elector))
            found.append(_Mine(standing, ballots))
    return found


def _line(session: Session, assembly: Assembly, one: _Mine, asker: Asker) -> OwnLine:
    """How one elector stands, in a word."""
    rooms = one.standing.rooms
    counted = _counted(session, assembly, one.standing.elector)
    if not one.ballots and (agent := _agent(session, assembly, one.standing.elector, asker)) is not None:
        word = gettext("已委托%(name)s", name=agent)
        page = url_for("voting.appoint", code=assembly.code, elector=one.standing.elector)
        return OwnLine(title=rooms, state=word, kind="ink", url=page)
    if not one.ballots:
        word, kind = gettext("没有投票"), "plain"
        if assembly.step in (State.NOTICED, State.OPEN):
            word, kind = gettext("还没有投票"), "warn"
        return OwnLine(title=rooms, state=word, kind=kind)
    shown = next((ballot for ballot in one.ballots if ballot.leaf == counted), one.ballots[-1])
    word = gettext("已投票")
    if assembly.step is State.ANNOUNCED:
        word = gettext("已计入") if counted else gettext("没有计入")
    return OwnLine(
        title=rooms,
        state=word,
        kind="ok" if counted or assembly.step is not State.ANNOUNCED else "plain",
        code=record.short_code(shown.leaf),
        url=url_for("voting.receipt", code=assembly.code, elector=one.standing.elector),
    )


def _agent(session: Session, assembly: Assembly, elector: str, asker: Asker) -> str | None:
    """Who votes for this elector on an authority in force; its owner looks at it or withdraws it."""
    if assembly.step not in (State.NOTICED, State.OPEN):
        return None
    standing = (
        row.agent_name
        for row in proxies.of_elector(session, assembly, elector)
        if proxies.is_usable(row, now=asker.now)
    )
    return next(standing, None)


def _counted(session: Session, assembly: Assembly, elector: str) -> str | None:
    """The ballot that counted for this elector; known to its owner once the result is out."""
    if assembly.step is not State.ANNOUNCED:
        return None
    query = select(CountedRow.counted).where(
        CountedRow.community_id == assembly.community_id,
        CountedRow.assembly_id == assembly.id,
        CountedRow.elector == elector,
    )
    return session.scalar(query)


def _when(assembly: Assembly) -> str:
    if assembly.step is State.NOTICED:
        return str(gettext("%(when)s 开始表决", when=moment(assembly.opens_at)))
    if assembly.step is State.OPEN:
        return str(gettext("%(when)s 截止", when=moment(assembly.ends_at)))
    return str(gettext("%(when)s 已截止", when=day(assembly.ends_at)))


def _links(assembly: Assembly) -> Sequence[tuple[str, str]]:
    """Past assemblies lead to their result and to the package with which anybody counts again."""
    if assembly.step is State.ANNOUNCED:
        return (
            (gettext("看结果"), url_for("voting.show", code=assembly.code)),
            (gettext("下载核验包，自己重算"), url_for("voting.public_package", code=assembly.code)),
        )
    return ((gettext("我为什么这样计"), url_for("voting.roll_page", code=assembly.code)),)
