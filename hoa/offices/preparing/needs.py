"""Whose turn it is sees it; what is late is urgent for the street officer (R1.26, R2.15)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community import service as register
from hoa.kernel.clock import today
from hoa.kernel.posts import COMMITTEE
from hoa.offices import service as offices
from hoa.offices.preparing import progress, starting
from hoa.offices.preparing.progress import Progress
from hoa.offices.preparing.rules.clock import State, Step, Turn, first_of
from hoa.offices.preparing.words import TITLES, step_title
from hoa.web.room import Asker, Need, Overdue, Shown


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """What a preparation wants of this person today."""
    if not asker.powers & {"preparing.run", "preparing.work"}:
        return ()
    row = progress.running(session, asker.community_id)
    if row is None:
        return list(_could_start(session, asker))
    found = progress.of(session, row)
    return [*_steps(found, asker), *_composition(found, asker)]


def _could_start(session: Session, asker: Asker) -> Iterator[Need]:
    """Enough is handed over, and there has never been a group or a committee: the street may ask for the papers."""
    if "preparing.run" not in asker.powers or progress.preparations(session, asker.community_id):
        return
    if offices.holders(session, asker.community_id, posts=COMMITTEE, now=asker.now):
        return
    pack = pack_choice.current(session, asker.community_id, day=today(asker.now))
    if starting.figures(session, asker.community_id).delivered.reaches(pack.text("preparatory_trigger")):
        yield Need(title=gettext("已交付面积达到条件，可以筹备首次业主大会"), url=url_for("preparing.index"))


def _steps(found: Progress, asker: Asker) -> Iterator[Need]:
    """The steps whose turn it is; the street also sees every late one, whoever was to take it."""
    day = today(asker.now)
    for step in found.steps:
        state = step.state(day)
        late = state is State.LATE
        if late or state is State.NOW:
            if not _is_for(step, asker, late=late):
                continue
            title = step_title(step.code, found.row.what)
            yield Need(
                title=gettext("%(step)s已超期", step=title) if late else title,
                url=url_for("preparing.show", preparation_id=found.row.id),
                due=step.deadline.practical if step.deadline else None,
                urgent=late,
            )


def _is_for(step: Step, asker: Asker, *, late: bool) -> bool:
    """The group's own steps are its members'; the developer, and a committee whose time runs out, are pressed by the
    street, and so is everybody who is late.
    """
    if step.turn is Turn.GROUP and "preparing.sit" in asker.powers:
        return True
    return "preparing.run" in asker.powers and (late or step.turn is not Turn.GROUP)


def _composition(found: Progress, asker: Asker) -> Iterator[Need]:
    """A group that has lost a member is completed by the street."""
    if "preparing.run" in asker.powers and found.row.formed_on and not found.lawful:
        yield Need(
            title=gettext("小组的组成不符合要求，请补齐成员"),
            url=url_for("preparing.group", preparation_id=found.row.id),
            urgent=True,
        )


def overdue(session: Session, community_id: str, now: datetime) -> Sequence[Overdue]:
    """Late steps, for the street officer's list over all communities."""
    row = progress.running(session, community_id)
    if row is None:
        return ()
    # The list stands outside any community's pages, so the address names the community.
    code = register.get_community(session, community_id).code
    return [
        Overdue(
            title=gettext("%(what)s：%(step)s", what=gettext(TITLES[row.what]), step=step_title(step.code, row.what)),
            url=url_for("preparing.show", community_code=code, preparation_id=row.id),
            since=step.deadline.day,
        )
        for step in progress.of(session, row).steps
        if step.state(today(now)) is State.LATE and step.deadline is not None
    ]


def shown(session: Session, community_id: str, now: datetime) -> Sequence[Shown]:
    """What anybody may see on the first page while a preparation is under way."""
    row = progress.running(session, community_id)
    if row is None:
        return ()
    step = first_of(progress.of(session, row).steps, today(now))
    text = gettext("正在办：%(step)s", step=step_title(step.code, row.what)) if step else gettext("各步骤都已完成")
    address = url_for("preparing.show", preparation_id=row.id)
    return [Shown(title=gettext(TITLES[row.what]), url=address, text=text)]
