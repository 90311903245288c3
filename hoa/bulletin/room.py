"""What the bulletin brings."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.bulletin import integrity, service, tasks
from hoa.bulletin.powers import ANSWERERS, POWERS, answering
from hoa.bulletin.views import blueprint, short
from hoa.kernel.clock import today
from hoa.kernel.errors import N_
from hoa.web.room import Asker, NavItem, Need, Room


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    if not asker.powers & {"bulletin.answer", *ANSWERERS.values()}:
        return ()
    return [
        Need(
            title=gettext("答复业主异议"),
            url=url_for("bulletin.answer", objection_id=objection.id),
            due=objection.answer_due,
            urgent=objection.answer_due < today(asker.now),
        )
        for objection, kind in service.open_objections_with_kind(session, asker.community_id)
        if answering(kind) in asker.powers
    ]


ROOM = Room(
    name="bulletin",
    blueprints=(blueprint, short),
    powers=POWERS,
    tasks={"bulletin.announce": tasks.announce},
    nav=(NavItem(label=N_("公示"), endpoint="bulletin.board"),),
    needs=_needs,
    publications={"notice": N_("通知")},
    verify=integrity.verify,
)
