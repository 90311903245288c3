"""What the papers bring."""

from finance.papers.making import TASK, task
from finance.papers.powers import POWERS
from finance.papers.views import blueprint
from hoa.kernel.errors import N_
from hoa.web.room import NavItem, Room

ROOM = Room(
    name="papers",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks={TASK: task},
    nav=(NavItem(label=N_("会计档案"), endpoint="papers.index", power="archive.read"),),
)
