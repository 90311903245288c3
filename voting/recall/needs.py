"""What recalls put on people's start pages."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.clock import today
from hoa.web.room import Asker, Need
from voting.powers import CONVENE
from voting.recall import service
from voting.recall.rules import Stage
from voting.recall.tables import Recall


def needs(session: Session, asker: Asker) -> Sequence[Need]:
    """The member's defence; the conveners' draft once the member was heard."""
    found = []
    for row in service.open_ones(session, asker.community_id):
        stage = service.stage(session, row, now=asker.now)
        url = url_for("recall.show", recall_id=row.id)
        mine = row.person_id == asker.person_id
        if mine and row.defended_at is None and stage in (Stage.COLLECTING, Stage.DEFENDING):
            due = service.defence_by(row)
            title = gettext("有人提议罢免您的%(post)s职务，请写书面申辩", post=row.post_title)
            found.append(Need(title=title, url=url, due=due.last_day if due else None, urgent=due is not None))
        if CONVENE in asker.powers and not mine and stage is Stage.READY:
            due_on = answer_by(row)
            title = gettext("请起草罢免表决：%(post)s%(name)s", post=row.post_title, name=row.person_name)
            found.append(Need(title=title, url=url, due=due_on, urgent=due_on < today(asker.now)))
    return found


def answer_by(row: Recall) -> date:
    """Until when the conveners put it to the assembly: the same days as for any request of owners (R1.25)."""
    assert row.reached_at is not None
    return today(row.reached_at) + timedelta(days=service.answer_days(row))
