"""What supervision brings. Its pages stand beside the audit's."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from finance.supervision.needs import needs, overdue
from finance.supervision.powers import POWERS, READ
from finance.supervision.service import samples
from finance.supervision.service.scores import PUBLICATION
from finance.supervision.views import blueprint
from finance.supervision.views.lists import TASK, print_task
from hoa.kernel.errors import N_
from hoa.platform import Platform
from hoa.web.room import NavItem, Room


def _verify(_platform: Platform, session: Session, community_id: str) -> Sequence[str]:
    return samples.verify(session, community_id)


ROOM = Room(
    name="supervision",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks={TASK: print_task},
    nav=(NavItem(label=N_("监督整改"), endpoint="supervision.index", power=READ),),
    needs=needs,
    overdue=overdue,
    publications={PUBLICATION: N_("履职评价")},
    verify=_verify,
)
