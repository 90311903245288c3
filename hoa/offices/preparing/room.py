"""What preparing an assembly or an election brings."""

from hoa.kernel.errors import N_
from hoa.offices.preparing import board, commands, group_views, integrity, needs, paper_views, views
from hoa.offices.preparing.powers import POWERS
from hoa.web.room import NavItem, Room

# The modules that hang their pages on the one blueprint.
PAGES = (views, group_views, paper_views)

ROOM = Room(
    name="preparing",
    blueprints=(views.blueprint,),
    powers=POWERS,
    nav=(NavItem(label=N_("筹备换届"), endpoint="preparing.index", power="preparing.work"),),
    needs=needs.needs,
    overdue=needs.overdue,
    shown=needs.shown,
    publications={board.KIND: N_("筹备和换届公告")},
    commands=(commands.preparation,),
    verify=integrity.verify,
)
