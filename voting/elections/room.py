"""What elections bring before their ballot."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.i18n import day
from hoa.web.room import Asker, Need, Room, Shown
from voting.elections import needs
from voting.elections.powers import POWERS
from voting.elections.rules.life import State
from voting.elections.service import integrity, listing, reading
from voting.elections.views import blueprint

SHOWN = 2


def _needs(session: Session, asker: Asker) -> Sequence[Need]:
    return needs.of(session, asker)


def _shown(session: Session, community_id: str, _now: datetime) -> Sequence[Shown]:
    """For anybody: elections that take nominations or show their candidates; what follows is the assembly's."""
    told: list[Shown] = []
    for row in reading.elections(session, community_id):
        if row.step is State.NOMINATION:
            text = gettext("正在提名候选人，到 %(day)s 为止", day=day(row.nominations_until))
        elif row.step is State.DISPLAY:
            text = gettext("候选人名单公示中，可以提问和提异议")
        else:
            continue
        told.append(Shown(title=row.title, url=url_for("elections.show", election=row.code), text=text))
    return told[:SHOWN]


def _verify(_platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return integrity.verify(session, community_id)


ROOM = Room(
    name="elections",
    blueprints=(blueprint,),
    powers=POWERS,
    needs=_needs,
    shown=_shown,
    publications={listing.KIND: N_("候选人名单")},
    verify=_verify,
)
